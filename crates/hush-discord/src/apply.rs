//! Brings what was heard into effect.

use std::collections::HashMap;
use std::fmt::Display;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use hush_domain::events::{Change, Event, Generation, ListedMember, Snapshot};
use hush_domain::feed::{Epoch, Shard};
use hush_domain::ids::ServerId;
use hush_ports::{Feed, FeedError, Ingest, IngestError, MemberSource, SourceError};
use tokio::time::{Instant, MissedTickBehavior, interval, sleep};

use crate::backlog::{Backlog, Beginning, Heard, Item, Job, Outcome, Work};
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
    /// The member lists of which a part was given up, which stay incomplete.
    pub(crate) torn: Mutex<HashMap<ServerId, Generation>>,
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
            match done {
                Ok(outcome) => self.backlog.done(job, outcome),
                Err(deposed) => return deposed,
            }
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
                match applied {
                    Ok(outcome) => self.backlog.batch_done(batch, outcome),
                    Err(deposed) => return deposed,
                }
                self.meters.presence_lag.record(since.elapsed());
            }
        }
    }

    async fn carry_out(&self, server: ServerId, item: &Item) -> Result<Outcome, Deposed> {
        let Heard { at, instant } = item.heard;
        let outcome = match &item.work {
            Work::Server(snapshot, members) => {
                self.persist("a server", || {
                    let members = Box::new(Parts::of(members));
                    self.ingest
                        .apply_snapshot(Snapshot::clone(snapshot), members, at)
                })
                .await?
            }
            Work::Change(change) => self.change(server, change, item.heard).await?,
            Work::Presences(changes) => {
                let outcome = self
                    .persist("presences", || self.ingest.apply_presences(changes.clone()))
                    .await?;
                self.meters.presence_lag.record(instant.elapsed());
                return Ok(outcome);
            }
            Work::Answer(interaction) => {
                // Who asks waits for what was heard before, and nobody waits for the answer.
                self.interactions.answer(interaction, instant);
                Outcome::Applied
            }
        };
        self.meters.lag.record(instant.elapsed());
        Ok(outcome)
    }

    async fn change(
        &self,
        server: ServerId,
        change: &Change,
        heard: Heard,
    ) -> Result<Outcome, Deposed> {
        let generation = match change {
            Change::MemberChunk { generation, .. } => Some(generation),
            _ => None,
        };
        let torn = generation.is_some() && self.torn().get(&server) == generation;
        let outcome = self
            .persist("a change", || {
                let mut change = change.clone();
                if let (true, Change::MemberChunk { last, .. }) = (torn, &mut change) {
                    // Who was in a part that was given up has not left.
                    *last = false;
                }
                self.ingest.apply(Event { server, change }, heard.at)
            })
            .await?;
        if let (Outcome::GivenUp, Some(generation)) = (outcome, generation) {
            self.torn().insert(server, *generation);
        }
        Ok(outcome)
    }

    fn torn(&self) -> MutexGuard<'_, HashMap<ServerId, Generation>> {
        self.torn.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Begins a session: what the bot was in and is not any more is removed.
    async fn begin(&self, beginning: &Beginning) -> Result<Outcome, Deposed> {
        let shard = Shard {
            number: beginning.shard,
            total: self.shards,
        };
        let what = "the beginning of a session";
        let mut pace = Pace::new();
        let gone = loop {
            let begun = self.feed.begin_session(self.epoch, shard, &beginning.named);
            match begun.await {
                Ok(gone) => break gone,
                Err(FeedError::Deposed) => return Err(Deposed),
                Err(error) => pace.wait(what, &error).await,
            }
        };
        for server in gone {
            tracing::info!(%server, "the bot is no longer in this server");
            let heard = Heard {
                at: beginning.heard.at,
                instant: Instant::now(),
            };
            self.change(server, &Change::ServerRemoved, heard).await?;
        }
        Ok(Outcome::Applied)
    }

    /// Carries `write` out, again and again for as long as the store is away or broken. Only what the store does not take,
    /// and would not take then either, is given up, so that it does not stand in the way of all that follows.
    async fn persist<T, W>(&self, what: &str, write: impl Fn() -> W) -> Result<Outcome, Deposed>
    where
        W: Future<Output = Result<T, IngestError>>,
    {
        let mut pace = Pace::new();
        loop {
            match write().await {
                Ok(_) => return Ok(Outcome::Applied),
                Err(IngestError::Deposed) => return Err(Deposed),
                Err(IngestError::Backend(error)) if !error.is_refused() => {
                    pace.wait(what, &error).await;
                }
                Err(error) => {
                    tracing::error!(
                        %error,
                        "{what} was not stored, and is given up: what is known of the server may be wrong until another \
                         session with Discord is begun"
                    );
                    self.meters.failed.increment(1);
                    return Ok(Outcome::GivenUp);
                }
            }
        }
    }
}

/// The time between attempts to store something.
struct Pace(Duration);

impl Pace {
    fn new() -> Self {
        Self(RETRY.0)
    }

    async fn wait(&mut self, what: &str, error: &impl Display) {
        tracing::warn!(%error, "{what} could not be stored yet");
        sleep(self.0).await;
        self.0 = (self.0 * 2).min(RETRY.1);
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
