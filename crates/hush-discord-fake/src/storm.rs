//! Storms: presences by the thousand, spread evenly in time.

use std::sync::Arc;
use std::time::Duration;

use fastrand::Rng;
use tokio::time::{Instant, MissedTickBehavior};

use crate::Fake;
use crate::population::status;
use crate::state::{Shared, State};
use crate::step::Step;

/// How often presences that are due are sent.
const TICK: Duration = Duration::from_millis(1);

/// Presences of members by chance.
#[derive(Clone, Copy, Debug)]
pub struct Storm {
    /// How many in a second.
    pub rate: u32,
    /// For how long.
    pub duration: Duration,
    /// What chance depends on.
    pub seed: u64,
}

/// What became of the last storm.
#[derive(Clone, Debug)]
pub struct StormLog {
    /// When it began.
    pub started: Instant,
    /// How many presences it has altogether.
    pub total: usize,
    /// When each was sent.
    pub sent: Vec<Instant>,
    /// How late the latest was sent: more than some milliseconds say that the machine was too slow for the fake.
    pub late: Duration,
}

impl Storm {
    fn total(self) -> usize {
        self.due(self.duration)
    }

    /// How many are due so long after the beginning.
    fn due(self, elapsed: Duration) -> usize {
        let due = elapsed.as_micros() * u128::from(self.rate) / 1_000_000;
        usize::try_from(due).unwrap_or(usize::MAX)
    }

    /// When one is due, counted from the beginning.
    fn due_at(self, number: usize) -> Duration {
        Duration::from_secs(number as u64) / self.rate.max(1)
    }
}

impl StormLog {
    /// Whether it goes on.
    pub fn is_running(&self) -> bool {
        self.sent.len() < self.total
    }
}

impl Fake {
    /// Sends a storm to its end. The truth after it is [`Fake::world`].
    pub async fn storm(&self, storm: Storm) -> Option<StormLog> {
        run(Arc::clone(&self.shared), storm).await;
        self.shared.read(|state| state.storm.clone())
    }
}

/// Sends a storm to its end, unless nobody is there whose presence could be sent.
pub(crate) async fn run(shared: Arc<Shared>, storm: Storm) {
    let mut rng = Rng::with_seed(storm.seed);
    let started = Instant::now();
    let members = shared.change(|state| {
        let members = everybody(state);
        state.storm = Some(StormLog {
            started,
            total: if members.is_empty() { 0 } else { storm.total() },
            sent: Vec::new(),
            late: Duration::ZERO,
        });
        members
    });
    let mut ticks = tokio::time::interval(TICK);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
    let mut sent = 0;
    while !members.is_empty() && sent < storm.total() {
        ticks.tick().await;
        let due = storm.due(started.elapsed()).min(storm.total());
        shared.change(|state| {
            for number in sent..due {
                let (guild, user) = members[rng.usize(..members.len())];
                state.take(Step::Presence {
                    guild,
                    user,
                    status: status(&mut rng),
                });
                if let Some(log) = &mut state.storm {
                    let late = started.elapsed().saturating_sub(storm.due_at(number));
                    log.late = log.late.max(late);
                    log.sent.push(Instant::now());
                }
            }
        });
        sent = due;
    }
}

/// Every member that is no bot, with the server.
fn everybody(state: &State) -> Vec<(u64, u64)> {
    let guilds = state.world.guilds.values();
    guilds
        .flat_map(|guild| {
            let people = guild.members.values().filter(|member| !member.user.bot);
            people.map(|member| (guild.id, member.user.id))
        })
        .collect()
}
