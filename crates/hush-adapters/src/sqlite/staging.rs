//! Member lists of any length on their way into the file.
//!
//! They are put into a temporary table first, so that nobody has to wait for the source, and what breaks a rule has
//! changed nothing.

use hush_domain::events::{Generation, ListedMember};
use hush_domain::ids::ServerId;
use hush_domain::presence::Presence;
use hush_ports::{MemberSource, SourceError};
use serde_json::json;
use sqlx::SqliteConnection;
use sqlx::types::Json;

use super::failure::Failure;
use crate::presences;

/// Puts all of `source` into `staged_members`, in the place of what was there.
pub(super) async fn stage(
    connection: &mut SqliteConnection,
    source: &mut dyn MemberSource,
) -> Result<Result<(), SourceError>, Failure> {
    sqlx::raw_sql(
        "CREATE TEMPORARY TABLE IF NOT EXISTS staged_members (
             user_id       INTEGER PRIMARY KEY,
             name          TEXT NOT NULL,
             discriminator INTEGER,
             bot           INTEGER NOT NULL,
             role_ids      TEXT NOT NULL,
             -- Null: not said.
             presence      INTEGER,
             listed        INTEGER NOT NULL DEFAULT 1
         ) STRICT;
         DELETE FROM staged_members;",
    )
    .execute(&mut *connection)
    .await?;
    loop {
        match source.next_part() {
            Ok(Some(part)) => insert(connection, &part).await?,
            Ok(None) => break,
            Err(error) => return Ok(Err(error)),
        }
    }
    let twice: Option<i64> = sqlx::query_scalar(
        "SELECT user_id FROM staged_members WHERE listed > 1 ORDER BY user_id LIMIT 1",
    )
    .fetch_optional(connection)
    .await?;
    Ok(match twice {
        Some(user) => Err(SourceError(format!("user {user} is listed twice"))),
        None => Ok(()),
    })
}

async fn insert(connection: &mut SqliteConnection, part: &[ListedMember]) -> Result<(), Failure> {
    let rows: Vec<_> = part
        .iter()
        .map(|member| {
            let user = &member.user;
            let roles: Vec<_> = member.roles.iter().map(|role| role.to_i64()).collect();
            json!([
                user.id.to_i64(),
                user.username.name(),
                user.username.discriminator(),
                user.bot,
                roles,
                member.presence.map(presences::code),
            ])
        })
        .collect();
    sqlx::query(
        "INSERT INTO staged_members (user_id, name, discriminator, bot, role_ids, presence)
         SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value -> 4, value ->> 5
         FROM json_each(?1)
         WHERE true
         ON CONFLICT (user_id) DO UPDATE SET listed = listed + 1",
    )
    .bind(Json(rows))
    .execute(connection)
    .await?;
    Ok(())
}

/// Lists every staged member in the place of what was known of them. Rows that would not change are not written.
pub(super) async fn put_staged(
    transaction: &mut SqliteConnection,
    server: ServerId,
    generation: Option<Generation>,
) -> Result<(), Failure> {
    sqlx::query(
        "INSERT INTO members
             (server_id, user_id, name, discriminator, bot, role_ids, presence, generation)
         SELECT ?1, user_id, name, discriminator, bot, role_ids, coalesce(presence, ?2), ?3
         FROM staged_members
         WHERE true
         ORDER BY user_id
         ON CONFLICT (server_id, user_id) DO UPDATE
         SET name = excluded.name, discriminator = excluded.discriminator, bot = excluded.bot,
             role_ids = excluded.role_ids, generation = excluded.generation,
             presence = coalesce((SELECT s.presence FROM staged_members s
                                  WHERE s.user_id = excluded.user_id), members.presence)
         WHERE (members.name, members.discriminator, members.bot, members.role_ids, members.generation)
               IS NOT (excluded.name, excluded.discriminator, excluded.bot, excluded.role_ids,
                       excluded.generation)
            OR members.presence IS NOT coalesce((SELECT s.presence FROM staged_members s
                                                 WHERE s.user_id = excluded.user_id),
                                                members.presence)",
    )
    .bind(server.to_i64())
    .bind(presences::code(Presence::default()))
    .bind(generation.map(|generation| generation.0))
    .execute(transaction)
    .await?;
    Ok(())
}

/// Removes who is not staged.
pub(super) async fn remove_unstaged(
    transaction: &mut SqliteConnection,
    server: ServerId,
) -> Result<(), Failure> {
    sqlx::query(
        "DELETE FROM members
         WHERE server_id = ?1 AND user_id NOT IN (SELECT user_id FROM staged_members)",
    )
    .bind(server.to_i64())
    .execute(transaction)
    .await?;
    Ok(())
}
