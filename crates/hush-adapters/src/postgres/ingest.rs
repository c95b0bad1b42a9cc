use async_trait::async_trait;
use hush_domain::events::{Event, Snapshot};
use hush_domain::time::Timestamp;
use hush_ports::{Applied, Ingest, IngestError, MemberSource};
use sqlx::{Connection, PgConnection, PgTransaction};

use super::Postgres;
use super::failure::Failure;
use crate::meters::Operation;

mod events;
mod members;
mod roles;
mod servers;
mod snapshots;
mod staging;

#[async_trait]
impl Ingest for Postgres {
    async fn apply_snapshot(
        &self,
        snapshot: Snapshot,
        mut members: Box<dyn MemberSource>,
        received_at: Timestamp,
    ) -> Result<(), IngestError> {
        let applied = self
            .database
            .background(Operation::ApplySnapshot, |mut connection| async move {
                let mut transaction = begin(&mut connection).await?;
                let staged = staging::stage(&mut transaction, &mut *members).await?;
                if staged.is_ok() {
                    snapshots::apply(&mut transaction, &snapshot, received_at).await?;
                    transaction.commit().await?;
                }
                Ok(staged)
            })
            .await?;
        Ok(applied?)
    }

    async fn apply(&self, event: Event, received_at: Timestamp) -> Result<Applied, IngestError> {
        let applied = self
            .database
            .background(Operation::ApplyEvent, |mut connection| async move {
                let mut transaction = begin(&mut connection).await?;
                let applied = events::apply(&mut transaction, event, received_at).await?;
                if let Ok(Applied::Changed) = applied {
                    transaction.commit().await?;
                }
                Ok(applied)
            })
            .await?;
        Ok(applied?)
    }
}

/// Begins a transaction that may take its time. The connection was opened with the same words, but a proxy that
/// shares connections between its clients does not pass them on.
async fn begin(connection: &mut PgConnection) -> Result<PgTransaction<'_>, Failure> {
    let begin = "BEGIN; SET LOCAL statement_timeout = 0; SET LOCAL lock_timeout = 0";
    Ok(connection.begin_with(begin).await?)
}
