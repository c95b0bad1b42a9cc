//! A server as a snapshot shows it, after its members were staged.

use hush_domain::events::{Extent, Generation, Snapshot};
use hush_domain::time::Timestamp;
use sqlx::{SqliteConnection, query};

use super::{channels, roles};
use crate::sqlite::failure::Failure;
use crate::sqlite::staging;

/// Stands in the place of a generation while no chunk is awaited and yet the list is not complete. No chunk has it, and
/// whoever reads takes it for none.
const COUNTED: Generation = Generation(0);

/// Puts the server into the state of `snapshot` and the staged members, and under the eyes of the feed if it is `following`.
pub(super) async fn apply(
    transaction: &mut SqliteConnection,
    snapshot: &Snapshot,
    following: bool,
    received_at: Timestamp,
) -> Result<(), Failure> {
    let server = snapshot.server;
    put_server(transaction, snapshot, following, received_at).await?;
    query("DELETE FROM departed_servers WHERE server_id = ?1")
        .bind(server.to_i64())
        .execute(&mut *transaction)
        .await?;
    roles::replace(transaction, server, &snapshot.roles).await?;
    channels::replace(transaction, server, &snapshot.channels).await?;
    match snapshot.extent {
        Extent::Complete => {
            staging::remove_unstaged(transaction, server).await?;
            staging::put_staged(transaction, server, None).await
        }
        Extent::Partial { generation, .. } => {
            staging::put_staged(transaction, server, Some(generation)).await
        }
        Extent::Counted { .. } => {
            query("DELETE FROM members WHERE server_id = ?1")
                .bind(server.to_i64())
                .execute(transaction)
                .await?;
            Ok(())
        }
    }
}

/// Stores what the snapshot says of the server itself.
async fn put_server(
    transaction: &mut SqliteConnection,
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
        } => (Some(count(member_count)), Some(generation)),
        Extent::Counted { member_count } => (Some(count(member_count)), Some(COUNTED)),
    };
    query(
        "INSERT INTO servers
             (id, name, owner_id, member_count, generation, presences_known, as_of, following)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
         ON CONFLICT (id) DO UPDATE
         SET name = excluded.name, owner_id = excluded.owner_id,
             member_count = excluded.member_count, generation = excluded.generation,
             presences_known = excluded.presences_known,
             as_of = max(as_of, excluded.as_of),
             following = coalesce(nullif(excluded.following, 0), following)",
    )
    .bind(snapshot.server.to_i64())
    .bind(snapshot.name.as_str())
    .bind(snapshot.owner.to_i64())
    .bind(member_count)
    .bind(generation.map(|generation| generation.0))
    .bind(snapshot.presences_known)
    .bind(received_at.unix_micros())
    .bind(following)
    .execute(transaction)
    .await?;
    Ok(())
}
