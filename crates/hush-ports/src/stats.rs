//! Member counts.

use async_trait::async_trait;
use hush_domain::ids::ServerId;
use hush_domain::stats::Stats;

use crate::BackendError;

/// Reads member counts.
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait StatsReader: Send + Sync {
    /// The counts of `server`, at a cost that does not depend on its size. `None` if it is unknown.
    async fn server_stats(&self, server: ServerId) -> Result<Option<Stats>, BackendError>;
}
