use async_trait::async_trait;
use hush_domain::events::{Change, Event, PresenceChange, Snapshot};
use hush_domain::ids::ServerId;
use hush_domain::time::Timestamp;
use hush_ports::{Applied, Ingest, IngestError, MemberSource};
use sqlx::SqliteConnection;

use super::database::begin;
use super::failure::{Failure, Refused};
use super::{Sqlite, feed, staging};
use crate::meters::Operation;

mod channels;
mod events;
mod presences;
mod roles;
mod snapshots;

use events::Changing;

#[async_trait]
impl Ingest for Sqlite {
    async fn apply_snapshot(
        &self,
        snapshot: Snapshot,
        mut members: Box<dyn MemberSource>,
        received_at: Timestamp,
    ) -> Result<(), IngestError> {
        let fence = self.fence;
        self.database
            .write(Operation::ApplySnapshot, |mut connection| async move {
                if let Err(error) = staging::stage(&mut connection, &mut *members).await? {
                    return Ok(Err(error.into()));
                }
                let mut transaction = begin(&mut connection).await?;
                if !feed::leads(&mut transaction, fence).await? {
                    return Ok(Err(IngestError::Deposed));
                }
                snapshots::apply(&mut transaction, &snapshot, fence.is_some(), received_at).await?;
                transaction.commit().await?;
                Ok(Ok(()))
            })
            .await?
    }

    async fn apply(&self, event: Event, received_at: Timestamp) -> Result<Applied, IngestError> {
        let Event { server, mut change } = event;
        let fence = self.fence;
        self.database
            .write(Operation::ApplyEvent, |mut connection| async move {
                if let Change::MemberChunk { members, .. } = &mut change {
                    let mut members = std::mem::take(members).into_iter();
                    if let Err(error) = staging::stage(&mut connection, &mut members).await? {
                        return Ok(Err(error.into()));
                    }
                }
                let mut transaction = begin(&mut connection).await?;
                if !feed::leads(&mut transaction, fence).await? {
                    return Ok(Err(IngestError::Deposed));
                }
                if !self::change(&mut transaction, server, change, received_at).await? {
                    return Ok(Ok(Applied::Ignored));
                }
                transaction.commit().await?;
                Ok(Ok(Applied::Changed))
            })
            .await?
    }

    async fn apply_presences(&self, changes: Vec<PresenceChange>) -> Result<u64, IngestError> {
        let fence = self.fence;
        self.database
            .transact(Operation::ApplyPresences, async |transaction| {
                if !feed::leads(transaction, fence).await? {
                    return Err(Refused::Conflict(IngestError::Deposed));
                }
                let applied = presences::apply(transaction, &changes).await?;
                Ok(applied.unsigned_abs())
            })
            .await
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
