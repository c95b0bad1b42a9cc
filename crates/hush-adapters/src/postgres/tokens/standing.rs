//! How tokens' users stand in servers.

use std::sync::Arc;

use hush_domain::ids::{ServerId, UserId};
use hush_domain::permission::{Permissions, Standing};
use hush_domain::secret::TokenDigest;
use hush_domain::servers::Membership;
use hush_ports::{Addressed, Presented};
use sqlx::PgConnection;

use super::rows::TokenRow;
use crate::postgres::failure::Failure;
use crate::stored::server_id;

// The limits of these queries take nothing away: a plan that begins with one lets sqlx infer the same of each column,
// whichever kind of join PostgreSQL prefers; and where servers have few members, as most do, it would look through all of
// a large one's for the one whose key it knows. The member's own role ids come with the everyone-role's, which is the
// server's, and which appoints nobody.

/// Finds a token by the digest of a secret, and how its user stands in the addressed server.
///
/// The newest secrets are looked at first, and the former ones only if the digest is not there: it is in one of the
/// tables at most, so that nothing depends on the order but time.
pub(super) async fn present(
    connection: &mut PgConnection,
    digest: &TokenDigest,
    addressed: Addressed,
) -> Result<Option<Presented>, Failure> {
    let (sole, server) = match addressed {
        Addressed::Nothing => (false, None),
        Addressed::Sole => (true, None),
        Addressed::Server(server) => (false, Some(server.to_i64())),
    };
    let row = sqlx::query!(
        r#"SELECT t.id AS "id!", t.user_id AS "user_id!", t.name AS "name!", t.hint AS "hint!",
                  t.server_ids AS "server_ids!", t.scopes AS "scopes!",
                  t.created_at AS "created_at!", t.expires_at AS "expires_at?",
                  t.revoked_at AS "revoked_at?", t.parent_id AS "parent_id?",
                  t.last_used_at AS "last_used_at?", t.former_until AS "former_until?",
                  s.id AS "server_id?", s.owner_id = t.user_id AS owner,
                  m.user_id IS NOT NULL AS "listed!", held.permissions, held.appointed,
                  coalesce(g.api_enabled, true) AS "api_enabled!"
           FROM (
               SELECT tokens.*, NULL::timestamptz AS former_until FROM tokens WHERE digest = $1
               UNION ALL
               SELECT tokens.*, former.until FROM former_secrets former
               JOIN tokens ON tokens.id = former.token_id
               WHERE former.digest = $1
               LIMIT 1
           ) AS t
           LEFT JOIN servers s
               ON s.id = CASE
                      WHEN $3 = ANY (t.server_ids) THEN $3
                      WHEN $2 AND cardinality(t.server_ids) = 1 THEN t.server_ids[1]
                  END
           LEFT JOIN LATERAL (
               SELECT m.user_id, m.role_ids FROM members m
               WHERE m.server_id = s.id AND m.user_id = t.user_id
               LIMIT 1
           ) AS m ON true
           LEFT JOIN server_settings g ON g.server_id = s.id
           CROSS JOIN LATERAL (
               SELECT bit_or(r.permissions) AS permissions,
                      bool_or(r.id <> s.id AND r.id = ANY (g.admin_role_ids)) AS appointed
               FROM roles r
               WHERE r.server_id = s.id AND r.id = ANY (array_append(m.role_ids, s.id))
           ) AS held
           LIMIT 1"#,
        digest.as_bytes(),
        sole,
        server,
    )
    .fetch_optional(connection)
    .await?;
    let Some(row) = row else { return Ok(None) };
    let owner = row.owner == Some(true);
    let standing = match row.server_id {
        Some(server) if owner || row.listed => {
            let standing = standing(owner, row.permissions, row.appointed, row.api_enabled);
            Some((server_id(server)?, standing))
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
        parent_id: row.parent_id,
        last_used_at: row.last_used_at,
    };
    Ok(Some(Presented {
        token: Arc::new(token.read()?),
        former_until: row.former_until.map(Into::into),
        standing,
    }))
}

/// Every server among `servers` in which `user` is, ascending.
pub(super) async fn memberships(
    connection: &mut PgConnection,
    user: UserId,
    servers: &[ServerId],
) -> Result<Vec<Membership>, Failure> {
    let servers: Vec<_> = servers.iter().map(|server| server.to_i64()).collect();
    let rows = sqlx::query!(
        r#"SELECT s.id, s.name, s.owner_id = $2 AS "owner!", held.permissions, held.appointed,
                  coalesce(g.api_enabled, true) AS "api_enabled!"
           FROM servers s
           LEFT JOIN members m ON m.server_id = s.id AND m.user_id = $2
           LEFT JOIN server_settings g ON g.server_id = s.id
           CROSS JOIN LATERAL (
               SELECT bit_or(r.permissions) AS permissions,
                      bool_or(r.id <> s.id AND r.id = ANY (g.admin_role_ids)) AS appointed
               FROM roles r
               WHERE r.server_id = s.id AND r.id = ANY (array_append(m.role_ids, s.id))
           ) AS held
           WHERE s.id = ANY ($1) AND (s.owner_id = $2 OR m.user_id IS NOT NULL)
           ORDER BY s.id
           LIMIT cardinality($1)"#,
        &servers,
        user.to_i64(),
    )
    .fetch_all(connection)
    .await?;
    rows.into_iter()
        .map(|row| {
            Ok(Membership {
                server: server_id(row.id)?,
                name: row.name.parse().map_err(Failure::stored("server name"))?,
                standing: standing(row.owner, row.permissions, row.appointed, row.api_enabled),
            })
        })
        .collect()
}

/// `permissions` is the union over the roles held, and `appointed` whether one of them appoints; both are null if there
/// is none of them.
fn standing(
    owner: bool,
    permissions: Option<i64>,
    appointed: Option<bool>,
    api_enabled: bool,
) -> Standing {
    Standing {
        owner,
        permissions: Permissions::from_bits(permissions.unwrap_or_default().cast_unsigned()),
        appointed: appointed == Some(true),
        api_enabled,
    }
}
