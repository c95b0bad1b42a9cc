//! What goes with a person.

use hush_domain::audit::{Act, Entry, command_ended};
use hush_domain::ids::UserId;
use sqlx::SqliteConnection;

use super::ending::end;
use super::rows::{command_rows, read};
use crate::sqlite::failure::Failure;

/// What the person `?1` ordered or was to be done to them.
macro_rules! about {
    () => {
        "(user_id = ?1 OR body ->> 'user_id' = ?1
          OR EXISTS (SELECT 1 FROM json_each(body, '$.user_ids') WHERE value = ?1))"
    };
}

/// Removes what a person ordered and what was to be done to them.
pub(in crate::sqlite) const REMOVE_ABOUT: &str = concat!("DELETE FROM commands WHERE ", about!());

/// Ends what a person ordered, or was to be done to them, and has not come to its end. Returns what the logs say of it.
pub(in crate::sqlite) async fn break_off(
    transaction: &mut SqliteConnection,
    user: UserId,
    act: &Act,
) -> Result<Vec<Entry>, Failure> {
    let pending = sqlx::query_as(concat!(
        command_rows!("c.ended_at IS NULL AND "),
        about!(),
        " ORDER BY c.id"
    ))
    .bind(user.to_i64())
    .fetch_all(&mut *transaction)
    .await?;
    let mut entries = Vec::new();
    for command in read(pending)? {
        let state = command.broken_off();
        let ended = end(transaction, command, &state, act.at).await?;
        entries.extend(command_ended(&ended));
    }
    Ok(entries)
}
