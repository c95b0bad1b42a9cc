//! A server as a snapshot shows it, after its members were staged.

use hush_domain::events::{Extent, Generation, Snapshot};
use hush_domain::ids::ServerId;
use hush_domain::time::Timestamp;
use sqlx::PgConnection;
use time::OffsetDateTime;

use super::{channels, members, roles, servers, staging};
use crate::postgres::departures;
use crate::postgres::failure::Failure;

/// Stands in the place of a generation while no chunk is awaited and yet the list is not complete. No chunk has it, and
/// whoever reads takes it for none.
const COUNTED: Generation = Generation(0);

/// Puts the server into the state of `snapshot` and the staged members, and under the eyes of the feed if it is `following`.
pub(super) async fn apply(
    transaction: &mut PgConnection,
    snapshot: &Snapshot,
    following: bool,
    received_at: Timestamp,
) -> Result<(), Failure> {
    let server = snapshot.server;
    put_server(transaction, snapshot, following, received_at).await?;
    departures::forget(transaction, server).await?;
    roles::replace(transaction, server, &snapshot.roles).await?;
    channels::replace(transaction, server, &snapshot.channels).await?;
    match snapshot.extent {
        Extent::Complete => {
            remove_unstaged(transaction, server).await?;
            staging::put_staged(transaction, server, None).await?;
        }
        Extent::Partial { generation, .. } => {
            staging::put_staged(transaction, server, Some(generation)).await?;
        }
        Extent::Counted { .. } => {
            members::remove_all(transaction, server).await?;
        }
    }
    servers::recount(transaction, server).await
}

/// Stores the server's own row, which locks it, whether it was there or not.
async fn put_server(
    transaction: &mut PgConnection,
    snapshot: &Snapshot,
    following: bool,
    received_at: Timestamp,
) -> Result<(), Failure> {
    let count = |members: u64| i64::try_from(members).unwrap_or(i64::MAX);
    let (member_count, generation) = match snapshot.extent {
        Extent::Complete => (None, None),
        Extent::Partial {
            member_count,
            generation,
        } => (Some(count(member_count)), Some(generation.0)),
        Extent::Counted { member_count } => (Some(count(member_count)), Some(COUNTED.0)),
    };
    sqlx::query!(
        "INSERT INTO servers
             (id, name, owner_id, member_count, generation, presences_known, listed, bots, online, as_of,
              following)
         VALUES ($1, $2, $3, $4, $5, $6, 0, 0, 0, $7, $8)
         ON CONFLICT (id) DO UPDATE
         SET name = excluded.name, owner_id = excluded.owner_id,
             member_count = excluded.member_count, generation = excluded.generation,
             presences_known = excluded.presences_known,
             as_of = greatest(servers.as_of, excluded.as_of),
             following = coalesce(nullif(excluded.following, 0), servers.following)",
        snapshot.server.to_i64(),
        snapshot.name.as_str(),
        snapshot.owner.to_i64(),
        member_count,
        generation,
        snapshot.presences_known,
        OffsetDateTime::from(received_at),
        i16::from(following),
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
