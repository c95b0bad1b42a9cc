//! Servers that are gone, until what is left of them is erased.

use hush_domain::ids::ServerId;
use hush_domain::time::Timestamp;
use sqlx::PgConnection;
use time::OffsetDateTime;

use super::failure::Failure;
use crate::stored::server_id;

/// Notes that a locked server is removed at `at`.
pub(super) async fn note(
    transaction: &mut PgConnection,
    server: ServerId,
    at: Timestamp,
) -> Result<(), Failure> {
    sqlx::query!(
        "INSERT INTO departed_servers (server_id, at) VALUES ($1, $2)
         ON CONFLICT (server_id) DO UPDATE SET at = excluded.at",
        server.to_i64(),
        OffsetDateTime::from(at),
    )
    .execute(transaction)
    .await?;
    Ok(())
}

/// The servers that were removed before `cutoff`.
pub(super) async fn before(
    transaction: &mut PgConnection,
    cutoff: Timestamp,
) -> Result<Vec<ServerId>, Failure> {
    let servers = sqlx::query_scalar!(
        "SELECT server_id FROM departed_servers WHERE at < $1 ORDER BY server_id",
        OffsetDateTime::from(cutoff),
    )
    .fetch_all(transaction)
    .await?;
    servers.into_iter().map(|id| Ok(server_id(id)?)).collect()
}

/// Forgets that a server was removed: it is back, or nothing is left of it. Whoever else forgets it waits until the
/// transaction ends.
pub(super) async fn forget(
    transaction: &mut PgConnection,
    server: ServerId,
) -> Result<(), Failure> {
    sqlx::query!(
        "DELETE FROM departed_servers WHERE server_id = $1",
        server.to_i64(),
    )
    .execute(transaction)
    .await?;
    Ok(())
}

/// Forgets that a server was removed before `cutoff`. Whether it was, and nobody else has forgotten it.
pub(super) async fn forget_before(
    transaction: &mut PgConnection,
    server: ServerId,
    cutoff: Timestamp,
) -> Result<bool, Failure> {
    let forgotten = sqlx::query!(
        "DELETE FROM departed_servers WHERE server_id = $1 AND at < $2",
        server.to_i64(),
        OffsetDateTime::from(cutoff),
    )
    .execute(transaction)
    .await?;
    Ok(forgotten.rows_affected() > 0)
}
