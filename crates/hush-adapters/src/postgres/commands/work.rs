//! Handing commands out, and putting them back.

use hush_domain::commands::OrderType;
use hush_domain::time::Timestamp;
use hush_ports::{Claimed, Held, PLACES_OF_A_SERVER, Room, Worker};
use sqlx::PgConnection;
use time::OffsetDateTime;

use super::rows::command_rows;
use super::workers;
use crate::postgres::failure::Failure;
use crate::stored::CommandRow;

/// How far ahead is looked for commands of servers that have a place free. The more so once the first ones have theirs.
const AHEAD: i64 = 256;
/// The lock under which commands are handed out, so that of those who ask at once each sees what the ones before got.
const HANDING_OUT: i64 = 0x6875_7368_636d_6473;

/// Hands out the first commands that can be carried out. Those of types that a newer version knows are left to it.
pub(super) async fn claim(
    transaction: &mut PgConnection,
    worker: Worker,
    now: Timestamp,
    room: Room,
) -> Result<Vec<Claimed>, Failure> {
    stop_handing_out(transaction).await?;
    if !workers::hold(transaction, worker).await? {
        return Ok(Vec::new());
    }
    let places = i64::try_from(PLACES_OF_A_SERVER).unwrap_or(i64::MAX);
    let ids = sqlx::query_scalar!(
        "WITH busy AS (
             SELECT server_id, count(*) AS places FROM commands WHERE worker_id IS NOT NULL
             GROUP BY server_id
         ), ready AS (
             SELECT c.id, c.server_id, c.position, (c.type = 'send_message') AS is_message
             FROM commands c
             WHERE c.ended_at IS NULL AND c.worker_id IS NULL
               AND c.run_at <= $2 AND c.not_after > $2 AND c.type = ANY ($7)
               AND c.server_id NOT IN (SELECT server_id FROM busy WHERE places >= $5)
               AND (c.type <> 'send_message'
                    OR c.server_id NOT IN (SELECT server_id FROM busy WHERE places >= $5 - 1))
               AND NOT EXISTS (
                   SELECT FROM command_targets mine
                   JOIN command_targets earlier
                       ON earlier.server_id = mine.server_id AND earlier.kind = mine.kind
                      AND earlier.target_id = mine.target_id AND earlier.position < mine.position
                   WHERE mine.position = c.position)
             ORDER BY (c.type = 'send_message'), c.position
             LIMIT $6
         ), placed AS (
             SELECT r.id, r.position, r.is_message,
                    row_number() OVER (PARTITION BY r.server_id ORDER BY r.is_message, r.position)
                        + coalesce(b.places, 0) + r.is_message::integer AS place
             FROM ready r LEFT JOIN busy b ON b.server_id = r.server_id
         ), numbered AS (
             SELECT id, position, is_message,
                    row_number() OVER (PARTITION BY is_message ORDER BY position) AS n
             FROM placed WHERE place <= $5
         ), first AS (
             SELECT id FROM numbered WHERE NOT is_message OR n <= $4
             ORDER BY is_message, position LIMIT $3
         ), next AS (
             SELECT c.id FROM commands c
             WHERE c.id IN (SELECT id FROM first)
               AND c.ended_at IS NULL AND c.worker_id IS NULL AND c.run_at <= $2
             FOR UPDATE OF c SKIP LOCKED
         )
         UPDATE commands c
         SET worker_id = $1, state = 'running', attempts = c.attempts + 1,
             started_at = CASE WHEN c.unsure THEN coalesce(c.started_at, $2) ELSE $2 END
         FROM next WHERE c.id = next.id
         RETURNING c.id",
        worker.0,
        OffsetDateTime::from(now),
        i64::from(room.commands),
        i64::from(room.messages),
        places,
        AHEAD,
        &known_types(),
    )
    .fetch_all(&mut *transaction)
    .await?;
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let rows = command_rows!(
        "c.id = ANY ($1) ORDER BY (c.type = 'send_message'), c.position",
        &ids,
    );
    let rows = rows.fetch_all(transaction).await?;
    rows.into_iter().map(|row| Ok(row.claimed()?)).collect()
}

/// Waits until what is being handed out is, and lets nothing be handed out before the end of the transaction.
pub(super) async fn stop_handing_out(transaction: &mut PgConnection) -> Result<(), Failure> {
    sqlx::query!("SELECT pg_advisory_xact_lock($1)", HANDING_OUT)
        .execute(transaction)
        .await?;
    Ok(())
}

/// The types of commands that this version knows.
pub(super) fn known_types() -> Vec<String> {
    OrderType::ALL.map(|kind| kind.as_str().to_owned()).to_vec()
}

/// Puts a command back until `again`. Whether it was held.
pub(super) async fn postpone(
    connection: &mut PgConnection,
    held: Held,
    again: Timestamp,
    unsure: bool,
) -> Result<bool, Failure> {
    let postponed = sqlx::query!(
        "UPDATE commands SET worker_id = NULL, run_at = $3, unsure = $4
         WHERE id = $1 AND worker_id = $2 AND attempts::bigint = $5",
        held.command.to_i64(),
        held.worker.0,
        OffsetDateTime::from(again),
        unsure,
        i64::from(held.attempt),
    )
    .execute(connection)
    .await?;
    Ok(postponed.rows_affected() > 0)
}
