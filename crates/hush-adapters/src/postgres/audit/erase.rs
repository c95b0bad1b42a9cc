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
        "DELETE FROM audit_reasons WHERE ctid = ANY (ARRAY(
             SELECT ctid FROM audit_reasons
             WHERE server_id = $1 AND number <= $2
             ORDER BY number
             FOR UPDATE
         ))",
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
        "DELETE FROM audit_reasons WHERE ctid = ANY (ARRAY(
             SELECT g.ctid FROM audit_reasons g
             JOIN (
                 SELECT server_id, number FROM audit_rows
                 WHERE actor_user_id = $1 AND commitment IS NOT NULL
                 UNION
                 SELECT server_id, number FROM audit_rows
                 WHERE target_user_id = $1 AND commitment IS NOT NULL
             ) AS theirs USING (server_id, number)
             ORDER BY g.server_id, g.number
             FOR UPDATE OF g
         ))",
        user.to_i64(),
    )
    .execute(transaction)
    .await?;
    Ok(erased.rows_affected())
}
