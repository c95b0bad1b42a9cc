//! When a connection may begin a new session.
//!
//! Discord lets a bot begin so many sessions a day, and resets its token if it begins more. So the last few are never
//! used, those of one connection are at least a minute apart however often the process is started, and those that
//! share a place in the line are five seconds apart. When less than half of them are left, a process waits a minute before
//! its first one: so even with a store that remembers nothing, a process that crashes again and again spends the second
//! half of a day slowly.

use std::sync::Arc;
use std::time::Duration;

use hush_domain::feed::{Epoch, Shard};
use hush_ports::{Clock, FeedError, Identify, Sessions};
use tokio::sync::{Mutex, oneshot};
use tokio::time::{Instant, sleep, sleep_until, timeout};
use twilight_gateway::queue::{IDENTIFY_DELAY, Queue};
use twilight_http::Client;
use twilight_model::gateway::SessionStartLimit;

use crate::meters::Meters;

/// The time between two sessions that are begun on one connection.
const APART: Duration = Duration::from_secs(60);
/// Of how many sessions a day one is kept back, for whoever has to repair something.
const RESERVE: u32 = 20;
/// How much longer than Discord asks for those that share a place wait, since what is sent later may arrive sooner: one
/// that comes too early costs a minute.
const MARGIN: Duration = Duration::from_millis(250);
/// How long to wait before what did not succeed is tried again.
const RETRY: Duration = Duration::from_secs(2);

/// How long Discord may take to say how many sessions may be begun.
const PATIENCE: Duration = Duration::from_secs(5);

/// Whoever waits to begin a session.
#[derive(Clone)]
pub(crate) struct Identifies(Arc<Line>);

struct Line {
    sessions: Arc<dyn Sessions>,
    clock: Arc<dyn Clock>,
    client: Arc<Client>,
    meters: Arc<Meters>,
    epoch: Epoch,
    shards: u32,
    /// When there began to be a line.
    since: Instant,
    budget: Mutex<Budget>,
    /// When the next session may be begun in each place of the line.
    places: Vec<Mutex<Instant>>,
}

/// How many sessions may still be begun.
struct Budget {
    left: u32,
    /// So many are half of them.
    half: u32,
    reserve: u32,
    /// When there are all of them again.
    renewed: Instant,
}

impl Budget {
    fn new(limit: &SessionStartLimit) -> Self {
        Self {
            left: limit.remaining,
            half: limit.total / 2,
            reserve: (limit.total / RESERVE).max(1),
            renewed: Instant::now() + Duration::from_millis(limit.reset_after),
        }
    }
}

impl Identifies {
    pub(crate) fn new(
        (sessions, clock): (Arc<dyn Sessions>, Arc<dyn Clock>),
        client: Arc<Client>,
        meters: Arc<Meters>,
        (epoch, shards): (Epoch, u32),
        limit: &SessionStartLimit,
    ) -> Self {
        meters.identifies_left.set(limit.remaining);
        let now = Instant::now();
        let places = (0..limit.max_concurrency.max(1)).map(|_| Mutex::new(now));
        Self(Arc::new(Line {
            sessions,
            clock,
            client,
            meters,
            epoch,
            shards,
            since: now,
            budget: Mutex::new(Budget::new(limit)),
            places: places.collect(),
        }))
    }
}

impl Queue for Identifies {
    fn enqueue(&self, number: u32) -> oneshot::Receiver<()> {
        let (mut allow, allowed) = oneshot::channel();
        let line = Arc::clone(&self.0);
        tokio::spawn(async move {
            tokio::select! {
                () = line.wait(number) => { let _ = allow.send(()); }
                // The connection has ended meanwhile, and asks again when there is another.
                () = allow.closed() => {}
            }
        });
        allowed
    }
}

impl Line {
    /// Waits until connection `number` may begin a session, which counts as begun then. Waits for ever once another
    /// process leads.
    async fn wait(&self, number: u32) {
        let places = u32::try_from(self.places.len()).unwrap_or(1);
        let Some(place) = self.places.get((number % places.max(1)) as usize) else {
            return;
        };
        let mut free = place.lock().await;
        sleep_until(*free).await;
        let mut budget = self.budget.lock().await;
        self.wait_for_budget(&mut budget).await;
        if budget.left < budget.half {
            sleep_until(self.since + APART).await;
        }
        self.note(number).await;
        budget.left = budget.left.saturating_sub(1);
        self.meters.identifies_left.set(budget.left);
        self.meters.identifies.increment(1);
        *free = Instant::now() + IDENTIFY_DELAY + MARGIN;
    }

    async fn wait_for_budget(&self, budget: &mut Budget) {
        while budget.left <= budget.reserve {
            tracing::error!(
                left = budget.left,
                "Discord lets the bot begin only so many more sessions today, and these are kept back: \
                 look for what begins so many, such as another program with the same token"
            );
            sleep_until(budget.renewed).await;
            *budget = match limit(&self.client).await {
                Ok(limit) => Budget::new(&limit),
                Err(error) => {
                    tracing::warn!(%error, "Discord does not say how many sessions may be begun");
                    Budget {
                        renewed: Instant::now() + APART,
                        ..*budget
                    }
                }
            };
        }
    }

    async fn note(&self, number: u32) {
        let shard = Shard {
            number,
            total: self.shards,
        };
        loop {
            let now = self.clock.wall();
            match self.sessions.identify(self.epoch, shard, now, APART).await {
                Ok(Identify::Now) => return,
                Ok(Identify::NotBefore(earliest)) => {
                    let micros = earliest.unix_micros().saturating_sub(now.unix_micros());
                    let wait = Duration::from_micros(u64::try_from(micros).unwrap_or_default());
                    tracing::info!(%shard, wait = wait.as_secs(), "waiting to begin a session");
                    sleep(wait.min(APART)).await;
                }
                Err(FeedError::Deposed) => std::future::pending().await,
                Err(error) => {
                    tracing::warn!(%error, "whether a session may be begun could not be looked up");
                    sleep(RETRY).await;
                }
            }
        }
    }
}

async fn limit(client: &Client) -> Result<SessionStartLimit, String> {
    let asked = timeout(PATIENCE, client.gateway().authed().into_future());
    let answer = asked.await.map_err(|_| "it does not answer".to_owned())?;
    let answer = answer.map_err(|error| error.to_string())?;
    let info = answer.model().await.map_err(|error| error.to_string())?;
    Ok(info.session_start_limit)
}
