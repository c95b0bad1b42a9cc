use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use hush_domain::limits::{Bucket, Decision, Left, Policy, Ring, Rule};
use hush_ports::{BackendError, Clock, Limiter};

const SHARDS: usize = 64;

/// The rate limit of one process, in memory of bounded size.
///
/// A ring that is idle says no more than none, so idle rings are dropped whenever a shard has reached its
/// part of the capacity. What happens if that does not suffice depends on who chooses the keys:
///
/// - Servers, tokens and the users of slash commands are vouched for by a store or by Discord, so there are only so
///   many. Their rings are never dropped before they are idle, or the limit would not be exact; the shard may grow
///   instead.
/// - Clients' addresses are chosen by whoever asks, and an attacker may own billions. An arbitrary ring makes
///   room: that gives one address its requests anew, which an attacker with so many has anyway, and costs
///   others nothing.
///
/// The two kinds live apart, so that a flood of addresses touches nobody who has a token.
pub struct MemoryLimiter {
    clock: Arc<dyn Clock>,
    hasher: RandomState,
    known: Box<[Mutex<Shard>]>,
    clients: Box<[Mutex<Shard>]>,
}

impl MemoryLimiter {
    /// A limiter by the monotonic time of `clock` that keeps at most `capacity` clients' rings, rounded up to
    /// a multiple of 64, and looks for idle ones among all others from that number on. A ring
    /// takes up to 4 bytes for each request that its rule admits, and about 100 beside.
    pub fn new(clock: Arc<dyn Clock>, capacity: usize) -> Self {
        let shards = || {
            let shard = || Mutex::new(Shard::new(capacity.div_ceil(SHARDS).max(1)));
            std::iter::repeat_with(shard).take(SHARDS).collect()
        };
        Self {
            clock,
            hasher: RandomState::new(),
            known: shards(),
            clients: shards(),
        }
    }
}

#[async_trait]
impl Limiter for MemoryLimiter {
    async fn take(&self, bucket: Bucket, rule: Rule) -> Result<Decision, BackendError> {
        Ok(self.decide(bucket, rule).0)
    }

    async fn left(&self, bucket: Bucket, rule: Rule) -> Result<Left, BackendError> {
        let shard = self.shard(bucket);
        let now = micros(self.clock.monotonic());
        let nothing = Ring::default();
        let kept = shard.rings.get(&bucket).map(|kept| &kept.ring);
        Ok(kept.unwrap_or(&nothing).left(now, rule))
    }
}

impl MemoryLimiter {
    /// Decides, and says when: the time under which an admission was recorded, in microseconds.
    pub(crate) fn decide(&self, bucket: Bucket, rule: Rule) -> (Decision, u64) {
        let mut shard = self.shard(bucket);
        // Read under the lock, so that times reach a ring in the order in which they were read.
        let now = micros(self.clock.monotonic());
        shard.take(bucket, rule, now, evictable(bucket))
    }

    fn shard(&self, bucket: Bucket) -> MutexGuard<'_, Shard> {
        let shards = if evictable(bucket) {
            &self.clients
        } else {
            &self.known
        };
        let [random, ..] = self.hasher.hash_one(bucket).to_le_bytes();
        let shard = &shards[usize::from(random) % SHARDS];
        // A poisoned lock is taken all the same: at worst its last request was recorded and not admitted.
        shard.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// For a limiter whose admissions outlive the process.
#[cfg(feature = "sqlite")]
impl MemoryLimiter {
    /// Records an admission of an earlier process. The oldest come first.
    pub(crate) fn restore(&self, bucket: Bucket, at: u64) {
        let (mut shard, widest) = (self.shard(bucket), Rule::WIDEST);
        let _ = shard.take(bucket, widest, at, evictable(bucket));
    }

    /// Takes back an admission that could not be recorded where it lasts.
    pub(crate) fn forget(&self, bucket: Bucket, at: u64) {
        if let Some(kept) = self.shard(bucket).rings.get_mut(&bucket) {
            kept.ring.forget(at);
        }
    }
}

/// Whether a bucket's key is chosen by whoever asks.
fn evictable(bucket: Bucket) -> bool {
    bucket.policy() == Policy::Auth
}

fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}

struct Shard {
    rings: HashMap<Bucket, Kept>,
    capacity: usize,
    /// From how many rings on idle ones are looked for.
    sweep_at: usize,
}

