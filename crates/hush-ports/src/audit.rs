//! The audit log.

use async_trait::async_trait;
use hush_domain::audit::chain::{Link, Place, Row};
use hush_domain::audit::{Action, ActorKind};
use hush_domain::ids::{ServerId, TokenId, UserId};
use hush_domain::time::Timestamp;

use crate::BackendError;

/// Which rows to show.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AuditFilter {
    /// Only what such an actor did.
    pub actor: Option<ActorKind>,
    /// Only what this user did.
    pub user: Option<UserId>,
    /// Only what this token did.
    pub token: Option<TokenId>,
    /// Only this.
    pub action: Option<Action>,
    /// Only what was done then or later.
    pub since: Option<Timestamp>,
    /// Only what was done before.
    pub until: Option<Timestamp>,
}

/// Which page of a log, newest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AuditPage {
    /// Only rows before this number.
    pub before: Option<u64>,
    /// At most so many.
    pub limit: u16,
}

/// Where a server's log begins and ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ends {
    /// The server.
    pub server: ServerId,
    /// The newest row.
    pub head: Place,
    /// Its seal.
    pub head_seal: Link,
    /// The last row that retention removed; [`Place::START`] if it removed none.
    pub checkpoint: Place,
    /// Its seal.
    pub checkpoint_seal: Link,
}

/// Reads the audit log. It is written by the verbs that change something, never by itself.
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait AuditLog: Send + Sync {
    /// The rows of a server's log that `filter` shows, newest first.
    async fn page(
        &self,
        server: ServerId,
        filter: AuditFilter,
        page: AuditPage,
    ) -> Result<Vec<Row>, BackendError>;

    /// The ends of the logs of servers after `after`, ascending, at most `limit` of them. A server in which nothing
    /// was ever done has none.
    async fn ends(&self, after: Option<ServerId>, limit: u16) -> Result<Vec<Ends>, BackendError>;

    /// The rows of a server's log after number `after`, oldest first, at most `limit` of them.
    async fn rows(
        &self,
        server: ServerId,
        after: u64,
        limit: u16,
    ) -> Result<Vec<Row>, BackendError>;
}
