//! The end of commands.

use hush_domain::audit::chain::Keyring;
use hush_domain::audit::{Act, command_ended};
use hush_domain::commands::{Command, State};
use hush_domain::ids::{CommandId, ServerId};
use hush_domain::time::Timestamp;
use hush_ports::{Cancelled, Held};
use sqlx::SqliteConnection;

use super::rows::{self, command_rows};
use crate::sqlite::audit;
use crate::sqlite::failure::Failure;
use crate::stored::{self, CommandRow};

/// The first `?2` commands that nobody has and whose deadline has come at `?1`.
pub(in crate::sqlite) const OVERDUE: &str = command_rows!(
    "c.ended_at IS NULL AND c.worker_id IS NULL AND c.not_after <= ?1
     ORDER BY c.not_after
     LIMIT ?2"
);

/// The command `?1`, if the worker `?2` has it in its attempt `?3`.
pub(in crate::sqlite) const FINISH: &str =
    command_rows!("c.id = ?1 AND c.worker_id = ?2 AND c.attempts = ?3");

/// Takes a command back, if it is queued.
pub(super) async fn cancel(
    transaction: &mut SqliteConnection,
    keys: &Keyring,
    server: ServerId,
    command: CommandId,
    act: &Act,
) -> Result<Cancelled, Failure> {
    let Some(command) = rows::get(transaction, server, command).await? else {
        return Ok(Cancelled::Unknown);
    };
    match command.state {
        State::Cancelled => Ok(Cancelled::Yes(Box::new(command))),
        State::Queued => {
            let ended = end(transaction, command, &State::Cancelled, act.at).await?;
            let entries = command_ended(&ended).into_iter().collect();
            audit::write(transaction, keys, act, entries).await?;
            Ok(Cancelled::Yes(Box::new(ended)))
        }
        _ => Ok(Cancelled::TooLate),
    }
}

/// Ends a command. Whether it was held.
pub(super) async fn finish(
    transaction: &mut SqliteConnection,
    keys: &Keyring,
    held: Held,
    (state, at): (&State, Timestamp),
) -> Result<bool, Failure> {
    let row: Option<CommandRow> = sqlx::query_as(FINISH)
        .bind(held.command.to_i64())
        .bind(held.worker.0)
        .bind(held.attempt)
        .fetch_optional(&mut *transaction)
        .await?;
    let Some(row) = row else {
        return Ok(false);
    };
    let ended = end(transaction, row.read()?, state, at).await?;
    tell(transaction, keys, &ended, at).await?;
    Ok(true)
}

/// Ends commands that nobody has and whose deadline has come.
pub(super) async fn expire(
    transaction: &mut SqliteConnection,
    keys: &Keyring,
    now: Timestamp,
    limit: u16,
) -> Result<Vec<Command>, Failure> {
    let rows: Vec<CommandRow> = sqlx::query_as(OVERDUE)
        .bind(now.unix_micros())
        .bind(limit)
        .fetch_all(&mut *transaction)
        .await?;
    let mut expired = Vec::with_capacity(rows.len());
    for row in rows {
        let unsure = row.unsure;
        let command = row.read()?;
        let state = command.overdue(unsure);
        let ended = end(transaction, command, &state, now).await?;
        tell(transaction, keys, &ended, now).await?;
        expired.push(ended);
    }
    Ok(expired)
}

/// Writes the end of a command into the log, as something that whoever gave it does.
async fn tell(
    transaction: &mut SqliteConnection,
    keys: &Keyring,
    ended: &Command,
    at: Timestamp,
) -> Result<(), Failure> {
    let entries = command_ended(ended).into_iter().collect();
    audit::write(transaction, keys, &ended.act(at), entries).await
}

/// Ends a command.
pub(super) async fn end(
    transaction: &mut SqliteConnection,
    command: Command,
    state: &State,
    at: Timestamp,
) -> Result<Command, Failure> {
    let (code, report) = stored::end(state);
    let position: i64 = sqlx::query_scalar(
        "UPDATE commands
         SET state = ?2, code = ?3, report = ?4, ended_at = ?5, worker_id = NULL
         WHERE id = ?1
         RETURNING position",
    )
    .bind(command.id.to_i64())
    .bind(state.name().as_str())
    .bind(code)
    .bind(report)
    .bind(at.unix_micros())
    .fetch_one(&mut *transaction)
    .await?;
    sqlx::query("DELETE FROM command_targets WHERE position = ?1")
        .bind(position)
        .execute(transaction)
        .await?;
    Ok(Command {
        state: state.clone(),
        ended_at: Some(at),
        ..command
    })
}
