use async_trait::async_trait;
use hush_domain::ids::{RoleId, ServerId, UserId};
use hush_domain::permission::Permissions;
use hush_domain::roles::Role;
use hush_domain::users::{Member, User, Username};
use hush_ports::{BackendError, PageRequest, Users};
use sqlx::SqliteConnection;
use sqlx::types::Json;

use super::Sqlite;
use super::failure::Failure;
use crate::meters::Operation;

#[async_trait]
impl Users for Sqlite {
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

/// The first `limit` members whose user ids are above `after` and up to `last`, ascending: one range of one tree,
/// then the roles of each.
async fn listed(
    connection: &mut SqliteConnection,
    server: ServerId,
    (after, last): (i64, i64),
    limit: u16,
) -> Result<Vec<Member>, Failure> {
    let rows: Vec<MemberRow> = sqlx::query_as(
        "SELECT m.user_id, m.name, m.discriminator, m.bot,
                (SELECT json_group_array(json_array(r.id, r.name, r.position))
                 FROM roles r
                 WHERE r.server_id = m.server_id
                   AND r.id IN (SELECT value FROM json_each(m.role_ids))) AS roles
         FROM members m
         WHERE m.server_id = ?1 AND m.user_id > ?2 AND m.user_id <= ?3
         ORDER BY m.user_id
         LIMIT ?4",
    )
    .bind(server.to_i64())
    .bind(after)
    .bind(last)
    .bind(limit)
    .fetch_all(connection)
    .await?;
    rows.into_iter().map(|row| row.read(server)).collect()
}

/// A member with the roles that the server has of those they hold: id, name and position.
#[derive(sqlx::FromRow)]
struct MemberRow {
    user_id: i64,
    name: String,
    discriminator: Option<u16>,
    bot: bool,
    roles: Json<Vec<(i64, String, i32)>>,
}

impl MemberRow {
    fn read(self, server: ServerId) -> Result<Member, Failure> {
        let user = User {
            id: UserId::try_from(self.user_id).map_err(Failure::stored("user id"))?,
            username: Username::new(&self.name, self.discriminator)
                .map_err(Failure::stored("username"))?,
            bot: self.bot,
        };
        let roles = self.roles.0.into_iter().map(|(id, name, position)| {
            Ok(Role {
                id: RoleId::try_from(id).map_err(Failure::stored("role id"))?,
                name: name.parse().map_err(Failure::stored("role name"))?,
                position,
                // A member shows no permissions, so that none are fetched.
                permissions: Permissions::default(),
            })
        });
        Ok(Member::new(
            server,
            user,
            roles.collect::<Result<_, Failure>>()?,
        ))
    }
}
