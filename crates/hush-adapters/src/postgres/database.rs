//! The one way to the database. Whatever Hush asks of PostgreSQL goes through [`Database`], which bounds how long
//! it may take, measures it, and says of each failure whether it may pass.

use std::ops::{Deref, DerefMut};
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;

use hush_ports::{BackendError, Clock};
use sqlx::pool::PoolConnection;
use sqlx::{PgConnection, PgPool};

use super::failure::Failure;
use super::meters::{Meters, Operation};
use super::{PoolStatus, Settings, pools};
use crate::system::SystemClock;

/// How long a request waits for an answer. PostgreSQL gives up sooner, so whoever waits so long has nobody at the
/// other end.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(3);

/// Two pools over one database.
pub(super) struct Database {
    /// For requests: nothing here waits for long.
    serving: PgPool,
    /// For ingest and upkeep, which may take their time and wait for each other.
    background: PgPool,
    /// How many connections of the serving pool may have died with one that was found dead.
    suspects: Arc<AtomicU32>,
    clock: SystemClock,
    meters: Meters,
}

/// A connection of the serving pool while a call uses it.
pub(super) struct Lent {
    connection: PoolConnection<sqlx::Postgres>,
    overdue: Arc<AtomicBool>,
}

impl Database {
    /// Pools that open their connections when they need them.
    pub(super) fn new(settings: &Settings) -> Self {
        let suspects = Arc::new(AtomicU32::new(0));
        Self {
            serving: pools::serving(settings, Arc::clone(&suspects)),
            background: pools::background(settings),
            suspects,
            clock: SystemClock::new(),
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
        self.measured(operation, async {
            match self.attempt(&statements).await {
                Err(failure) if failure.lost_connection() => self.attempt(&statements).await,
                result => result,
            }
        })
        .await
    }

    /// Carries out statements that change something, once: if the connection is lost, nobody knows what was
    /// carried out.
    pub(super) async fn write<T, Answer>(
        &self,
        operation: Operation,
        statements: impl FnOnce(Lent) -> Answer,
    ) -> Result<T, BackendError>
    where
        Answer: Future<Output = Result<T, Failure>>,
    {
        self.measured(operation, self.attempt(statements)).await
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
        self.measured(operation, async {
            statements(self.background.acquire().await?).await
        })
        .await
    }

    /// The serving pool as it is now.
    pub(super) fn pool_status(&self) -> PoolStatus {
        PoolStatus {
            max: self.serving.options().get_max_connections(),
            open: self.serving.size(),
            idle: u32::try_from(self.serving.num_idle()).unwrap_or(u32::MAX),
        }
    }

    /// Closes every connection once it is free.
    pub(super) async fn close(&self) {
        self.serving.close().await;
        self.background.close().await;
    }

    async fn measured<T>(
        &self,
        operation: Operation,
        call: impl Future<Output = Result<T, Failure>>,
    ) -> Result<T, BackendError> {
        let start = self.clock.monotonic();
        let result = call.await;
        let failed = result.as_ref().err().map(Failure::is_transient);
        let took = self.clock.monotonic().saturating_sub(start);
        self.meters.record(operation, took, failed);
        result.map_err(BackendError::from)
    }

    async fn attempt<T, Answer>(
        &self,
        statements: impl FnOnce(Lent) -> Answer,
    ) -> Result<T, Failure>
    where
        Answer: Future<Output = Result<T, Failure>>,
    {
        let overdue = Arc::new(AtomicBool::new(false));
        let lent = Lent {
            connection: self.serving.acquire().await?,
            overdue: Arc::clone(&overdue),
        };
        let answer = pin!(statements(lent));
        let Ok(result) = tokio::time::timeout(ANSWER_TIMEOUT, answer).await else {
            overdue.store(true, Ordering::Relaxed);
            return Err(Failure::Unanswered);
        };
        if result.as_ref().is_err_and(Failure::lost_connection) {
            let most = self.serving.options().get_max_connections();
            self.suspects.store(most, Ordering::Relaxed);
        }
        result
    }
}

impl Deref for Lent {
    type Target = PgConnection;

    fn deref(&self) -> &PgConnection {
        &self.connection
    }
}

impl DerefMut for Lent {
    fn deref_mut(&mut self) -> &mut PgConnection {
        &mut self.connection
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        // Back in the pool, the connection would wait for its answer until the operating system gives it up.
        if self.overdue.load(Ordering::Relaxed) {
            self.connection.close_on_drop();
        }
    }
}
