//! How tokens are written down.

use hush_domain::ids::{TokenId, UserId};
use hush_domain::permission::{Permissions, Standing};
use hush_domain::servers::Membership;
use hush_domain::tokens::{NamedServers, Token};
use time::OffsetDateTime;

use crate::postgres::failure::Failure;
use crate::stored::server_id;

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
}

impl TokenRow {
    pub(super) fn read(self) -> Result<Token, Failure> {
        let servers: Vec<_> = self
            .server_ids
            .into_iter()
            .map(server_id)
            .collect::<Result<_, _>>()?;
        Ok(Token {
            id: TokenId::try_from(self.id).map_err(Failure::stored("token id"))?,
            user: UserId::try_from(self.user_id).map_err(Failure::stored("user id"))?,
            name: self.name.parse().map_err(Failure::stored("token name"))?,
            hint: self.hint.parse().map_err(Failure::stored("token hint"))?,
            servers: NamedServers::new(servers).map_err(Failure::stored("list of servers"))?,
            // A scope that this process does not know is a newer one's. Nothing here asks for it, so that
            // leaving it out takes nothing away.
            scopes: self
                .scopes
                .iter()
                .filter_map(|scope| scope.parse().ok())
                .collect(),
            created_at: self.created_at.into(),
            expires_at: self.expires_at.map(Into::into),
            revoked_at: self.revoked_at.map(Into::into),
        })
    }
}

/// A server in which a user is, and how they stand there.
pub(super) struct MembershipRow {
    pub(super) server_id: i64,
    pub(super) name: String,
    pub(super) owner: bool,
    pub(super) permissions: Option<i64>,
}

impl MembershipRow {
    pub(super) fn read(self) -> Result<Membership, Failure> {
        Ok(Membership {
            server: server_id(self.server_id)?,
            name: self.name.parse().map_err(Failure::stored("server name"))?,
            standing: standing(self.owner, self.permissions),
        })
    }
}

/// `permissions` is the union over the roles held; null if there is none of them.
pub(super) fn standing(owner: bool, permissions: Option<i64>) -> Standing {
    Standing {
        owner,
        permissions: Permissions::from_bits(permissions.unwrap_or_default().cast_unsigned()),
    }
}
