//! Personal API tokens and how their users stand.

use std::sync::Arc;

use async_trait::async_trait;
use hush_domain::ids::{ServerId, TokenId, UserId};
use hush_domain::permission::Standing;
use hush_domain::secret::TokenDigest;
use hush_domain::servers::Membership;
use hush_domain::time::Timestamp;
use hush_domain::tokens::{NewToken, Token};

use crate::BackendError;

/// Which server a request is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Addressed {
    /// None.
    Nothing,
    /// The only server that the token names, if it names exactly one.
    Sole,
    /// This one.
    Server(ServerId),
}

/// A token as it was found by its digest, live or not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Presented {
    /// The token.
    pub token: Arc<Token>,
    /// The addressed server and how the token's user stands there: as owner, listed or not, or as a listed
    /// member. `None` if no server is addressed, or it is unknown, not named by the token, or its user is not
    /// in it. The permissions of an owner who is not listed are the everyone-role's.
    pub standing: Option<(ServerId, Standing)>,
}

/// Which tokens to list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct TokenFilter {
    /// Only those that name this server.
    pub server: Option<ServerId>,
    /// Only this user's.
    pub user: Option<UserId>,
    /// Only what comes after this token.
    pub after: Option<TokenId>,
    /// At most so many.
    pub limit: u16,
}

/// Why a token was not created. Nothing was stored.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CreateTokenError {
    /// The id is taken; another random one will do.
    #[error("the token's id is taken")]
    IdTaken,
    /// The user is not in this server.
    #[error("the user is not a member of server {0}")]
    NotAMember(ServerId),
    /// The store failed.
    #[error(transparent)]
    Backend(#[from] BackendError),
}

/// What became of a revocation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Revoked {
    /// It is revoked now.
    Now,
    /// It was revoked before; that time stays.
    Before,
    /// There is no such token.
    Unknown,
}

/// Stores tokens and knows how their users stand. A token outlives membership and server: who comes back has
/// it back.
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait Tokens: Send + Sync {
    /// Finds a token by its secret's digest, whatever its state, together with how its user stands in the
    /// addressed server, both from one moment.
    async fn present(
        &self,
        digest: &TokenDigest,
        addressed: Addressed,
    ) -> Result<Option<Presented>, BackendError>;

    /// Every server among those that `token` names in which its user is now, ascending.
    async fn memberships(&self, token: &Token) -> Result<Vec<Membership>, BackendError>;

    /// Stores a new token, provided that its user is in every server that it names, as a listed member or as
    /// the owner. A digest that is taken is no conflict that chance can bring about: it is a
    /// [`BackendError`], and the token that had it keeps it.
    async fn create(&self, token: NewToken) -> Result<(), CreateTokenError>;

    /// Tokens in ascending order of id, revoked and expired ones included.
    async fn list(&self, filter: TokenFilter) -> Result<Vec<Token>, BackendError>;

    /// Revokes a token.
    async fn revoke(&self, token: TokenId, now: Timestamp) -> Result<Revoked, BackendError>;
}
