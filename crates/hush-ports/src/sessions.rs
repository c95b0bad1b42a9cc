//! Where the connections of the live feed stand.

use std::time::Duration;

use async_trait::async_trait;
use hush_domain::feed::{Epoch, Session, Shard};
use hush_domain::time::Timestamp;

use crate::{BackendError, FeedError};

/// Whether a new session may be begun.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Identify {
    /// It may, and that it was begun is noted.
    Now,
    /// Not before this moment; then it may.
    NotBefore(Timestamp),
}

/// Stores the sessions of the feed, so that whoever leads next goes on with them.
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait Sessions: Send + Sync {
    /// Every stored session, by ascending number of its shard.
    async fn stored(&self) -> Result<Vec<Session>, BackendError>;

    /// Stores where the session of a shard stands, in the place of what was stored for that shard's number.
    async fn record(&self, epoch: Epoch, session: &Session) -> Result<(), FeedError>;

    /// Asks to begin a new session on `shard` at `at`. It may if the last one on a shard of its number was begun at
    /// least `apart` before; the session that is stored for it is then forgotten, since it is of no more use. A last
    /// one that lies after `at`, since a clock was set back, counts as begun at `at` from then on.
    async fn identify(
        &self,
        epoch: Epoch,
        shard: Shard,
        at: Timestamp,
        apart: Duration,
    ) -> Result<Identify, FeedError>;
}