/// A ring, and the rule that it was last asked under, which says when it is idle.
struct Kept {
    ring: Ring,
    rule: Rule,
}

impl Shard {
    fn new(capacity: usize) -> Self {
        Self {
            rings: HashMap::new(),
            capacity,
            sweep_at: capacity,
        }
    }

    fn take(&mut self, bucket: Bucket, rule: Rule, now: u64, evictable: bool) -> (Decision, u64) {
        if self.rings.len() >= self.sweep_at && !self.rings.contains_key(&bucket) {
            self.make_room(now, evictable);
        }
        let new = || Kept {
            ring: Ring::default(),
            rule,
        };
        let kept = self.rings.entry(bucket).or_insert_with(new);
        kept.rule = rule;
        let decision = kept.ring.take(now, rule);
        (decision, kept.ring.newest())
    }

    fn make_room(&mut self, now: u64, evictable: bool) {
        self.rings
            .retain(|_, kept| !kept.ring.is_idle(now, kept.rule));
        if !evictable {
            // Twice what is left, so that looking costs each new ring a constant.
            self.sweep_at = self.capacity.max(2 * self.rings.len());
        } else if self.rings.len() >= self.capacity {
            let arbitrary = self.rings.keys().next().copied();
            arbitrary.and_then(|bucket| self.rings.remove(&bucket));
        }
    }
}

#[cfg(test)]
mod tests {
    use hush_domain::ids::ServerId;
    use hush_domain::limits::ClientNetwork;

    use super::*;

    const SECOND: u64 = 1_000_000;

    fn once_a_minute() -> Rule {
        Rule::new(1, Duration::from_mins(1)).unwrap()
    }

    fn client(number: u32) -> Bucket {
        Bucket::Client(ClientNetwork::V4(number))
    }

    fn server(number: u64) -> Bucket {
        Bucket::Server(ServerId::try_from(number).unwrap())
    }

    #[test]
    fn a_flood_of_clients_never_takes_more_than_the_capacity() {
        let mut shard = Shard::new(10);
        for number in 0..10_000 {
            assert!(
                shard
                    .take(client(number), once_a_minute(), 0, true)
                    .0
                    .admitted
            );
            assert!(shard.rings.len() <= 10);
        }
    }

    #[test]
    fn an_idle_client_makes_room_before_one_that_is_not() {
        let mut shard = Shard::new(10);
        for number in 0..9 {
            shard.take(client(number), once_a_minute(), 0, true);
        }
        shard.take(client(9), once_a_minute(), 59 * SECOND, true);
        shard.take(client(10), once_a_minute(), 61 * SECOND, true);
        assert!(
            !shard
                .take(client(9), once_a_minute(), 61 * SECOND, true)
                .0
                .admitted
        );
        assert_eq!(shard.rings.len(), 2);
    }

    #[test]
    fn a_server_keeps_its_ring_until_it_is_idle_and_no_longer_than_needed() {
        let mut shard = Shard::new(10);
        for minute in 0..5 {
            let now = 100 * SECOND * minute;
            let servers = || (1..=1000).map(|number| server(1000 * minute + number));
            for server in servers() {
                assert!(shard.take(server, once_a_minute(), now, false).0.admitted);
            }
            for server in servers() {
                assert!(!shard.take(server, once_a_minute(), now, false).0.admitted);
            }
            assert!(shard.rings.len() <= 2000, "{} rings", shard.rings.len());
        }
    }

    #[test]
    fn a_ring_stays_for_the_window_that_it_was_last_asked_under() {
        let mut shard = Shard::new(1);
        let twice_an_hour = Rule::new(2, Duration::from_hours(1)).unwrap();
        shard.take(server(1), once_a_minute(), 0, false);
        shard.take(server(1), twice_an_hour, 0, false);
        shard.take(server(2), once_a_minute(), 100 * SECOND, false);
        let (decision, _) = shard.take(server(1), twice_an_hour, 100 * SECOND, false);
        assert!(!decision.admitted);
    }

    #[test]
    fn a_longer_window_than_that_of_who_asks_keeps_a_ring() {
        let mut shard = Shard::new(1);
        let once_an_hour = Rule::new(1, Duration::from_hours(1)).unwrap();
        shard.take(server(1), once_an_hour, 0, false);
        shard.take(server(2), once_a_minute(), 100 * SECOND, false);
        assert!(
            !shard
                .take(server(1), once_an_hour, 100 * SECOND, false)
                .0
                .admitted
        );
    }
}
