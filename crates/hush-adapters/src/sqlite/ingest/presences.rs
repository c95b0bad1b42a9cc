//! Presences of many members at once.

use hush_domain::events::PresenceChange;
use sqlx::types::Json;
use sqlx::{SqliteConnection, query, query_scalar, raw_sql};

use crate::presences;
use crate::sqlite::failure::Failure;
use crate::stored::count;

/// An empty place for changes of members who are listed.
pub(in crate::sqlite) const PLACE: &str = "CREATE TEMPORARY TABLE IF NOT EXISTS staged_presences (
         server_id   INTEGER NOT NULL,
         user_id     INTEGER NOT NULL,
         presence    INTEGER NOT NULL,
         received_at INTEGER NOT NULL,
         -- The presence before the first of the changes.
         known       INTEGER NOT NULL,
         -- Whether the member turned online or offline.
         turned      INTEGER NOT NULL,
         -- Whether no other change of the member follows.
         last        INTEGER NOT NULL
     ) STRICT;
     DELETE FROM staged_presences";

/// Puts those of the changes `?1` there that are of members who are listed.
pub(in crate::sqlite) const STAGE: &str = "INSERT INTO staged_presences
     SELECT c.value ->> 0, c.value ->> 1, c.value ->> 2, c.value ->> 3, m.presence,
            ((c.value ->> 2) < 3) <> (lag(c.value ->> 2, 1, m.presence) OVER whole < 3),
            lead(c.key) OVER whole IS NULL
     FROM json_each(?1) AS c
     CROSS JOIN members m ON m.server_id = c.value ->> 0 AND m.user_id = c.value ->> 1
     WINDOW whole AS (PARTITION BY m.server_id, m.user_id ORDER BY c.key)";

/// Shows each member as the last of their changes says. Triggers keep the counts.
pub(in crate::sqlite) const SHOW: &str = "UPDATE members SET presence = c.presence
     FROM staged_presences c
     WHERE members.server_id = c.server_id AND members.user_id = c.user_id
       AND c.last AND c.presence <> c.known";

/// Moves the time of each server's counts.
pub(in crate::sqlite) const DATE: &str = "UPDATE servers SET as_of = max(as_of, turned.at)
     FROM (SELECT server_id, max(received_at) AS at FROM staged_presences
           WHERE turned GROUP BY server_id) AS turned
     WHERE servers.id = turned.server_id";

/// Carries out `changes`, in their order. Returns how many are of members who are listed.
///
/// It comes to the same as one after the other: whenever a member turned online or offline, that moves the time of the
/// server's counts, though another change may have turned the number back.
pub(super) async fn apply(
    transaction: &mut SqliteConnection,
    changes: &[PresenceChange],
) -> Result<u64, Failure> {
    let rows: Vec<_> = changes
        .iter()
        .map(|change| {
            (
                change.server.to_i64(),
                change.user.to_i64(),
                presences::code(change.presence),
                change.received_at.unix_micros(),
            )
        })
        .collect();
    raw_sql(PLACE).execute(&mut *transaction).await?;
    query(STAGE)
        .bind(Json(rows))
        .execute(&mut *transaction)
        .await?;
    query(SHOW).execute(&mut *transaction).await?;
    query(DATE).execute(&mut *transaction).await?;
    let applied = query_scalar("SELECT count(*) FROM staged_presences")
        .fetch_one(transaction)
        .await?;
    Ok(count(applied)?)
}
