use async_trait::async_trait;
use hush_domain::events::{Change, Event, PresenceChange, Snapshot};
use hush_domain::feed::Epoch;
use hush_domain::ids::ServerId;
use hush_domain::time::Timestamp;
use hush_ports::{Applied, Ingest, IngestError, MemberSource};
use sqlx::SqliteConnection;

use super::database::{Lent, whole};
use super::failure::{Failure, Refused};
use super::{Sqlite, feed, staging};
use crate::meters::Operation;

mod channels;
mod events;
pub(super) mod presences;
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
        self.bring(Operation::ApplySnapshot, |mut connection| async move {
            if let Err(error) = staging::stage(&mut connection, &mut *members).await? {
                return Ok(Err(error.into()));
            }
            fenced(&mut connection, fence, async |transaction| {
                snapshots::apply(transaction, &snapshot, fence.is_some(), received_at).await
            })
            .await
        })
        .await
    }

    async fn apply(&self, event: Event, received_at: Timestamp) -> Result<Applied, IngestError> {
        let Event { server, mut change } = event;
        let fence = self.fence;
        self.bring(Operation::ApplyEvent, |mut connection| async move {
            if let Change::MemberChunk { members, .. } = &mut change {
                let mut members = std::mem::take(members).into_iter();
                if let Err(error) = staging::stage(&mut connection, &mut members).await? {
                    return Ok(Err(error.into()));
                }
            }
            fenced(&mut connection, fence, async |transaction| {
                let changed = self::change(transaction, server, change, received_at).await?;
                Ok(if changed {
                    Applied::Changed
                } else {
                    Applied::Ignored
                })
            })
            .await
        })
        .await
    }

    async fn apply_presences(&self, changes: Vec<PresenceChange>) -> Result<u64, IngestError> {
        let fence = self.fence;
        self.bring(Operation::ApplyPresences, |mut connection| async move {
            fenced(&mut connection, fence, async |transaction| {
                presences::apply(transaction, &changes).await
            })
            .await
        })
        .await
    }
}

impl Sqlite {
    /// Carries out what comes in. For the feed it waits for no disk: where a session stands is written after its events, so
    /// that a power cut which makes forget some of them makes forget that too, and the platform tells them again. Nobody
    /// tells the operator's again.
    async fn bring<T, Answer>(
        &self,
        operation: Operation,
        statements: impl FnOnce(Lent) -> Answer,
    ) -> Result<T, IngestError>
    where
        Answer: Future<Output = Result<Result<T, IngestError>, Failure>>,
    {
        match self.fence {
            Some(_) => self.database.record(operation, statements).await?,
            None => self.database.write(operation, statements).await?,
        }
    }
}

/// Carries out a transaction, if `fence` leads.
async fn fenced<T>(
    connection: &mut SqliteConnection,
    fence: Option<Epoch>,
    changes: impl AsyncFnOnce(&mut SqliteConnection) -> Result<T, Failure>,
) -> Result<Result<T, IngestError>, Failure> {
    whole(connection, async |transaction| {
        if feed::leads(transaction, fence).await? {
            Ok(changes(transaction).await?)
        } else {
            Err(Refused::Conflict(IngestError::Deposed))
        }
    })
    .await
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
