//! What rules about commands look at, in one statement. Each user is looked for by key: a limit keeps PostgreSQL from
//! reading the whole server for some of them.

use hush_domain::commands::rules::Situation;
use hush_domain::ids::{ChannelId, ServerId, UserId};
use sqlx::PgConnection;

use crate::postgres::failure::Failure;
use crate::stored::SituationJson;

pub(super) async fn read(
    connection: &mut PgConnection,
    server: ServerId,
    users: &[UserId],
    channel: Option<ChannelId>,
) -> Result<Option<Situation>, Failure> {
    let users: Vec<_> = users.iter().map(|user| user.to_i64()).collect();
    let found = sqlx::query_scalar!(
        r#"SELECT json_build_object(
               'owner', s.owner_id,
               'complete', s.member_count IS NULL,
               'roles', (
                   SELECT coalesce(json_agg(json_build_array(
                       r.id, r.name, r.position, r.permissions, r.managed)), '[]')
                   FROM roles r WHERE r.server_id = s.id),
               'members', (
                   SELECT coalesce(json_agg(json_build_array(m.user_id, m.role_ids)), '[]')
                   FROM unnest($2::bigint[]) AS wanted (id)
                   CROSS JOIN LATERAL (
                       SELECT * FROM members
                       WHERE members.server_id = s.id AND members.user_id = wanted.id
                       LIMIT 1
                   ) AS m),
               'channel', (
                   SELECT c.kind FROM channels c WHERE c.server_id = s.id AND c.id = $3)
           )::text AS "found!"
           FROM servers s WHERE s.id = $1"#,
        server.to_i64(),
        &users,
        channel.map(ChannelId::to_i64),
    )
    .fetch_optional(connection)
    .await?;
    let Some(found) = found else {
        return Ok(None);
    };
    let found: SituationJson =
        serde_json::from_str(&found).map_err(Failure::stored("situation"))?;
    Ok(Some(found.read(server)?))
}
