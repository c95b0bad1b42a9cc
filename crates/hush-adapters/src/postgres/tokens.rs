use std::sync::Arc;

use async_trait::async_trait;
use hush_domain::ids::{ServerId, TokenId, UserId};
use hush_domain::secret::TokenDigest;
use hush_domain::servers::Membership;
use hush_domain::time::Timestamp;
use hush_domain::tokens::{NewToken, Token};
use hush_ports::{
    Addressed, BackendError, CreateTokenError, Presented, Revoked, TokenFilter, Tokens,
};
use time::OffsetDateTime;

use super::Postgres;
use crate::meters::Operation;
use crate::stored::server_id;

mod create;
mod rows;

use rows::{MembershipRow, TokenRow, standing};

// The limits of the queries with outer joins take nothing away: a plan that begins with one lets sqlx infer the same
// of each column, whichever kind of join PostgreSQL prefers.
#[async_trait]
impl Tokens for Postgres {
    async fn present(
        &self,
        digest: &TokenDigest,
        addressed: Addressed,
    ) -> Result<Option<Presented>, BackendError> {
        let (sole, server) = match addressed {
            Addressed::Nothing => (false, None),
            Addressed::Sole => (true, None),
            Addressed::Server(server) => (false, Some(server.to_i64())),
        };
        self.database
            .read(Operation::PresentToken, |mut connection| async move {
                // The member's own role ids come with the everyone-role's, which is the server's.
                let row = sqlx::query!(
                    r#"SELECT t.id, t.user_id, t.name, t.hint, t.server_ids, t.scopes,
                              t.created_at, t.expires_at, t.revoked_at,
                              s.id AS "server_id?",
                              s.owner_id = t.user_id AS owner,
                              m.user_id IS NOT NULL AS "listed!",
                              (SELECT bit_or(r.permissions) FROM roles r
                               WHERE r.server_id = s.id
                                 AND r.id = ANY (array_append(m.role_ids, s.id))) AS permissions
                       FROM tokens t
                       LEFT JOIN servers s
                           ON s.id = CASE WHEN $2 AND cardinality(t.server_ids) = 1
                                          THEN t.server_ids[1] ELSE $3 END
                          AND s.id = ANY (t.server_ids)
                       LEFT JOIN members m ON m.server_id = s.id AND m.user_id = t.user_id
                       WHERE t.digest = $1
                       LIMIT 1"#,
                    digest.as_bytes(),
                    sole,
                    server,
                )
                .fetch_optional(&mut *connection)
                .await?;
                let Some(row) = row else { return Ok(None) };
                let owner = row.owner == Some(true);
                let standing = match row.server_id {
                    Some(server) if owner || row.listed => {
                        Some((server_id(server)?, standing(owner, row.permissions)))
                    }
                    _ => None,
                };
                let token = TokenRow {
                    id: row.id,
                    user_id: row.user_id,
                    name: row.name,
                    hint: row.hint,
                    server_ids: row.server_ids,
                    scopes: row.scopes,
                    created_at: row.created_at,
                    expires_at: row.expires_at,
                    revoked_at: row.revoked_at,
                };
                Ok(Some(Presented {
                    token: Arc::new(token.read()?),
                    standing,
                }))
            })
            .await
    }

    async fn memberships(&self, token: &Token) -> Result<Vec<Membership>, BackendError> {
        let servers: Vec<_> = token
            .servers
            .as_slice()
            .iter()
            .map(|id| id.to_i64())
            .collect();
        let servers = &servers;
        self.database
            .read(Operation::ListMemberships, |mut connection| async move {
                let rows = sqlx::query_as!(
                    MembershipRow,
                    r#"SELECT s.id AS server_id, s.name, s.owner_id = $2 AS "owner!",
                              (SELECT bit_or(r.permissions) FROM roles r
                               WHERE r.server_id = s.id
                                 AND r.id = ANY (array_append(m.role_ids, s.id))) AS permissions
                       FROM servers s
                       LEFT JOIN members m ON m.server_id = s.id AND m.user_id = $2
                       WHERE s.id = ANY ($1) AND (s.owner_id = $2 OR m.user_id IS NOT NULL)
                       ORDER BY s.id
                       LIMIT cardinality($1)"#,
                    servers,
                    token.user.to_i64(),
                )
                .fetch_all(&mut *connection)
                .await?;
                rows.into_iter().map(MembershipRow::read).collect()
            })
            .await
    }

    async fn create(&self, token: NewToken) -> Result<(), CreateTokenError> {
        self.database
            .transact(Operation::CreateToken, |mut connection| async move {
                create::create(&mut connection, &token).await
            })
            .await?
    }

    async fn list(&self, filter: TokenFilter) -> Result<Vec<Token>, BackendError> {
        let server = filter.server.map(ServerId::to_i64);
        let user = filter.user.map(UserId::to_i64);
        let after = filter.after.map_or(0, TokenId::to_i64);
        self.database
            .read(Operation::ListTokens, |mut connection| async move {
                let rows = sqlx::query_as!(
                    TokenRow,
                    "SELECT id, user_id, name, hint, server_ids, scopes, created_at, expires_at, revoked_at
                     FROM tokens
                     WHERE ($1::bigint IS NULL OR server_ids @> ARRAY[$1])
                       AND ($2::bigint IS NULL OR user_id = $2)
                       AND id > $3
                     ORDER BY id
                     LIMIT $4",
                    server,
                    user,
                    after,
                    i64::from(filter.limit),
                )
                .fetch_all(&mut *connection)
                .await?;
                rows.into_iter().map(TokenRow::read).collect()
            })
            .await
    }

    async fn revoke(&self, token: TokenId, now: Timestamp) -> Result<Revoked, BackendError> {
        self.database
            .write(Operation::RevokeToken, |mut connection| async move {
                let row = sqlx::query!(
                    r#"WITH revoked AS (
                           UPDATE tokens SET revoked_at = $2
                           WHERE id = $1 AND revoked_at IS NULL
                           RETURNING id
                       )
                       SELECT EXISTS (SELECT FROM revoked) AS "now!",
                              EXISTS (SELECT FROM tokens WHERE id = $1) AS "known!""#,
                    token.to_i64(),
                    OffsetDateTime::from(now),
                )
                .fetch_one(&mut *connection)
                .await?;
                Ok(match (row.now, row.known) {
                    (true, _) => Revoked::Now,
                    (false, true) => Revoked::Before,
                    (false, false) => Revoked::Unknown,
                })
            })
            .await
    }
}
