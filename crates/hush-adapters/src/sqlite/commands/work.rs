//! Handing commands out, and putting them back.

use hush_domain::time::Timestamp;
use hush_ports::{Claimed, Held, PLACES_OF_A_SERVER, Room, Worker};
use sqlx::SqliteConnection;
use sqlx::types::Json;

use super::rows::command_rows;
use super::workers;
use crate::sqlite::failure::Failure;
use crate::stored::CommandRow;

/// The positions of the first `?2` commands that can be carried out at `?1`, at most `?5` messages among them, so that of each
/// server `?3` are at most, those that are being carried out among them. `?4` says how far ahead is looked.
pub(in crate::sqlite) const READY: &str = "WITH busy AS (
         SELECT server_id, count(*) AS places FROM commands WHERE worker_id IS NOT NULL
         GROUP BY server_id
     ), ready AS (
         SELECT c.server_id, c.position, (c.type = 'send_message') AS is_message
         FROM commands c
         WHERE c.ended_at IS NULL AND c.worker_id IS NULL AND c.run_at <= ?1 AND c.not_after > ?1
           AND c.server_id NOT IN (SELECT server_id FROM busy WHERE places >= ?3)
           AND (c.type <> 'send_message'
                OR c.server_id NOT IN (SELECT server_id FROM busy WHERE places >= ?3 - 1))
           AND NOT EXISTS (
               SELECT 1 FROM command_targets mine
               CROSS JOIN command_targets earlier
                   ON earlier.server_id = mine.server_id AND earlier.kind = mine.kind
                  AND earlier.target_id = mine.target_id AND earlier.position < mine.position
               WHERE mine.position = c.position)
         ORDER BY (c.type = 'send_message'), c.position
         LIMIT ?4
     ), placed AS (
         SELECT r.position, r.is_message,
                row_number() OVER (PARTITION BY r.server_id ORDER BY r.is_message, r.position)
                    + coalesce(b.places, 0) + r.is_message AS place
         FROM ready r LEFT JOIN busy b ON b.server_id = r.server_id
     ), numbered AS (
         SELECT position, is_message,
                row_number() OVER (PARTITION BY is_message ORDER BY position) AS n
         FROM placed WHERE place <= ?3
     )
     SELECT position FROM numbered WHERE NOT is_message OR n <= ?5
     ORDER BY is_message, position LIMIT ?2";

/// How far ahead is looked for commands of servers that have a place free. The more so once the first ones have theirs.
const AHEAD: i64 = 256;

/// The commands at the places `?1`.
const AT: &str = command_rows!(
    "c.position IN (SELECT value FROM json_each(?1)) ORDER BY (c.type = 'send_message'), c.position"
);

/// Hands out the first commands that can be carried out.
pub(super) async fn claim(
    transaction: &mut SqliteConnection,
    worker: Worker,
    now: Timestamp,
    room: Room,
) -> Result<Vec<Claimed>, Failure> {
    if !workers::is_enlisted(transaction, worker).await? {
        return Ok(Vec::new());
    }
    let ready: Vec<i64> = sqlx::query_scalar(READY)
        .bind(now.unix_micros())
        .bind(room.commands)
        .bind(i64::try_from(PLACES_OF_A_SERVER).unwrap_or(i64::MAX))
        .bind(AHEAD)
        .bind(room.messages)
        .fetch_all(&mut *transaction)
        .await?;
    if ready.is_empty() {
        return Ok(Vec::new());
    }
    sqlx::query(
        "UPDATE commands
         SET worker_id = ?1, state = 'running', attempts = attempts + 1,
             started_at = CASE WHEN unsure THEN coalesce(started_at, ?2) ELSE ?2 END
         WHERE position IN (SELECT value FROM json_each(?3))",
    )
    .bind(worker.0)
    .bind(now.unix_micros())
    .bind(Json(&ready))
    .execute(&mut *transaction)
    .await?;
    let rows: Vec<CommandRow> = sqlx::query_as(AT)
        .bind(Json(&ready))
        .fetch_all(transaction)
        .await?;
    rows.into_iter().map(|row| Ok(row.claimed()?)).collect()
}

/// Puts a command back until `again`. Whether it was held.
pub(super) async fn postpone(
    connection: &mut SqliteConnection,
    held: Held,
    again: Timestamp,
    unsure: bool,
) -> Result<bool, Failure> {
    let postponed = sqlx::query(
        "UPDATE commands SET worker_id = NULL, run_at = ?3, unsure = ?4
         WHERE id = ?1 AND worker_id = ?2 AND attempts = ?5",
    )
    .bind(held.command.to_i64())
    .bind(held.worker.0)
    .bind(again.unix_micros())
    .bind(unsure)
    .bind(held.attempt)
    .execute(connection)
    .await?;
    Ok(postponed.rows_affected() > 0)
}
