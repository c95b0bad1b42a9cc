//! Making a token.

use hush_domain::ids::ServerId;
use hush_domain::scopes::Scope;
use hush_domain::time::Timestamp;
use hush_domain::tokens::{NewToken, Token};
use hush_ports::CreateTokenError;
use sqlx::SqliteConnection;
use sqlx::types::Json;

use crate::sqlite::failure::Failure;
use crate::stored::server_id;

/// Stores `new`, provided that its user is in every server that it names.
pub(super) async fn create(
    transaction: &mut SqliteConnection,
    new: &NewToken,
) -> Result<Result<(), CreateTokenError>, Failure> {
    let token = &new.token;
    let servers: Vec<_> = token
        .servers
        .as_slice()
        .iter()
        .map(|id| id.to_i64())
        .collect();
    if let Some(server) = foreign(transaction, token, &servers).await? {
        return Ok(Err(CreateTokenError::NotAMember(server)));
    }
    let exists: bool = sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM tokens WHERE id = ?1)")
        .bind(token.id.to_i64())
        .fetch_one(&mut *transaction)
        .await?;
    if exists {
        return Ok(Err(CreateTokenError::IdTaken));
    }
    let scopes: Vec<_> = token.scopes.iter().map(Scope::as_str).collect();
    sqlx::query(
        "INSERT INTO tokens
             (id, digest, user_id, name, hint, scopes, created_at, expires_at, revoked_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
    )
    .bind(token.id.to_i64())
    .bind(new.digest.as_bytes().as_slice())
    .bind(token.user.to_i64())
    .bind(token.name.as_str())
    .bind(token.hint.as_str())
    .bind(Json(scopes))
    .bind(token.created_at.unix_micros())
    .bind(token.expires_at.map(Timestamp::unix_micros))
    .bind(token.revoked_at.map(Timestamp::unix_micros))
    .execute(&mut *transaction)
    .await?;
    sqlx::query(
        "INSERT INTO token_servers (token_id, server_id) SELECT ?1, value FROM json_each(?2)",
    )
    .bind(token.id.to_i64())
    .bind(Json(&servers))
    .execute(transaction)
    .await?;
    Ok(Ok(()))
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
