//! Brings what was heard into effect.

use std::sync::Arc;
use std::time::Duration;

use hush_domain::events::{Change, Event, ListedMember, Snapshot};
use hush_domain::feed::{Epoch, Shard};
use hush_domain::ids::ServerId;
use hush_ports::{BackendError, Feed, FeedError, Ingest, IngestError, MemberSource, SourceError};
use tokio::time::{Instant, MissedTickBehavior, interval, sleep};

use crate::backlog::{Backlog, Beginning, Heard, Item, Job, Work};
use crate::interactions::Interactions;
use crate::meters::Meters;

/// How often presences are brought into effect.
const FLUSH: Duration = Duration::from_millis(250);
/// The most presences that are brought into effect at once.
const BATCH: usize = 10_000;
/// How long to wait before a store that is away is asked again, the first time and at most.
const RETRY: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(2));
/// How many members go to the store at a time.
const PART: usize = 1000;

/// Another process leads by now.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Deposed;

/// Brings the backlog into effect in one epoch.
pub(crate) struct Applier {
    pub(crate) backlog: Arc<Backlog>,
    pub(crate) epoch: Epoch,
    pub(crate) feed: Arc<dyn Feed>,
    pub(crate) ingest: Arc<dyn Ingest>,
    /// How many connections there are.
    pub(crate) shards: u32,
    pub(crate) interactions: Interactions,
    pub(crate) meters: Arc<Meters>,
}

impl Applier {
    /// Does one thing after the other, until another process leads.
    pub(crate) async fn work(&self) -> Deposed {
        loop {
            let job = self.backlog.next().await;
            let done = match &job {
                Job::Server(server, item) => self.carry_out(*server, item).await,
                Job::Begin(beginning) => self.begin(beginning).await,
            };
            if let Err(deposed) = done {
                return deposed;
            }
            self.backlog.done(job);
        }
    }

    /// Brings presences into effect again and again, until another process leads.
    pub(crate) async fn flush(&self) -> Deposed {
        let mut often = interval(FLUSH);
        often.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            often.tick().await;
            // Only what is more than fits is brought into effect at once: waiting makes batches, and batches are cheap.
            let mut full = true;
            while full {
                let batch = self.backlog.presences(BATCH);
                let Some(since) = batch.since else {
                    break;
                };
                full = batch.changes.len() >= BATCH;
                let applied = self
                    .persist("presences", || {
                        self.ingest.apply_presences(batch.changes.clone())
                    })
                    .await;
                if let Err(deposed) = applied {
                    return deposed;
                }
                self.meters.presence_lag.record(since.elapsed());
                self.backlog.batch_done(batch);
            }
        }
    }

    async fn carry_out(&self, server: ServerId, item: &Item) -> Result<(), Deposed> {
        let Heard { at, instant } = item.heard;
        match &item.work {
            Work::Server(snapshot, members) => {
                self.persist("a server", || {
                    let members = Box::new(Parts::of(members));
                    self.ingest
                        .apply_snapshot(Snapshot::clone(snapshot), members, at)
                })
                .await?;
            }
            Work::Change(change) => self.change(server, change, item.heard).await?,
            Work::Presences(changes) => {
                self.persist("presences", || self.ingest.apply_presences(changes.clone()))
                    .await?;
                self.meters.presence_lag.record(instant.elapsed());
                return Ok(());
            }
            Work::Answer(interaction) => {
                // Who asks waits for what was heard before, and nobody waits for the answer.
                self.interactions.answer(interaction, instant);
            }
        }
        self.meters.lag.record(instant.elapsed());
        Ok(())
    }

    async fn change(&self, server: ServerId, change: &Change, heard: Heard) -> Result<(), Deposed> {
        self.persist("a change", || {
            let change = change.clone();
            self.ingest.apply(Event { server, change }, heard.at)
        })
        .await
    }

    /// Begins a session: what the bot was in and is not any more is removed.
    async fn begin(&self, beginning: &Beginning) -> Result<(), Deposed> {
        let shard = Shard {
            number: beginning.shard,
            total: self.shards,
        };
        let gone = self
            .persist_for("the beginning of a session", || {
                self.feed.begin_session(self.epoch, shard, &beginning.named)
            })
            .await?;
        for server in gone.unwrap_or_default() {
            tracing::info!(%server, "the bot is no longer in this server");
            let heard = Heard {
                at: beginning.heard.at,
                instant: Instant::now(),
            };
            self.change(server, &Change::ServerRemoved, heard).await?;
        }
        Ok(())
    }

    /// Carries `write` out, again and again while the store is away. What the store refuses for good is given up, so
    /// that it does not stand in the way of all that follows.
    async fn persist<T, W>(&self, what: &str, write: impl Fn() -> W) -> Result<(), Deposed>
    where
        W: Future<Output = Result<T, IngestError>>,
    {
        self.persist_for(what, write).await.map(drop)
    }

    async fn persist_for<T, W, E>(
        &self,
        what: &str,
        write: impl Fn() -> W,
    ) -> Result<Option<T>, Deposed>
    where
        W: Future<Output = Result<T, E>>,
        E: Into<Failed>,
    {
        let mut wait = RETRY.0;
        loop {
            match write().await.map_err(Into::into) {
                Ok(done) => return Ok(Some(done)),
                Err(Failed::Deposed) => return Err(Deposed),
                Err(Failed::Transient(error)) => {
                    tracing::warn!(%error, "{what} could not be stored yet");
                    sleep(wait).await;
                    wait = (wait * 2).min(RETRY.1);
                }
                Err(Failed::ForGood(error)) => {
                    tracing::error!(error, "{what} was not stored, and is given up");
                    self.meters.failed.increment(1);
                    return Ok(None);
                }
            }
        }
    }
}

/// Why something was not stored.
enum Failed {
    Deposed,
    Transient(BackendError),
    ForGood(String),
}

impl From<BackendError> for Failed {
    fn from(error: BackendError) -> Self {
        if error.is_transient() {
            Self::Transient(error)
        } else {
            Self::ForGood(error.to_string())
        }
    }
}

impl From<IngestError> for Failed {
    fn from(error: IngestError) -> Self {
        match error {
            IngestError::Deposed => Self::Deposed,
            IngestError::Backend(error) => error.into(),
            other => Self::ForGood(other.to_string()),
        }
    }
}

impl From<FeedError> for Failed {
    fn from(error: FeedError) -> Self {
        match error {
            FeedError::Deposed => Self::Deposed,
            FeedError::Backend(error) => error.into(),
            other => Self::ForGood(other.to_string()),
        }
    }
}

/// A member list, part by part, as often as it takes.
struct Parts {
    members: Arc<[ListedMember]>,
    given: usize,
}

impl Parts {
    fn of(members: &Arc<[ListedMember]>) -> Self {
        Self {
            members: Arc::clone(members),
            given: 0,
        }
    }
}

impl MemberSource for Parts {
    fn next_part(&mut self) -> Result<Option<Vec<ListedMember>>, SourceError> {
        let rest = self.members.get(self.given..).unwrap_or_default();
        let part: Vec<_> = rest.iter().take(PART).cloned().collect();
        self.given += part.len();
        Ok((!part.is_empty()).then_some(part))
    }
}
