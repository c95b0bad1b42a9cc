//! The one way to the file. Whatever Hush asks of SQLite goes through [`Database`], which bounds how long it may wait,
//! measures it, and says of each failure whether it may pass.

use std::ops::{Deref, DerefMut};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use hush_ports::BackendError;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};
use sqlx::{ConnectOptions, Connection, Sqlite, SqliteConnection, Transaction};
use tokio::sync::{Mutex, OwnedMutexGuard, OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

use super::failure::{Failure, Refused};
use crate::meters::{Meters, Operation};

/// How long a call waits for its turn, and then for other processes that write. Both together stay below the time
/// that a request has.
pub(super) const PATIENCE: Duration = Duration::from_secs(2);
/// How many statements read at once. Each connection is a thread.
const READERS: usize = 4;
/// How much of the file a reader keeps in memory, in KiB; as SQLite writes it, negative.
const READER_CACHE: &str = "-16384";

/// Connections to one file.
pub(super) struct Database {
    readers: Shelf,
    /// What was acknowledged through it survives a power cut.
    writer: Shelf,
    /// What was acknowledged through it survives the process. A power cut forgets the end of what was written through
    /// both, never something in between: they share one log.
    recorder: Shelf,
    /// Who writes through either has the only permit: SQLite would let the other wait as well, but by sleeping and
    /// trying again.
    turn: Arc<Semaphore>,
    pub(super) meters: Meters,
}

impl Database {
    /// Opens every connection, so that nothing that can be wrong with the file is left for later.
    pub(super) async fn open(file: &Path) -> Result<Self, Failure> {
        let options = options(file);
        let reader = options
            .clone()
            .pragma("query_only", "ON")
            .pragma("cache_size", READER_CACHE);
        // What is erased is erased: without this, its bytes stay in the file until something else needs the room.
        let writer = options.pragma("secure_delete", "ON");
        let recorder = writer.clone().synchronous(SqliteSynchronous::Normal);
        Ok(Self {
            readers: Shelf::open(&reader, READERS).await?,
            writer: Shelf::open(&writer, 1).await?,
            recorder: Shelf::open(&recorder, 1).await?,
            turn: Arc::new(Semaphore::new(1)),
            meters: Meters::new(),
        })
    }

    /// Carries out a statement that changes nothing.
    pub(super) async fn read<T, Answer>(
        &self,
        operation: Operation,
        statement: impl FnOnce(Lent) -> Answer,
    ) -> Result<T, BackendError>
    where
        Answer: Future<Output = Result<T, Failure>>,
    {
        self.meters
            .measure(operation, async {
                statement(self.lend_reader().await?).await
            })
            .await
    }

    /// A connection for statements that change nothing.
    pub(super) async fn lend_reader(&self) -> Result<Lent, Failure> {
        self.readers.lend().await
    }

    /// Carries out a statement, or a transaction that is begun by [`begin`], while nobody else in this process writes.
    pub(super) async fn write<T, Answer>(
        &self,
        operation: Operation,
        statements: impl FnOnce(Lent) -> Answer,
    ) -> Result<T, BackendError>
    where
        Answer: Future<Output = Result<T, Failure>>,
    {
        self.in_turn(&self.writer, operation, statements).await
    }

    /// Carries out a transaction while nobody else in this process writes. It stays if it comes to something.
    pub(super) async fn transact<T, E>(
        &self,
        operation: Operation,
        changes: impl AsyncFnOnce(&mut SqliteConnection) -> Result<T, Refused<E>>,
    ) -> Result<T, E>
    where
        E: From<BackendError>,
    {
        self.write(operation, |mut connection| async move {
            whole(&mut connection, changes).await
        })
        .await?
    }

    /// Like [`write`](Self::write), but waits for no disk.
    pub(super) async fn record<T, Answer>(
        &self,
        operation: Operation,
        statements: impl FnOnce(Lent) -> Answer,
    ) -> Result<T, BackendError>
    where
        Answer: Future<Output = Result<T, Failure>>,
    {
        self.in_turn(&self.recorder, operation, statements).await
    }

    async fn in_turn<T, Answer>(
        &self,
        through: &Shelf,
        operation: Operation,
        statements: impl FnOnce(Lent) -> Answer,
    ) -> Result<T, BackendError>
    where
        Answer: Future<Output = Result<T, Failure>>,
    {
        self.meters
            .measure(operation, async {
                let _turn = turn(&self.turn).await?;
                statements(through.lend().await?).await
            })
            .await
    }

    /// Lets those who write finish, lets nobody else in, and brings all that was written into the file itself.
    pub(super) async fn close(&self) {
        let _turn = turn(&self.turn).await;
        if let Ok(mut connection) = self.writer.lend().await {
            // What stays in the log beside the file is no loss: whoever opens it next brings it in.
            let _ = sqlx::query("PRAGMA wal_checkpoint(TRUNCATE)")
                .execute(&mut *connection)
                .await;
        }
        for shelf in [&self.readers, &self.recorder, &self.writer] {
            shelf.places.close();
        }
    }
}

/// How every connection treats the file.
pub(crate) fn options(file: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(file)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(true)
        .busy_timeout(PATIENCE)
}

/// Begins a transaction that has the file for writing from its first statement on, so that none can fail for want of
/// it later.
pub(super) async fn begin(
    connection: &mut SqliteConnection,
) -> Result<Transaction<'_, Sqlite>, Failure> {
    Ok(connection.begin_with("BEGIN IMMEDIATE").await?)
}

