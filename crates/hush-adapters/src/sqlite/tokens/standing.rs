//! How tokens' users stand in servers.

use std::sync::Arc;

use hush_domain::ids::{ServerId, UserId};
use hush_domain::permission::{Permissions, Standing};
use hush_domain::secret::TokenDigest;
use hush_domain::servers::Membership;
use hush_domain::tokens::Token;
use hush_ports::{Addressed, Presented};
use serde::Deserialize;
use sqlx::SqliteConnection;
use sqlx::types::Json;

use super::rows::{TokenRow, token_row};
use crate::sqlite::failure::Failure;
use crate::sqlite::gather::Answers;
use crate::stored::{server_id, time};

/// How the user `$user` stands in each of the servers `$servers` in which they are, as a [`StandingRow`] between
/// `$before` and `$after`. The everyone-role has its server's id: every member holds it, and it appoints nobody.
///
/// What is held comes first in each join: to look for it among all of a server's roles costs many times as much, and to
/// keep it in a set costs as much as all the rest.
macro_rules! standings {
    ($user:literal, $servers:literal, $before:literal, $after:literal) => {
        concat!(
            "SELECT ",
            $before,
            "json_array(
                 s.id, s.owner_id = ",
            $user,
            ",
                 (SELECT json_group_array(r.permissions)
                  FROM (SELECT s.id AS role_id UNION ALL SELECT value FROM json_each(m.role_ids)) AS held
                  CROSS JOIN roles r ON r.server_id = s.id AND r.id = held.role_id),
                 EXISTS (SELECT 1 FROM json_each(g.admin_role_ids) AS appointing
                         CROSS JOIN json_each(m.role_ids) AS held ON held.value = appointing.value
                         CROSS JOIN roles r ON r.server_id = s.id AND r.id = held.value
                         WHERE r.id <> s.id),
                 coalesce(g.api_enabled, 1))",
            $after,
            "
             FROM servers s
             LEFT JOIN members m ON m.server_id = s.id AND m.user_id = ",
            $user,
            "
             LEFT JOIN server_settings g ON g.server_id = s.id
             WHERE s.id IN (",
            $servers,
            ") AND (s.owner_id = ",
            $user,
            " OR m.user_id IS NOT NULL)"
        )
    };
}

/// The digest of a token's secret, and which server a request is about.
pub(in crate::sqlite) type Question = (TokenDigest, Addressed);

/// The tokens asked for, each with its place in the array `?1`, until when the secret reads if it is a former one, and
/// how the token's user stands. The newest secrets are looked for first.
pub(in crate::sqlite) const PRESENT: &str = concat!(
    "SELECT json_group_array(json_array(asked.key, json_array(",
    token_row!(),
    ", iif(t.digest = unhex(asked.value ->> 0), NULL,
           (SELECT until FROM former_secrets WHERE digest = unhex(asked.value ->> 0))), (",
    standings!(
        "t.user_id",
        "CASE
             WHEN asked.value ->> 1 THEN (
                 SELECT max(server_id) FROM token_servers WHERE token_id = t.id HAVING count(*) = 1
             )
             ELSE (
                 SELECT server_id FROM token_servers
                 WHERE token_id = t.id AND server_id = asked.value ->> 2
             )
         END",
        "",
        ""
    ),
    "))))
     FROM json_each(?1) AS asked
     CROSS JOIN tokens t ON t.id = coalesce(
         (SELECT id FROM tokens WHERE digest = unhex(asked.value ->> 0)),
         (SELECT token_id FROM former_secrets WHERE digest = unhex(asked.value ->> 0)))"
);

/// The name of each of the servers in the array `?2` in which the user `?1` is, and how they stand there.
pub(in crate::sqlite) const MEMBERSHIPS: &str = concat!(
    standings!(
        "?1",
        "SELECT value FROM json_each(?2)",
        "json_array(s.name, ",
        ")"
    ),
    " ORDER BY s.id"
);

/// The tokens with these digests, each with its place there and how its user stands.
pub(in crate::sqlite) fn present<'c>(
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

/// Every server among those that `token` names in which its user is, ascending.
pub(super) async fn memberships(
    connection: &mut SqliteConnection,
    token: &Token,
) -> Result<Vec<Membership>, Failure> {
    let named = token.servers.as_slice().iter();
    let named: Vec<_> = named.map(|server| server.to_i64()).collect();
    memberships_in(connection, token.user, named).await
}

/// How `user` stands in `server`, if they are in it.
pub(super) async fn standing(
    connection: &mut SqliteConnection,
    user: UserId,
    server: ServerId,
) -> Result<Option<Standing>, Failure> {
    let memberships = memberships_in(connection, user, vec![server.to_i64()]).await?;
    Ok(memberships.first().map(|membership| membership.standing))
}

async fn memberships_in(
    connection: &mut SqliteConnection,
    user: UserId,
    servers: Vec<i64>,
) -> Result<Vec<Membership>, Failure> {
    let rows: Vec<Json<(String, StandingRow)>> = sqlx::query_scalar(MEMBERSHIPS)
        .bind(user.to_i64())
        .bind(Json(servers))
        .fetch_all(connection)
        .await?;
    rows.into_iter()
        .map(|Json((name, row))| {
            let (server, standing) = row.read()?;
            Ok(Membership {
                server,
                name: name.parse().map_err(Failure::stored("server name"))?,
                standing,
            })
        })
        .collect()
}

#[derive(Deserialize)]
struct PresentedRow {
    token: TokenRow,
    former_until: Option<i64>,
    standing: Option<StandingRow>,
}

impl PresentedRow {
    fn read(self) -> Result<Presented, Failure> {
        Ok(Presented {
            token: Arc::new(self.token.read()?),
            former_until: self.former_until.map(time).transpose()?,
            standing: self.standing.map(StandingRow::read).transpose()?,
        })
    }
}

/// A server in which a user is, and how they stand there.
#[derive(Deserialize)]
struct StandingRow {
    server_id: i64,
    owner: u8,
    permissions: Vec<i64>,
    appointed: u8,
    api_enabled: u8,
}

impl StandingRow {
    fn read(self) -> Result<(ServerId, Standing), Failure> {
        let held = self.permissions.iter();
        let standing = Standing {
            owner: self.owner == 1,
            permissions: held
                .map(|bits| Permissions::from_bits(bits.cast_unsigned()))
                .collect(),
            appointed: self.appointed == 1,
            api_enabled: self.api_enabled == 1,
        };
        Ok((server_id(self.server_id)?, standing))
    }
}
