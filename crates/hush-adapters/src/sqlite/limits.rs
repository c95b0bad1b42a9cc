//! The limiter of the one process that serves: its rings are in memory, and every admission is in the file before it
//! is answered.

use std::error::Error;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use hush_domain::ids::{ServerId, TokenId};
use hush_domain::limits::{Bucket, ClientNetwork, Decision, Left, Rule};
use hush_domain::time::Timestamp;
use hush_ports::{BackendError, Clock, Limiter};
use sqlx::types::Json;
use tokio::sync::{mpsc, oneshot};

use super::failure::Failure;
use super::{Serving, Sqlite};
use crate::memory::MemoryLimiter;
use crate::meters::Operation;
use crate::system::SystemClock;

/// How many admissions wait to be recorded, at most, before who is admitted waits to wait.
const WAITING: usize = 4096;
/// How many admissions share one transaction, at most.
const BATCH: usize = 512;
/// From how many rings on idle ones are looked for.
const RINGS: usize = 1 << 16;
/// How many records are read at once, and dropped in one transaction, so that nobody waits for long.
const SWEEP_BATCH: i64 = 10_000;

/// A limiter whose admissions outlive the process: they survive `kill -9`, and only a power cut may forget the last
/// of them, since nobody waits for a disk to take them.
///
/// Refusals are decided in memory and touch no file. Admissions that come together share one transaction.
pub struct SqliteLimiter {
    sqlite: Sqlite,
    rings: Arc<MemoryLimiter>,
    clock: Arc<dyn Clock>,
    waiting: mpsc::Sender<Admission>,
    _serving: Option<Serving>,
}

/// An admission on its way into the file.
struct Admission {
    bucket: Bucket,
    at: u64,
    recorded: oneshot::Sender<Result<(), BackendError>>,
}

impl Sqlite {
    /// The limiter over this file, with what earlier processes admitted. The right to serve from the file shows that
    /// it is the only one.
    pub async fn limiter(&self, serving: Serving) -> Result<SqliteLimiter, BackendError> {
        let clock = SystemClock::new();
        let newest = self.newest_admission().await?;
        let continuing = Continuing {
            // By a clock that was set back, a full bucket would stay full until that clock is where it was.
            origin: since_epoch(clock.wall()).max(Duration::from_micros(newest)),
            clock,
        };
        self.limiter_by(Arc::new(continuing), Some(serving)).await
    }

    /// The limiter whose time is what `now_micros` holds. For tests.
    #[doc(hidden)]
    pub async fn limiter_at(
        &self,
        now_micros: Arc<AtomicI64>,
    ) -> Result<SqliteLimiter, BackendError> {
        self.limiter_by(Arc::new(Still(now_micros)), None).await
    }

    async fn limiter_by(
        &self,
        clock: Arc<dyn Clock>,
        serving: Option<Serving>,
    ) -> Result<SqliteLimiter, BackendError> {
        let rings = Arc::new(MemoryLimiter::new(clock.clone(), RINGS));
        self.restore(&rings, micros(clock.monotonic())).await?;
        let (waiting, queue) = mpsc::channel(WAITING);
        tokio::spawn(record(self.clone(), rings.clone(), queue));
        Ok(SqliteLimiter {
            sqlite: self.clone(),
            rings,
            clock,
            waiting,
            _serving: serving,
        })
    }

    async fn newest_admission(&self) -> Result<u64, BackendError> {
        self.database
            .read(Operation::TakeRequest, |mut connection| async move {
                let newest: Option<i64> = sqlx::query_scalar("SELECT max(at) FROM admissions")
                    .fetch_one(&mut *connection)
                    .await?;
                Ok(newest.map_or(0, i64::cast_unsigned))
            })
            .await
    }

    /// Reads what was admitted within the longest window before `now`.
    async fn restore(&self, rings: &MemoryLimiter, now: u64) -> Result<(), BackendError> {
        self.database
            .read(Operation::TakeRequest, |mut connection| async move {
                let oldest = oldest(now, Rule::MAX_WINDOW);
                let mut last = i64::MIN;
                loop {
                    // In the order of the log, which is that of their times but for a few that overtook each other
                    // on their way: those count from a moment later, which admits nobody too early.
                    let page: Vec<(i64, i16, i64, i64)> = sqlx::query_as(
                        "SELECT id, kind, key, at FROM admissions WHERE id > ?1 ORDER BY id LIMIT ?2",
                    )
                    .bind(last)
                    .bind(SWEEP_BATCH)
                    .fetch_all(&mut *connection)
                    .await?;
                    let Some((id, ..)) = page.last() else {
                        return Ok(());
                    };
                    last = *id;
                    for (_, kind, key, at) in page.into_iter().filter(|row| row.3 > oldest) {
                        rings.restore(bucket(kind, key)?, at.cast_unsigned());
                    }
                }
            })
            .await
    }
}

