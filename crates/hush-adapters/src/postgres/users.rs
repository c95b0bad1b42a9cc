use async_trait::async_trait;
use hush_domain::ids::{ServerId, UserId};
use hush_domain::users::Member;
use hush_ports::{BackendError, PageRequest, Users};
use sqlx::PgConnection;

use super::Postgres;
use super::failure::Failure;
use super::members::MemberRow;
use crate::meters::Operation;

#[async_trait]
impl Users for Postgres {
    async fn get(&self, server: ServerId, user: UserId) -> Result<Option<Member>, BackendError> {
        let user = user.to_i64();
        self.database
            .read(Operation::GetUser, |mut connection| async move {
                Ok(listed(&mut connection, server, (user - 1, user), 1)
                    .await?
                    .pop())
            })
            .await
    }

    async fn page(&self, server: ServerId, page: PageRequest) -> Result<Vec<Member>, BackendError> {
        let after = page.after.map_or(0, UserId::to_i64);
        self.database
            .read(Operation::PageUsers, |mut connection| async move {
                listed(&mut connection, server, (after, i64::MAX), page.limit).await
            })
            .await
    }
}

/// The first `limit` members whose user ids are above `after` and up to `last`, ascending: one range of one index,
/// then the roles of each.
async fn listed(
    connection: &mut PgConnection,
    server: ServerId,
    (after, last): (i64, i64),
    limit: u16,
) -> Result<Vec<Member>, Failure> {
    let rows = sqlx::query_as!(
        MemberRow,
        r#"SELECT m.user_id, m.name, m.discriminator, m.bot,
                  held.ids AS "role_ids!", held.names AS "role_names!",
                  held.positions AS "role_positions!"
           FROM (
               SELECT * FROM members
               WHERE server_id = $1 AND user_id > $2 AND user_id <= $3
               ORDER BY user_id
               LIMIT $4
           ) AS m
           CROSS JOIN LATERAL (
               SELECT coalesce(array_agg(r.id), '{}') AS ids,
                      coalesce(array_agg(r.name), '{}') AS names,
                      coalesce(array_agg(r.position), '{}') AS positions
               FROM roles r
               WHERE r.server_id = m.server_id AND r.id = ANY (m.role_ids)
           ) AS held
           ORDER BY m.user_id"#,
        server.to_i64(),
        after,
        last,
        i64::from(limit),
    )
    .fetch_all(&mut *connection)
    .await?;
    rows.into_iter().map(|row| row.read(server)).collect()
}
