//! Erasing what must not stay. Reasons go in the order of their rows, so that two who erase never wait for each other.

use hush_domain::ids::{ServerId, UserId};
use sqlx::PgConnection;

use crate::postgres::failure::Failure;

/// Erases a server's log with its ends. Returns how many reasons and how many rows.
pub(in crate::postgres) async fn erase(
    transaction: &mut PgConnection,
    server: ServerId,
) -> Result<(u64, u64), Failure> {
    let id = server.to_i64();
    sqlx::query!("DELETE FROM audit_heads WHERE server_id = $1", id)
        .execute(&mut *transaction)
        .await?;
    let reasons = erase_reasons(transaction, server, i64::MAX).await?;
    let rows = sqlx::query!("DELETE FROM audit_rows WHERE server_id = $1", id)
        .execute(transaction)
        .await?;
    Ok((reasons, rows.rows_affected()))
}

/// Erases the reasons in a locked log up to row `last`. Returns how many.
pub(super) async fn erase_reasons(
    transaction: &mut PgConnection,
    server: ServerId,
    last: i64,
) -> Result<u64, Failure> {
    let erased = sqlx::query!(
        "WITH gone AS MATERIALIZED (
             SELECT number FROM audit_reasons
             WHERE server_id = $1 AND number <= $2
             ORDER BY number
             FOR UPDATE
         )
         DELETE FROM audit_reasons g USING gone WHERE g.server_id = $1 AND g.number = gone.number",
        server.to_i64(),
        last,
    )
    .execute(transaction)
    .await?;
    Ok(erased.rows_affected())
}

/// Erases the reasons that `user` gave, and those that were given for what was done to their tokens. Returns how many.
pub(in crate::postgres) async fn erase_reasons_of(
    transaction: &mut PgConnection,
    user: UserId,
) -> Result<u64, Failure> {
    let erased = sqlx::query!(
        "WITH theirs AS (
             SELECT server_id, number FROM audit_rows
             WHERE actor_user_id = $1 AND commitment IS NOT NULL
             UNION
             SELECT server_id, number FROM audit_rows
             WHERE target_user_id = $1 AND commitment IS NOT NULL
         ), gone AS MATERIALIZED (
             SELECT g.server_id, g.number FROM audit_reasons g
             JOIN theirs USING (server_id, number)
             ORDER BY server_id, number
             FOR UPDATE OF g
         )
         DELETE FROM audit_reasons g USING gone
         WHERE g.server_id = gone.server_id AND g.number = gone.number",
        user.to_i64(),
    )
    .execute(transaction)
    .await?;
    Ok(erased.rows_affected())
}
