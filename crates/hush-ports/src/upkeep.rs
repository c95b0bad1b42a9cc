//! What is removed in time, and what is erased.

use async_trait::async_trait;
use hush_domain::audit::Act;
use hush_domain::ids::{ServerId, UserId};
use hush_domain::time::Timestamp;

use crate::BackendError;

/// What is no longer kept: whatever ended before these moments.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cutoffs {
    /// Tokens that were revoked or expired before.
    pub tokens: Timestamp,
    /// Former secrets whose time was over before.
    pub former_secrets: Timestamp,
    /// Repeatable requests that were carried out before.
    pub idempotency: Timestamp,
    /// Minutes of use that began before.
    pub usage: Timestamp,
    /// Rows of the audit log that were written before. `None`: they are kept for ever.
    pub audit: Option<Timestamp>,
    /// Hourly samples whose hour began before.
    pub samples: Timestamp,
    /// Commands that came to their end before.
    pub commands: Timestamp,
    /// What is left of servers that were removed before, as [`Upkeep::erase_server`] has it.
    pub servers: Timestamp,
}

/// How much was removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Tidied {
    /// Tokens.
    pub tokens: u64,
    /// Former secrets.
    pub former_secrets: u64,
    /// Repeatable requests.
    pub idempotency: u64,
    /// Minutes of use.
    pub usage: u64,
    /// Rows of the audit log.
    pub audit: u64,
    /// Hourly samples.
    pub samples: u64,
    /// Commands.
    pub commands: u64,
    /// Servers of which something was left.
    pub servers: u64,
}

/// How much was erased.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Erased {
    /// Memberships.
    pub members: u64,
    /// Tokens.
    pub tokens: u64,
    /// Reasons in audit logs.
    pub reasons: u64,
    /// Rows of audit logs.
    pub audit: u64,
    /// Commands.
    pub commands: u64,
}

/// Removes what is no longer to be kept.
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait Upkeep: Send + Sync {
    /// Removes what `cutoffs` say. Any number of processes may do so at once.
    ///
    /// Of a server's audit log the oldest rows go, as a whole, up to the last one before the first that stays; the
    /// log's checkpoint then is the last one that went.
    async fn tidy(&self, cutoffs: Cutoffs) -> Result<Tidied, BackendError>;

    /// Erases a person: their memberships (the kept counts go with them), their tokens with all that belongs to those,
    /// the commands that they gave or that do something to them,
    /// and the reasons that they gave or that were given for what was done to their tokens. Tokens that are live at
    /// `act.at` are revoked first, and commands that have not come to their end come to it, so that the servers' logs say why they ended. Rows of the audit log stay, with
    /// their ids: they still verify. An owner stays an owner.
    async fn erase_user(&self, user: UserId, act: &Act) -> Result<Erased, BackendError>;

    /// Erases a server: itself with its roles and members, its channels, its settings, its commands, its audit log, its hourly samples, what was
    /// spent of its limit, and its place in tokens; a token that names no other goes whole.
    async fn erase_server(&self, server: ServerId) -> Result<Erased, BackendError>;
}
