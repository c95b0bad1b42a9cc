//! The audit log: who did what in a server, in rows that nobody can change unnoticed.
//!
//! Rows hold ids, times, scopes and switches, and nothing that a person wrote or is called, so that a person can be
//! erased without touching a row. The one free text, the reason, stands beside its row, which holds a commitment to
//! it ([`GivenReason`]). How rows are chained is in [`chain`].

use std::str::FromStr;

use sha2::{Digest, Sha256};

use crate::ids::{CommandId, ServerId, TokenId, UserId};
use crate::text::name;
use crate::time::Timestamp;

pub mod chain;

mod commands;
mod entries;

pub use commands::{command_ended, command_queued};
pub use entries::{
    former_secret_leaked, server_removed, settings_updated, token_created, token_revoked,
    token_rotated,
};

name! {
    /// Why somebody did something, in their words: 1 to 512 characters.
    Reason, 512
}

/// What a request is called in logs: 1 to 64 of `[A-Za-z0-9._-]`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct RequestId(Box<str>);

/// The text cannot be a request's id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a request id: expected 1 to 64 of A-Z, a-z, 0-9, '.', '_' and '-'")]
pub struct InvalidRequestId;

impl RequestId {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for RequestId {
    type Err = InvalidRequestId;

    fn from_str(text: &str) -> Result<Self, InvalidRequestId> {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
        if (1..=64).contains(&text.len()) && text.bytes().all(allowed) {
            Ok(Self(text.into()))
        } else {
            Err(InvalidRequestId)
        }
    }
}

/// A reason with the random salt of its commitment. Once both are erased, nothing in the row tells what it was: the
/// salt cannot be guessed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GivenReason {
    /// The words.
    pub text: Reason,
    /// 128 random bits.
    pub salt: [u8; 16],
}

impl GivenReason {
    /// What the row holds of the reason: the SHA-256 of the salt and the words.
    pub fn commitment(&self) -> [u8; 32] {
        let mut digest = Sha256::new();
        digest.update(self.salt);
        digest.update(self.text.as_str());
        digest.finalize().into()
    }
}

/// Who acts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Actor {
    /// Whoever runs the binary.
    Operator,
    /// A user through a personal token.
    Token {
        /// The token.
        token: TokenId,
        /// Whose it is.
        user: UserId,
    },
    /// A user through the chat platform itself.
    Interaction {
        /// The user.
        user: UserId,
    },
}

/// What kind of actor somebody is, as filters and rows name it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ActorKind {
    /// Whoever runs the binary.
    Operator,
    /// A user through a personal token.
    Token,
    /// A user through the chat platform itself.
    Interaction,
}

impl ActorKind {
    /// Every kind.
    pub const ALL: [Self; 3] = [Self::Operator, Self::Token, Self::Interaction];

    /// The name in the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Operator => "operator",
            Self::Token => "token",
            Self::Interaction => "interaction",
        }
    }
}

impl Actor {
    /// The kind.
    pub fn kind(self) -> ActorKind {
        match self {
            Self::Operator => ActorKind::Operator,
            Self::Token { .. } => ActorKind::Token,
            Self::Interaction { .. } => ActorKind::Interaction,
        }
    }

    /// The token, if one acts.
    pub fn token(self) -> Option<TokenId> {
        match self {
            Self::Token { token, .. } => Some(token),
            Self::Operator | Self::Interaction { .. } => None,
        }
    }

    /// The user, if one acts.
    pub fn user(self) -> Option<UserId> {
        match self {
            Self::Token { user, .. } | Self::Interaction { user } => Some(user),
            Self::Operator => None,
        }
    }

    /// The actor of these parts, as rows are stored; `None` if they do not belong together.
    pub fn from_parts(kind: &str, token: Option<TokenId>, user: Option<UserId>) -> Option<Self> {
        match (kind, token, user) {
            ("operator", None, None) => Some(Self::Operator),
            ("token", Some(token), Some(user)) => Some(Self::Token { token, user }),
            ("interaction", None, Some(user)) => Some(Self::Interaction { user }),
            _ => None,
        }
    }
}

