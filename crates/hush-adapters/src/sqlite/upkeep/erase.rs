//! What is erased goes as a whole.

use hush_domain::audit::chain::Keyring;
use hush_domain::audit::{Act, Action, token_revoked};
use hush_domain::events::Change;
use hush_domain::ids::{ServerId, UserId};
use hush_domain::time::Timestamp;
use hush_ports::Erased;
use sqlx::SqliteConnection;

use crate::sqlite::failure::Failure;
use crate::sqlite::{audit, commands, ingest, tokens};
use crate::stored::server_id;

/// Erases a person.
pub(super) async fn user(
    transaction: &mut SqliteConnection,
    keys: &Keyring,
    user: UserId,
    act: &Act,
) -> Result<Erased, Failure> {
    let live = tokens::live(transaction, user, act.at).await?;
    let revoked = |token| token_revoked(token, Action::TokenRevoked, act.at);
    let mut entries = commands::break_off(transaction, user, act).await?;
    entries.extend(live.iter().flat_map(revoked));
    audit::write(transaction, keys, act, entries).await?;
    let mut members = 0;
    for server in servers_of(transaction, user).await? {
        let left = ingest::change(transaction, server, Change::MemberLeft(user), act.at).await?;
        members += u64::from(left);
    }
    let id = user.to_i64();
    let reasons = remove(
        transaction,
        "DELETE FROM audit_reasons
         WHERE (server_id, number) IN (
             SELECT server_id, number FROM audit_rows
             WHERE actor_user_id = ?1 AND commitment IS NOT NULL
             UNION
             SELECT server_id, number FROM audit_rows
             WHERE target_user_id = ?1 AND commitment IS NOT NULL)",
        id,
    )
    .await?;
    for what_is_theirs in [
        "DELETE FROM idempotency_records WHERE token_id IN (SELECT id FROM tokens WHERE user_id = ?1)",
        "DELETE FROM token_usage WHERE token_id IN (SELECT id FROM tokens WHERE user_id = ?1)",
    ] {
        remove(transaction, what_is_theirs, id).await?;
    }
    Ok(Erased {
        members,
        commands: remove(transaction, commands::REMOVE_ABOUT, id).await?,
        tokens: remove(transaction, "DELETE FROM tokens WHERE user_id = ?1", id).await?,
        reasons,
        audit: 0,
    })
}

/// Every server in which `user` is listed. There are far less servers than members.
async fn servers_of(
    transaction: &mut SqliteConnection,
    user: UserId,
) -> Result<Vec<ServerId>, Failure> {
    let servers: Vec<i64> = sqlx::query_scalar(
        "SELECT s.id FROM servers s CROSS JOIN members m ON m.server_id = s.id AND m.user_id = ?1",
    )
    .bind(user.to_i64())
    .fetch_all(transaction)
    .await?;
    servers.into_iter().map(|id| Ok(server_id(id)?)).collect()
}

/// The servers that were removed before `before`.
pub(super) async fn departed(
    connection: &mut SqliteConnection,
    before: Timestamp,
) -> Result<Vec<ServerId>, Failure> {
    let servers: Vec<i64> =
        sqlx::query_scalar("SELECT server_id FROM departed_servers WHERE at < ?1")
            .bind(before.unix_micros())
            .fetch_all(connection)
            .await?;
    servers.into_iter().map(|id| Ok(server_id(id)?)).collect()
}

/// Erases what is left of a server that was removed before `before`, unless it has come back. Whether it did so.
pub(super) async fn if_departed(
    transaction: &mut SqliteConnection,
    id: ServerId,
    before: Timestamp,
) -> Result<bool, Failure> {
    let departed = sqlx::query("DELETE FROM departed_servers WHERE server_id = ?1 AND at < ?2")
        .bind(id.to_i64())
        .bind(before.unix_micros())
        .execute(&mut *transaction)
        .await?;
    if departed.rows_affected() == 0 {
        return Ok(false);
    }
    server(transaction, id).await?;
    Ok(true)
}

/// Erases a server.
pub(super) async fn server(
    transaction: &mut SqliteConnection,
    server: ServerId,
) -> Result<Erased, Failure> {
    let id = server.to_i64();
    let reasons = remove(
        transaction,
        "DELETE FROM audit_reasons WHERE server_id = ?1",
        id,
    )
    .await?;
    let audit = remove(
        transaction,
        "DELETE FROM audit_rows WHERE server_id = ?1",
        id,
    )
    .await?;
    let members = remove(transaction, "DELETE FROM members WHERE server_id = ?1", id).await?;
    let commands = remove(transaction, "DELETE FROM commands WHERE server_id = ?1", id).await?;
    let tokens = remove(
        transaction,
        "DELETE FROM tokens
         WHERE id IN (SELECT token_id FROM token_servers WHERE server_id = ?1)
           AND NOT EXISTS (SELECT 1 FROM token_servers
                           WHERE token_id = tokens.id AND server_id <> ?1)",
        id,
    )
    .await?;
    for what_is_left in [
        "DELETE FROM servers WHERE id = ?1",
        "DELETE FROM server_settings WHERE server_id = ?1",
        "DELETE FROM audit_heads WHERE server_id = ?1",
        "DELETE FROM token_usage WHERE server_id = ?1",
        "DELETE FROM hourly_samples WHERE server_id = ?1",
        "DELETE FROM token_servers WHERE server_id = ?1",
        "DELETE FROM departed_servers WHERE server_id = ?1",
    ] {
        remove(transaction, what_is_left, id).await?;
    }
    Ok(Erased {
        members,
        tokens,
        reasons,
        audit,
        commands,
    })
}

/// Removes what belongs to the user or server `?1`. Returns how many rows.
async fn remove(
    transaction: &mut SqliteConnection,
    statement: &'static str,
    of: i64,
) -> Result<u64, sqlx::Error> {
    let removed = sqlx::query(statement).bind(of).execute(transaction).await?;
    Ok(removed.rows_affected())
}
