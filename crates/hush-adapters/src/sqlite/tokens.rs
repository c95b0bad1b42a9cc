use std::sync::Arc;

use async_trait::async_trait;
use hush_domain::ids::{ServerId, TokenId, UserId};
use hush_domain::permission::{Permissions, Standing};
use hush_domain::secret::TokenDigest;
use hush_domain::servers::Membership;
use hush_domain::time::Timestamp;
use hush_domain::tokens::{NamedServers, NewToken, Token};
use hush_ports::{
    Addressed, BackendError, CreateTokenError, Presented, Revoked, TokenFilter, Tokens,
};
use serde::Deserialize;
use sqlx::SqliteConnection;
use sqlx::types::Json;

use super::Sqlite;
use super::database::begin;
use super::failure::Failure;
use super::gather::Answers;
use super::stats::time;
use crate::meters::Operation;
use crate::stored::server_id;

mod create;

/// The permissions of the roles that a member holds, the everyone-role's (which is the server's) among them. As
/// everywhere, `s` is a row of `servers` and `m` one of `members`, or none.
macro_rules! with_permissions {
    ($before:literal, $after:literal) => {
        concat!(
            $before,
            "(SELECT json_group_array(r.permissions) FROM roles r
              WHERE r.server_id = s.id
                AND (r.id = s.id OR r.id IN (SELECT value FROM json_each(m.role_ids))))",
            $after
        )
    };
}

/// What is fetched of a token `t`, as a [`TokenRow`]; without the digest, which nobody needs to know again.
macro_rules! token_row {
    () => {
        "json_array(
             t.id, t.user_id, t.name, t.hint, json(t.scopes), t.created_at, t.expires_at, t.revoked_at,
             (SELECT json_group_array(server_id) FROM token_servers WHERE token_id = t.id))"
    };
}

/// The digest of a token's secret, and which server a request is about.
pub(super) type Question = (TokenDigest, Addressed);

/// The tokens asked for, each with its place in the array `?1`, and how its user stands.
pub(super) const PRESENT: &str = concat!(
            "SELECT json_group_array(json_array(asked.key, json_array(",
            token_row!(),
            with_permissions!(
                ", s.id, s.owner_id = t.user_id, m.user_id IS NOT NULL, ",
                ")))
                 FROM json_each(?1) AS asked
                 CROSS JOIN tokens t ON t.digest = unhex(asked.value ->> 0)
                 LEFT JOIN servers s ON s.id = CASE
                     WHEN asked.value ->> 1 THEN (
                         SELECT max(server_id) FROM token_servers WHERE token_id = t.id HAVING count(*) = 1
                     )
                     ELSE (
                         SELECT server_id FROM token_servers
                         WHERE token_id = t.id AND server_id = asked.value ->> 2
                     )
                 END
                 LEFT JOIN members m ON m.server_id = s.id AND m.user_id = t.user_id"
            )
        );

/// The tokens with these digests, each with its place there and how its user stands.
pub(super) fn present<'c>(
    connection: &'c mut SqliteConnection,
    asked: &'c [Question],
) -> Answers<'c, Presented> {
    Box::pin(async move {
        let keys: Vec<_> = asked
            .iter()
            .map(|(digest, addressed)| match addressed {
                Addressed::Nothing => (hex(digest), false, None),
                Addressed::Sole => (hex(digest), true, None),
                Addressed::Server(server) => (hex(digest), false, Some(server.to_i64())),
            })
            .collect();
        let Json(rows): Json<Vec<(usize, PresentedRow)>> = sqlx::query_scalar(PRESENT)
            .bind(Json(keys))
            .fetch_one(connection)
            .await?;
        rows.into_iter()
            .map(|(place, row)| Ok((place, row.read()?)))
            .collect()
    })
}

/// A digest as text, since JSON knows no bytes.
fn hex(digest: &TokenDigest) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let nibbles = digest
        .as_bytes()
        .iter()
        .flat_map(|byte| [byte >> 4, byte & 15]);
    nibbles
        .map(|nibble| char::from(DIGITS[usize::from(nibble)]))
        .collect()
}

#[async_trait]
impl Tokens for Sqlite {
    async fn present(
        &self,
        digest: &TokenDigest,
        addressed: Addressed,
    ) -> Result<Option<Presented>, BackendError> {
        self.presented.ask((*digest, addressed)).await
    }

    async fn memberships(&self, token: &Token) -> Result<Vec<Membership>, BackendError> {
        let servers: Vec<_> = token
            .servers
            .as_slice()
            .iter()
            .map(|id| id.to_i64())
            .collect();
        self.database
            .read(Operation::ListMemberships, |mut connection| async move {
                let rows: Vec<MembershipRow> = sqlx::query_as(with_permissions!(
                    "SELECT s.id AS server_id, s.name, s.owner_id = ?2 AS owner, ",
                    " AS permissions
                     FROM servers s
                     LEFT JOIN members m ON m.server_id = s.id AND m.user_id = ?2
                     WHERE s.id IN (SELECT value FROM json_each(?1))
                       AND (s.owner_id = ?2 OR m.user_id IS NOT NULL)
                     ORDER BY s.id"
                ))
                .bind(Json(servers))
                .bind(token.user.to_i64())
                .fetch_all(&mut *connection)
                .await?;
                rows.into_iter().map(MembershipRow::read).collect()
            })
            .await
    }

