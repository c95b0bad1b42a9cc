//! Who carries commands out.

use hush_domain::ids::CommandId;
use hush_ports::Worker;
use sqlx::PgConnection;

use crate::postgres::failure::Failure;

pub(super) async fn enlist(connection: &mut PgConnection) -> Result<Worker, Failure> {
    let id = sqlx::query_scalar!("INSERT INTO command_workers DEFAULT VALUES RETURNING id")
        .fetch_one(connection)
        .await?;
    Ok(Worker(id))
}

pub(super) async fn beat(connection: &mut PgConnection, worker: Worker) -> Result<bool, Failure> {
    let beaten = sqlx::query!(
        "UPDATE command_workers SET beat = beat + 1 WHERE id = $1",
        worker.0,
    )
    .execute(connection)
    .await?;
    Ok(beaten.rows_affected() > 0)
}

pub(super) async fn all(connection: &mut PgConnection) -> Result<Vec<(Worker, i64)>, Failure> {
    let workers = sqlx::query!("SELECT id, beat FROM command_workers ORDER BY id")
        .fetch_all(connection)
        .await?;
    let workers = workers.into_iter().map(|row| (Worker(row.id), row.beat));
    Ok(workers.collect())
}

/// Holds a worker's row, so that nobody dismisses it until the transaction ends. Whether it is there.
pub(super) async fn hold(transaction: &mut PgConnection, worker: Worker) -> Result<bool, Failure> {
    let held = sqlx::query_scalar!(
        "SELECT id FROM command_workers WHERE id = $1 FOR KEY SHARE",
        worker.0,
    )
    .fetch_optional(transaction)
    .await?;
    Ok(held.is_some())
}

/// Removes a worker that has not beaten since `seen`, if that is given, and takes from it what it has. Returns how many
/// commands that are.
pub(super) async fn dismiss(
    transaction: &mut PgConnection,
    worker: Worker,
    seen: Option<i64>,
) -> Result<u64, Failure> {
    // This waits until what is being handed out to the worker is.
    let removed = sqlx::query!(
        "DELETE FROM command_workers WHERE id = $1 AND ($2::bigint IS NULL OR beat = $2)",
        worker.0,
        seen,
    )
    .execute(&mut *transaction)
    .await?;
    if seen.is_some() && removed.rows_affected() == 0 {
        return Ok(0);
    }
    release(transaction, worker, &[]).await
}

/// Takes from a worker all commands but those that it knows of. Returns how many.
pub(super) async fn release(
    transaction: &mut PgConnection,
    worker: Worker,
    known: &[CommandId],
) -> Result<u64, Failure> {
    let known: Vec<_> = known.iter().map(|command| command.to_i64()).collect();
    let taken = sqlx::query!(
        "UPDATE commands SET worker_id = NULL, unsure = true
         WHERE worker_id = $1
           AND id IN (SELECT id FROM commands WHERE worker_id = $1 AND id <> ALL ($2) ORDER BY id FOR UPDATE)",
        worker.0,
        &known,
    )
    .execute(transaction)
    .await?;
    Ok(taken.rows_affected())
}
