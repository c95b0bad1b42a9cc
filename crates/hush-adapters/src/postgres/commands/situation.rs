//! What rules about commands look at, in one statement.

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
                   FROM members m WHERE m.server_id = s.id AND m.user_id = ANY ($2)),
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
