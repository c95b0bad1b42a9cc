//! What comes in from the platform.

use async_trait::async_trait;
use hush_domain::events::{Event, ListedMember, PresenceChange, Snapshot};
use hush_domain::time::Timestamp;

use crate::BackendError;

/// What became of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Applied {
    /// It is stored.
    Changed,
    /// It had nothing to say here: an unknown server, member or role, or another generation.
    Ignored,
}

/// The source of a snapshot's members could not deliver them.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct SourceError(pub String);

/// Why an event or snapshot was not applied. Nothing of it was.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum IngestError {
    /// The members of a snapshot or chunk could not be read, or two of them are the same user.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// It was sent for the feed by one who no longer leads it.
    #[error("another process leads the feed by now")]
    Deposed,
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
///
/// Nothing in one server changes another: a user's name is kept for each server as that server last said it.
/// The ids of the roles that a member holds are kept as they came; those that the server does not have mean
/// nothing to a reader until it has them.
///
/// **Time.** [`Stats::as_of`](hush_domain::stats::Stats::as_of) is the newest `received_at` of the snapshots,
/// and of the events that changed a kept number; it never goes back.
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait Ingest: Send + Sync {
    /// Puts a server into the state of `snapshot` with the members of `members`. No token is touched. A server
    /// that was unknown is known from then on.
    ///
    /// A complete snapshot ends a generation that was open. A partial one opens its own, which its members
    /// carry; members that it does not list stay as they were. One that only counts lists nobody and takes everybody
    /// off the list, which is partial from then on.
    async fn apply_snapshot(
        &self,
        snapshot: Snapshot,
        members: Box<dyn MemberSource>,
        received_at: Timestamp,
    ) -> Result<(), IngestError>;

    /// Applies one change. In a server that is not known it is [`Applied::Ignored`].
    ///
    /// - A chunk's members carry its generation. A chunk of any other than the open generation is ignored. The
    ///   last one removes the members who do not carry the generation; the list is then complete and the
    ///   generation ended.
    /// - Who joins carries the open generation, if any. In a partly known server a member who was not listed
    ///   raises its member count by one, and a listed one who leaves lowers it by one, never below 0.
    /// - A member who is not listed cannot leave or change presence: ignored. Nor can they change, but in a
    ///   partly known server, where the change lists them: its member count knew them already.
    /// - [`MemberSeen`](hush_domain::events::Change::MemberSeen) lists somebody who is not listed where chunks are awaited,
    ///   without their generation; else it is ignored.
    /// - A role or channel that the server does not have cannot be deleted: ignored.
    /// - The threads that [`ThreadsListed`](hush_domain::events::Change::ThreadsListed) does not name are gone, if they
    ///   belong to one of its parents.
    /// - A server that the feed does not follow cannot become unavailable, nor one that is so already: ignored.
    async fn apply(&self, event: Event, received_at: Timestamp) -> Result<Applied, IngestError>;

    /// Applies changes of presence in any number of servers, in their order, as
    /// [`PresenceChanged`](hush_domain::events::Change::PresenceChanged) does each. Returns how many had something to
    /// say.
    async fn apply_presences(&self, changes: Vec<PresenceChange>) -> Result<u64, IngestError>;
}
