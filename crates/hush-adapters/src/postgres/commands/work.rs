//! Handing commands out, and putting them back.

use hush_domain::ids::CommandId;
use hush_domain::time::Timestamp;
use hush_ports::{Claimed, PLACES_OF_A_SERVER, Worker};
use sqlx::PgConnection;
use time::OffsetDateTime;

use super::rows::command_rows;
use super::workers;
use crate::postgres::failure::Failure;
use crate::stored::CommandRow;

/// How far ahead is looked for commands of servers that have a place free. The more so once the first ones have theirs.
const AHEAD: i64 = 256;

/// Hands out the first commands that can be carried out. What others are handing out just now is left to them.
pub(super) async fn claim(
    transaction: &mut PgConnection,
    worker: Worker,
    now: Timestamp,
    limit: u16,
) -> Result<Vec<Claimed>, Failure> {
    if !workers::hold(transaction, worker).await? {
        return Ok(Vec::new());
    }
    let ids = sqlx::query_scalar!(
        "WITH busy AS (
             SELECT server_id, count(*) AS places FROM commands WHERE worker_id IS NOT NULL
             GROUP BY server_id
         ), ready AS (
             SELECT c.id, c.server_id, c.position, (c.type = 'send_message') AS is_message
             FROM commands c
             WHERE c.ended_at IS NULL AND c.worker_id IS NULL
               AND c.run_at <= $2 AND c.not_after > $2
               AND c.server_id NOT IN (SELECT server_id FROM busy WHERE places >= $4)
               AND NOT EXISTS (
                   SELECT FROM command_targets mine
                   JOIN command_targets earlier
                       ON earlier.server_id = mine.server_id AND earlier.kind = mine.kind
                      AND earlier.target_id = mine.target_id AND earlier.position < mine.position
                   WHERE mine.position = c.position)
             ORDER BY (c.type = 'send_message'), c.position
             LIMIT $5
         ), placed AS (
             SELECT r.id, r.position, r.is_message,
                    row_number() OVER (PARTITION BY r.server_id ORDER BY r.is_message, r.position)
                        + coalesce(b.places, 0) AS place
             FROM ready r LEFT JOIN busy b ON b.server_id = r.server_id
         ), first AS (
             SELECT id FROM placed WHERE place <= $4 ORDER BY is_message, position LIMIT $3
         ), next AS (
             SELECT c.id FROM commands c
             WHERE c.id IN (SELECT id FROM first) AND c.ended_at IS NULL AND c.worker_id IS NULL
             FOR UPDATE OF c SKIP LOCKED
         )
         UPDATE commands c
         SET worker_id = $1, state = 'running', started_at = coalesce(c.started_at, $2),
             attempts = c.attempts + 1
         FROM next WHERE c.id = next.id
         RETURNING c.id",
        worker.0,
        OffsetDateTime::from(now),
        i64::from(limit),
        i64::try_from(PLACES_OF_A_SERVER).unwrap_or(i64::MAX),
        AHEAD,
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

/// Puts a command back until `again`. Whether the worker had it.
pub(super) async fn postpone(
    connection: &mut PgConnection,
    worker: Worker,
    command: CommandId,
    again: Timestamp,
    unsure: bool,
) -> Result<bool, Failure> {
    let postponed = sqlx::query!(
        "UPDATE commands SET worker_id = NULL, run_at = $3, unsure = $4
         WHERE id = $1 AND worker_id = $2",
        command.to_i64(),
        worker.0,
        OffsetDateTime::from(again),
        unsure,
    )
    .execute(connection)
    .await?;
    Ok(postponed.rows_affected() > 0)
}
