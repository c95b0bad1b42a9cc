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
use sqlx::PgConnection;
use time::OffsetDateTime;

use super::lineage::{Family, family};
use super::rows::ids;
use crate::postgres::failure::Failure;
use crate::postgres::{audit, owners};
use crate::stored::token_id;

/// Revokes a token with its descendants.
pub(super) async fn revoke(
    transaction: &mut PgConnection,
    keys: &Keyring,
    token: TokenId,
    act: &Act,
) -> Result<Revoked, Failure> {
    owners::lock_of(transaction, [token]).await?;
    let Some(family) = family(transaction, token).await? else {
        return Ok(Revoked::Unknown);
    };
    if family.token.revoked_at.is_some() {
        return Ok(Revoked::Before);
    }
    end(transaction, keys, &family, Action::TokenRevoked, act).await?;
    Ok(Revoked::Now)
}

/// Ends the secret with this digest, if it still works at `at`.
pub(super) async fn report_leaked(
    transaction: &mut PgConnection,
    keys: &Keyring,
    digest: &TokenDigest,
    at: Timestamp,
    request_id: Option<RequestId>,
) -> Result<(), Failure> {
    let Some((token, _)) = find(transaction, digest).await? else {
        return Ok(());
    };
    owners::lock_of(transaction, [token]).await?;
    // Again, since a newer secret may have replaced it while this waited.
    let Some((token, until)) = find(transaction, digest).await? else {
        return Ok(());
    };
    let family = family(transaction, token).await?;
    let Some(family) = family.filter(|it| it.token.is_live(at)) else {
        return Ok(());
    };
    let token = &family.token;
    let act = Act {
        at,
        actor: Actor::Token {
            token: token.id,
            user: token.user,
        },
        request_id,
        reason: None,
    };
    let Some(until) = until else {
        return end(transaction, keys, &family, Action::TokenLeaked, &act).await;
    };
    if until <= at {
        return Ok(());
    }
    sqlx::query!(
        "UPDATE former_secrets SET until = $2 WHERE digest = $1",
        digest.as_bytes(),
        OffsetDateTime::from(at),
    )
    .execute(&mut *transaction)
    .await?;
    let entries = former_secret_leaked(token, until, at);
    audit::write(transaction, keys, &act, entries).await
}

/// The token whose secret has this digest, and until when it reads if it is a former one.
async fn find(
    transaction: &mut PgConnection,
    digest: &TokenDigest,
) -> Result<Option<(TokenId, Option<Timestamp>)>, Failure> {
    let found = sqlx::query!(
        r#"SELECT id AS "id!", NULL::timestamptz AS until FROM tokens WHERE digest = $1
           UNION ALL
           SELECT token_id, until FROM former_secrets WHERE digest = $1"#,
        digest.as_bytes(),
    )
    .fetch_optional(transaction)
    .await?;
    found
        .map(|it| Ok((token_id(it.id)?, it.until.map(Timestamp::from))))
        .transpose()
}

/// Takes `server` off a token and its descendants.
pub(super) async fn remove_server(
    transaction: &mut PgConnection,
    keys: &Keyring,
    server: ServerId,
    token: TokenId,
    act: &Act,
) -> Result<Removed, Failure> {
    owners::lock_of(transaction, [token]).await?;
    let family = family(transaction, token).await?;
    let Some(Family { token, descendants }) = family.filter(|it| it.token.servers.contains(server))
    else {
        return Ok(Removed::Unknown);
    };
    let naming = descendants
        .into_iter()
        .filter(|it| it.servers.contains(server))
        .chain([token]);
    let (sole, several): (Vec<_>, Vec<_>) = naming.partition(|it| it.servers.sole().is_some());
    let unrevoked: Vec<_> = sole
        .into_iter()
        .filter(|it| it.revoked_at.is_none())
        .collect();
    if several.is_empty() && unrevoked.is_empty() {
        return Ok(Removed::Before);
    }
    let mut entries = revoke_all(transaction, &unrevoked, Action::TokenRevoked, act.at).await?;
    entries.extend(several.iter().map(|token| server_removed(token, server)));
    sqlx::query!(
        "UPDATE tokens SET server_ids = array_remove(server_ids, $1) WHERE id = ANY ($2)",
        server.to_i64(),
        &ids(&several),
    )
    .execute(&mut *transaction)
    .await?;
    audit::write(transaction, keys, act, entries).await?;
    Ok(Removed::Now)
}

/// Revokes a token, which `action` says of it in the log, and its descendants.
async fn end(
    transaction: &mut PgConnection,
    keys: &Keyring,
    family: &Family,
    action: Action,
    act: &Act,
) -> Result<(), Failure> {
    let token = slice::from_ref(&family.token);
    let mut entries = revoke_all(transaction, token, action, act.at).await?;
    let descendants = &family.descendants;
    entries.extend(revoke_all(transaction, descendants, Action::TokenRevoked, act.at).await?);
    audit::write(transaction, keys, act, entries).await
}

/// Revokes locked `tokens`, none of which is revoked yet, and says what the log has to say of it.
pub(super) async fn revoke_all(
    transaction: &mut PgConnection,
    tokens: &[Token],
    action: Action,
    at: Timestamp,
) -> Result<Vec<Entry>, Failure> {
    sqlx::query!(
        "UPDATE tokens SET revoked_at = $2 WHERE id = ANY ($1)",
        &ids(tokens),
        OffsetDateTime::from(at),
    )
    .execute(transaction)
    .await?;
    let entries = tokens
        .iter()
        .flat_map(|token| token_revoked(token, action, at));
    Ok(entries.collect())
}
