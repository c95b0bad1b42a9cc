//! Personal tokens, as the operator makes and revokes them.

use std::sync::Arc;
use std::time::Duration;

use hush_domain::ids::{ServerId, TokenId, UserId};
use hush_domain::scopes::Scopes;
use hush_domain::secret::Secret;
use hush_domain::tokens::{NamedServers, NewToken, Token, TokenName};
use hush_ports::{BackendError, Clock, CreateTokenError, Random, Revoked, TokenFilter, Tokens};

use crate::{Failure, Permit, Ports};

/// How often another id is drawn when one is taken. Ids have 22 random bits within one millisecond, so a
/// second draw is already rare.
const ID_DRAWS: usize = 8;

/// What a new token shall be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CreateToken {
    /// Whose it is.
    pub user: UserId,
    /// The servers it names. Its user must be in each of them.
    pub servers: NamedServers,
    /// What its owner calls it.
    pub name: TokenName,
    /// What it may be used for at most.
    pub scopes: Scopes,
    /// How long it lives; `None`: until it is revoked.
    pub lifetime: Option<Duration>,
}

/// A token with its secret, which is known only now.
#[derive(Debug)]
pub struct IssuedToken {
    /// The token.
    pub token: Token,
    /// Its text, to be shown once.
    pub secret: Secret,
}

/// Why no token was issued.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum IssueError {
    /// The user is not in this server.
    #[error("the user is not a member of server {0}")]
    NotAMember(ServerId),
    /// The lifetime ends after the year 9999.
    #[error("the lifetime is too long")]
    TooLong,
    /// It could not be carried out.
    #[error(transparent)]
    Failed(#[from] Failure),
}

impl From<BackendError> for IssueError {
    fn from(error: BackendError) -> Self {
        Self::Failed(error.into())
    }
}

/// Issues, lists and revokes personal tokens.
pub struct PersonalTokens {
    tokens: Arc<dyn Tokens>,
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
}

impl PersonalTokens {
    pub(crate) fn new(ports: &Ports) -> Self {
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
        }
    }

    /// Issues a token, on the operator's permit.
    pub async fn create(
        &self,
        permit: &Permit,
        wanted: CreateToken,
    ) -> Result<IssuedToken, IssueError> {
        let secret = Secret::generate(&mut |bytes| self.random.fill(bytes))?;
        let token = self.adopt(permit, wanted, &secret).await?;
        Ok(IssuedToken { token, secret })
    }

    /// Takes in a token whose secret was made elsewhere, on the operator's permit.
    pub async fn adopt(
        &self,
        permit: &Permit,
        wanted: CreateToken,
        secret: &Secret,
    ) -> Result<Token, IssueError> {
        permit.operator_for("creating a token")?;
        let now = self.clock.wall();
        let expires_at = match wanted.lifetime {
            Some(lifetime) => Some(now.checked_add(lifetime).ok_or(IssueError::TooLong)?),
            None => None,
        };
        let mut token = Token {
            id: self.draw_id()?,
            user: wanted.user,
            name: wanted.name,
            hint: secret.hint(),
            servers: wanted.servers,
            scopes: wanted.scopes,
            created_at: now,
            expires_at,
            revoked_at: None,
        };
        for _ in 0..ID_DRAWS {
            let new = NewToken {
                token: token.clone(),
                digest: secret.digest(),
            };
            match self.tokens.create(new).await {
                Ok(()) => return Ok(token),
                Err(CreateTokenError::IdTaken) => token.id = self.draw_id()?,
                Err(CreateTokenError::NotAMember(server)) => {
                    return Err(IssueError::NotAMember(server));
                }
                Err(CreateTokenError::Backend(error)) => return Err(error.into()),
                Err(other) => return Err(BackendError::permanent(other).into()),
            }
        }
        Err(Failure::bug(format!("{ID_DRAWS} random token ids in a row were taken")).into())
    }

    /// Tokens in ascending order of id, revoked and expired ones included, on the operator's permit.
    pub async fn list(&self, permit: &Permit, filter: TokenFilter) -> Result<Vec<Token>, Failure> {
        permit.operator_for("listing tokens")?;
        Ok(self.tokens.list(filter).await?)
    }

    /// Revokes a token, on the operator's permit.
    pub async fn revoke(&self, permit: &Permit, token: TokenId) -> Result<Revoked, Failure> {
        permit.operator_for("revoking a token")?;
        Ok(self.tokens.revoke(token, self.clock.wall()).await?)
    }

    fn draw_id(&self) -> Result<TokenId, BackendError> {
        let mut random = [0; 4];
        self.random.fill(&mut random)?;
        let millis = self.clock.wall().unix_micros().max(0).cast_unsigned() / 1000;
        Ok(TokenId::from_parts(millis, u32::from_ne_bytes(random)))
    }
}
