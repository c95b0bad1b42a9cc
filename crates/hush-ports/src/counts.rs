//! The kept counts against a recount.

use async_trait::async_trait;
use hush_domain::ids::ServerId;

use crate::BackendError;

/// A kept count that is not what a recount says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Drift {
    /// The server.
    pub server: ServerId,
    /// Which count: `members`, `bots` or `online`.
    pub count: &'static str,
    /// What is kept.
    pub kept: u64,
    /// What a recount of the stored members says.
    pub recounted: u64,
}

/// Checks and repairs the counts that the store keeps by deltas.
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait Counts: Send + Sync {
    /// Recounts the members of every server from one consistent state each and names each kept count that
    /// differs, ordered by server. With `repair`, puts the recounted number in its place.
    async fn recount(&self, repair: bool) -> Result<Vec<Drift>, BackendError>;
}