/// What was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Action {
    /// A token that names the server was made.
    TokenCreated,
    /// It got a new secret.
    TokenRotated,
    /// It was revoked.
    TokenRevoked,
    /// Somebody reported its secret as leaked, which revoked it.
    TokenLeaked,
    /// Somebody reported a former secret of it as leaked, which ended that secret.
    FormerSecretLeaked,
    /// The server was taken off it.
    ServerRemoved,
    /// The server's settings were changed.
    SettingsUpdated,
    /// A command was queued.
    CommandQueued,
    /// It was carried out.
    CommandSucceeded,
    /// It was not carried out, or nobody knows.
    CommandFailed,
    /// Its deadline came first.
    CommandExpired,
    /// Somebody took it back.
    CommandCancelled,
}

impl Action {
    /// Every action.
    pub const ALL: [Self; 12] = [
        Self::TokenCreated,
        Self::TokenRotated,
        Self::TokenRevoked,
        Self::TokenLeaked,
        Self::FormerSecretLeaked,
        Self::ServerRemoved,
        Self::SettingsUpdated,
        Self::CommandQueued,
        Self::CommandSucceeded,
        Self::CommandFailed,
        Self::CommandExpired,
        Self::CommandCancelled,
    ];

    /// The name in the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::TokenCreated => "token.created",
            Self::TokenRotated => "token.rotated",
            Self::TokenRevoked => "token.revoked",
            Self::TokenLeaked => "token.leaked",
            Self::FormerSecretLeaked => "token.former_secret_leaked",
            Self::ServerRemoved => "token.server_removed",
            Self::SettingsUpdated => "settings.updated",
            Self::CommandQueued => "command.queued",
            Self::CommandSucceeded => "command.succeeded",
            Self::CommandFailed => "command.failed",
            Self::CommandExpired => "command.expired",
            Self::CommandCancelled => "command.cancelled",
        }
    }

    /// Whether it is done to a command.
    fn is_about_a_command(self) -> bool {
        matches!(
            self,
            Self::CommandQueued
                | Self::CommandSucceeded
                | Self::CommandFailed
                | Self::CommandExpired
                | Self::CommandCancelled
        )
    }
}

impl FromStr for Action {
    type Err = UnknownAction;

    fn from_str(text: &str) -> Result<Self, UnknownAction> {
        let mut all = Self::ALL.into_iter();
        all.find(|action| action.as_str() == text)
            .ok_or(UnknownAction)
    }
}

/// The text names no action.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown action: expected one of {}", Action::ALL.map(Action::as_str).join(", "))]
pub struct UnknownAction;

/// What it was done to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target {
    /// A token, and whose it is.
    Token(TokenId, UserId),
    /// A command, and to whom it does something, if that is one user.
    Command(CommandId, Option<UserId>),
    /// The server's settings.
    Settings,
}

impl Target {
    /// The target of these parts, as rows are stored; `None` if they do not belong together.
    pub fn from_parts(action: Action, id: Option<u64>, user: Option<UserId>) -> Option<Self> {
        match (id, user) {
            (Some(id), user) if action.is_about_a_command() => {
                Some(Self::Command(id.try_into().ok()?, user))
            }
            (Some(id), Some(user)) => Some(Self::Token(id.try_into().ok()?, user)),
            (None, None) if !action.is_about_a_command() => Some(Self::Settings),
            _ => None,
        }
    }

    /// The id of the token or command.
    pub fn id(self) -> Option<u64> {
        match self {
            Self::Token(token, _) => Some(token.get()),
            Self::Command(command, _) => Some(command.get()),
            Self::Settings => None,
        }
    }

    /// Whose token it is, or to whom the command does something.
    pub fn user(self) -> Option<UserId> {
        match self {
            Self::Token(_, user) => Some(user),
            Self::Command(_, user) => user,
            Self::Settings => None,
        }
    }
}

/// Who does something, when and why: what all that is done in one call has in common.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Act {
    /// When.
    pub at: Timestamp,
    /// Who.
    pub actor: Actor,
    /// The request that asked for it, if one did.
    pub request_id: Option<RequestId>,
    /// Why, if it was said.
    pub reason: Option<GivenReason>,
}

/// A JSON object of ids, times, words of closed lists, numbers and switches, as it is stored and chained.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Details(Box<str>);

impl Details {
    /// The JSON text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// A text that was stored as details.
    pub fn stored(text: String) -> Self {
        Self(text.into())
    }
}

/// One thing that was done in a server, before it has its place in the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The server.
    pub server: ServerId,
    /// What was done.
    pub action: Action,
    /// What it was done to.
    pub target: Target,
    /// What was so before.
    pub before: Option<Details>,
    /// What is so from then on.
    pub after: Option<Details>,
}
