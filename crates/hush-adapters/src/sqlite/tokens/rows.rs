//! Tokens as they are stored.

use hush_domain::ids::TokenId;
use hush_domain::tokens::{NamedServers, Token};
use serde::Deserialize;
use sqlx::SqliteConnection;
use sqlx::types::Json;

use crate::sqlite::failure::Failure;
use crate::stored::{server_id, time, token_id, user_id};

/// What is fetched of a token `t`, as a [`TokenRow`]; without the digest, which nobody needs to know again.
macro_rules! token_row {
    () => {
        "json_array(
             t.id, t.user_id, t.name, t.hint, json(t.scopes), t.created_at, t.expires_at, t.revoked_at,
             t.parent_id, t.last_used_at,
             (SELECT json_group_array(server_id) FROM token_servers WHERE token_id = t.id))"
    };
}
pub(super) use token_row;

/// A token as one value, as members are read.
#[derive(Deserialize)]
pub(super) struct TokenRow {
    id: i64,
    user_id: i64,
    name: String,
    hint: String,
    scopes: Vec<String>,
    created_at: i64,
    expires_at: Option<i64>,
    revoked_at: Option<i64>,
    parent_id: Option<i64>,
    last_used_at: Option<i64>,
    server_ids: Vec<i64>,
}

impl TokenRow {
    pub(super) fn read(self) -> Result<Token, Failure> {
        let servers = self.server_ids.into_iter().map(server_id);
        let servers = servers.collect::<Result<Vec<_>, _>>()?;
        // A scope that this process does not know is a newer one's. Nothing here asks for it, so that leaving it
        // out takes nothing away.
        let scopes = self.scopes.iter().filter_map(|scope| scope.parse().ok());
        Ok(Token {
            id: token_id(self.id)?,
            user: user_id(self.user_id)?,
            name: self.name.parse().map_err(Failure::stored("token name"))?,
            hint: self.hint.parse().map_err(Failure::stored("token hint"))?,
            servers: NamedServers::new(servers).map_err(Failure::stored("list of servers"))?,
            scopes: scopes.collect(),
            created_at: time(self.created_at)?,
            expires_at: self.expires_at.map(time).transpose()?,
            revoked_at: self.revoked_at.map(time).transpose()?,
            parent: self.parent_id.map(token_id).transpose()?,
            last_used_at: self.last_used_at.map(time).transpose()?,
        })
    }
}

/// The tokens that a query found.
pub(super) fn read_all(rows: Vec<Json<TokenRow>>) -> Result<Vec<Token>, Failure> {
    rows.into_iter().map(|Json(row)| row.read()).collect()
}

/// One token.
pub(super) async fn get(
    connection: &mut SqliteConnection,
    token: TokenId,
) -> Result<Option<Token>, Failure> {
    let row: Option<Json<TokenRow>> = sqlx::query_scalar(concat!(
        "SELECT ",
        token_row!(),
        " FROM tokens t WHERE t.id = ?1"
    ))
    .bind(token.to_i64())
    .fetch_optional(connection)
    .await?;
    row.map(|Json(row)| row.read()).transpose()
}
