//! Commands as they are written down.

use hush_domain::commands::{Command, OrderType, StateName};
use hush_domain::ids::{CommandId, ServerId};
use hush_ports::{CommandFilter, Waiting};
use sqlx::SqliteConnection;

use crate::sqlite::failure::Failure;
use crate::stored::{self, CommandRow};

/// Rows `c` of commands.
macro_rules! command_rows {
    ($which:literal) => {
        concat!(
            "SELECT c.id, c.server_id, c.type, c.body, c.token_id, c.user_id, c.request_id, c.reason,
                    c.reason_salt, c.created_at, c.not_after, c.started_at, c.ended_at, c.attempts,
                    c.state, c.code, c.report, c.unsure
             FROM commands c WHERE ",
            $which
        )
    };
}

pub(super) use command_rows;

/// The command `?2` of the server `?1`.
pub(in crate::sqlite) const GET: &str = command_rows!("c.server_id = ?1 AND c.id = ?2");

/// The newest `?3` commands of the server `?1` before `?2`.
pub(in crate::sqlite) const LIST: &str =
    command_rows!("c.server_id = ?1 AND c.id < ?2 ORDER BY c.id DESC LIMIT ?3");
/// Of these those in the state `?4`.
pub(in crate::sqlite) const LIST_IN_STATE: &str =
    command_rows!("c.server_id = ?1 AND c.id < ?2 AND c.state = ?4 ORDER BY c.id DESC LIMIT ?3");
/// Of these those of the type `?5`, in the state `?4` if that is given.
pub(in crate::sqlite) const LIST_OF_TYPE: &str = command_rows!(
    "c.server_id = ?1 AND c.id < ?2 AND c.type = ?5 AND (?4 IS NULL OR c.state = ?4)
     ORDER BY c.id DESC LIMIT ?3"
);

/// How many commands wait, by type, and since when.
pub(in crate::sqlite) const WAITING: &str = "SELECT type, count(*), min(created_at)
     FROM commands WHERE ended_at IS NULL GROUP BY type ORDER BY type";

/// One command of a server.
pub(super) async fn get(
    connection: &mut SqliteConnection,
    server: ServerId,
    command: CommandId,
) -> Result<Option<Command>, Failure> {
    let row: Option<CommandRow> = sqlx::query_as(GET)
        .bind(server.to_i64())
        .bind(command.to_i64())
        .fetch_optional(connection)
        .await?;
    row.map(|row| Ok(row.read()?)).transpose()
}

/// The newest commands of a server that `filter` shows.
pub(super) async fn list(
    connection: &mut SqliteConnection,
    server: ServerId,
    filter: CommandFilter,
) -> Result<Vec<Command>, Failure> {
    // For each filter there is a statement, so that each has its index.
    let statement = match (filter.state, filter.kind) {
        (None, None) => LIST,
        (Some(_), None) => LIST_IN_STATE,
        (_, Some(_)) => LIST_OF_TYPE,
    };
    let rows: Vec<CommandRow> = sqlx::query_as(statement)
        .bind(server.to_i64())
        .bind(filter.before.map_or(i64::MAX, CommandId::to_i64))
        .bind(filter.limit)
        .bind(filter.state.map(StateName::as_str))
        .bind(filter.kind.map(OrderType::as_str))
        .fetch_all(connection)
        .await?;
    read(rows)
}

/// How many commands wait.
pub(super) async fn waiting(connection: &mut SqliteConnection) -> Result<Waiting, Failure> {
    let rows = sqlx::query_as(WAITING).fetch_all(connection).await?;
    Ok(stored::waiting(rows)?)
}

pub(super) fn read(rows: Vec<CommandRow>) -> Result<Vec<Command>, Failure> {
    rows.into_iter().map(|row| Ok(row.read()?)).collect()
}
