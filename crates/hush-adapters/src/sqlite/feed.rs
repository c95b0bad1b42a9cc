use std::collections::HashSet;
use std::sync::Arc;

use async_trait::async_trait;
use hush_domain::events::Generation;
use hush_domain::feed::{Epoch, Shard};
use hush_domain::ids::ServerId;
use hush_ports::{BackendError, Feed, FeedError, Followed, Ingest, Lease};
use sqlx::SqliteConnection;

use super::Sqlite;
use super::failure::{Failure, Refused};
use crate::meters::Operation;
use crate::stored::server_id;

#[async_trait]
impl Feed for Sqlite {
    async fn lease(&self) -> Result<Lease, BackendError> {
        self.database
            .read(Operation::ReadLease, |mut connection| async move {
                let (epoch, beat, held) =
                    sqlx::query_as("SELECT epoch, beat, held FROM feed_lease")
                        .fetch_one(&mut *connection)
                        .await?;
                Ok(Lease {
                    epoch: Epoch(epoch),
                    beat,
                    held,
                })
            })
            .await
    }

    async fn take(&self, seen: Lease) -> Result<Option<Epoch>, BackendError> {
        self.database
            .write(Operation::TakeLease, |mut connection| async move {
                let epoch: Option<i64> = sqlx::query_scalar(
                    "UPDATE feed_lease SET epoch = epoch + 1, beat = beat + 1, held = 1
                     WHERE epoch = ?1 AND beat = ?2 AND held = ?3
                     RETURNING epoch",
                )
                .bind(seen.epoch.0)
                .bind(seen.beat)
                .bind(seen.held)
                .fetch_optional(&mut *connection)
                .await?;
                Ok(epoch.map(Epoch))
            })
            .await
    }

    async fn keep(&self, epoch: Epoch) -> Result<bool, BackendError> {
        let beat = "UPDATE feed_lease SET beat = beat + 1 WHERE epoch = ?1 AND held";
        self.change_lease(Operation::KeepLease, beat, epoch).await
    }

    async fn resign(&self, epoch: Epoch) -> Result<bool, BackendError> {
        let end = "UPDATE feed_lease SET held = 0 WHERE epoch = ?1 AND held";
        self.change_lease(Operation::ResignLease, end, epoch).await
    }

    fn ingest(&self, epoch: Epoch) -> Arc<dyn Ingest> {
        Arc::new(Self {
            fence: Some(epoch),
            ..self.clone()
        })
    }

    async fn followed(&self, shard: Shard) -> Result<Vec<Followed>, BackendError> {
        self.database
            .read(Operation::ReadFollowed, |mut connection| async move {
                let rows: Vec<(i64, Option<i64>, bool)> = sqlx::query_as(
                    "SELECT id, nullif(generation, 0), following = 1 FROM servers
                     WHERE following > 0 AND (id >> 22) % ?2 = ?1
                     ORDER BY id",
                )
                .bind(shard.number)
                .bind(shard.total.max(1))
                .fetch_all(&mut *connection)
                .await?;
                let followed = rows.into_iter().map(|(id, generation, available)| {
                    Ok(Followed {
                        server: server_id(id)?,
                        generation: generation.map(Generation),
                        available,
                    })
                });
                followed.collect()
            })
            .await
    }

    async fn begin_session(
        &self,
        epoch: Epoch,
        shard: Shard,
        named: &[ServerId],
    ) -> Result<Vec<ServerId>, FeedError> {
        let named: HashSet<_> = named.iter().copied().collect();
        self.lead(Operation::BeginSession, epoch, async |transaction| {
            let mut gone = lose_sight(transaction, shard).await?;
            gone.retain(|server| !named.contains(server));
            Ok(gone)
        })
        .await
    }
}

impl Sqlite {
    /// Carries out a transaction for the feed, if `epoch` leads; else it comes to nothing. Until it ends no other epoch
    /// begins.
    pub(super) async fn lead<T>(
        &self,
        operation: Operation,
        epoch: Epoch,
        changes: impl AsyncFnOnce(&mut SqliteConnection) -> Result<T, Failure>,
    ) -> Result<T, FeedError> {
        self.database
            .transact(operation, async |transaction| {
                if leads(transaction, Some(epoch)).await? {
                    Ok(changes(transaction).await?)
                } else {
                    Err(Refused::Conflict(FeedError::Deposed))
                }
            })
            .await
    }

    /// Carries out a statement about the lease of the epoch `?1`. Whether that leads.
    async fn change_lease(
        &self,
        operation: Operation,
        statement: &'static str,
        epoch: Epoch,
    ) -> Result<bool, BackendError> {
        self.database
            .write(operation, |mut connection| async move {
                let changed = sqlx::query(statement)
                    .bind(epoch.0)
                    .execute(&mut *connection)
                    .await?;
                Ok(changed.rows_affected() > 0)
            })
            .await
    }
}

/// Whether `fence` leads, which it does then until the transaction ends. Whoever has none is the operator, who may always
/// write.
pub(super) async fn leads(
    transaction: &mut SqliteConnection,
    fence: Option<Epoch>,
) -> Result<bool, Failure> {
    let Some(epoch) = fence else {
        return Ok(true);
    };
    let held: Option<i64> =
        sqlx::query_scalar("SELECT sole FROM feed_lease WHERE epoch = ?1 AND held")
            .bind(epoch.0)
            .fetch_optional(transaction)
            .await?;
    Ok(held.is_some())
}

/// Makes every server that the feed follows on `shard` unavailable. Returns them by ascending id.
async fn lose_sight(
    transaction: &mut SqliteConnection,
    shard: Shard,
) -> Result<Vec<ServerId>, Failure> {
    let mut followed: Vec<i64> = sqlx::query_scalar(
        "UPDATE servers SET following = 2 WHERE following > 0 AND (id >> 22) % ?2 = ?1
         RETURNING id",
    )
    .bind(shard.number)
    .bind(shard.total.max(1))
    .fetch_all(transaction)
    .await?;
    followed.sort_unstable();
    followed.into_iter().map(|id| Ok(server_id(id)?)).collect()
}
