//! The one way to the database. Whatever Hush asks of PostgreSQL goes through [`Database`], which bounds how long
//! it may take, measures it, and says of each failure whether it may pass.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use hush_ports::BackendError;
use sqlx::{Connection, PgConnection, PgPool, PgTransaction};

use super::failure::{Failure, Refused};
use super::lending::{Lending, Lent};
use super::{PoolStatus, Settings, pools};
use crate::meters::{Meters, Operation};

/// How long a request waits for an answer. PostgreSQL gives up sooner, so whoever waits so long has nobody at the
/// other end.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(3);
/// Begins a transaction that may take its time. Its connection was opened with the same words, but a proxy that shares
/// connections between its clients does not pass them on.
const PATIENT: &str = "BEGIN; SET LOCAL statement_timeout = 0; SET LOCAL lock_timeout = 0";
/// Begins a transaction of a request. Whoever holds its locks may be stopped, or lose the way here, and others wait for them.
const BRIEF: &str = "BEGIN; SET LOCAL idle_in_transaction_session_timeout = '5s'";
/// Begins a transaction that may take its time, but not stand still: others wait for it, and whoever holds it may have been
/// stopped.
///
/// It waits for the disk, as the feed on SQLite does not: a process outlives a crash of PostgreSQL, and would not bring again
/// what had been forgotten.
const STEADY: &str = "BEGIN; SET LOCAL statement_timeout = 0; SET LOCAL lock_timeout = 0; \
                      SET LOCAL idle_in_transaction_session_timeout = '5s'";

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
                match self.attempt(&statements).await {
                    Err(failure) if failure.lost_connection() => self.attempt(&statements).await,
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
            .measure(operation, self.attempt(statement))
            .await
    }

    /// Carries out a transaction, once. It stays if it comes to something.
    pub(super) async fn transact<T, E>(
        &self,
        operation: Operation,
        changes: impl AsyncFnOnce(&mut PgConnection) -> Result<T, Refused<E>>,
    ) -> Result<T, E>
    where
        E: From<BackendError>,
    {
        self.write(operation, |mut connection| async move {
            carry_out(connection.begin_with(BRIEF).await?, changes).await
        })
        .await?
    }

    /// Carries out a transaction that belongs to no request and may take its time. It stays if it comes to something.
    pub(super) async fn work<T, E>(
        &self,
        operation: Operation,
        changes: impl AsyncFnOnce(&mut PgConnection) -> Result<T, Refused<E>>,
    ) -> Result<T, E>
    where
        E: From<BackendError>,
    {
        self.in_background(operation, PATIENT, changes).await
    }

    /// Carries out a transaction of the feed. It may take its time as [`Database::work`] may, but PostgreSQL ends it once it
    /// has heard nothing of it for 5 s.
    pub(super) async fn work_steadily<T, E>(
        &self,
        operation: Operation,
        changes: impl AsyncFnOnce(&mut PgConnection) -> Result<T, Refused<E>>,
    ) -> Result<T, E>
    where
        E: From<BackendError>,
    {
        self.in_background(operation, STEADY, changes).await
    }

    async fn in_background<T, E>(
        &self,
        operation: Operation,
        begin: &'static str,
        changes: impl AsyncFnOnce(&mut PgConnection) -> Result<T, Refused<E>>,
    ) -> Result<T, E>
    where
        E: From<BackendError>,
    {
        let worked = self.meters.measure(operation, async {
            let mut connection = self.background.acquire().await?;
            carry_out(connection.begin_with(begin).await?, changes).await
        });
        worked.await?
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
    ) -> Result<T, Failure>
    where
        Answer: Future<Output = Result<T, Failure>>,
    {
        let (lent, loan) = self.serving.lend().await?;
        let answered = tokio::time::timeout(ANSWER_TIMEOUT, statements(lent)).await;
        match answered {
            Ok(Ok(answer)) => {
                loan.keep();
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

/// Commits what `changes` made. What came to nothing is rolled back before anybody is told, so that who asks again at
/// once does not meet its locks.
async fn carry_out<T, E>(
    mut transaction: PgTransaction<'_>,
    changes: impl AsyncFnOnce(&mut PgConnection) -> Result<T, Refused<E>>,
) -> Result<Result<T, E>, Failure> {
    let refused = match changes(&mut transaction).await {
        Ok(done) => {
            transaction.commit().await?;
            return Ok(Ok(done));
        }
        Err(refused) => refused,
    };
    let rolled_back = transaction.rollback().await;
    match refused {
        Refused::Conflict(conflict) => {
            rolled_back?;
            Ok(Err(conflict))
        }
        // What failed first is what has to be told.
        Refused::Failed(failure) => Err(failure),
    }
}
