//! Lists of tokens: each is one range of one tree, which the filter chooses.

use hush_domain::ids::{ServerId, TokenId, UserId};
use hush_domain::time::Timestamp;
use hush_domain::tokens::Token;
use hush_ports::TokenFilter;
use sqlx::SqliteConnection;
use sqlx::types::Json;

use super::rows::{read_all, token_row};
use crate::sqlite::failure::Failure;

/// The first `?5` tokens of a range, which has them by `$id`, that name no other servers than those in the array `?4`,
/// if there is one.
macro_rules! list {
    ($range:literal, $id:literal) => {
        concat!(
            "SELECT ",
            token_row!(),
            " FROM ",
            $range,
            " AND (?4 IS NULL OR NOT EXISTS (
                  SELECT 1 FROM token_servers
                  WHERE token_id = t.id AND server_id NOT IN (SELECT value FROM json_each(?4))))
              ORDER BY ",
            $id,
            " LIMIT ?5"
        )
    };
}

/// Those after `?3` of the user `?2`, which name the server `?1`, if there is one.
pub(in crate::sqlite) const OF_USER: &str = list!(
    "tokens t
     WHERE t.user_id = ?2 AND t.id > ?3
       AND (?1 IS NULL OR EXISTS (
           SELECT 1 FROM token_servers WHERE token_id = t.id AND server_id = ?1))",
    "t.id"
);

/// Those after `?3` that name the server `?1`.
pub(in crate::sqlite) const OF_SERVER: &str = list!(
    "token_servers n CROSS JOIN tokens t ON t.id = n.token_id
     WHERE n.server_id = ?1 AND n.token_id > ?3",
    "n.token_id"
);

/// All after `?3`.
const ALL: &str = list!("tokens t WHERE t.id > ?3", "t.id");

/// The tokens of `user` that are live at `now`.
pub(in crate::sqlite) async fn live(
    connection: &mut SqliteConnection,
    user: UserId,
    now: Timestamp,
) -> Result<Vec<Token>, Failure> {
    let rows = sqlx::query_scalar(concat!(
        "SELECT ",
        token_row!(),
        " FROM tokens t WHERE t.user_id = ?1 AND t.revoked_at IS NULL"
    ))
    .bind(user.to_i64())
    .fetch_all(connection)
    .await?;
    let mut tokens = read_all(rows)?;
    tokens.retain(|token| token.is_live(now));
    Ok(tokens)
}

/// The tokens that `filter` shows, ascending.
pub(super) async fn list(
    connection: &mut SqliteConnection,
    filter: &TokenFilter,
) -> Result<Vec<Token>, Failure> {
    let query = match (filter.user, filter.server) {
        (Some(_), _) => OF_USER,
        (None, Some(_)) => OF_SERVER,
        (None, None) => ALL,
    };
    let within = filter.within.as_ref().map(|servers| {
        let servers = servers.as_slice().iter();
        Json(servers.map(|server| server.to_i64()).collect::<Vec<_>>())
    });
    let rows = sqlx::query_scalar(query)
        .bind(filter.server.map(ServerId::to_i64))
        .bind(filter.user.map(UserId::to_i64))
        .bind(filter.after.map_or(0, TokenId::to_i64))
        .bind(within)
        .bind(filter.limit)
        .fetch_all(connection)
        .await?;
    read_all(rows)
}
