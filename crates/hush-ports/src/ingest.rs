//! What comes in from the platform.

use async_trait::async_trait;
use hush_domain::events::{Event, ListedMember, Snapshot};
use hush_domain::time::Timestamp;

use crate::BackendError;

/// What became of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Applied {
    /// It is stored.
    Changed,
    /// It had nothing to say here: an unknown server or member, or another generation.
    Ignored,
}

/// The source of a snapshot's members could not deliver them.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct SourceError(pub String);

/// Why an event or snapshot was not applied. Nothing of it was.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum IngestError {
    /// The members could not be read, or two of them are the same user.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// The store failed.
    #[error(transparent)]
    Backend(#[from] BackendError),
}

/// Delivers the members of a snapshot part by part, so that a large server never has to be in memory whole.
pub trait MemberSource: Send {
    /// The next members; `None` at the end.
    fn next_part(&mut self) -> Result<Option<Vec<ListedMember>>, SourceError>;
}

impl MemberSource for std::vec::IntoIter<ListedMember> {
    fn next_part(&mut self) -> Result<Option<Vec<ListedMember>>, SourceError> {
        let part: Vec<_> = self.collect();
        Ok((!part.is_empty()).then_some(part))
    }
}

/// Applies what happens on the platform. Each call is one transaction: readers see all of it or nothing, and
/// the kept counts change in it. Every call may be repeated.
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait Ingest: Send + Sync {
    /// Puts a server into the state of `snapshot` with the members of `members`. No token is touched.
    async fn apply_snapshot(
        &self,
        snapshot: Snapshot,
        members: Box<dyn MemberSource>,
        received_at: Timestamp,
    ) -> Result<(), IngestError>;

    /// Applies one change.
    async fn apply(&self, event: Event, received_at: Timestamp) -> Result<Applied, IngestError>;
}
