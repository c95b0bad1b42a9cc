//! Removing the oldest rows of audit logs.

use hush_domain::audit::chain::{End, Keyring};
use hush_domain::ids::ServerId;
use hush_domain::time::Timestamp;
use sqlx::PgConnection;
use time::OffsetDateTime;

use super::erase::erase_reasons;
use crate::postgres::failure::Failure;
use crate::stored::{place, server_id};

/// How many rows go in one transaction, so that nobody waits for long.
const PART: i64 = 1000;

/// The servers whose logs begin with a row that was written before `since`.
pub(in crate::postgres) async fn aged(
    connection: &mut PgConnection,
    since: Timestamp,
) -> Result<Vec<ServerId>, Failure> {
    let servers = sqlx::query_scalar!(
        "SELECT h.server_id
         FROM audit_heads h
         JOIN audit_rows r ON r.server_id = h.server_id AND r.number = h.checkpoint_number + 1
         WHERE r.at < $1",
        OffsetDateTime::from(since),
    )
    .fetch_all(connection)
    .await?;
    servers.into_iter().map(|id| Ok(server_id(id)?)).collect()
}

/// Removes a part of the rows of a server's log that stand before the first one that was written at `since` or later,
/// the oldest first. Returns how many: 0 once there are none.
pub(in crate::postgres) async fn cut(
    transaction: &mut PgConnection,
    keys: &Keyring,
    server: ServerId,
    since: Timestamp,
) -> Result<u64, Failure> {
    let id = server.to_i64();
    sqlx::query!(
        "SELECT number FROM audit_heads WHERE server_id = $1 FOR UPDATE",
        id
    )
    .fetch_optional(&mut *transaction)
    .await?;
    let oldest = sqlx::query!(
        "SELECT number, at, link FROM audit_rows WHERE server_id = $1 ORDER BY number LIMIT $2",
        id,
        PART,
    )
    .fetch_all(&mut *transaction)
    .await?;
    let aged = oldest
        .iter()
        .take_while(|row| Timestamp::from(row.at) < since);
    let Some(last) = aged.last() else {
        return Ok(0);
    };
    let checkpoint = place(last.number, &last.link)?;
    let seal = keys.seal(End::Checkpoint, server, checkpoint);
    sqlx::query!(
        "UPDATE audit_heads
         SET checkpoint_number = $2, checkpoint_link = $3, checkpoint_seal = $4
         WHERE server_id = $1",
        id,
        last.number,
        &last.link,
        seal.as_bytes(),
    )
    .execute(&mut *transaction)
    .await?;
    erase_reasons(transaction, server, last.number).await?;
    let removed = sqlx::query!(
        "DELETE FROM audit_rows WHERE server_id = $1 AND number <= $2",
        id,
        last.number,
    )
    .execute(transaction)
    .await?;
    Ok(removed.rows_affected())
}
