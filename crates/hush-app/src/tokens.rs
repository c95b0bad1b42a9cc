//! Personal tokens.

use std::sync::Arc;
use std::time::Duration;

use hush_domain::ids::{ServerId, TokenId};
use hush_domain::permission::Refusal;
use hush_domain::scopes::Scopes;
use hush_domain::secret::Secret;
use hush_domain::time::Timestamp;
use hush_domain::tokens::{Beyond, NamedServers, Token, TokenName};
use hush_ports::{
    BackendError, Clock, CreateTokenError, IdempotencyConflict, Random, RotateTokenError, Tokens,
};

use crate::acts::Acts;
use crate::uses::Uses;
use crate::{Failure, Ports};

mod create;
mod in_person;
mod operator;
mod own;
mod rotate;
mod servers;

/// How often another id is drawn when one is taken. Ids have 22 random bits within one millisecond, so a
/// second draw is already rare.
const ID_DRAWS: usize = 8;

/// What a new token shall be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CreateToken {
    /// The servers it names. Its user must be in each of them.
    pub servers: NamedServers,
    /// What its owner calls it.
    pub name: TokenName,
    /// What it may be used for at most.
    pub scopes: Scopes,
    /// How long it lives.
    pub lifetime: Lifetime,
}

/// What a token shall be that somebody makes in person. It names the addressed server, and no other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CreateInPerson {
    /// What its owner calls it.
    pub name: TokenName,
    /// What it may be used for at most.
    pub scopes: Scopes,
    /// How long it lives.
    pub lifetime: Lifetime,
}

/// How long a new token lives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lifetime {
    /// [`DEFAULT_LIFETIME`](hush_domain::tokens::DEFAULT_LIFETIME), or as long as the token that makes it, if that
    /// is shorter.
    Default,
    /// So long.
    For(Duration),
    /// Until it is revoked.
    Endless,
}

/// What a rotation shall leave of what was before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RotateToken {
    /// The token.
    pub token: TokenId,
    /// For how long the secret before still reads.
    pub grace: Duration,
    /// Whether its descendants stay.
    pub keep_children: bool,
}

/// A token with its secret, which is known only now.
#[derive(Debug)]
pub struct IssuedToken {
    /// The token.
    pub token: Token,
    /// Its text, to be shown once.
    pub secret: Secret,
}

/// What a repeatable request came to.
#[derive(Debug)]
pub enum Issued {
    /// It was carried out now.
    Now(Box<IssuedToken>),
    /// It had been carried out before: the answer that was kept.
    Before(Vec<u8>),
}

/// A page of tokens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenPage {
    /// The tokens, by ascending id.
    pub tokens: Vec<Token>,
    /// The token after which the next page begins; `None` on the last page.
    pub next: Option<TokenId>,
}

/// Why nothing was done to a token, or none was made.
#[derive(Debug, thiserror::Error)]
pub enum TokenError {
    /// There is no such token, or it is out of the caller's reach.
    #[error("there is no such token")]
    NotFound,
    /// The server is unknown, the token that asks does not name it, or its user is not in it.
    #[error("the user is not a member of server {0}")]
    ServerNotFound(ServerId),
    /// The scopes of the token that asks or its user's access level do not suffice.
    #[error("the token or its user may not do that")]
    Insufficient(Refusal),
    /// The token would live longer than the one that makes it.
    #[error("a token lives no longer than the one that makes it, which ends {end}")]
    OutlivesParent {
        /// The end of the token that asks.
        end: Timestamp,
    },
    /// The lifetime ends after the year 9999.
    #[error("the lifetime is too long")]
    TooLong,
    /// Another live token of the user has the name.
    #[error("another live token of the user has this name")]
    NameTaken,
    /// The user has as many live tokens as one can have.
    #[error(
        "the user has {} live tokens, which is the most",
        hush_domain::tokens::MAX_LIVE
    )]
    TooMany,
    /// The token is revoked or has expired.
    #[error("the token is no longer live")]
    Ended,
    /// The token that asks was revoked, rotated or has expired meanwhile.
    #[error("the token that asks is no longer live")]
    AskerEnded,
    /// A token does not rotate one that it descends from, that another one made, or that can do what it cannot.
    #[error("the token may not have the secret of the other one")]
    OutOfReach,
    /// An earlier request with the same key stands in the way.
    #[error(transparent)]
    Idempotency(#[from] IdempotencyConflict),
    /// It could not be carried out.
    #[error(transparent)]
    Failed(#[from] Failure),
}

impl From<BackendError> for TokenError {
    fn from(error: BackendError) -> Self {
        Self::Failed(error.into())
    }
}

impl From<CreateTokenError> for TokenError {
    fn from(error: CreateTokenError) -> Self {
        match error {
            CreateTokenError::NameTaken => Self::NameTaken,
            CreateTokenError::TooMany => Self::TooMany,
            // What the token that asks could give was looked at before; only its servers can have become less.
            CreateTokenError::NotAMember(server)
            | CreateTokenError::Beyond(Beyond::Server(server)) => Self::ServerNotFound(server),
            CreateTokenError::Beyond(_) | CreateTokenError::AskerEnded => Self::AskerEnded,
            CreateTokenError::Idempotency(conflict) => conflict.into(),
            CreateTokenError::Backend(error) => error.into(),
            other => BackendError::permanent(other).into(),
        }
    }
}

impl From<RotateTokenError> for TokenError {
    fn from(error: RotateTokenError) -> Self {
        match error {
            RotateTokenError::Unknown => Self::NotFound,
            RotateTokenError::Ended => Self::Ended,
            RotateTokenError::AskerEnded => Self::AskerEnded,
            RotateTokenError::OutOfReach(_) => Self::OutOfReach,
            RotateTokenError::Idempotency(conflict) => conflict.into(),
            RotateTokenError::Backend(error) => error.into(),
            other => BackendError::permanent(other).into(),
        }
    }
}

/// Issues, shows, rotates and revokes personal tokens.
pub struct PersonalTokens {
    tokens: Arc<dyn Tokens>,
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
    acts: Acts,
    uses: Arc<Uses>,
}

impl PersonalTokens {
    pub(crate) fn new(ports: &Ports, acts: Acts, uses: Arc<Uses>) -> Self {
        let Ports {
            tokens,
            clock,
            random,
            ..
        } = ports.clone();
        Self {
            tokens,
            clock,
            random,
            acts,
            uses,
        }
    }

    fn draw_secret(&self) -> Result<Secret, BackendError> {
        Secret::generate(&mut |bytes| self.random.fill(bytes))
    }

    fn draw_id(&self) -> Result<TokenId, BackendError> {
        let mut random = [0; 4];
        self.random.fill(&mut random)?;
        let millis = self.clock.wall().unix_micros().max(0).cast_unsigned() / 1000;
        Ok(TokenId::from_parts(millis, u32::from_ne_bytes(random)))
    }

    /// At most `limit` of the tokens that `page` fetches so many of.
    fn cut(&self, mut tokens: Vec<Token>, limit: u16) -> TokenPage {
        let more = tokens.len() > usize::from(limit);
        tokens.truncate(usize::from(limit));
        let next = tokens.last().filter(|_| more).map(|token| token.id);
        let tokens = tokens.into_iter().map(|token| self.uses.complete(token));
        TokenPage {
            tokens: tokens.collect(),
            next,
        }
    }
}
