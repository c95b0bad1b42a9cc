//! Making a token.

use hush_domain::audit::chain::Keyring;
use hush_domain::audit::{Act, token_created};
use hush_domain::ids::{ServerId, TokenId};
use hush_domain::scopes::Scope;
use hush_domain::time::Timestamp;
use hush_domain::tokens::{Key, MAX_LIVE, NewToken, Token};
use hush_ports::{CreateTokenError, Idempotency, Outcome};
use sqlx::SqliteConnection;
use sqlx::types::Json;

use super::lineage::asker;
use super::list::live;
use super::rows::get;
use crate::sqlite::failure::{Failure, Refused};
use crate::sqlite::{audit, idempotency};
use crate::stored::server_id;

type Refusal = Refused<CreateTokenError>;

/// Stores `new`, unless something stands in its way.
pub(super) async fn create(
    transaction: &mut SqliteConnection,
    keys: &Keyring,
    new: &NewToken,
    made_by: Option<&Key>,
    act: &Act,
    request: Option<&Idempotency<Token>>,
) -> Result<Outcome<Token>, Refusal> {
    if let Some(answer) = idempotency::replay(transaction, request, act.at).await? {
        return Ok(Outcome::Replayed(answer));
    }
    let token = &new.token;
    let servers = token.servers.as_slice().iter();
    let servers: Vec<_> = servers.map(|server| server.to_i64()).collect();
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
    let others = live(transaction, token.user, act.at).await?;
    if others.len() >= MAX_LIVE {
        return refused(CreateTokenError::TooMany);
    }
    if others.iter().any(|other| other.name == token.name) {
        return refused(CreateTokenError::NameTaken);
    }
    if get(transaction, token.id).await?.is_some() {
        return refused(CreateTokenError::IdTaken);
    }
    insert(transaction, new, &servers).await?;
    audit::write(transaction, keys, act, token_created(token)).await?;
    idempotency::remember(transaction, request, token, act.at).await?;
    Ok(Outcome::Done(token.clone()))
}

/// The first of `servers` in which the token's user is not.
async fn foreign(
    transaction: &mut SqliteConnection,
    token: &Token,
    servers: &[i64],
) -> Result<Option<ServerId>, Failure> {
    let foreign: Option<i64> = sqlx::query_scalar(
        "SELECT named.value FROM json_each(?1) AS named
         WHERE NOT EXISTS (SELECT 1 FROM servers s WHERE s.id = named.value AND s.owner_id = ?2)
           AND NOT EXISTS (SELECT 1 FROM members m
                           WHERE m.server_id = named.value AND m.user_id = ?2)
         ORDER BY named.value
         LIMIT 1",
    )
    .bind(Json(servers))
    .bind(token.user.to_i64())
    .fetch_optional(transaction)
    .await?;
    Ok(foreign.map(server_id).transpose()?)
}

async fn insert(
    transaction: &mut SqliteConnection,
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
    let scopes: Vec<_> = scopes.iter().map(Scope::as_str).collect();
    sqlx::query(
        "INSERT INTO tokens
             (id, digest, user_id, name, hint, scopes, created_at, expires_at, revoked_at, parent_id,
              last_used_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
    )
    .bind(id.to_i64())
    .bind(new.digest.as_bytes().as_slice())
    .bind(user.to_i64())
    .bind(name.as_str())
    .bind(hint.as_str())
    .bind(Json(scopes))
    .bind(created_at.unix_micros())
    .bind(expires_at.map(Timestamp::unix_micros))
    .bind(revoked_at.map(Timestamp::unix_micros))
    .bind(parent.map(TokenId::to_i64))
    .bind(last_used_at.map(Timestamp::unix_micros))
    .execute(&mut *transaction)
    .await?;
    sqlx::query(
        "INSERT INTO token_servers (token_id, server_id) SELECT ?1, value FROM json_each(?2)",
    )
    .bind(id.to_i64())
    .bind(Json(servers))
    .execute(transaction)
    .await?;
    Ok(())
}
