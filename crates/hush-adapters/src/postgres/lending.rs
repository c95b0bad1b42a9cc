//! The serving connections, lent to one call each.
//!
//! sqlx's pool asks a connection whether it is still there whenever it is given back: a round trip for each
//! statement of a request. So a connection that has just done what it was asked is kept here for the next call, and
//! goes through the pool only when it was idle for a while, or is not known to be well.

use std::collections::VecDeque;
use std::ops::{Deref, DerefMut};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use hush_ports::Clock;
use sqlx::pool::PoolConnection;
use sqlx::{PgConnection, PgPool};
use tokio::sync::{Semaphore, SemaphorePermit};

use super::pools::{ACQUIRE_TIMEOUT, TRUSTED_FOR};
use crate::system::SystemClock;

type Connection = PoolConnection<sqlx::Postgres>;

/// Lends the connections of the serving pool.
pub(super) struct Lending {
    pool: PgPool,
    /// As many as the pool has connections, so that one that is kept here never leaves somebody waiting at the
    /// pool.
    places: Semaphore,
    /// What is kept, and since when, longest first.
    kept: Mutex<VecDeque<(Connection, Duration)>>,
    /// How many connections may have died with one that was found dead.
    suspects: Arc<AtomicU32>,
    clock: SystemClock,
}

/// A connection while a call uses it. It is back in its slot when this is dropped.
pub(super) struct Lent {
    connection: Option<Connection>,
    slot: Slot,
}

/// Where a lent connection comes back to.
type Slot = Arc<Mutex<Option<Connection>>>;

/// The other end of a loan.
pub(super) struct Loan<'a> {
    lending: &'a Lending,
    slot: Slot,
    _place: SemaphorePermit<'a>,
}

impl Lending {
    pub(super) fn new(pool: PgPool, suspects: Arc<AtomicU32>) -> Self {
        Self {
            places: Semaphore::new(pool.options().get_max_connections() as usize),
            pool,
            kept: Mutex::default(),
            suspects,
            clock: SystemClock::new(),
        }
    }

    /// Lends a connection, or fails when none is free in time.
    pub(super) async fn lend(&self) -> Result<(Lent, Loan<'_>), sqlx::Error> {
        let place = tokio::time::timeout(ACQUIRE_TIMEOUT, self.places.acquire()).await;
        let place = place.map_err(|_| sqlx::Error::PoolTimedOut)?;
        let place = place.map_err(|_| sqlx::Error::PoolClosed)?;
        let connection = match self.fresh() {
            Some(connection) => connection,
            None => self.pool.acquire().await?,
        };
        let slot = Slot::default();
        let lent = Lent {
            connection: Some(connection),
            slot: Arc::clone(&slot),
        };
        Ok((
            lent,
            Loan {
                lending: self,
                slot,
                _place: place,
            },
        ))
    }

    /// How many connections nobody uses.
    pub(super) fn idle(&self) -> usize {
        lock(&self.kept).len() + self.pool.num_idle()
    }

    /// The pool behind.
    pub(super) fn pool(&self) -> &PgPool {
        &self.pool
    }

    /// Lends no more and closes every connection once it is free.
    pub(super) async fn close(&self) {
        self.places.close();
        lock(&self.kept).clear();
        self.pool.close().await;
    }

    /// A kept connection that was in use a moment ago. Older ones, and all while some are suspected to be dead, go
    /// back to the pool, which asks before it lends them again.
    fn fresh(&self) -> Option<Connection> {
        let trusted_since = self.clock.monotonic().saturating_sub(TRUSTED_FOR);
        let mut kept = lock(&self.kept);
        if self.suspects.load(Ordering::Relaxed) > 0 {
            kept.clear();
        }
        while kept
            .front()
            .is_some_and(|(_, since)| *since < trusted_since)
        {
            kept.pop_front();
        }
        // The one used last, so that those that are not needed grow old.
        kept.pop_back().map(|(connection, _)| connection)
    }
}

impl Loan<'_> {
    /// The call has done what it was asked to, and left no transaction open: its connection is kept for the next
    /// one.
    pub(super) fn keep(self) {
        if let Some(connection) = lock(&self.slot).take()
            && !self.lending.places.is_closed()
        {
            lock(&self.lending.kept).push_back((connection, self.lending.clock.monotonic()));
        }
    }

    /// The call was given up: its connection would wait for the answer until the operating system gives it up, so
    /// it is closed.
    pub(super) fn abandon(self) {
        if let Some(mut connection) = lock(&self.slot).take() {
            connection.close_on_drop();
        }
    }
}

impl Deref for Lent {
    type Target = PgConnection;

    #[expect(clippy::expect_used, reason = "only `drop` takes it out")]
    fn deref(&self) -> &PgConnection {
        self.connection.as_ref().expect("lent until dropped")
    }
}

impl DerefMut for Lent {
    #[expect(clippy::expect_used, reason = "only `drop` takes it out")]
    fn deref_mut(&mut self) -> &mut PgConnection {
        self.connection.as_mut().expect("lent until dropped")
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        *lock(&self.slot) = self.connection.take();
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
