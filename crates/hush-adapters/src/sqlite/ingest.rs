use async_trait::async_trait;
use hush_domain::events::{Change, Event, Extent, Snapshot};
use hush_domain::ids::ServerId;
use hush_domain::time::Timestamp;
use hush_ports::{Applied, Ingest, IngestError, MemberSource};
use sqlx::SqliteConnection;

use super::database::begin;
use super::failure::Failure;
use super::{Sqlite, staging};
use crate::meters::Operation;

mod events;
mod roles;

use events::Changing;

#[async_trait]
impl Ingest for Sqlite {
    async fn apply_snapshot(
        &self,
        snapshot: Snapshot,
        mut members: Box<dyn MemberSource>,
        received_at: Timestamp,
    ) -> Result<(), IngestError> {
        let applied = self
            .database
            .write(Operation::ApplySnapshot, |mut connection| async move {
                let staged = staging::stage(&mut connection, &mut *members).await?;
                if staged.is_ok() {
                    let mut transaction = begin(&mut connection).await?;
                    apply_snapshot(&mut transaction, &snapshot, received_at).await?;
                    transaction.commit().await?;
                }
                Ok(staged)
            })
            .await?;
        Ok(applied?)
    }

    async fn apply(&self, event: Event, received_at: Timestamp) -> Result<Applied, IngestError> {
        let Event { server, mut change } = event;
        let applied = self
            .database
            .write(Operation::ApplyEvent, |mut connection| async move {
                if let Change::MemberChunk { members, .. } = &mut change {
                    let mut members = std::mem::take(members).into_iter();
                    let staged = staging::stage(&mut connection, &mut members).await?;
                    if let Err(error) = staged {
                        return Ok(Err(error));
                    }
                }
                let mut transaction = begin(&mut connection).await?;
                if !self::change(&mut transaction, server, change, received_at).await? {
                    return Ok(Ok(Applied::Ignored));
                }
                transaction.commit().await?;
                Ok(Ok(Applied::Changed))
            })
            .await?;
        Ok(applied?)
    }
}

/// Carries out `change`, whose chunk is staged if it is one. Whether the server is known and the change had anything to
/// say there.
pub(super) async fn change(
    transaction: &mut SqliteConnection,
    server: ServerId,
    change: Change,
    received_at: Timestamp,
) -> Result<bool, Failure> {
    let Some(mut changing) = Changing::of(transaction, server, received_at).await? else {
        return Ok(false);
    };
    let changed = changing.apply(change).await?;
    if changed {
        changing.finish().await?;
    }
    Ok(changed)
}

/// Puts the server into the state of `snapshot` and the staged members.
async fn apply_snapshot(
    transaction: &mut SqliteConnection,
    snapshot: &Snapshot,
    received_at: Timestamp,
) -> Result<(), Failure> {
    let server = snapshot.server;
    let (member_count, generation) = match snapshot.extent {
        Extent::Complete => (None, None),
        Extent::Partial {
            member_count,
            generation,
        } => (
            Some(i64::try_from(member_count).unwrap_or(i64::MAX)),
            Some(generation),
        ),
    };
    sqlx::query(
        "INSERT INTO servers (id, name, owner_id, member_count, generation, presences_known, as_of)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
         ON CONFLICT (id) DO UPDATE
         SET name = excluded.name, owner_id = excluded.owner_id,
             member_count = excluded.member_count, generation = excluded.generation,
             presences_known = excluded.presences_known,
             as_of = max(as_of, excluded.as_of)",
    )
    .bind(server.to_i64())
    .bind(snapshot.name.as_str())
    .bind(snapshot.owner.to_i64())
    .bind(member_count)
    .bind(generation.map(|generation| generation.0))
    .bind(snapshot.presences_known)
    .bind(received_at.unix_micros())
    .execute(&mut *transaction)
    .await?;
    sqlx::query("DELETE FROM departed_servers WHERE server_id = ?1")
        .bind(server.to_i64())
        .execute(&mut *transaction)
        .await?;
    roles::replace(transaction, server, &snapshot.roles).await?;
    if generation.is_none() {
        staging::remove_unstaged(transaction, server).await?;
    }
    staging::put_staged(transaction, server, generation).await
}
