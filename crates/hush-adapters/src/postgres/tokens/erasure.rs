//! Tokens that must not stay.

use hush_domain::ids::{ServerId, UserId};
use hush_domain::tokens::Token;
use sqlx::PgConnection;

use super::rows::{ids, read_all, tokens};
use crate::postgres::failure::Failure;
use crate::postgres::owners;

/// The tokens of a user who is locked, locked by id.
pub(in crate::postgres) async fn of(
    transaction: &mut PgConnection,
    user: UserId,
) -> Result<Vec<Token>, Failure> {
    let rows = tokens!(
        "WHERE t.user_id = $1 ORDER BY t.id FOR UPDATE",
        user.to_i64()
    )
    .fetch_all(transaction)
    .await?;
    read_all(rows)
}

/// Removes locked `tokens` with all that belongs to them.
pub(in crate::postgres) async fn remove(
    transaction: &mut PgConnection,
    tokens: &[Token],
) -> Result<(), Failure> {
    let ids = ids(tokens);
    sqlx::query!(
        "DELETE FROM idempotency_records WHERE token_id = ANY ($1)",
        &ids
    )
    .execute(&mut *transaction)
    .await?;
    sqlx::query!("DELETE FROM token_usage WHERE token_id = ANY ($1)", &ids)
        .execute(&mut *transaction)
        .await?;
    // Their former secrets go with them.
    sqlx::query!("DELETE FROM tokens WHERE id = ANY ($1)", &ids)
        .execute(transaction)
        .await?;
    Ok(())
}

/// Takes `server` off all tokens, whose users are locked, and removes those that name no other. Returns how many.
pub(in crate::postgres) async fn forget_server(
    transaction: &mut PgConnection,
    server: ServerId,
) -> Result<u64, Failure> {
    let rows = tokens!(
        "WHERE t.server_ids @> ARRAY[$1::bigint] ORDER BY t.id FOR UPDATE",
        server.to_i64(),
    )
    .fetch_all(&mut *transaction)
    .await?;
    let (sole, several): (Vec<_>, Vec<_>) = read_all(rows)?
        .into_iter()
        .partition(|token| token.servers.sole().is_some());
    remove(transaction, &sole).await?;
    let users: Vec<_> = sole.iter().map(|token| token.user.to_i64()).collect();
    owners::forget(transaction, &users).await?;
    sqlx::query!(
        "UPDATE tokens SET server_ids = array_remove(server_ids, $1) WHERE id = ANY ($2)",
        server.to_i64(),
        &ids(&several),
    )
    .execute(transaction)
    .await?;
    Ok(sole.len() as u64)
}
