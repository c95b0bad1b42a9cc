use async_trait::async_trait;
use hush_domain::events::{Event, Snapshot};
use hush_domain::time::Timestamp;
use hush_ports::{Applied, Ingest, IngestError, MemberSource};

use super::Postgres;
use super::failure::Refused;
use crate::meters::Operation;

mod events;
mod members;
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
        self.database
            .work(Operation::ApplySnapshot, async |transaction| {
                staging::stage(transaction, &mut *members).await?;
                Ok(snapshots::apply(transaction, &snapshot, received_at).await?)
            })
            .await
    }

    async fn apply(&self, event: Event, received_at: Timestamp) -> Result<Applied, IngestError> {
        self.database
            .work(Operation::ApplyEvent, async |transaction| {
                events::apply(transaction, event, received_at).await
            })
            .await
    }
}
