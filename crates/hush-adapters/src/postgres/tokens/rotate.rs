//! Giving a token a new secret.

use hush_domain::audit::chain::Keyring;
use hush_domain::audit::{Act, Action, token_rotated};
use hush_domain::ids::TokenId;
use hush_domain::time::Timestamp;
use hush_domain::tokens::{Rotation, Token};
use hush_ports::{Idempotency, Outcome, RotateTokenError};
use sqlx::PgConnection;
use time::OffsetDateTime;

use super::ending::revoke_all;
use super::lineage::{Family, asker, family, kinship};
use crate::postgres::failure::{Failure, Refused};
use crate::postgres::{audit, idempotency, owners};

type Refusal = Refused<RotateTokenError>;

/// Carries out `rotation`, unless something stands in its way.
pub(super) async fn rotate(
    transaction: &mut PgConnection,
    keys: &Keyring,
    rotation: &Rotation,
    act: &Act,
    request: Option<&Idempotency<Token>>,
) -> Result<Outcome<Token>, Refusal> {
    if let Some(answer) = idempotency::claim(transaction, request, act.at).await? {
        return Ok(Outcome::Replayed(answer));
    }
    let involved = [Some(rotation.token), rotation.asker.map(|key| key.token)];
    owners::lock_of(transaction, involved.into_iter().flatten()).await?;
    let refused = |conflict| Err(Refused::Conflict(conflict));
    let Some(Family {
        mut token,
        descendants,
    }) = family(transaction, rotation.token).await?
    else {
        return refused(RotateTokenError::Unknown);
    };
    if let Some(key) = &rotation.asker {
        let Some(asker) = asker(transaction, key, act.at).await? else {
            return refused(RotateTokenError::AskerEnded);
        };
        let kinship = kinship(transaction, &token, &asker).await?;
        match token.rotated_by(&asker, kinship) {
            Ok(parent) => token.parent = parent,
            Err(beyond) => return refused(beyond.into()),
        }
    }
    if !token.is_live(act.at) {
        return refused(RotateTokenError::Ended);
    }
    token.hint = rotation.hint;
    let former_until = rotation.former_until.max(act.at);
    shorten_former(transaction, &token, former_until).await?;
    if former_until > act.at {
        keep_former(transaction, &token, former_until).await?;
    }
    sqlx::query!(
        "UPDATE tokens SET digest = $2, hint = $3, parent_id = $4 WHERE id = $1",
        token.id.to_i64(),
        rotation.digest.as_bytes(),
        token.hint.as_str(),
        token.parent.map(TokenId::to_i64),
    )
    .execute(&mut *transaction)
    .await?;
    let mut entries = token_rotated(&token, former_until);
    if !rotation.keep_children {
        entries.extend(revoke_all(transaction, &descendants, Action::TokenRevoked, act.at).await?);
    }
    idempotency::remember(transaction, request, &token, act.at).await?;
    audit::write(transaction, keys, act, entries).await?;
    Ok(Outcome::Done(token))
}

/// No earlier secret reads longer than until `until`.
async fn shorten_former(
    transaction: &mut PgConnection,
    token: &Token,
    until: Timestamp,
) -> Result<(), Failure> {
    sqlx::query!(
        "UPDATE former_secrets SET until = least(until, $2) WHERE token_id = $1",
        token.id.to_i64(),
        OffsetDateTime::from(until),
    )
    .execute(transaction)
    .await?;
    Ok(())
}

/// The secret that is the newest still reads until `until`.
async fn keep_former(
    transaction: &mut PgConnection,
    token: &Token,
    until: Timestamp,
) -> Result<(), Failure> {
    sqlx::query!(
        "INSERT INTO former_secrets (digest, token_id, until)
         SELECT digest, id, $2 FROM tokens WHERE id = $1",
        token.id.to_i64(),
        OffsetDateTime::from(until),
    )
    .execute(transaction)
    .await?;
    Ok(())
}
