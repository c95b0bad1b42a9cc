//! Making tokens.

use hush_domain::audit::Act;
use hush_domain::ids::UserId;
use hush_domain::operations::Operation;
use hush_domain::permission::{self, Refusal};
use hush_domain::secret::Secret;
use hush_domain::time::Timestamp;
use hush_domain::tokens::{Beyond, DEFAULT_LIFETIME, Key, NewToken, Token};
use hush_ports::{BackendError, CreateTokenError, Idempotency, Outcome};

use super::{CreateToken, ID_DRAWS, Issued, IssuedToken, Lifetime, PersonalTokens, TokenError};
use crate::{Cause, Failure, Permit, Repeatable};

impl PersonalTokens {
    /// Makes a child of the permit's token for its user, who must be an admin of each server that it names.
    pub async fn create_own(
        &self,
        permit: &Permit,
        wanted: CreateToken,
        cause: Cause,
        repeatable: Option<Repeatable<Token>>,
    ) -> Result<Issued, TokenError> {
        let (asker, key) = permit.key_for(Operation::CreateToken)?;
        let secret = self.draw_secret()?;
        let mut token = self.draft(asker.user, wanted, &secret, Some(asker))?;
        token.parent = Some(asker.id);
        // Whether it would outlive its parent is for the store to say: a request that comes again, later, does not.
        match asker.covers(&token) {
            Err(Beyond::Server(server)) => return Err(TokenError::ServerNotFound(server)),
            Err(Beyond::Scope(required)) => {
                let refusal = Refusal::InsufficientScope { required };
                return Err(TokenError::Insufficient(refusal));
            }
            Err(Beyond::Lifetime) | Ok(()) => {}
        }
        self.check_levels(&token, asker).await?;
        let idempotency = repeatable.map(|repeatable| repeatable.of(key.token));
        let act = self.acts.by(permit, cause)?;
        let stored = self.store(token, &secret, Some(key), &act, idempotency);
        match (stored.await, asker.expires_at) {
            (Ok(Outcome::Done(token)), _) => {
                Ok(Issued::Now(Box::new(IssuedToken { token, secret })))
            }
            (Ok(Outcome::Replayed(answer)), _) => Ok(Issued::Before(answer)),
            (Err(CreateTokenError::Beyond(Beyond::Lifetime)), Some(end)) => {
                Err(TokenError::OutlivesParent { end })
            }
            (Err(error), _) => Err(error.into()),
        }
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
        let act = self.acts.by(permit, Cause::default())?;
        self.store_once(token, secret, &act).await
    }

    pub(super) fn draft(
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

    /// Stores a token that no other one asks for, in a request that is not sent again.
    pub(super) async fn store_once(
        &self,
        token: Token,
        secret: &Secret,
        act: &Act,
    ) -> Result<Token, TokenError> {
        match self.store(token, secret, None, act, None).await? {
            Outcome::Done(token) => Ok(token),
            Outcome::Replayed(_) => Err(Failure::bug("a replay of nothing".to_owned()).into()),
        }
    }

    async fn store(
        &self,
        mut token: Token,
        secret: &Secret,
        asker: Option<Key>,
        act: &Act,
        idempotency: Option<Idempotency<Token>>,
    ) -> Result<Outcome<Token>, CreateTokenError> {
        for _ in 0..ID_DRAWS {
            let new = NewToken {
                token: token.clone(),
                digest: secret.digest(),
            };
            match self
                .tokens
                .create(new, asker, act, idempotency.clone())
                .await
            {
                Err(CreateTokenError::IdTaken) => token.id = self.draw_id()?,
                other => return other,
            }
        }
        Err(
            BackendError::permanent(format!("{ID_DRAWS} random token ids in a row were taken"))
                .into(),
        )
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
