//! Personal API tokens: one user's key to the servers that it names.

use crate::ids::{ServerId, TokenId, UserId};
use crate::scopes::Scopes;
use crate::secret::{TokenDigest, TokenHint};
use crate::text::name;
use crate::time::Timestamp;

name! {
    /// What its owner calls a token, 1 to 64 characters.
    TokenName, 64
}

/// The most servers that one token can name.
pub const MAX_SERVERS: usize = 25;

/// The servers that a token names: 1 to 25, each once. The token reaches no other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedServers(Box<[ServerId]>);

/// The list of servers is empty or too long.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a token names 1 to {MAX_SERVERS} servers, not {count}")]
pub struct InvalidServerCount {
    /// How many different servers were given.
    pub count: usize,
}

impl NamedServers {
    /// The servers in `servers`, in ascending order and without repetition.
    pub fn new(mut servers: Vec<ServerId>) -> Result<Self, InvalidServerCount> {
        servers.sort_unstable();
        servers.dedup();
        if (1..=MAX_SERVERS).contains(&servers.len()) {
            Ok(Self(servers.into()))
        } else {
            Err(InvalidServerCount {
                count: servers.len(),
            })
        }
    }

    /// The servers, ascending.
    pub fn as_slice(&self) -> &[ServerId] {
        &self.0
    }

    /// Whether `server` is among them.
    pub fn contains(&self, server: ServerId) -> bool {
        self.0.contains(&server)
    }

    /// The server, if there is exactly one.
    pub fn sole(&self) -> Option<ServerId> {
        match *self.0 {
            [server] => Some(server),
            _ => None,
        }
    }
}

/// A personal API token, without its secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    /// Its public id.
    pub id: TokenId,
    /// Whose it is. It acts with this user's access level in each server.
    pub user: UserId,
    /// What its owner calls it.
    pub name: TokenName,
    /// The first characters of its secret.
    pub hint: TokenHint,
    /// The servers it names.
    pub servers: NamedServers,
    /// What it may be used for at most.
    pub scopes: Scopes,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it ends by itself, if ever.
    pub expires_at: Option<Timestamp>,
    /// When it was revoked, if it was.
    pub revoked_at: Option<Timestamp>,
}

impl Token {
    /// Whether it can be used at `now`: not revoked, and before its end.
    pub fn is_live(&self, now: Timestamp) -> bool {
        self.revoked_at.is_none() && self.expires_at.is_none_or(|end| now < end)
    }
}

/// A token about to be stored, with the digest under which it will be found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewToken {
    /// The token.
    pub token: Token,
    /// The digest of its secret.
    pub digest: TokenDigest,
}
