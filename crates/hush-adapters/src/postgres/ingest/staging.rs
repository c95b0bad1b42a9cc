//! Member lists of any length on their way into the database.
//!
//! They are put into a temporary table first, where they can be held against what is stored set by set, and
//! without a lock on the server while the source delivers.

use hush_domain::events::{Generation, ListedMember};
use hush_domain::ids::{RoleId, ServerId};
use hush_domain::presence::Presence;
use hush_ports::{MemberSource, SourceError};
use sqlx::PgConnection;

use super::Refusal;
use crate::postgres::failure::Failure;
use crate::postgres::members::online_codes;
use crate::presences;

/// From how many members on it pays to tell the planner how many there are.
const MANY: usize = 1000;

/// Puts all of `source` into `staged_members`, until the transaction ends.
pub(super) async fn stage(
    transaction: &mut PgConnection,
    source: &mut dyn MemberSource,
) -> Result<(), Refusal> {
    sqlx::raw_sql("CREATE TEMPORARY TABLE staged_members (LIKE staged_members) ON COMMIT DROP")
        .execute(&mut *transaction)
        .await?;
    let mut listed = 0;
    loop {
        match source.next_part() {
            Ok(Some(part)) => {
                listed += part.len();
                insert(transaction, &part).await?;
            }
            Ok(None) => break,
            Err(error) => return Err(Refusal::Conflict(error.into())),
        }
    }
    if listed >= MANY {
        // A temporary table has no statistics by itself, without which the joins below are planned for a few rows.
        sqlx::raw_sql("ANALYZE staged_members")
            .execute(&mut *transaction)
            .await?;
    }
    let twice = sqlx::query_scalar!(
        "SELECT user_id FROM staged_members GROUP BY user_id HAVING count(*) > 1 ORDER BY user_id LIMIT 1"
    )
    .fetch_optional(transaction)
    .await?;
    match twice {
        Some(user) => {
            let twice = SourceError(format!("user {user} is listed twice"));
            Err(Refusal::Conflict(twice.into()))
        }
        None => Ok(()),
    }
}

/// One statement for a part of any length. `COPY` would take a third less of the processor, but its end is a
/// packet of its own, which waits for the acknowledgement of the one before: 40 ms for each server.
async fn insert(transaction: &mut PgConnection, part: &[ListedMember]) -> Result<(), Failure> {
    let users = || part.iter().map(|member| &member.user);
    let ids: Vec<_> = users().map(|user| user.id.to_i64()).collect();
    let names: Vec<_> = users()
        .map(|user| user.username.name().to_owned())
        .collect();
    let discriminators: Vec<_> = users()
        .map(|user| user.username.discriminator().map(u16::cast_signed))
        .collect();
    let bots: Vec<_> = users().map(|user| user.bot).collect();
    let role_ids: Vec<_> = part.iter().map(|member| array(&member.roles)).collect();
    let presences: Vec<_> = part
        .iter()
        .map(|member| member.presence.map(presences::code))
        .collect();
    // Lists of different lengths are no array of arrays, so each comes as the text of one.
    sqlx::query!(
        "INSERT INTO staged_members (user_id, name, discriminator, bot, role_ids, presence)
         SELECT user_id, name, discriminator, bot, role_ids::bigint[], presence
         FROM unnest($1::bigint[], $2::text[], $3::smallint[], $4::boolean[], $5::text[], $6::smallint[])
             AS part (user_id, name, discriminator, bot, role_ids, presence)",
        &ids,
        &names,
        &discriminators as &[Option<i16>],
        &bots,
        &role_ids,
        &presences as &[Option<i16>],
    )
    .execute(transaction)
    .await?;
    Ok(())
}

/// `{1,2,3}`.
fn array(roles: &[RoleId]) -> String {
    let ids: Vec<_> = roles.iter().map(ToString::to_string).collect();
    format!("{{{}}}", ids.join(","))
}

/// Lists every staged member in the place of what was known of them. Rows that would not change are not written.
pub(super) async fn put_staged(
    transaction: &mut PgConnection,
    server: ServerId,
    generation: Option<Generation>,
) -> Result<(), Failure> {
    sqlx::query!(
        "INSERT INTO members
             (server_id, user_id, name, discriminator, bot, role_ids, presence, generation)
         SELECT $1, s.user_id, s.name, s.discriminator, s.bot, s.role_ids,
                coalesce(s.presence, m.presence, $2), $3
         FROM staged_members s
         LEFT JOIN members m ON m.server_id = $1 AND m.user_id = s.user_id
         WHERE m.user_id IS NULL
            OR (m.name, m.discriminator, m.bot, m.role_ids, m.presence, m.generation)
               IS DISTINCT FROM
               (s.name, s.discriminator, s.bot, s.role_ids, coalesce(s.presence, m.presence), $3)
         ORDER BY s.user_id
         ON CONFLICT (server_id, user_id) DO UPDATE
         SET name = excluded.name, discriminator = excluded.discriminator, bot = excluded.bot,
             role_ids = excluded.role_ids, presence = excluded.presence,
             generation = excluded.generation",
        server.to_i64(),
        presences::code(Presence::default()),
        generation.map(|generation| generation.0),
    )
    .execute(transaction)
    .await?;
    Ok(())
}

/// By how much [`put_staged`] will change the kept counts.
pub(super) async fn staged_delta(
    transaction: &mut PgConnection,
    server: ServerId,
) -> Result<super::servers::Delta, Failure> {
    let delta = sqlx::query_as!(
        super::servers::Delta,
        r#"SELECT count(*) FILTER (WHERE m.user_id IS NULL) AS "listed!",
                  count(*) FILTER (WHERE s.bot) - count(*) FILTER (WHERE m.bot) AS "bots!",
                  count(*) FILTER (WHERE coalesce(s.presence, m.presence, $2) = ANY ($3))
                      - count(*) FILTER (WHERE m.presence = ANY ($3)) AS "online!"
           FROM staged_members s
           LEFT JOIN members m ON m.server_id = $1 AND m.user_id = s.user_id"#,
        server.to_i64(),
        presences::code(Presence::default()),
        &online_codes(),
    )
    .fetch_one(transaction)
    .await?;
    Ok(delta)
}
