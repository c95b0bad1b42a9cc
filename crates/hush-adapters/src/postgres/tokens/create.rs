//! Making a token.

use hush_domain::audit::chain::Keyring;
use hush_domain::audit::{Act, token_created};
use hush_domain::ids::{ServerId, TokenId};
use hush_domain::tokens::{Key, MAX_LIVE, NewToken, Token};
use hush_ports::{CreateTokenError, Idempotency, Outcome};
use sqlx::PgConnection;
use time::OffsetDateTime;

use super::lineage::asker;
use super::rows::server_ids;
use crate::postgres::failure::{Failure, Refused};
use crate::postgres::{audit, idempotency, owners};
use crate::stored::server_id;

type Refusal = Refused<CreateTokenError>;

/// The constraint that says that an id is taken.
const ID_TAKEN: &str = "tokens_id_taken";

/// Stores `new`, unless something stands in its way. As long as its servers are locked nobody leaves them, and as long as
/// its user and the one of `made_by` are, nothing becomes of their tokens.
pub(super) async fn create(
    transaction: &mut PgConnection,
    keys: &Keyring,
    new: &NewToken,
    made_by: Option<&Key>,
    act: &Act,
    request: Option<&Idempotency<Token>>,
) -> Result<Outcome<Token>, Refusal> {
    if let Some(answer) = idempotency::claim(transaction, request, act.at).await? {
        return Ok(Outcome::Replayed(answer));
    }
    let token = &new.token;
    let servers = server_ids(&token.servers);
    sqlx::query!(
        "SELECT id FROM servers WHERE id = ANY ($1) ORDER BY id FOR SHARE",
        &servers
    )
    .fetch_all(&mut *transaction)
    .await?;
    owners::lock(transaction, token.user, made_by.map(|key| key.token)).await?;
    let refused = |conflict| Err(Refused::Conflict(conflict));
    if let Some(server) = foreign(transaction, token, &servers).await? {
        return refused(CreateTokenError::NotAMember(server));
    }
    if let Some(key) = made_by {
        let Some(parent) = asker(transaction, key, act.at).await? else {
            return refused(CreateTokenError::AskerEnded);
        };
        if let Err(beyond) = parent.covers(token) {
            return refused(beyond.into());
        }
    }
    if let Some(conflict) = crowded(transaction, token, act).await? {
        return refused(conflict);
    }
    match insert(transaction, new, &servers).await {
        Err(sqlx::Error::Database(error)) if error.constraint() == Some(ID_TAKEN) => {
            return refused(CreateTokenError::IdTaken);
        }
        result => result?,
    }
    idempotency::remember(transaction, request, token, act.at).await?;
    audit::write(transaction, keys, act, token_created(token)).await?;
    Ok(Outcome::Done(token.clone()))
}

/// The first of `servers` in which the token's user is not.
async fn foreign(
    transaction: &mut PgConnection,
    token: &Token,
    servers: &[i64],
) -> Result<Option<ServerId>, Failure> {
    let foreign = sqlx::query_scalar!(
        r#"SELECT named.id AS "id!"
           FROM unnest($1::bigint[]) AS named (id)
           WHERE NOT EXISTS (SELECT FROM servers s WHERE s.id = named.id AND s.owner_id = $2)
             AND NOT EXISTS (SELECT FROM members m WHERE m.server_id = named.id AND m.user_id = $2)
           ORDER BY named.id
           LIMIT 1"#,
        servers,
        token.user.to_i64(),
    )
    .fetch_optional(transaction)
    .await?;
    Ok(foreign.map(server_id).transpose()?)
}

/// What stands in the way among the live tokens of the user.
async fn crowded(
    transaction: &mut PgConnection,
    token: &Token,
    act: &Act,
) -> Result<Option<CreateTokenError>, Failure> {
    let live = sqlx::query!(
        r#"SELECT count(*) AS "count!", coalesce(bool_or(name = $2), false) AS "name_taken!"
           FROM tokens
           WHERE user_id = $1 AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > $3)"#,
        token.user.to_i64(),
        token.name.as_str(),
        OffsetDateTime::from(act.at),
    )
    .fetch_one(transaction)
    .await?;
    Ok(
        if usize::try_from(live.count).is_ok_and(|count| count >= MAX_LIVE) {
            Some(CreateTokenError::TooMany)
        } else if live.name_taken {
            Some(CreateTokenError::NameTaken)
        } else {
            None
        },
    )
}

async fn insert(
    transaction: &mut PgConnection,
    new: &NewToken,
    servers: &[i64],
) -> Result<(), sqlx::Error> {
    let Token {
        id,
        user,
        name,
        hint,
        servers: _,
        scopes,
        created_at,
        expires_at,
        revoked_at,
        parent,
        last_used_at,
    } = &new.token;
    let scopes: Vec<_> = scopes
        .iter()
        .map(|scope| scope.as_str().to_owned())
        .collect();
    sqlx::query!(
        "INSERT INTO tokens
             (id, digest, user_id, name, hint, server_ids, scopes, created_at, expires_at, revoked_at,
              parent_id, last_used_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
        id.to_i64(),
        new.digest.as_bytes(),
        user.to_i64(),
        name.as_str(),
        hint.as_str(),
        servers,
        &scopes,
        OffsetDateTime::from(*created_at),
        expires_at.map(OffsetDateTime::from),
        revoked_at.map(OffsetDateTime::from),
        parent.map(TokenId::to_i64),
        last_used_at.map(OffsetDateTime::from),
    )
    .execute(transaction)
    .await?;
    Ok(())
}
