use async_trait::async_trait;
use hush_domain::ids::{RoleId, ServerId, UserId};
use hush_domain::users::Member;
use hush_ports::{BackendError, PageRequest, Users};
use serde::Deserialize;
use sqlx::SqliteConnection;
use sqlx::types::Json;

use super::Sqlite;
use super::failure::Failure;
use super::gather::Answers;
use crate::meters::Operation;
use crate::stored;

#[async_trait]
impl Users for Sqlite {
    async fn get(&self, server: ServerId, user: UserId) -> Result<Option<Member>, BackendError> {
        self.members.ask((server, user)).await
    }

    async fn page(&self, server: ServerId, page: PageRequest) -> Result<Vec<Member>, BackendError> {
        let page = &page;
        self.database
            .read(Operation::PageUsers, |mut connection| async move {
                self::page(&mut connection, server, page).await
            })
            .await
    }
}

/// What is shown of a member `m`, as a [`MemberRow`].
macro_rules! member_row {
    () => {
        "json_array(
             m.server_id, m.user_id, m.name, m.discriminator, m.bot,
             (SELECT json_group_array(json_array(r.id, r.name, r.position))
              FROM roles r
              WHERE r.server_id = m.server_id
                AND r.id IN (SELECT value FROM json_each(m.role_ids))))"
    };
}

/// The wanted members, by server and user, each with its place in the array `?1`.
pub(super) const GET: &str = concat!(
    "SELECT json_group_array(json_array(wanted.key, ",
    member_row!(),
    "))
             FROM json_each(?1) AS wanted
             CROSS JOIN members m
                 ON m.server_id = wanted.value ->> 0 AND m.user_id = wanted.value ->> 1"
);

/// Of the members `m` of the server `?1` those after `?2` who are a bot or none, as `?4` says, and hold the role `?5`;
/// nulls say nothing. The first `?3` of them.
macro_rules! page_of {
    () => {
        "m.user_id > ?2
           AND (?4 IS NULL OR m.bot = ?4)
           AND (?5 IS NULL
             OR (EXISTS (SELECT 1 FROM roles r WHERE r.server_id = ?1 AND r.id = ?5)
               AND EXISTS (SELECT 1 FROM json_each(m.role_ids) WHERE value = ?5)))
         ORDER BY m.user_id
         LIMIT ?3"
    };
}

/// A page of all members.
pub(super) const PAGE: &str = concat!(
    "SELECT ",
    member_row!(),
    " FROM members m WHERE m.server_id = ?1 AND ",
    page_of!(),
);

/// A page of those whose ids are in the array `?6`. They are looked up one by one, however many others there are.
pub(super) const PAGE_AMONG: &str = concat!(
    "SELECT ",
    member_row!(),
    " FROM json_each(?6) AS wanted
      CROSS JOIN members m ON m.server_id = ?1 AND m.user_id = wanted.value
      WHERE ",
    page_of!(),
);

/// The members `wanted`, each with its place there.
pub(super) fn get<'c>(
    connection: &'c mut SqliteConnection,
    wanted: &'c [(ServerId, UserId)],
) -> Answers<'c, Member> {
    Box::pin(async move {
        let keys: Vec<_> = wanted
            .iter()
            .map(|(server, user)| (server.to_i64(), user.to_i64()))
            .collect();
        let Json(rows): Json<Vec<(usize, MemberRow)>> = sqlx::query_scalar(GET)
            .bind(Json(keys))
            .fetch_one(connection)
            .await?;
        rows.into_iter()
            .map(|(place, row)| Ok((place, row.read()?)))
            .collect()
    })
}

/// One range of one tree, or so many look-ups; then the roles of each.
async fn page(
    connection: &mut SqliteConnection,
    server: ServerId,
    page: &PageRequest,
) -> Result<Vec<Member>, Failure> {
    let filter = &page.filter;
    let role = filter.distinctive_role(server);
    let query = if filter.ids.is_some() {
        PAGE_AMONG
    } else {
        PAGE
    };
    let mut asked = sqlx::query_scalar(query)
        .bind(server.to_i64())
        .bind(page.after.map_or(0, UserId::to_i64))
        .bind(page.limit)
        .bind(filter.bot)
        .bind(role.map(RoleId::to_i64));
    if let Some(ids) = &filter.ids {
        let ids: Vec<_> = ids.iter().map(|user| user.to_i64()).collect();
        asked = asked.bind(Json(ids));
    }
    let rows: Vec<Json<MemberRow>> = asked.fetch_all(connection).await?;
    rows.into_iter().map(|Json(row)| row.read()).collect()
}

/// A member with the roles that the server has of those they hold: id, name and position. It comes as one value,
/// since a value costs more on its way between threads than what is in it.
#[derive(Deserialize)]
struct MemberRow {
    server_id: i64,
    user_id: i64,
    name: String,
    discriminator: Option<u16>,
    bot: u8,
    roles: Vec<(i64, String, i32)>,
}

impl MemberRow {
    fn read(self) -> Result<Member, Failure> {
        Ok(stored::member(
            stored::server_id(self.server_id)?,
            self.user_id,
            (&self.name, self.discriminator),
            self.bot != 0,
            self.roles.into_iter(),
        )?)
    }
}
