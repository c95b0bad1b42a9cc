//! Who leads the live feed, and what it follows.

use std::sync::Arc;

use async_trait::async_trait;
use hush_domain::events::Generation;
use hush_domain::feed::{Epoch, Shard};
use hush_domain::ids::ServerId;

use crate::{BackendError, Ingest};

/// The lead as it was seen at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lease {
    /// The epoch of whoever leads, or led last; 0 before the first.
    pub epoch: Epoch,
    /// Grows whenever the leader says that it is still there.
    pub beat: i64,
    /// Whether somebody leads who has not resigned.
    pub held: bool,
}

/// A server that the feed follows: the last snapshot that it brought was followed by no removal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Followed {
    /// The server.
    pub server: ServerId,
    /// The member chunks that are awaited, if the member list is not complete.
    pub generation: Option<Generation>,
    /// Whether the platform says of it how it is, as it does but for outages.
    pub available: bool,
}

/// Why nothing was written for the feed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FeedError {
    /// Another one leads by now.
    #[error("another process leads the feed by now")]
    Deposed,
    /// The store failed.
    #[error(transparent)]
    Backend(#[from] BackendError),
}

/// The lead of the feed: of all processes over one store, one writes what the platform says.
///
/// **No clock.** A leader beats; whoever wants to lead looks at the lease, waits, and takes it if it is still exactly as
/// it was. How long to wait is agreed between them, and each measures it with its own clock.
///
/// **Fencing.** Whatever is written in an epoch is written whole before a later epoch begins, or not at all.
#[async_trait]
pub trait Feed: Send + Sync {
    /// The lease as it is.
    async fn lease(&self) -> Result<Lease, BackendError>;

    /// Begins the next epoch if the lease is still exactly as it was `seen`; `None` if it is not. What is being written
    /// in the epoch before is waited for.
    async fn take(&self, seen: Lease) -> Result<Option<Epoch>, BackendError>;

    /// Beats. Whether `epoch` still leads.
    async fn keep(&self, epoch: Epoch) -> Result<bool, BackendError>;

    /// Gives up the lead, so that nobody needs to wait. Whether `epoch` led.
    async fn resign(&self, epoch: Epoch) -> Result<bool, BackendError>;

    /// The way in for whoever leads in `epoch`. Every call of it fails with
    /// [`IngestError::Deposed`](crate::IngestError::Deposed) once another leads or it has resigned. Its snapshots make
    /// the feed follow a server; those of [`Ingest`] itself, which belong to the operator, leave that as it is.
    fn ingest(&self, epoch: Epoch) -> Arc<dyn Ingest>;

    /// The servers that the feed follows on `shard`, by ascending id.
    async fn followed(&self, shard: Shard) -> Result<Vec<Followed>, BackendError>;

    /// Notes that a new session has begun on `shard` in which the bot is in the servers `named`: every followed server
    /// on that shard is unavailable until its next snapshot. Returns those of them that are not named, by ascending
    /// id: the bot has left them, and they are to be removed.
    async fn begin_session(
        &self,
        epoch: Epoch,
        shard: Shard,
        named: &[ServerId],
    ) -> Result<Vec<ServerId>, FeedError>;
}
