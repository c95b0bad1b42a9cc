//! What goes with a person or a server.

use hush_domain::audit::{Act, Entry, command_ended};
use hush_domain::ids::{ServerId, UserId};
use sqlx::PgConnection;

use super::ending::end;
use super::rows::{command_rows, read};
use crate::postgres::failure::Failure;
use crate::stored::CommandRow;

/// Ends what a person ordered, or was to be done to them, and has not come to its end. Returns what the logs say of it.
pub(in crate::postgres) async fn break_off(
    transaction: &mut PgConnection,
    user: UserId,
    act: &Act,
) -> Result<Vec<Entry>, Failure> {
    let rows = command_rows!(
        "c.ended_at IS NULL
         AND (c.user_id = $1 OR (c.body::jsonb ->> 'user_id')::bigint = $1
              OR c.body::jsonb -> 'user_ids' @> to_jsonb($1::bigint))
         ORDER BY c.id
         FOR UPDATE",
        user.to_i64(),
    );
    let pending = read(rows.fetch_all(&mut *transaction).await?)?;
    let mut entries = Vec::new();
    for command in pending {
        let state = command.broken_off();
        let ended = end(transaction, command, &state, act.at).await?;
        entries.extend(command_ended(&ended));
    }
    Ok(entries)
}

/// Removes what a person ordered and what was to be done to them, of which all has come to its end. Returns how many commands.
pub(in crate::postgres) async fn remove_about(
    transaction: &mut PgConnection,
    user: UserId,
) -> Result<u64, Failure> {
    let removed = sqlx::query!(
        "DELETE FROM commands
         WHERE id IN (
             SELECT id FROM commands
             WHERE ended_at IS NOT NULL
               AND (user_id = $1 OR (body::jsonb ->> 'user_id')::bigint = $1
                    OR body::jsonb -> 'user_ids' @> to_jsonb($1::bigint))
             ORDER BY id
             FOR UPDATE)",
        user.to_i64(),
    )
    .execute(transaction)
    .await?;
    Ok(removed.rows_affected())
}

/// Removes a server's commands. Returns how many.
pub(in crate::postgres) async fn remove_of_server(
    transaction: &mut PgConnection,
    server: ServerId,
) -> Result<u64, Failure> {
    let removed = sqlx::query!(
        "DELETE FROM commands
         WHERE id IN (SELECT id FROM commands WHERE server_id = $1 ORDER BY id FOR UPDATE)",
        server.to_i64(),
    )
    .execute(transaction)
    .await?;
    Ok(removed.rows_affected())
}
