//! The one way to the database. Whatever Hush asks of PostgreSQL goes through [`Database`], which bounds how long
//! it may take, measures it, and says of each failure whether it may pass.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use hush_ports::BackendError;
use sqlx::PgPool;
use sqlx::pool::PoolConnection;

use super::failure::Failure;
use super::lending::{Lending, Lent};
use super::{PoolStatus, Settings, pools};
use crate::meters::{Meters, Operation};

/// How long a request waits for an answer. PostgreSQL gives up sooner, so whoever waits so long has nobody at the
/// other end.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(3);

/// Two pools over one database.
pub(super) struct Database {
    /// For requests: nothing here waits for long.
    serving: Lending,
    /// For ingest and upkeep, which may take their time and wait for each other.
    background: PgPool,
    /// How many connections of the serving pool may have died with one that was found dead.
    suspects: Arc<AtomicU32>,
    meters: Meters,
}

impl Database {
    /// Pools that open their connections when they need them.
    pub(super) fn new(settings: &Settings) -> Self {
        let suspects = Arc::new(AtomicU32::new(0));
        Self {
            serving: Lending::new(
                pools::serving(settings, Arc::clone(&suspects)),
                Arc::clone(&suspects),
            ),
            background: pools::background(settings),
            suspects,
            meters: Meters::new(),
        }
    }

    /// Carries out statements that change nothing. If the connection is lost they are sent once more: a restart
    /// of PostgreSQL while nobody was looking is nobody's failed request.
    pub(super) async fn read<T, Answer>(
        &self,
        operation: Operation,
        statements: impl Fn(Lent) -> Answer,
    ) -> Result<T, BackendError>
    where
        Answer: Future<Output = Result<T, Failure>>,
    {
        self.meters
            .measure(operation, async {
                match self.attempt(&statements, true).await {
                    Err(failure) if failure.lost_connection() => {
                        self.attempt(&statements, true).await
                    }
                    result => result,
                }
            })
            .await
    }

    /// Carries out one statement that changes something, once: if the connection is lost, nobody knows what was
    /// carried out.
    pub(super) async fn write<T, Answer>(
        &self,
        operation: Operation,
        statement: impl FnOnce(Lent) -> Answer,
    ) -> Result<T, BackendError>
    where
        Answer: Future<Output = Result<T, Failure>>,
    {
        self.meters
            .measure(operation, self.attempt(statement, true))
            .await
    }

    /// Carries out a transaction, once. One that is left open is rolled back when the pool has its connection
    /// back.
    pub(super) async fn transact<T, Answer>(
        &self,
        operation: Operation,
        statements: impl FnOnce(Lent) -> Answer,
    ) -> Result<T, BackendError>
    where
        Answer: Future<Output = Result<T, Failure>>,
    {
        self.meters
            .measure(operation, self.attempt(statements, false))
            .await
    }

    /// Carries out what belongs to no request and may take its time.
    pub(super) async fn background<T, Answer>(
        &self,
        operation: Operation,
        statements: impl FnOnce(PoolConnection<sqlx::Postgres>) -> Answer,
    ) -> Result<T, BackendError>
    where
        Answer: Future<Output = Result<T, Failure>>,
    {
        self.meters
            .measure(operation, async {
                statements(self.background.acquire().await?).await
            })
            .await
    }

    /// The serving pool as it is now.
    pub(super) fn pool_status(&self) -> PoolStatus {
        PoolStatus {
            max: self.serving.pool().options().get_max_connections(),
            open: self.serving.pool().size(),
            idle: u32::try_from(self.serving.idle()).unwrap_or(u32::MAX),
        }
    }

    /// Closes every connection once it is free.
    pub(super) async fn close(&self) {
        self.serving.close().await;
        self.background.close().await;
    }

    async fn attempt<T, Answer>(
        &self,
        statements: impl FnOnce(Lent) -> Answer,
        keep: bool,
    ) -> Result<T, Failure>
    where
        Answer: Future<Output = Result<T, Failure>>,
    {
        let (lent, loan) = self.serving.lend().await?;
        let answered = tokio::time::timeout(ANSWER_TIMEOUT, statements(lent)).await;
        match answered {
            Ok(Ok(answer)) => {
                if keep {
                    loan.keep();
                }
                Ok(answer)
            }
            Ok(Err(failure)) => {
                if failure.lost_connection() {
                    let most = self.serving.pool().options().get_max_connections();
                    self.suspects.store(most, Ordering::Relaxed);
                }
                Err(failure)
            }
            Err(_) => {
                loan.abandon();
                Err(Failure::Unanswered)
            }
        }
    }
}
