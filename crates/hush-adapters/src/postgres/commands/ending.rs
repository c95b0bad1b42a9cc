//! The end of commands. A command is locked before the log of its server.

use hush_domain::audit::chain::Keyring;
use hush_domain::audit::{Act, command_ended};
use hush_domain::commands::{Command, State};
use hush_domain::ids::{CommandId, ServerId};
use hush_domain::time::Timestamp;
use hush_ports::{Cancelled, Held};
use sqlx::PgConnection;
use time::OffsetDateTime;

use super::rows::command_rows;
use super::work::known_types;
use crate::postgres::audit;
use crate::postgres::failure::Failure;
use crate::stored::{self, CommandRow};

/// Takes a command back, if it is queued.
pub(super) async fn cancel(
    transaction: &mut PgConnection,
    keys: &Keyring,
    server: ServerId,
    command: CommandId,
    act: &Act,
) -> Result<Cancelled, Failure> {
    let row = command_rows!(
        "c.server_id = $1 AND c.id = $2 FOR UPDATE",
        server.to_i64(),
        command.to_i64(),
    );
    let Some(row) = row.fetch_optional(&mut *transaction).await? else {
        return Ok(Cancelled::Unknown);
    };
    let command = row.read()?;
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
    transaction: &mut PgConnection,
    keys: &Keyring,
    held: Held,
    (state, at): (&State, Timestamp),
) -> Result<bool, Failure> {
    let row = command_rows!(
        "c.id = $1 AND c.worker_id = $2 AND c.attempts::bigint = $3 FOR UPDATE",
        held.command.to_i64(),
        held.worker.0,
        i64::from(held.attempt),
    );
    let Some(row) = row.fetch_optional(&mut *transaction).await? else {
        return Ok(false);
    };
    let ended = end(transaction, row.read()?, state, at).await?;
    tell(transaction, keys, &ended, at).await?;
    Ok(true)
}

/// Ends commands that nobody has and whose deadline has come: by server, since that is how logs are locked.
pub(super) async fn expire(
    transaction: &mut PgConnection,
    keys: &Keyring,
    now: Timestamp,
    limit: u16,
) -> Result<Vec<Command>, Failure> {
    let rows = command_rows!(
        "c.ended_at IS NULL AND c.worker_id IS NULL AND c.not_after <= $1 AND c.type = ANY ($3)
         ORDER BY c.not_after
         LIMIT $2
         FOR UPDATE SKIP LOCKED",
        OffsetDateTime::from(now),
        i64::from(limit),
        &known_types(),
    );
    let mut rows = rows.fetch_all(&mut *transaction).await?;
    rows.sort_by_key(|row| (row.server_id, row.id));
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
    transaction: &mut PgConnection,
    keys: &Keyring,
    ended: &Command,
    at: Timestamp,
) -> Result<(), Failure> {
    let entries = command_ended(ended).into_iter().collect();
    audit::write(transaction, keys, &ended.act(at), entries).await
}

/// Ends a locked command.
pub(super) async fn end(
    transaction: &mut PgConnection,
    command: Command,
    state: &State,
    at: Timestamp,
) -> Result<Command, Failure> {
    let (code, report) = stored::end(state);
    sqlx::query!(
        "WITH ended AS (
             UPDATE commands
             SET state = $2, code = $3, report = $4, ended_at = $5, worker_id = NULL
             WHERE id = $1
             RETURNING position
         )
         DELETE FROM command_targets WHERE position = (SELECT position FROM ended)",
        command.id.to_i64(),
        state.name().as_str(),
        code,
        report,
        OffsetDateTime::from(at),
    )
    .execute(transaction)
    .await?;
    Ok(Command {
        state: state.clone(),
        ended_at: Some(at),
        ..command
    })
}
