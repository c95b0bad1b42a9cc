//! Tokens as they are stored.

use hush_domain::ids::{ServerId, TokenId, UserId};
use hush_domain::tokens::Token;
use hush_ports::TokenFilter;
use sqlx::PgConnection;

use super::rows::{read_all, server_ids, tokens};
use crate::postgres::failure::Failure;

/// One token.
pub(super) async fn get(
    connection: &mut PgConnection,
    token: TokenId,
) -> Result<Option<Token>, Failure> {
    let row = tokens!("WHERE t.id = $1", token.to_i64())
        .fetch_optional(connection)
        .await?;
    row.map(super::rows::TokenRow::read).transpose()
}

/// The tokens that `filter` shows, ascending. Whose they are, or which server they name, is looked for by an index of its
/// own, so each has a query of its own: one for all would be planned for none of them.
pub(super) async fn list(
    connection: &mut PgConnection,
    filter: &TokenFilter,
) -> Result<Vec<Token>, Failure> {
    let after = filter.after.map_or(0, TokenId::to_i64);
    let limit = i64::from(filter.limit);
    let within = filter.within.as_ref().map(server_ids);
    let within = within.as_deref();
    let rows = match (
        filter.user.map(UserId::to_i64),
        filter.server.map(ServerId::to_i64),
    ) {
        (Some(user), server) => {
            tokens!(
                "WHERE t.user_id = $4 AND t.id > $1
                   AND ($3::bigint[] IS NULL OR t.server_ids <@ $3)
                   AND ($5::bigint IS NULL OR t.server_ids @> ARRAY[$5])
                 ORDER BY t.id
                 LIMIT $2",
                after,
                limit,
                within,
                user,
                server,
            )
            .fetch_all(connection)
            .await?
        }
        // Walking through all tokens in the order of the page would be cheap only for a server that many of them name.
        (None, Some(server)) => {
            tokens!(
            "WHERE t.id = ANY (ARRAY(SELECT id FROM tokens WHERE server_ids @> ARRAY[$4::bigint]))
                   AND t.id > $1
                   AND ($3::bigint[] IS NULL OR t.server_ids <@ $3)
                 ORDER BY t.id
                 LIMIT $2",
            after,
            limit,
            within,
            server,
        )
            .fetch_all(connection)
            .await?
        }
        (None, None) => {
            tokens!(
                "WHERE t.id > $1 AND ($3::bigint[] IS NULL OR t.server_ids <@ $3)
                 ORDER BY t.id
                 LIMIT $2",
                after,
                limit,
                within,
            )
            .fetch_all(connection)
            .await?
        }
    };
    read_all(rows)
}
