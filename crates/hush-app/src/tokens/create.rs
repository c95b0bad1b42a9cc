//! Making tokens.

use hush_domain::idempotency::RequestKey;
use hush_domain::ids::UserId;
use hush_domain::operations::Operation;
use hush_domain::permission::{self, Refusal};
use hush_domain::secret::Secret;
use hush_domain::time::Timestamp;
use hush_domain::tokens::{Beyond, DEFAULT_LIFETIME, Key, NewToken, Token};
use hush_ports::{BackendError, CreateTokenError, Idempotency, Outcome};

use super::{
    CreateToken, ID_DRAWS, Issued, IssuedToken, Lifetime, PersonalTokens, Repeatable, TokenError,
};
use crate::{Cause, Failure, Permit};

impl PersonalTokens {
    /// Makes a child of the permit's token for its user, who must be an admin of each server that it names.
    pub async fn create_own(
        &self,
        permit: &Permit,
        wanted: CreateToken,
        cause: Cause,
        repeatable: Option<Repeatable>,
    ) -> Result<Issued, TokenError> {
        let (asker, key) = permit.key_for(Operation::CreateToken)?;
        let secret = self.draw_secret()?;
        let mut token = self.draft(asker.user, wanted, &secret, Some(asker))?;
        token.parent = Some(asker.id);
        asker.covers(&token).map_err(|beyond| match beyond {
            Beyond::Server(server) => TokenError::ServerNotFound(server),
            Beyond::Scope(required) => {
                TokenError::Insufficient(Refusal::InsufficientScope { required })
            }
            Beyond::Lifetime => TokenError::OutlivesParent {
                end: asker.expires_at.unwrap_or(token.created_at),
            },
        })?;
        self.check_levels(&token, asker).await?;
        let idempotency = repeatable.map(|repeatable| repeatable.of(key));
        let stored = self.store(permit, token, &secret, Some(key), cause, idempotency);
        Ok(match stored.await? {
            Outcome::Done(token) => Issued::Now(Box::new(IssuedToken { token, secret })),
            Outcome::Replayed(answer) => Issued::Before(answer),
        })
    }

    /// Makes a token for `user`, on the operator's permit.
    pub async fn create(
        &self,
        permit: &Permit,
        user: UserId,
        wanted: CreateToken,
    ) -> Result<IssuedToken, TokenError> {
        let secret = self.draw_secret()?;
        let token = self.adopt(permit, user, wanted, &secret).await?;
        Ok(IssuedToken { token, secret })
    }

    /// Takes in a token whose secret was made elsewhere, on the operator's permit.
    pub async fn adopt(
        &self,
        permit: &Permit,
        user: UserId,
        wanted: CreateToken,
        secret: &Secret,
    ) -> Result<Token, TokenError> {
        permit.operator_for("creating a token")?;
        let token = self.draft(user, wanted, secret, None)?;
        let stored = self.store(permit, token, secret, None, Cause::default(), None);
        match stored.await? {
            Outcome::Done(token) => Ok(token),
            Outcome::Replayed(_) => Err(Failure::bug("a replay of nothing".to_owned()).into()),
        }
    }

    fn draft(
        &self,
        user: UserId,
        wanted: CreateToken,
        secret: &Secret,
        asker: Option<&Token>,
    ) -> Result<Token, TokenError> {
        let now = self.clock.wall();
        Ok(Token {
            id: self.draw_id()?,
            user,
            name: wanted.name,
            hint: secret.hint(),
            servers: wanted.servers,
            scopes: wanted.scopes,
            created_at: now,
            expires_at: end(wanted.lifetime, now, asker)?,
            revoked_at: None,
            parent: None,
            last_used_at: None,
        })
    }

    /// Whether the user may make a token in each server that it names, by what holds there now.
    async fn check_levels(&self, token: &Token, asker: &Token) -> Result<(), TokenError> {
        let memberships = self.tokens.memberships(token).await?;
        for server in token.servers.as_slice() {
            let mut found = memberships.iter();
            let standing = found
                .find(|membership| membership.server == *server)
                .map(|membership| membership.standing)
                .ok_or(TokenError::ServerNotFound(*server))?;
            let allowed = permission::check(Operation::CreateToken, asker.scopes, standing);
            allowed.map_err(|refusal| match refusal {
                Refusal::ApiDisabled => TokenError::ServerNotFound(*server),
                refusal => TokenError::Insufficient(refusal),
            })?;
        }
        Ok(())
    }

    async fn store(
        &self,
        permit: &Permit,
        mut token: Token,
        secret: &Secret,
        asker: Option<Key>,
        cause: Cause,
        idempotency: Option<Idempotency>,
    ) -> Result<Outcome<Token>, TokenError> {
        let act = self.acts.by(permit, cause)?;
        for _ in 0..ID_DRAWS {
            let new = NewToken {
                token: token.clone(),
                digest: secret.digest(),
            };
            match self
                .tokens
                .create(new, asker, &act, idempotency.clone())
                .await
            {
                Err(CreateTokenError::IdTaken) => token.id = self.draw_id()?,
                other => return Ok(other?),
            }
        }
        Err(
            BackendError::permanent(format!("{ID_DRAWS} random token ids in a row were taken"))
                .into(),
        )
    }
}

impl Repeatable {
    /// What the store needs of it, for the token that asks.
    pub(super) fn of(self, key: Key) -> Idempotency {
        Idempotency {
            key: RequestKey {
                token: key.token,
                route: self.route,
                key: self.key,
            },
            fingerprint: self.fingerprint,
            answer: self.answer,
        }
    }
}

/// When a token that is made now ends.
fn end(
    lifetime: Lifetime,
    now: Timestamp,
    asker: Option<&Token>,
) -> Result<Option<Timestamp>, TokenError> {
    let after = |lifetime| now.checked_add(lifetime).ok_or(TokenError::TooLong);
    Ok(match lifetime {
        Lifetime::Endless => None,
        Lifetime::For(lifetime) => Some(after(lifetime)?),
        Lifetime::Default => {
            let end = after(DEFAULT_LIFETIME)?;
            let asker_ends = asker.and_then(|asker| asker.expires_at);
            Some(asker_ends.map_or(end, |other| other.min(end)))
        }
    })
}
