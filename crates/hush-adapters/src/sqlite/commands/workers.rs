//! Who carries commands out.

use hush_domain::ids::CommandId;
use hush_ports::Worker;
use sqlx::SqliteConnection;
use sqlx::types::Json;

use crate::sqlite::failure::Failure;

pub(super) async fn enlist(connection: &mut SqliteConnection) -> Result<Worker, Failure> {
    let id = sqlx::query_scalar("INSERT INTO command_workers DEFAULT VALUES RETURNING id")
        .fetch_one(connection)
        .await?;
    Ok(Worker(id))
}

pub(super) async fn beat(
    connection: &mut SqliteConnection,
    worker: Worker,
) -> Result<bool, Failure> {
    let beaten = sqlx::query("UPDATE command_workers SET beat = beat + 1 WHERE id = ?1")
        .bind(worker.0)
        .execute(connection)
        .await?;
    Ok(beaten.rows_affected() > 0)
}

pub(super) async fn all(connection: &mut SqliteConnection) -> Result<Vec<(Worker, i64)>, Failure> {
    let workers: Vec<(i64, i64)> =
        sqlx::query_as("SELECT id, beat FROM command_workers ORDER BY id")
            .fetch_all(connection)
            .await?;
    let workers = workers.into_iter().map(|(id, beat)| (Worker(id), beat));
    Ok(workers.collect())
}

pub(super) async fn is_enlisted(
    connection: &mut SqliteConnection,
    worker: Worker,
) -> Result<bool, Failure> {
    let known: bool =
        sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM command_workers WHERE id = ?1)")
            .bind(worker.0)
            .fetch_one(connection)
            .await?;
    Ok(known)
}

/// Removes a worker that has not beaten since `seen`, if that is given, and takes from it what it has. Returns how many
/// commands that are.
pub(super) async fn dismiss(
    transaction: &mut SqliteConnection,
    worker: Worker,
    seen: Option<i64>,
) -> Result<u64, Failure> {
    let removed =
        sqlx::query("DELETE FROM command_workers WHERE id = ?1 AND (?2 IS NULL OR beat = ?2)")
            .bind(worker.0)
            .bind(seen)
            .execute(&mut *transaction)
            .await?;
    if seen.is_some() && removed.rows_affected() == 0 {
        return Ok(0);
    }
    release(transaction, worker, &[]).await
}

/// Takes from a worker all commands but those that it knows of. Returns how many.
pub(super) async fn release(
    transaction: &mut SqliteConnection,
    worker: Worker,
    known: &[CommandId],
) -> Result<u64, Failure> {
    let known: Vec<_> = known.iter().map(|command| command.to_i64()).collect();
    let taken = sqlx::query(
        "UPDATE commands SET worker_id = NULL, unsure = 1
         WHERE worker_id = ?1 AND id NOT IN (SELECT value FROM json_each(?2))",
    )
    .bind(worker.0)
    .bind(Json(known))
    .execute(transaction)
    .await?;
    Ok(taken.rows_affected())
}
