//! Personal API tokens: one user's key to the servers that it names.

use std::time::Duration;

use crate::ids::{ServerId, TokenId, UserId};
use crate::scopes::{Scope, Scopes};
use crate::secret::{TokenDigest, TokenHint};
use crate::text::name;
use crate::time::Timestamp;

name! {
    /// What its owner calls a token, 1 to 64 characters.
    TokenName, 64
}

/// How long a token lives if nobody says otherwise.
pub const DEFAULT_LIFETIME: Duration = Duration::from_hours(90 * 24);

/// The longest that a token that a user makes can live.
pub const MAX_LIFETIME: Duration = Duration::from_hours(366 * 24);

/// A token whose end is nearer than this says so with each answer.
pub const ENDING_SOON: Duration = Duration::from_hours(14 * 24);

/// For how long the secret before still reads after a rotation, if nobody says otherwise.
pub const DEFAULT_GRACE: Duration = Duration::from_mins(5);

/// For how long it can at most.
pub const MAX_GRACE: Duration = Duration::from_hours(24);

/// The most live tokens that a user can have.
pub const MAX_LIVE: usize = 50;

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

    /// Whether `others` are all among them.
    pub fn contain_all(&self, others: &Self) -> bool {
        others.0.iter().all(|server| self.contains(*server))
    }

    /// The servers but `server`; `None` if nothing is left.
    pub fn without(&self, server: ServerId) -> Option<Self> {
        let rest: Vec<_> = self
            .0
            .iter()
            .copied()
            .filter(|other| *other != server)
            .collect();
        Self::new(rest).ok()
    }

    /// The server, if there is exactly one.
    pub fn sole(&self) -> Option<ServerId> {
        match *self.0 {
            [server] => Some(server),
            _ => None,
        }
    }
}

impl From<ServerId> for NamedServers {
    fn from(server: ServerId) -> Self {
        Self(Box::new([server]))
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
    /// The token through which its secret was given out, if one was: that made it, or rotated it. It is revoked with
    /// that one.
    pub parent: Option<TokenId>,
    /// The minute in which it was last used, if it was.
    pub last_used_at: Option<Timestamp>,
}

/// What a token would have to give away that it has not got.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Beyond {
    /// The other one names a server that this one does not.
    #[error("it names server {0}, which the token does not")]
    Server(ServerId),
    /// The other one has a scope that this one lacks.
    #[error("it has the scope {0}, which the token lacks")]
    Scope(Scope),
    /// The other one lives longer.
    #[error("it lives longer than the token")]
    Lifetime,
}

/// How a token is related to the one that asks for something about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kinship {
    /// It is the same one.
    Itself,
    /// It descends from the one that asks.
    Descendant,
    /// The one that asks descends from it.
    Ancestor,
    /// Neither descends from the other.
    Unrelated,
}

/// Why a token may not have the secret of another one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum OutOfReach {
    /// It descends from the other one, and would outlive its own revocation.
    #[error("the token that asks descends from it")]
    Ancestor,
    /// The other one has a parent, with which its secret ends, and which this one does not descend from.
    #[error("another token made it")]
    OthersChild,
    /// The other one can do what this one cannot.
    #[error(transparent)]
    Beyond(#[from] Beyond),
}

impl Token {
    /// Whether `asker` may give this token a new secret, which it then knows; and if so, the token's parent from then
    /// on: a secret ends with the token that learned it.
    pub fn rotated_by(
        &self,
        asker: &Self,
        kinship: Kinship,
    ) -> Result<Option<TokenId>, OutOfReach> {
        let parent = match (kinship, self.parent) {
            (Kinship::Itself | Kinship::Descendant, parent) => parent,
            (Kinship::Ancestor, _) => return Err(OutOfReach::Ancestor),
            (Kinship::Unrelated, Some(_)) => return Err(OutOfReach::OthersChild),
            (Kinship::Unrelated, None) => Some(asker.id),
        };
        asker.covers(self)?;
        Ok(parent)
    }

    /// Whether it can be used at `now`: not revoked, and before its end.
    pub fn is_live(&self, now: Timestamp) -> bool {
        self.revoked_at.is_none() && self.expires_at.is_none_or(|end| now < end)
    }

    /// Its end, if that is less than [`ENDING_SOON`] after `now`.
    pub fn ends_soon(&self, now: Timestamp) -> Option<Timestamp> {
        self.expires_at
            .filter(|end| end.saturating_sub(ENDING_SOON) < now)
    }

    /// Whether whoever holds this token may be given `other`: it names no other server, can do no more and lives
    /// no longer.
    pub fn covers(&self, other: &Self) -> Result<(), Beyond> {
        let mut named = other.servers.as_slice().iter();
        if let Some(server) = named.find(|server| !self.servers.contains(**server)) {
            return Err(Beyond::Server(*server));
        }
        if let Some(scope) = other
            .scopes
            .iter()
            .find(|scope| !self.scopes.contains(*scope))
        {
            return Err(Beyond::Scope(scope));
        }
        match (self.expires_at, other.expires_at) {
            (Some(end), Some(other)) if other <= end => Ok(()),
            (Some(_), _) => Err(Beyond::Lifetime),
            (None, _) => Ok(()),
        }
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

/// A token by the secret that was shown: what makes or rotates another one must still be live, and its secret the
/// newest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Key {
    /// The token.
    pub token: TokenId,
    /// The digest of the secret that was shown.
    pub digest: TokenDigest,
}

/// A new secret for a token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rotation {
    /// The token that gets it.
    pub token: TokenId,
    /// The token that asks, if one does: it may be the same.
    pub asker: Option<Key>,
    /// The digest of the new secret.
    pub digest: TokenDigest,
    /// The first characters of the new secret.
    pub hint: TokenHint,
    /// Until when the secret before still reads.
    pub former_until: Timestamp,
    /// Whether the token's descendants stay.
    pub keep_children: bool,
}
