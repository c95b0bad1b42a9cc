use std::collections::HashSet;
use std::sync::Arc;

use async_trait::async_trait;
use hush_domain::events::Generation;
use hush_domain::feed::{Epoch, Shard};
use hush_domain::ids::ServerId;
use hush_ports::{BackendError, Feed, FeedError, Followed, Ingest, Lease};
use sqlx::PgConnection;

use super::Postgres;
use super::failure::{Failure, Refused};
use crate::meters::Operation;
use crate::stored::server_id;

#[async_trait]
impl Feed for Postgres {
    async fn lease(&self) -> Result<Lease, BackendError> {
        self.database
            .read(Operation::ReadLease, |mut connection| async move {
                let lease = sqlx::query!("SELECT epoch, beat, held FROM feed_lease")
                    .fetch_one(&mut *connection)
                    .await?;
                Ok(Lease {
                    epoch: Epoch(lease.epoch),
                    beat: lease.beat,
                    held: lease.held,
                })
            })
            .await
    }

    async fn take(&self, seen: Lease) -> Result<Option<Epoch>, BackendError> {
        self.database
            .work_steadily(Operation::TakeLease, async |transaction| {
                Ok(take(transaction, seen).await?)
            })
            .await
    }

    async fn keep(&self, epoch: Epoch) -> Result<bool, BackendError> {
        // Among the requests, where no snapshot of a large server stands in front of it.
        self.database
            .write(Operation::KeepLease, |mut connection| async move {
                let beaten = sqlx::query!(
                    "UPDATE feed_lease SET beat = beat + 1 WHERE epoch = $1 AND held",
                    epoch.0,
                )
                .execute(&mut *connection)
                .await?;
                Ok(beaten.rows_affected() > 0)
            })
            .await
    }

    async fn resign(&self, epoch: Epoch) -> Result<bool, BackendError> {
        self.database
            .work_steadily(Operation::ResignLease, async |transaction| {
                Ok(resign(transaction, epoch).await?)
            })
            .await
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
                followed(&mut connection, shard).await
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
        self.lead(
            Operation::BeginSession,
            epoch,
            FeedError::Deposed,
            async |transaction| {
                let mut gone = lose_sight(transaction, shard).await?;
                gone.retain(|server| !named.contains(server));
                Ok(gone)
            },
        )
        .await
    }
}

impl Postgres {
    /// Carries out a transaction for the feed, if `epoch` leads; else it comes to nothing, and is `deposed`. Until it ends
    /// no other epoch begins.
    pub(super) async fn lead<T, E>(
        &self,
        operation: Operation,
        epoch: Epoch,
        deposed: E,
        changes: impl AsyncFnOnce(&mut PgConnection) -> Result<T, Refused<E>>,
    ) -> Result<T, E>
    where
        E: From<BackendError>,
    {
        self.database
            .work_steadily(operation, async |transaction| {
                if !leads(transaction, epoch).await? {
                    return Err(Refused::Conflict(deposed));
                }
                changes(transaction).await
            })
            .await
    }
}

/// Whether `epoch` leads, which it does then until the transaction ends. A beat meanwhile waits for nobody.
async fn leads(transaction: &mut PgConnection, epoch: Epoch) -> Result<bool, Failure> {
    let held = sqlx::query!(
        "SELECT sole FROM feed_lease WHERE epoch = $1 AND held FOR KEY SHARE",
        epoch.0,
    )
    .fetch_optional(transaction)
    .await?;
    Ok(held.is_some())
}

async fn take(transaction: &mut PgConnection, seen: Lease) -> Result<Option<Epoch>, Failure> {
    // Waits for whoever writes in the epoch before, which may beat meanwhile.
    let still = sqlx::query!(
        "SELECT sole FROM feed_lease WHERE epoch = $1 AND beat = $2 AND held = $3 FOR UPDATE",
        seen.epoch.0,
        seen.beat,
        seen.held,
    )
    .fetch_optional(&mut *transaction)
    .await?;
    if still.is_none() {
        return Ok(None);
    }
    let epoch = sqlx::query_scalar!(
        "UPDATE feed_lease SET epoch = epoch + 1, beat = beat + 1, held = true RETURNING epoch"
    )
    .fetch_one(transaction)
    .await?;
    Ok(Some(Epoch(epoch)))
}

async fn resign(transaction: &mut PgConnection, epoch: Epoch) -> Result<bool, Failure> {
    let held = sqlx::query!(
        "SELECT sole FROM feed_lease WHERE epoch = $1 AND held FOR UPDATE",
        epoch.0,
    )
    .fetch_optional(&mut *transaction)
    .await?;
    if held.is_none() {
        return Ok(false);
    }
    sqlx::query!("UPDATE feed_lease SET held = false")
        .execute(transaction)
        .await?;
    Ok(true)
}

async fn followed(connection: &mut PgConnection, shard: Shard) -> Result<Vec<Followed>, Failure> {
    let rows = sqlx::query!(
        r#"SELECT id, nullif(generation, 0) AS generation, following = 1 AS "available!"
           FROM servers
           WHERE following > 0 AND (id >> 22) % $2 = $1
           ORDER BY id"#,
        i64::from(shard.number),
        i64::from(shard.total.max(1)),
    )
    .fetch_all(connection)
    .await?;
    rows.into_iter()
        .map(|row| {
            Ok(Followed {
                server: server_id(row.id)?,
                generation: row.generation.map(Generation),
                available: row.available,
            })
        })
        .collect()
}

/// Makes every server that the feed follows on `shard` unavailable. Returns them by ascending id, as they are locked.
async fn lose_sight(
    transaction: &mut PgConnection,
    shard: Shard,
) -> Result<Vec<ServerId>, Failure> {
    let followed = sqlx::query_scalar!(
        "SELECT id FROM servers
         WHERE following > 0 AND (id >> 22) % $2 = $1
         ORDER BY id
         FOR UPDATE",
        i64::from(shard.number),
        i64::from(shard.total.max(1)),
    )
    .fetch_all(&mut *transaction)
    .await?;
    sqlx::query!(
        "UPDATE servers SET following = 2 WHERE id = ANY ($1) AND following = 1",
        &followed,
    )
    .execute(transaction)
    .await?;
    followed.into_iter().map(|id| Ok(server_id(id)?)).collect()
}
