//! Personal API tokens and how their users stand.

use std::sync::Arc;

use async_trait::async_trait;
use hush_domain::audit::Act;
use hush_domain::ids::{ServerId, TokenId, UserId};
use hush_domain::permission::Standing;
use hush_domain::secret::TokenDigest;
use hush_domain::servers::Membership;
use hush_domain::time::Timestamp;
use hush_domain::tokens::{Beyond, Key, NamedServers, NewToken, OutOfReach, Rotation, Token};

use crate::{BackendError, Idempotency, IdempotencyConflict, Outcome};

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
    /// Until when the secret that was shown still reads, if a newer one has replaced it. `None`: it is the newest.
    pub former_until: Option<Timestamp>,
    /// The addressed server and how the token's user stands there: as owner, listed or not, or as a listed
    /// member. `None` if no server is addressed, or it is unknown, not named by the token, or its user is not
    /// in it. The permissions of an owner who is not listed are the everyone-role's.
    pub standing: Option<(ServerId, Standing)>,
}

/// Which tokens to list.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TokenFilter {
    /// Only those that name this server.
    pub server: Option<ServerId>,
    /// Only this user's.
    pub user: Option<UserId>,
    /// Only those that name no other servers than these.
    pub within: Option<NamedServers>,
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
    /// Another live token of the user has the name.
    #[error("another live token of the user has this name")]
    NameTaken,
    /// The user has as many live tokens as one can have.
    #[error(
        "the user has {} live tokens, which is the most",
        hush_domain::tokens::MAX_LIVE
    )]
    TooMany,
    /// The user is not in this server.
    #[error("the user is not a member of server {0}")]
    NotAMember(ServerId),
    /// The token that asks is revoked, expired or gone, or a newer secret has replaced the one that it showed.
    #[error("the token that asks is no longer live")]
    AskerEnded,
    /// The token that asks may not make such a one.
    #[error(transparent)]
    Beyond(#[from] Beyond),
    /// An earlier request stands in the way.
    #[error(transparent)]
    Idempotency(#[from] IdempotencyConflict),
    /// The store failed.
    #[error(transparent)]
    Backend(#[from] BackendError),
}

/// Why a token got no new secret. Nothing was changed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RotateTokenError {
    /// There is no such token.
    #[error("there is no such token")]
    Unknown,
    /// It is revoked or expired.
    #[error("the token is no longer live")]
    Ended,
    /// The token that asks is revoked, expired or gone, or a newer secret has replaced the one that it showed.
    #[error("the token that asks is no longer live")]
    AskerEnded,
    /// The token that asks may not have its secret.
    #[error(transparent)]
    OutOfReach(#[from] OutOfReach),
    /// An earlier request stands in the way.
    #[error(transparent)]
    Idempotency(#[from] IdempotencyConflict),
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

/// What became of taking a server off a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Removed {
    /// It is off.
    Now,
    /// The token named nothing else and was revoked before; it stays as it is.
    Before,
    /// There is no such token, or it does not name the server.
    Unknown,
}

/// Stores tokens and knows how their users stand. A token outlives membership and server: who comes back has
/// it back.
///
/// **Audit.** Whatever changes tokens writes, in the same transaction, the entries that
/// [`audit`](hush_domain::audit) has for the change, one for each server that a changed token names, in ascending
/// order of token and then server. What changes nothing writes nothing.
///
/// **One after the other.** All that changes tokens of one user happens one after the other, so that no child
/// outlives the revocation of its parent.
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait Tokens: Send + Sync {
    /// Finds a token by its newest secret's digest or by a former one's, whatever their state, together with how
    /// its user stands in the addressed server, all from one moment.
    async fn present(
        &self,
        digest: &TokenDigest,
        addressed: Addressed,
    ) -> Result<Option<Presented>, BackendError>;

    /// Every server among those that `token` names in which its user is now, ascending.
    async fn memberships(&self, token: &Token) -> Result<Vec<Membership>, BackendError>;

    /// How `user` stands in `server`; `None` if the server is unknown or the user is not in it, as for
    /// [`Presented::standing`].
    async fn standing(
        &self,
        user: UserId,
        server: ServerId,
    ) -> Result<Option<Standing>, BackendError>;

    /// One token, live or not.
    async fn get(&self, token: TokenId) -> Result<Option<Token>, BackendError>;

    /// Tokens in ascending order of id, revoked and expired ones included.
    async fn list(&self, filter: TokenFilter) -> Result<Vec<Token>, BackendError>;

    /// Stores a new token, provided that
    ///
    /// - its user is in every server that it names, as a listed member or as the owner,
    /// - at `act.at` the user has less than [`MAX_LIVE`](hush_domain::tokens::MAX_LIVE) live tokens and none of that
    ///   name,
    /// - `asker`, which is its parent, is live at `act.at`, by its newest secret, and covers it.
    ///
    /// A digest that is taken is no conflict that chance can bring about: it is a [`BackendError`], and the token
    /// that had it keeps it.
    async fn create(
        &self,
        token: NewToken,
        asker: Option<Key>,
        act: &Act,
        idempotency: Option<Idempotency<Token>>,
    ) -> Result<Outcome<Token>, CreateTokenError>;

    /// Gives a token a new secret, provided that it is live at `act.at`, and that the asker is, by its newest secret, and
    /// may have it ([`Token::rotated_by`], which also says whose child it is from then on). The secret before becomes a
    /// former one, unless its time is over already; no earlier former one keeps a later end. Its descendants are revoked
    /// unless they are kept.
    ///
    /// Returns the token as it is then.
    async fn rotate(
        &self,
        rotation: Rotation,
        act: &Act,
        idempotency: Option<Idempotency<Token>>,
    ) -> Result<Outcome<Token>, RotateTokenError>;

    /// Revokes a token, and each of its descendants that is not revoked yet.
    async fn revoke(&self, token: TokenId, act: &Act) -> Result<Revoked, BackendError>;

    /// Ends a secret that was found in the open, if it still works at `at`: the newest secret of a token ends the
    /// token, as [`Tokens::revoke`] does, a former one only itself. The actor is the token; the rows carry no reason.
    async fn report_leaked(
        &self,
        digest: &TokenDigest,
        at: Timestamp,
        request_id: Option<hush_domain::audit::RequestId>,
    ) -> Result<(), BackendError>;

    /// Takes `server` off a token and off each of its descendants that is not revoked. One that names no other keeps it and is revoked
    /// instead.
    async fn remove_server(
        &self,
        server: ServerId,
        token: TokenId,
        act: &Act,
    ) -> Result<Removed, BackendError>;
}
