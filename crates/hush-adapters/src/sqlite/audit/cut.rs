//! Removing the oldest rows of audit logs.

use hush_domain::audit::chain::{End, Keyring, Row};
use hush_domain::ids::ServerId;
use hush_domain::time::Timestamp;
use sqlx::SqliteConnection;

use super::{ROWS, number, read};
use crate::sqlite::failure::Failure;
use crate::stored::{AuditHead, server_id};

/// How many rows go in one transaction, so that nobody waits for long.
const PART: u16 = 1000;

/// The servers whose logs begin with a row that was written before `since`.
pub(in crate::sqlite) async fn aged(
    connection: &mut SqliteConnection,
    since: Timestamp,
) -> Result<Vec<ServerId>, Failure> {
    let servers: Vec<i64> = sqlx::query_scalar(
        "SELECT h.server_id
         FROM audit_heads h
         CROSS JOIN audit_rows r ON r.server_id = h.server_id AND r.number = h.checkpoint_number + 1
         WHERE r.at < ?1",
    )
    .bind(since.unix_micros())
    .fetch_all(connection)
    .await?;
    servers.into_iter().map(|id| Ok(server_id(id)?)).collect()
}

/// Removes a part of the rows of a server's log that stand before the first one that was written at `since` or later,
/// the oldest first. Returns how many: 0 once there are none. A log that is not as it was written is left as it is.
pub(in crate::sqlite) async fn cut(
    transaction: &mut SqliteConnection,
    keys: &Keyring,
    server: ServerId,
    since: Timestamp,
) -> Result<u64, Failure> {
    let head: Option<AuditHead> = sqlx::query_as("SELECT * FROM audit_heads WHERE server_id = ?1")
        .bind(server.to_i64())
        .fetch_optional(&mut *transaction)
        .await?;
    let Some(ends) = head.map(|head| head.read()).transpose()? else {
        return Ok(0);
    };
    let rows = sqlx::query_as(ROWS)
        .bind(server.to_i64())
        .bind(number(ends.checkpoint.number))
        .bind(PART)
        .fetch_all(&mut *transaction)
        .await?;
    let mut oldest = read(rows)?;
    let stays = oldest.iter().position(|row| row.at >= since);
    oldest.truncate(stays.unwrap_or(oldest.len()));
    let Some(checkpoint) = oldest.last().map(Row::place) else {
        return Ok(0);
    };
    keys.verify_oldest(ends.checkpoint, ends.checkpoint_seal, &oldest)
        .map_err(Failure::stored("audit log, of which nothing is removed,"))?;
    let seal = keys.seal(End::Checkpoint, server, checkpoint);
    sqlx::query(
        "UPDATE audit_heads
         SET checkpoint_number = ?2, checkpoint_link = ?3, checkpoint_seal = ?4
         WHERE server_id = ?1",
    )
    .bind(server.to_i64())
    .bind(number(checkpoint.number))
    .bind(checkpoint.link.as_bytes().as_slice())
    .bind(seal.as_bytes().as_slice())
    .execute(&mut *transaction)
    .await?;
    let removed = sqlx::query("DELETE FROM audit_rows WHERE server_id = ?1 AND number <= ?2")
        .bind(server.to_i64())
        .bind(number(checkpoint.number))
        .execute(transaction)
        .await?;
    Ok(removed.rows_affected())
}
