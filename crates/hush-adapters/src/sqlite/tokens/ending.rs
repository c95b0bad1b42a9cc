//! Ending tokens, their secrets, and their way into a server.

use std::slice;

use hush_domain::audit::chain::Keyring;
use hush_domain::audit::{
    Act, Action, Actor, Entry, RequestId, former_secret_leaked, server_removed, token_revoked,
};
use hush_domain::ids::{ServerId, TokenId};
use hush_domain::secret::TokenDigest;
use hush_domain::time::Timestamp;
use hush_domain::tokens::Token;
use hush_ports::{Removed, Revoked};
use sqlx::SqliteConnection;
use sqlx::types::Json;

use super::lineage::descendants;
use super::rows::get;
use crate::sqlite::audit;
use crate::sqlite::failure::Failure;
use crate::stored::{time, token_id};

/// Revokes a token with its descendants.
pub(super) async fn revoke(
    transaction: &mut SqliteConnection,
    keys: &Keyring,
    token: TokenId,
    act: &Act,
) -> Result<Revoked, Failure> {
    let Some(token) = get(transaction, token).await? else {
        return Ok(Revoked::Unknown);
    };
    if token.revoked_at.is_some() {
        return Ok(Revoked::Before);
    }
    end(transaction, keys, &token, Action::TokenRevoked, act).await?;
    Ok(Revoked::Now)
}

/// Ends the secret with this digest, if it still works at `at`.
pub(super) async fn report_leaked(
    transaction: &mut SqliteConnection,
    keys: &Keyring,
    digest: &TokenDigest,
    at: Timestamp,
    request_id: Option<RequestId>,
) -> Result<(), Failure> {
    let found: Option<(i64, Option<i64>)> = sqlx::query_as(
        "SELECT id, NULL FROM tokens WHERE digest = ?1
         UNION ALL
         SELECT token_id, until FROM former_secrets WHERE digest = ?1",
    )
    .bind(digest.as_bytes().as_slice())
    .fetch_optional(&mut *transaction)
    .await?;
    let Some((token, until)) = found else {
        return Ok(());
    };
    let token = get(transaction, token_id(token)?).await?;
    let Some(token) = token.filter(|token| token.is_live(at)) else {
        return Ok(());
    };
    let act = Act {
        at,
        actor: Actor::Token {
            token: token.id,
            user: token.user,
        },
        request_id,
        reason: None,
    };
    let Some(until) = until.map(time).transpose()? else {
        return end(transaction, keys, &token, Action::TokenLeaked, &act).await;
    };
    if until <= at {
        return Ok(());
    }
    sqlx::query("UPDATE former_secrets SET until = ?2 WHERE digest = ?1")
        .bind(digest.as_bytes().as_slice())
        .bind(at.unix_micros())
        .execute(&mut *transaction)
        .await?;
    let entries = former_secret_leaked(&token, until, at);
    audit::write(transaction, keys, &act, entries).await
}

/// Takes `server` off a token and its descendants.
pub(super) async fn remove_server(
    transaction: &mut SqliteConnection,
    keys: &Keyring,
    server: ServerId,
    token: TokenId,
    act: &Act,
) -> Result<Removed, Failure> {
    let token = get(transaction, token).await?;
    let Some(token) = token.filter(|token| token.servers.contains(server)) else {
        return Ok(Removed::Unknown);
    };
    let mut naming = descendants(transaction, token.id).await?;
    naming.retain(|descendant| descendant.servers.contains(server));
    naming.push(token);
    let (sole, several): (Vec<_>, Vec<_>) = naming
        .into_iter()
        .partition(|token| token.servers.sole().is_some());
    let unrevoked: Vec<_> = sole
        .into_iter()
        .filter(|token| token.revoked_at.is_none())
        .collect();
    if several.is_empty() && unrevoked.is_empty() {
        return Ok(Removed::Before);
    }
    let mut entries = revoke_all(transaction, &unrevoked, Action::TokenRevoked, act.at).await?;
    entries.extend(several.iter().map(|token| server_removed(token, server)));
    sqlx::query(
        "DELETE FROM token_servers
         WHERE server_id = ?1 AND token_id IN (SELECT value FROM json_each(?2))",
    )
    .bind(server.to_i64())
    .bind(ids(&several))
    .execute(&mut *transaction)
    .await?;
    audit::write(transaction, keys, act, entries).await?;
    Ok(Removed::Now)
}

/// Revokes a token, which `action` says of it in the log, and its descendants.
async fn end(
    transaction: &mut SqliteConnection,
    keys: &Keyring,
    token: &Token,
    action: Action,
    act: &Act,
) -> Result<(), Failure> {
    let children = descendants(transaction, token.id).await?;
    let mut entries = revoke_all(transaction, slice::from_ref(token), action, act.at).await?;
    entries.extend(revoke_all(transaction, &children, Action::TokenRevoked, act.at).await?);
    audit::write(transaction, keys, act, entries).await
}

/// Revokes `tokens`, none of which is revoked yet, and says what the log has to say of it.
pub(super) async fn revoke_all(
    transaction: &mut SqliteConnection,
    tokens: &[Token],
    action: Action,
    at: Timestamp,
) -> Result<Vec<Entry>, Failure> {
    sqlx::query("UPDATE tokens SET revoked_at = ?2 WHERE id IN (SELECT value FROM json_each(?1))")
        .bind(ids(tokens))
        .bind(at.unix_micros())
        .execute(transaction)
        .await?;
    Ok(tokens
        .iter()
        .flat_map(|token| token_revoked(token, action, at))
        .collect())
}

fn ids(tokens: &[Token]) -> Json<Vec<i64>> {
    Json(tokens.iter().map(|token| token.id.to_i64()).collect())
}
