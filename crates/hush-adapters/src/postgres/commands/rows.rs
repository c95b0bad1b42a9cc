//! Commands as they are written down.

use hush_domain::commands::{Command, OrderType, StateName};
use hush_domain::ids::{CommandId, ServerId};
use hush_ports::{CommandFilter, Waiting};
use sqlx::PgConnection;

use crate::postgres::failure::Failure;
use crate::stored::{self, CommandRow};

/// Rows `c` of commands.
macro_rules! command_rows {
    ($which:literal, $($argument:expr),+ $(,)?) => {
        sqlx::query_as!(
            CommandRow,
            r#"SELECT c.id, c.server_id, c.type, c.body, c.token_id, c.user_id, c.request_id, c.reason,
                      c.reason_salt, (extract(epoch FROM c.created_at) * 1000000)::bigint AS "created_at!",
                      (extract(epoch FROM c.not_after) * 1000000)::bigint AS "not_after!",
                      (extract(epoch FROM c.started_at) * 1000000)::bigint AS started_at,
                      (extract(epoch FROM c.ended_at) * 1000000)::bigint AS ended_at,
                      c.attempts::bigint AS "attempts!", c.state, c.code, c.report, c.unsure
               FROM commands c
               WHERE "#
                + $which,
            $($argument),+
        )
    };
}

pub(super) use command_rows;

/// One command of a server.
pub(super) async fn get(
    connection: &mut PgConnection,
    server: ServerId,
    command: CommandId,
) -> Result<Option<Command>, Failure> {
    let row = command_rows!(
        "c.server_id = $1 AND c.id = $2",
        server.to_i64(),
        command.to_i64(),
    );
    let row = row.fetch_optional(connection).await?;
    row.map(|row| Ok(row.read()?)).transpose()
}

/// The newest commands of a server that `filter` shows: for each filter a statement, so that each can use its index.
pub(super) async fn list(
    connection: &mut PgConnection,
    server: ServerId,
    filter: CommandFilter,
) -> Result<Vec<Command>, Failure> {
    let server = server.to_i64();
    let before = filter.before.map_or(i64::MAX, CommandId::to_i64);
    let limit = i64::from(filter.limit);
    let state = filter.state.map(StateName::as_str);
    let kind = filter.kind.map(OrderType::as_str);
    let rows = match (state, kind) {
        (None, None) => {
            command_rows!(
                "c.server_id = $1 AND c.id < $2 ORDER BY c.id DESC LIMIT $3",
                server,
                before,
                limit,
            )
            .fetch_all(connection)
            .await
        }
        (Some(state), None) => {
            command_rows!(
                "c.server_id = $1 AND c.state = $4 AND c.id < $2 ORDER BY c.id DESC LIMIT $3",
                server,
                before,
                limit,
                state,
            )
            .fetch_all(connection)
            .await
        }
        (state, Some(kind)) => {
            command_rows!(
                "c.server_id = $1 AND c.type = $4 AND c.id < $2
                 AND ($5::text IS NULL OR c.state = $5)
                 ORDER BY c.id DESC LIMIT $3",
                server,
                before,
                limit,
                kind,
                state,
            )
            .fetch_all(connection)
            .await
        }
    };
    read(rows?)
}

/// How many commands wait.
pub(super) async fn waiting(connection: &mut PgConnection) -> Result<Waiting, Failure> {
    let rows = sqlx::query!(
        r#"SELECT type, count(*) AS "pending!",
                  (extract(epoch FROM min(created_at)) * 1000000)::bigint AS "oldest!"
           FROM commands WHERE ended_at IS NULL
           GROUP BY type ORDER BY type"#,
    )
    .fetch_all(connection)
    .await?;
    let rows = rows
        .into_iter()
        .map(|row| (row.r#type, row.pending, row.oldest));
    Ok(stored::waiting(rows.collect())?)
}

pub(super) fn read(rows: Vec<CommandRow>) -> Result<Vec<Command>, Failure> {
    rows.into_iter().map(|row| Ok(row.read()?)).collect()
}
