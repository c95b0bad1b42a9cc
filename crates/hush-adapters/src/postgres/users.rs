use async_trait::async_trait;
use hush_domain::ids::{RoleId, ServerId, UserId};
use hush_domain::users::Member;
use hush_ports::{BackendError, PageRequest, UserFilter, Users};
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
        let (filter, limit) = (&page.filter, page.limit);
        let after = page.after.map_or(0, UserId::to_i64);
        self.database
            .read(Operation::PageUsers, |mut connection| async move {
                if *filter == UserFilter::default() {
                    listed(&mut connection, server, (after, i64::MAX), limit).await
                } else {
                    filtered(&mut connection, server, filter, after, limit).await
                }
            })
            .await
    }
}

/// The members that the statement `$among` finds, ascending, then the roles of each.
macro_rules! members {
    ($among:tt, $($argument:expr),* $(,)?) => {
        sqlx::query_as!(
            MemberRow,
            r#"SELECT m.user_id, m.name, m.discriminator, m.bot,
                      held.ids AS "role_ids!", held.names AS "role_names!",
                      held.positions AS "role_positions!"
               FROM ("# + $among + r#") AS m
               CROSS JOIN LATERAL (
                   SELECT coalesce(array_agg(r.id), '{}') AS ids,
                          coalesce(array_agg(r.name), '{}') AS names,
                          coalesce(array_agg(r.position), '{}') AS positions
                   FROM roles r
                   WHERE r.server_id = m.server_id AND r.id = ANY (m.role_ids)
               ) AS held
               ORDER BY m.user_id"#,
            $($argument),*
        )
    };
}

/// The first `limit` members whose user ids are above `after` and up to `last`: one range of one index.
async fn listed(
    connection: &mut PgConnection,
    server: ServerId,
    (after, last): (i64, i64),
    limit: u16,
) -> Result<Vec<Member>, Failure> {
    let rows = members!(
        "SELECT * FROM members
         WHERE server_id = $1 AND user_id > $2 AND user_id <= $3
         ORDER BY user_id
         LIMIT $4",
        server.to_i64(),
        after,
        last,
        i64::from(limit),
    )
    .fetch_all(&mut *connection)
    .await?;
    rows.into_iter().map(|row| row.read(server)).collect()
}

/// The first `limit` of those who fit among the members whose user ids are above `after`. Whoever is named is looked up one
/// by one, which the limit of one holds the planner to.
async fn filtered(
    connection: &mut PgConnection,
    server: ServerId,
    filter: &UserFilter,
    after: i64,
    limit: u16,
) -> Result<Vec<Member>, Failure> {
    let role = filter.distinctive_role(server).map(RoleId::to_i64);
    let rows = match &filter.ids {
        None => {
            members!(
                "SELECT * FROM members
                 WHERE server_id = $1 AND user_id > $2
                   AND ($4::boolean IS NULL OR bot = $4)
                   AND ($5::bigint IS NULL OR $5 = ANY (role_ids))
                   AND ($5 IS NULL OR EXISTS (SELECT FROM roles WHERE server_id = $1 AND id = $5))
                 ORDER BY user_id
                 LIMIT $3",
                server.to_i64(),
                after,
                i64::from(limit),
                filter.bot,
                role,
            )
            .fetch_all(connection)
            .await?
        }
        Some(ids) => {
            let ids: Vec<_> = ids.iter().map(|user| user.to_i64()).collect();
            members!(
                "SELECT named.* FROM unnest($6::bigint[]) AS wanted (id)
                 CROSS JOIN LATERAL (
                     SELECT * FROM members WHERE server_id = $1 AND user_id = wanted.id LIMIT 1
                 ) AS named
                 WHERE user_id > $2
                   AND ($4::boolean IS NULL OR bot = $4)
                   AND ($5::bigint IS NULL OR $5 = ANY (role_ids))
                   AND ($5 IS NULL OR EXISTS (SELECT FROM roles WHERE server_id = $1 AND id = $5))
                 ORDER BY user_id
                 LIMIT $3",
                server.to_i64(),
                after,
                i64::from(limit),
                filter.bot,
                role,
                &ids,
            )
            .fetch_all(connection)
            .await?
        }
    };
    rows.into_iter().map(|row| row.read(server)).collect()
}