    async fn create(&self, token: NewToken) -> Result<(), CreateTokenError> {
        self.database
            .write(Operation::CreateToken, |mut connection| async move {
                let mut transaction = begin(&mut connection).await?;
                let created = create::create(&mut transaction, &token).await?;
                if created.is_ok() {
                    transaction.commit().await?;
                }
                Ok(created)
            })
            .await?
    }

    async fn list(&self, filter: TokenFilter) -> Result<Vec<Token>, BackendError> {
        let server = filter.server.map(ServerId::to_i64);
        let user = filter.user.map(UserId::to_i64);
        let after = filter.after.map_or(0, TokenId::to_i64);
        self.database
            .read(Operation::ListTokens, |mut connection| async move {
                let rows: Vec<Json<TokenRow>> = sqlx::query_scalar(concat!(
                    "SELECT ",
                    token_row!(),
                    " FROM tokens t
                      WHERE (?1 IS NULL OR EXISTS (SELECT 1 FROM token_servers
                                                   WHERE token_id = t.id AND server_id = ?1))
                        AND (?2 IS NULL OR t.user_id = ?2)
                        AND t.id > ?3
                      ORDER BY t.id
                      LIMIT ?4"
                ))
                .bind(server)
                .bind(user)
                .bind(after)
                .bind(filter.limit)
                .fetch_all(&mut *connection)
                .await?;
                rows.into_iter().map(|Json(row)| row.read()).collect()
            })
            .await
    }

    async fn revoke(&self, token: TokenId, now: Timestamp) -> Result<Revoked, BackendError> {
        self.database
            .write(Operation::RevokeToken, |mut connection| async move {
                let mut transaction = begin(&mut connection).await?;
                let revoked = sqlx::query(
                    "UPDATE tokens SET revoked_at = ?2 WHERE id = ?1 AND revoked_at IS NULL",
                )
                .bind(token.to_i64())
                .bind(now.unix_micros())
                .execute(&mut *transaction)
                .await?;
                if revoked.rows_affected() > 0 {
                    transaction.commit().await?;
                    return Ok(Revoked::Now);
                }
                let known: bool =
                    sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM tokens WHERE id = ?1)")
                        .bind(token.to_i64())
                        .fetch_one(&mut *transaction)
                        .await?;
                Ok(if known {
                    Revoked::Before
                } else {
                    Revoked::Unknown
                })
            })
            .await
    }
}

/// A token as one value, as members are read.
#[derive(Deserialize)]
struct TokenRow {
    id: i64,
    user_id: i64,
    name: String,
    hint: String,
    scopes: Vec<String>,
    created_at: i64,
    expires_at: Option<i64>,
    revoked_at: Option<i64>,
    server_ids: Vec<i64>,
}

impl TokenRow {
    fn read(self) -> Result<Token, Failure> {
        let servers = self.server_ids.into_iter().map(server_id);
        let servers = servers.collect::<Result<Vec<_>, _>>()?;
        // A scope that this process does not know is a newer one's. Nothing here asks for it, so that leaving it
        // out takes nothing away.
        let scopes = self.scopes.iter().filter_map(|scope| scope.parse().ok());
        Ok(Token {
            id: TokenId::try_from(self.id).map_err(Failure::stored("token id"))?,
            user: UserId::try_from(self.user_id).map_err(Failure::stored("user id"))?,
            name: self.name.parse().map_err(Failure::stored("token name"))?,
            hint: self.hint.parse().map_err(Failure::stored("token hint"))?,
            servers: NamedServers::new(servers).map_err(Failure::stored("list of servers"))?,
            scopes: scopes.collect(),
            created_at: time(self.created_at)?,
            expires_at: self.expires_at.map(time).transpose()?,
            revoked_at: self.revoked_at.map(time).transpose()?,
        })
    }
}

#[derive(Deserialize)]
struct PresentedRow {
    token: TokenRow,
    server_id: Option<i64>,
    owner: Option<u8>,
    listed: u8,
    permissions: Vec<i64>,
}

impl PresentedRow {
    fn read(self) -> Result<Presented, Failure> {
        let owner = self.owner == Some(1);
        let standing = match self.server_id {
            Some(server) if owner || self.listed == 1 => {
                Some((server_id(server)?, standing(owner, &self.permissions)))
            }
            _ => None,
        };
        Ok(Presented {
            token: Arc::new(self.token.read()?),
            standing,
        })
    }
}

/// A server in which a user is, and how they stand there.
#[derive(sqlx::FromRow)]
struct MembershipRow {
    server_id: i64,
    name: String,
    owner: bool,
    permissions: Json<Vec<i64>>,
}

impl MembershipRow {
    fn read(self) -> Result<Membership, Failure> {
        Ok(Membership {
            server: server_id(self.server_id)?,
            name: self.name.parse().map_err(Failure::stored("server name"))?,
            standing: standing(self.owner, &self.permissions),
        })
    }
}

fn standing(owner: bool, permissions: &[i64]) -> Standing {
    let each = permissions
        .iter()
        .map(|bits| Permissions::from_bits(bits.cast_unsigned()));
    Standing {
        owner,
        permissions: each.collect(),
    }
}
