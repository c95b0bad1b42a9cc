//! Presences of many members at once. Of one it is cheaper to look first: PostgreSQL plans this for as long as it would take to
//! ask for each part by itself.

use hush_domain::events::PresenceChange;
use sqlx::PgConnection;
use time::OffsetDateTime;

use crate::postgres::failure::Failure;
use crate::postgres::members::online_codes;
use crate::presences;

/// Carries out `changes` in locked servers, in their order. Returns how many are of members who are listed.
///
/// It comes to the same as one after the other: whenever a member turned online or offline, that moves the time of the
/// server's counts, though another change may have turned the number back.
pub(super) async fn apply(
    transaction: &mut PgConnection,
    changes: &[PresenceChange],
) -> Result<u64, Failure> {
    let servers: Vec<_> = changes.iter().map(|it| it.server.to_i64()).collect();
    let users: Vec<_> = changes.iter().map(|it| it.user.to_i64()).collect();
    let presences: Vec<_> = changes
        .iter()
        .map(|it| presences::code(it.presence))
        .collect();
    let times: Vec<_> = changes
        .iter()
        .map(|it| OffsetDateTime::from(it.received_at))
        .collect();
    let applied = sqlx::query_scalar!(
        r#"WITH change AS MATERIALIZED (
               SELECT c.server_id, c.user_id, c.presence, c.received_at, m.presence AS known,
                      (c.presence = ANY ($5))::int
                          - (lag(c.presence, 1, m.presence) OVER whole = ANY ($5))::int AS turn,
                      lead(c.place) OVER whole IS NULL AS last
               FROM unnest($1::bigint[], $2::bigint[], $3::smallint[], $4::timestamptz[])
                   WITH ORDINALITY AS c (server_id, user_id, presence, received_at, place)
               JOIN members m ON m.server_id = c.server_id AND m.user_id = c.user_id
               WINDOW whole AS (PARTITION BY c.server_id, c.user_id ORDER BY c.place)
           ), put AS (
               UPDATE members m SET presence = c.presence
               FROM change c
               WHERE m.server_id = c.server_id AND m.user_id = c.user_id
                 AND c.last AND c.presence <> c.known
           ), counted AS (
               UPDATE servers s
               SET online = s.online + turned.by, as_of = greatest(s.as_of, turned.at)
               FROM (
                   SELECT server_id, sum(turn) AS by, max(received_at) AS at
                   FROM change
                   WHERE turn <> 0
                   GROUP BY server_id
               ) AS turned
               WHERE s.id = turned.server_id
           )
           SELECT count(*) AS "count!" FROM change"#,
        &servers,
        &users,
        &presences,
        &times,
        &online_codes(),
    )
    .fetch_one(transaction)
    .await?;
    Ok(applied.unsigned_abs())
}
