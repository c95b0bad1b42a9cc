//! Giving a token a new secret.

use hush_domain::audit::chain::Keyring;
use hush_domain::audit::{Act, Action, token_rotated};
use hush_domain::ids::TokenId;
use hush_domain::tokens::{Rotation, Token};
use hush_ports::{Idempotency, Outcome, RotateTokenError};
use sqlx::SqliteConnection;

use super::ending::revoke_all;
use super::lineage::{asker, descendants, kinship};
use super::rows::get;
use crate::sqlite::failure::Refused;
use crate::sqlite::{audit, idempotency};

type Refusal = Refused<RotateTokenError>;

/// Carries out `rotation`, unless something stands in its way.
pub(super) async fn rotate(
    transaction: &mut SqliteConnection,
    keys: &Keyring,
    rotation: &Rotation,
    act: &Act,
    request: Option<&Idempotency<Token>>,
) -> Result<Outcome<Token>, Refusal> {
    if let Some(answer) = idempotency::replay(transaction, request, act.at).await? {
        return Ok(Outcome::Replayed(answer));
    }
    let refused = |conflict| Err(Refused::Conflict(conflict));
    let Some(mut token) = get(transaction, rotation.token).await? else {
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
    sqlx::query("UPDATE former_secrets SET until = min(until, ?2) WHERE token_id = ?1")
        .bind(token.id.to_i64())
        .bind(former_until.unix_micros())
        .execute(&mut *transaction)
        .await?;
    if former_until > act.at {
        sqlx::query(
            "INSERT INTO former_secrets (digest, token_id, until)
             SELECT digest, id, ?2 FROM tokens WHERE id = ?1",
        )
        .bind(token.id.to_i64())
        .bind(former_until.unix_micros())
        .execute(&mut *transaction)
        .await?;
    }
    sqlx::query("UPDATE tokens SET digest = ?2, hint = ?3, parent_id = ?4 WHERE id = ?1")
        .bind(token.id.to_i64())
        .bind(rotation.digest.as_bytes().as_slice())
        .bind(token.hint.as_str())
        .bind(token.parent.map(TokenId::to_i64))
        .execute(&mut *transaction)
        .await?;
    let mut entries = token_rotated(&token, former_until);
    if !rotation.keep_children {
        let children = descendants(transaction, token.id).await?;
        entries.extend(revoke_all(transaction, &children, Action::TokenRevoked, act.at).await?);
    }
    audit::write(transaction, keys, act, entries).await?;
    idempotency::remember(transaction, request, &token, act.at).await?;
    Ok(Outcome::Done(token))
}
