//! What is erased goes as a whole.

use hush_domain::audit::chain::Keyring;
use hush_domain::audit::{Act, Action, token_revoked};
use hush_domain::ids::{ServerId, UserId};
use hush_domain::time::Timestamp;
use hush_ports::Erased;
use sqlx::PgConnection;

use crate::postgres::failure::Failure;
use crate::postgres::{audit, commands, departures, ingest, owners, samples, tokens};
use crate::stored::server_id;

/// Erases a person.
pub(super) async fn user(
    transaction: &mut PgConnection,
    keys: &Keyring,
    user: UserId,
    act: &Act,
) -> Result<Erased, Failure> {
    let mut members = 0;
    for server in servers_of(transaction, user).await? {
        let is_out = ingest::leave(transaction, server, user, act.at).await?;
        members += u64::from(is_out);
    }
    owners::lock(transaction, user, None).await?;
    let own = tokens::of(transaction, user).await?;
    tokens::remove(transaction, &own).await?;
    owners::forget(transaction, &[user.to_i64()]).await?;
    let mut entries = commands::break_off(transaction, user, act).await?;
    let commands = commands::remove_about(transaction, user).await?;
    let live = own.iter().filter(|token| token.is_live(act.at));
    entries.extend(live.flat_map(|token| token_revoked(token, Action::TokenRevoked, act.at)));
    audit::write(transaction, keys, act, entries).await?;
    Ok(Erased {
        members,
        tokens: own.len() as u64,
        reasons: audit::erase_reasons_of(transaction, user).await?,
        audit: 0,
        commands,
    })
}

/// Every server in which `user` is listed, ascending. There are far less servers than members.
async fn servers_of(
    transaction: &mut PgConnection,
    user: UserId,
) -> Result<Vec<ServerId>, Failure> {
    let servers = sqlx::query_scalar!(
        "SELECT s.id FROM servers s
         JOIN members m ON m.server_id = s.id AND m.user_id = $1
         ORDER BY s.id",
        user.to_i64(),
    )
    .fetch_all(transaction)
    .await?;
    servers.into_iter().map(|id| Ok(server_id(id)?)).collect()
}

/// Erases what is left of a server that was removed before `cutoff`, unless it has come back. Whether it did so.
pub(super) async fn departed(
    transaction: &mut PgConnection,
    id: ServerId,
    cutoff: Timestamp,
) -> Result<bool, Failure> {
    let is_back = ingest::hold(transaction, id).await?;
    // Once that has gone, a server that comes back waits until this transaction ends.
    let is_left = departures::forget_before(transaction, id, cutoff).await?;
    if is_back || !is_left {
        return Ok(false);
    }
    server(transaction, id).await?;
    Ok(true)
}

/// Erases a server.
pub(super) async fn server(
    transaction: &mut PgConnection,
    server: ServerId,
) -> Result<Erased, Failure> {
    ingest::hold(transaction, server).await?;
    departures::forget(transaction, server).await?;
    // It may have come back while this waited.
    ingest::hold(transaction, server).await?;
    owners::lock_naming(transaction, server).await?;
    let removed = tokens::forget_server(transaction, server).await?;
    let id = server.to_i64();
    sqlx::query!("DELETE FROM token_usage WHERE server_id = $1", id)
        .execute(&mut *transaction)
        .await?;
    sqlx::query!("DELETE FROM server_settings WHERE server_id = $1", id)
        .execute(&mut *transaction)
        .await?;
    let members = ingest::remove(transaction, server).await?;
    let commands = commands::remove_of_server(transaction, server).await?;
    let (reasons, audit) = audit::erase(transaction, server).await?;
    samples::erase(transaction, server).await?;
    Ok(Erased {
        members,
        tokens: removed,
        reasons,
        audit,
        commands,
    })
}
