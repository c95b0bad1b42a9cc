use std::collections::HashSet;

use async_trait::async_trait;
use hush_domain::events::{Event, PresenceChange, Snapshot};
use hush_domain::time::Timestamp;
use hush_ports::{Applied, Ingest, IngestError, MemberSource};
use sqlx::PgConnection;

use super::Postgres;
use super::failure::{Failure, Refused};
use crate::meters::Operation;

mod channels;
mod events;
mod members;
mod presences;
mod roles;
mod servers;
mod snapshots;
mod staging;

pub(super) use events::leave;
pub(super) use servers::{hold, remove};

/// Why nothing was applied.
type Refusal = Refused<IngestError>;

#[async_trait]
impl Ingest for Postgres {
    async fn apply_snapshot(
        &self,
        snapshot: Snapshot,
        mut members: Box<dyn MemberSource>,
        received_at: Timestamp,
    ) -> Result<(), IngestError> {
        let following = self.fence.is_some();
        self.take_in(Operation::ApplySnapshot, async |transaction| {
            staging::stage(transaction, &mut *members).await?;
            Ok(snapshots::apply(transaction, &snapshot, following, received_at).await?)
        })
        .await
    }

    async fn apply(&self, event: Event, received_at: Timestamp) -> Result<Applied, IngestError> {
        self.take_in(Operation::ApplyEvent, async |transaction| {
            events::apply(transaction, event, received_at).await
        })
        .await
    }

    async fn apply_presences(&self, changes: Vec<PresenceChange>) -> Result<u64, IngestError> {
        self.take_in(Operation::ApplyPresences, async |transaction| {
            Ok(apply_presences(transaction, changes).await?)
        })
        .await
    }
}

impl Postgres {
    /// Carries out a transaction, for the feed only as long as it is led in the epoch of this handle.
    async fn take_in<T>(
        &self,
        operation: Operation,
        changes: impl AsyncFnOnce(&mut PgConnection) -> Result<T, Refusal>,
    ) -> Result<T, IngestError> {
        match self.fence {
            Some(epoch) => {
                self.lead(operation, epoch, IngestError::Deposed, changes)
                    .await
            }
            None => self.database.work(operation, changes).await,
        }
    }
}

async fn apply_presences(
    transaction: &mut PgConnection,
    mut changes: Vec<PresenceChange>,
) -> Result<u64, Failure> {
    let servers: HashSet<_> = changes.iter().map(|change| change.server).collect();
    // One that is not known now may be, unlocked, when the next statement looks.
    let locked = servers::lock_all(transaction, servers).await?;
    changes.retain(|change| locked.contains(&change.server));
    presences::apply(transaction, &changes).await
}
