//! New secrets for tokens, and the end of old ones.

use hush_domain::operations::Operation;
use hush_domain::scopes::Scope;
use hush_domain::secret::Secret;
use hush_domain::tokens::{Rotation, Token};
use hush_ports::Outcome;

use super::{Issued, IssuedToken, PersonalTokens, RotateToken, TokenError};
use crate::{Cause, Failure, Permit, Repeatable};

impl PersonalTokens {
    /// Gives one of the caller's tokens a new secret: the one that asks, or one that names no other server, can do no
    /// more and lives no longer, and that the one that asks does not descend from.
    pub async fn rotate_own(
        &self,
        permit: &Permit,
        wanted: RotateToken,
        cause: Cause,
        repeatable: Option<Repeatable<Token>>,
    ) -> Result<Issued, TokenError> {
        let (asker, key) = permit.key_for(Operation::RotateToken)?;
        self.find_own(asker, wanted.token, Scope::TokensWrite)
            .await?;
        let secret = self.draw_secret()?;
        let act = self.acts.by(permit, cause)?;
        let rotation = Rotation {
            token: wanted.token,
            asker: Some(key),
            digest: secret.digest(),
            hint: secret.hint(),
            former_until: act.at.checked_add(wanted.grace).unwrap_or(act.at),
            keep_children: wanted.keep_children,
        };
        let idempotency = repeatable.map(|repeatable| repeatable.of(key.token));
        Ok(
            match self.tokens.rotate(rotation, &act, idempotency).await? {
                Outcome::Done(token) => Issued::Now(Box::new(IssuedToken { token, secret })),
                Outcome::Replayed(answer) => Issued::Before(answer),
            },
        )
    }

    /// Gives any token a new secret, on the operator's permit.
    pub async fn rotate(
        &self,
        permit: &Permit,
        wanted: RotateToken,
    ) -> Result<IssuedToken, TokenError> {
        permit.operator_for("rotating a token")?;
        let secret = self.draw_secret()?;
        let act = self.acts.by(permit, Cause::default())?;
        let rotation = Rotation {
            token: wanted.token,
            asker: None,
            digest: secret.digest(),
            hint: secret.hint(),
            former_until: act.at.checked_add(wanted.grace).unwrap_or(act.at),
            keep_children: wanted.keep_children,
        };
        match self.tokens.rotate(rotation, &act, None).await? {
            Outcome::Done(token) => Ok(IssuedToken { token, secret }),
            Outcome::Replayed(_) => Err(Failure::bug("a replay of nothing".to_owned()).into()),
        }
    }

    /// Ends a secret that somebody found in the open. Nobody learns whether it was one.
    pub async fn report_leaked(
        &self,
        permit: &Permit,
        secret: &Secret,
        cause: Cause,
    ) -> Result<(), Failure> {
        permit.anyone_for("reporting a leaked token")?;
        let (digest, now) = (secret.digest(), self.clock.wall());
        let reported = self.tokens.report_leaked(&digest, now, cause.request_id);
        Ok(reported.await?)
    }
}