/// Carries out a transaction. It stays if it comes to something.
pub(super) async fn whole<T, E>(
    connection: &mut SqliteConnection,
    changes: impl AsyncFnOnce(&mut SqliteConnection) -> Result<T, Refused<E>>,
) -> Result<Result<T, E>, Failure> {
    let mut transaction = begin(connection).await?;
    match changes(&mut transaction).await {
        Ok(done) => {
            transaction.commit().await?;
            Ok(Ok(done))
        }
        Err(Refused::Conflict(conflict)) => Ok(Err(conflict)),
        Err(Refused::Failed(failure)) => Err(failure),
    }
}

async fn turn(of: &Arc<Semaphore>) -> Result<OwnedSemaphorePermit, Failure> {
    match timeout(PATIENCE, of.clone().acquire_owned()).await {
        Ok(Ok(turn)) => Ok(turn),
        Ok(Err(_)) | Err(_) => Err(Failure::Waited),
    }
}

/// Connections of one kind. There are never more than in the beginning: a file does not go away.
struct Shelf {
    places: Arc<Semaphore>,
    connections: Vec<Arc<Mutex<SqliteConnection>>>,
}

impl Shelf {
    async fn open(options: &SqliteConnectOptions, count: usize) -> Result<Self, Failure> {
        let mut connections = Vec::with_capacity(count);
        for _ in 0..count {
            connections.push(Arc::new(Mutex::new(options.connect().await?)));
        }
        Ok(Self {
            places: Arc::new(Semaphore::new(count)),
            connections,
        })
    }

    async fn lend(&self) -> Result<Lent, Failure> {
        let place = turn(&self.places).await?;
        let mut connections = self.connections.iter();
        let free = connections.find_map(|connection| connection.clone().try_lock_owned().ok());
        Ok(Lent {
            // There are as many as places.
            connection: free.ok_or(Failure::Waited)?,
            _place: place,
        })
    }
}

/// A connection that nobody else uses. Its place is given back after it.
pub(super) struct Lent {
    connection: OwnedMutexGuard<SqliteConnection>,
    _place: OwnedSemaphorePermit,
}

impl Deref for Lent {
    type Target = SqliteConnection;

    fn deref(&self) -> &SqliteConnection {
        &self.connection
    }
}

impl DerefMut for Lent {
    fn deref_mut(&mut self) -> &mut SqliteConnection {
        &mut self.connection
    }
}
