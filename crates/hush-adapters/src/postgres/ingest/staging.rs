//! Member lists of any length on their way into the database.
//!
//! They are copied into a temporary table first, where they can be held against what is stored set by set, and
//! without a lock on the server while the source delivers.

use std::fmt::Write;

use hush_domain::events::{Generation, ListedMember};
use hush_domain::ids::ServerId;
use hush_domain::presence::Presence;
use hush_ports::{MemberSource, SourceError};
use sqlx::PgConnection;

use crate::postgres::failure::Failure;
use crate::postgres::members::{online_codes, presence_code};

/// Copies all of `source` into `staged_members`, until the transaction ends.
pub(super) async fn stage(
    transaction: &mut PgConnection,
    source: &mut dyn MemberSource,
) -> Result<Result<(), SourceError>, Failure> {
    sqlx::raw_sql("CREATE TEMPORARY TABLE staged_members (LIKE staged_members) ON COMMIT DROP")
        .execute(&mut *transaction)
        .await?;
    let mut copy = transaction
        .copy_in_raw("COPY staged_members FROM STDIN")
        .await?;
    let mut lines = String::new();
    loop {
        let part = match source.next_part() {
            Ok(Some(part)) => part,
            Ok(None) => break,
            Err(error) => {
                copy.abort("the source failed").await?;
                return Ok(Err(error));
            }
        };
        lines.clear();
        for member in &part {
            write_line(&mut lines, member);
        }
        copy.send(lines.as_bytes()).await?;
    }
    copy.finish().await?;
    // A temporary table has no statistics by itself, without which the joins below are planned for a few rows.
    sqlx::raw_sql("ANALYZE staged_members")
        .execute(&mut *transaction)
        .await?;
    let twice = sqlx::query_scalar!(
        "SELECT user_id FROM staged_members GROUP BY user_id HAVING count(*) > 1 ORDER BY user_id LIMIT 1"
    )
    .fetch_optional(transaction)
    .await?;
    Ok(match twice {
        Some(user) => Err(SourceError(format!("user {user} is listed twice"))),
        None => Ok(()),
    })
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
        presence_code(Presence::default()),
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
        presence_code(Presence::default()),
        &online_codes(),
    )
    .fetch_one(transaction)
    .await?;
    Ok(delta)
}

/// One line of `COPY`'s text format. Names hold no control characters, so that only the backslash is special.
fn write_line(lines: &mut String, member: &ListedMember) {
    let username = &member.user.username;
    let name = username.name().replace('\\', r"\\");
    let discriminator = or_null(username.discriminator());
    let presence = or_null(member.presence.map(presence_code));
    let roles: Vec<_> = member.roles.iter().map(ToString::to_string).collect();
    // Writing to a string does not fail.
    let _ = writeln!(
        lines,
        "{}\t{name}\t{discriminator}\t{}\t{{{}}}\t{presence}",
        member.user.id,
        member.user.bot,
        roles.join(","),
    );
}

fn or_null(value: Option<impl ToString>) -> String {
    value.map_or_else(|| r"\N".to_owned(), |value| value.to_string())
}
