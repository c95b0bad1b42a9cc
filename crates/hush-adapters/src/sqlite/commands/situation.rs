//! What rules about commands look at, in one statement.

use hush_domain::commands::rules::Situation;
use hush_domain::ids::{ChannelId, ServerId, UserId};
use sqlx::SqliteConnection;
use sqlx::types::Json;

use crate::sqlite::failure::Failure;
use crate::stored::SituationJson;

/// What is known of the server `?1`, of the users `?2` in it, and of its channel `?3`.
pub(in crate::sqlite) const READ: &str = "SELECT json_object(
         'owner', s.owner_id,
         'complete', json(iif(s.member_count IS NULL, 'true', 'false')),
         'roles', (
             SELECT json_group_array(json_array(
                 r.id, r.name, r.position, r.permissions, json(iif(r.managed, 'true', 'false'))))
             FROM roles r WHERE r.server_id = s.id),
         'members', (
             SELECT json_group_array(json_array(m.user_id, json(m.role_ids)))
             FROM json_each(?2) AS wanted
             CROSS JOIN members m ON m.server_id = s.id AND m.user_id = wanted.value),
         'channel', (SELECT c.kind FROM channels c WHERE c.server_id = s.id AND c.id = ?3)
     )
     FROM servers s WHERE s.id = ?1";

pub(super) async fn read(
    connection: &mut SqliteConnection,
    server: ServerId,
    users: &[UserId],
    channel: Option<ChannelId>,
) -> Result<Option<Situation>, Failure> {
    let users: Vec<_> = users.iter().map(|user| user.to_i64()).collect();
    let found: Option<Json<SituationJson>> = sqlx::query_scalar(READ)
        .bind(server.to_i64())
        .bind(Json(users))
        .bind(channel.map(ChannelId::to_i64))
        .fetch_optional(connection)
        .await?;
    found.map(|Json(found)| Ok(found.read(server)?)).transpose()
}
