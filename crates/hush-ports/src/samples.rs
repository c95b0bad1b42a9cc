//! How the counts of servers were over time.

use async_trait::async_trait;
use hush_domain::feed::{Epoch, Shard};
use hush_domain::ids::ServerId;
use hush_domain::samples::HourlySample;
use hush_domain::time::Timestamp;

use crate::{BackendError, FeedError};

/// Keeps hourly samples of the counts of servers.
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait Samples: Send + Sync {
    /// Looks at the counts of every server that the feed follows on one of `shards` and that is available, and adds
    /// them to the sample of the hour of `at`. Returns how many servers were looked at.
    async fn take(&self, epoch: Epoch, shards: &[Shard], at: Timestamp) -> Result<u64, FeedError>;

    /// The samples of `server` whose hours began at `from` or later and before `until`, by ascending hour. An hour in
    /// which nobody looked has none.
    async fn of_server(
        &self,
        server: ServerId,
        from: Timestamp,
        until: Timestamp,
    ) -> Result<Vec<HourlySample>, BackendError>;
}
