//! How tokens are written down.

use hush_domain::tokens::{NamedServers, Token};
use time::OffsetDateTime;

use crate::postgres::failure::Failure;
use crate::stored::{server_id, token_id, user_id};

/// A query for rows of `tokens t`, as the rest of it says, each of which is a [`TokenRow`].
macro_rules! tokens {
    ($rest:literal $(, $argument:expr)* $(,)?) => {
        sqlx::query_as!(
            $crate::postgres::tokens::rows::TokenRow,
            "SELECT t.id, t.user_id, t.name, t.hint, t.server_ids, t.scopes, t.created_at, t.expires_at,
                    t.revoked_at, t.parent_id, t.last_used_at
             FROM tokens t " + $rest
            $(, $argument)*
        )
    };
}
pub(super) use tokens;

/// A row of `tokens`, without the digest, which nobody needs to know again.
pub(super) struct TokenRow {
    pub(super) id: i64,
    pub(super) user_id: i64,
    pub(super) name: String,
    pub(super) hint: String,
    pub(super) server_ids: Vec<i64>,
    pub(super) scopes: Vec<String>,
    pub(super) created_at: OffsetDateTime,
    pub(super) expires_at: Option<OffsetDateTime>,
    pub(super) revoked_at: Option<OffsetDateTime>,
    pub(super) parent_id: Option<i64>,
    pub(super) last_used_at: Option<OffsetDateTime>,
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
            created_at: self.created_at.into(),
            expires_at: self.expires_at.map(Into::into),
            revoked_at: self.revoked_at.map(Into::into),
            parent: self.parent_id.map(token_id).transpose()?,
            last_used_at: self.last_used_at.map(Into::into),
        })
    }
}

/// The tokens that a query found.
pub(super) fn read_all(rows: Vec<TokenRow>) -> Result<Vec<Token>, Failure> {
    rows.into_iter().map(TokenRow::read).collect()
}

/// The ids of `servers` as the database holds them.
pub(super) fn server_ids(servers: &NamedServers) -> Vec<i64> {
    let servers = servers.as_slice().iter();
    servers.map(|server| server.to_i64()).collect()
}

/// The ids of `tokens` as the database holds them.
pub(super) fn ids(tokens: &[Token]) -> Vec<i64> {
    tokens.iter().map(|token| token.id.to_i64()).collect()
}
