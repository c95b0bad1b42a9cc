//! A server as a snapshot shows it, after its members were staged.

use hush_domain::events::{Extent, Snapshot};
use hush_domain::ids::ServerId;
use hush_domain::time::Timestamp;
use sqlx::PgConnection;
use time::OffsetDateTime;

use super::{roles, servers, staging};
use crate::postgres::departures;
use crate::postgres::failure::Failure;

/// Puts the server into the state of `snapshot` and the staged members.
pub(super) async fn apply(
    transaction: &mut PgConnection,
    snapshot: &Snapshot,
    received_at: Timestamp,
) -> Result<(), Failure> {
    let server = snapshot.server;
    put_server(transaction, snapshot, received_at).await?;
    departures::forget(transaction, server).await?;
    roles::replace(transaction, server, &snapshot.roles).await?;
    let generation = match snapshot.extent {
        Extent::Complete => {
            remove_unstaged(transaction, server).await?;
            None
        }
        Extent::Partial { generation, .. } => Some(generation),
    };
    staging::put_staged(transaction, server, generation).await?;
    servers::recount(transaction, server).await
}

/// Stores the server's own row, which locks it, whether it was there or not.
async fn put_server(
    transaction: &mut PgConnection,
    snapshot: &Snapshot,
    received_at: Timestamp,
) -> Result<(), Failure> {
    let (member_count, generation) = match snapshot.extent {
        Extent::Complete => (None, None),
        Extent::Partial {
            member_count,
            generation,
        } => (
            Some(i64::try_from(member_count).unwrap_or(i64::MAX)),
            Some(generation.0),
        ),
    };
    sqlx::query!(
        "INSERT INTO servers
             (id, name, owner_id, member_count, generation, presences_known, listed, bots, online, as_of)
         VALUES ($1, $2, $3, $4, $5, $6, 0, 0, 0, $7)
         ON CONFLICT (id) DO UPDATE
         SET name = excluded.name, owner_id = excluded.owner_id,
             member_count = excluded.member_count, generation = excluded.generation,
             presences_known = excluded.presences_known,
             as_of = greatest(servers.as_of, excluded.as_of)",
        snapshot.server.to_i64(),
        snapshot.name.as_str(),
        snapshot.owner.to_i64(),
        member_count,
        generation,
        snapshot.presences_known,
        OffsetDateTime::from(received_at),
    )
    .execute(transaction)
    .await?;
    Ok(())
}

async fn remove_unstaged(transaction: &mut PgConnection, server: ServerId) -> Result<(), Failure> {
    sqlx::query!(
        "DELETE FROM members m
         WHERE m.server_id = $1
           AND NOT EXISTS (SELECT FROM staged_members s WHERE s.user_id = m.user_id)",
        server.to_i64(),
    )
    .execute(transaction)
    .await?;
    Ok(())
}