#[async_trait]
impl Limiter for SqliteLimiter {
    async fn take(&self, bucket: Bucket, rule: Rule) -> Result<Decision, BackendError> {
        let (decision, at) = self.rings.decide(bucket, rule);
        if decision.admitted {
            let (recorded, answer) = oneshot::channel();
            let admission = Admission {
                bucket,
                at,
                recorded,
            };
            let gone = || BackendError::transient("nobody records admissions any more");
            self.waiting.send(admission).await.map_err(|_| gone())?;
            answer.await.map_err(|_| gone())??;
        }
        Ok(decision)
    }

    async fn left(&self, bucket: Bucket, rule: Rule) -> Result<Left, BackendError> {
        self.rings.left(bucket, rule).await
    }
}

impl SqliteLimiter {
    /// Drops the records of admissions that are more than `max_window` ago: they say no more than none. Returns how
    /// many. `max_window` must be at least the longest window of any rule in use.
    pub async fn sweep(&self, max_window: Duration) -> Result<u64, BackendError> {
        let oldest = oldest(micros(self.clock.monotonic()), max_window);
        let mut swept = 0;
        loop {
            let batch = self
                .sqlite
                .database
                .record(Operation::SweepBuckets, |mut connection| async move {
                    // The oldest stand first, but for a few that overtook each other on their way.
                    let dropped = sqlx::query(
                        "DELETE FROM admissions
                         WHERE id IN (SELECT id FROM admissions ORDER BY id LIMIT ?1) AND at <= ?2",
                    )
                    .bind(SWEEP_BATCH)
                    .bind(oldest)
                    .execute(&mut *connection)
                    .await?;
                    Ok(dropped.rows_affected())
                })
                .await?;
            swept += batch;
            if batch < SWEEP_BATCH.cast_unsigned() {
                return Ok(swept);
            }
        }
    }
}

/// Records what is admitted, as many at once as are there, until nobody can be admitted any more.
async fn record(sqlite: Sqlite, rings: Arc<MemoryLimiter>, mut queue: mpsc::Receiver<Admission>) {
    let mut batch = Vec::with_capacity(BATCH);
    while queue.recv_many(&mut batch, BATCH).await > 0 {
        // Whoever is about to be admitted is so before this goes on.
        tokio::task::yield_now().await;
        while batch.len() < BATCH
            && let Ok(next) = queue.try_recv()
        {
            batch.push(next);
        }
        let rows: Vec<_> = batch
            .iter()
            .map(|admission| {
                let (kind, key) = admission.bucket.to_key();
                (kind, key, admission.at)
            })
            .collect();
        let recorded = sqlite
            .database
            .record(Operation::TakeRequest, |mut connection| async move {
                sqlx::query(
                    "INSERT INTO admissions (kind, key, at)
                     SELECT value ->> 0, value ->> 1, value ->> 2 FROM json_each(?1)",
                )
                .bind(Json(rows))
                .execute(&mut *connection)
                .await?;
                Ok(())
            })
            .await;
        for admission in batch.drain(..) {
            let answer = match &recorded {
                Ok(()) => Ok(()),
                Err(error) => {
                    rings.forget(admission.bucket, admission.at);
                    let cause = error.source().map(ToString::to_string).unwrap_or_default();
                    Err(if error.is_transient() {
                        BackendError::transient(cause)
                    } else {
                        BackendError::permanent(cause)
                    })
                }
            };
            // Who asked may have gone away.
            let _ = admission.recorded.send(answer);
        }
    }
}

/// The bucket that a record is about.
fn bucket(kind: i16, key: i64) -> Result<Bucket, Failure> {
    Ok(match kind {
        1 => Bucket::Server(ServerId::try_from(key).map_err(Failure::stored("server id"))?),
        2 => Bucket::Token(TokenId::try_from(key).map_err(Failure::stored("token id"))?),
        3 => Bucket::Client(ClientNetwork::V4(
            u32::try_from(key).map_err(Failure::stored("address"))?,
        )),
        4 => Bucket::Client(ClientNetwork::V6(key.cast_unsigned())),
        _ => return Err(Failure::stored("bucket")(format!("unknown kind {kind}"))),
    })
}

fn oldest(now: u64, window: Duration) -> i64 {
    i64::try_from(now.saturating_sub(micros(window))).unwrap_or(i64::MAX)
}

fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}

fn since_epoch(time: Timestamp) -> Duration {
    Duration::from_micros(u64::try_from(time.unix_micros()).unwrap_or_default())
}

/// A monotonic time that goes on where an earlier process's ended.
struct Continuing {
    origin: Duration,
    clock: SystemClock,
}

impl Clock for Continuing {
    fn wall(&self) -> Timestamp {
        self.clock.wall()
    }

    fn monotonic(&self) -> Duration {
        self.origin.saturating_add(self.clock.monotonic())
    }
}

/// A time that only a test moves.
struct Still(Arc<AtomicI64>);

impl Clock for Still {
    fn wall(&self) -> Timestamp {
        SystemClock::new().wall()
    }

    fn monotonic(&self) -> Duration {
        Duration::from_micros(self.0.load(Ordering::SeqCst).cast_unsigned())
    }
}
