//! Refusals that need not be asked for again.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use dashmap::DashMap;
use hush_domain::limits::{Bucket, Decision, Left, Rule};
use hush_ports::{BackendError, Clock, Limiter};

/// How many refusals are remembered at most: a few megabytes of them.
const CAPACITY: usize = 1 << 16;

/// A limiter that remembers the refusals of another, whose answers cost a way to a database: what is refused until
/// some moment is refused until then, so that whoever asks again sooner gets the answer from memory.
pub struct RememberedRefusals {
    limiter: Arc<dyn Limiter>,
    clock: Arc<dyn Clock>,
    refusals: DashMap<Bucket, Refusal>,
}

#[derive(Clone, Copy)]
struct Refusal {
    /// Under another rule the bucket may have room.
    rule: Rule,
    /// When it ends, in the clock's monotonic time. Never too late: it counts from before the limiter was asked.
    end: Duration,
}

impl RememberedRefusals {
    /// Remembers what `limiter` refuses, for as long as it says, by `clock`.
    pub fn new(limiter: Arc<dyn Limiter>, clock: Arc<dyn Clock>) -> Self {
        Self {
            limiter,
            clock,
            refusals: DashMap::new(),
        }
    }

    fn remember(&self, bucket: Bucket, refusal: Refusal, now: Duration) {
        if self.refusals.len() >= CAPACITY {
            self.refusals.retain(|_, refusal| now < refusal.end);
            // To forget is always right, only slower. All at once, lest every further refusal looks through
            // them.
            if self.refusals.len() >= CAPACITY / 2 {
                self.refusals.clear();
            }
        }
        self.refusals.insert(bucket, refusal);
    }
}

#[async_trait]
impl Limiter for RememberedRefusals {
    async fn take(&self, bucket: Bucket, rule: Rule) -> Result<Decision, BackendError> {
        let now = self.clock.monotonic();
        let remembered = self.refusals.get(&bucket).map(|refusal| *refusal);
        match remembered {
            Some(Refusal { rule: of, end }) if of == rule && now < end => {
                return Ok(Decision {
                    admitted: false,
                    remaining: 0,
                    more_in: end.saturating_sub(now),
                });
            }
            Some(_) => drop(self.refusals.remove(&bucket)),
            None => {}
        }
        let decision = self.limiter.take(bucket, rule).await?;
        if !decision.admitted {
            let end = now.saturating_add(decision.more_in);
            self.remember(bucket, Refusal { rule, end }, now);
        }
        Ok(decision)
    }

    async fn left(&self, bucket: Bucket, rule: Rule) -> Result<Left, BackendError> {
        self.limiter.left(bucket, rule).await
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use hush_domain::ids::ServerId;
    use hush_domain::time::Timestamp;
    use hush_ports::MockLimiter;

    use super::*;

    /// A clock that only the test moves.
    #[derive(Default)]
    struct ManualClock(Mutex<Duration>);

    impl ManualClock {
        fn advance(&self, by: Duration) {
            *self.0.lock().unwrap() += by;
        }
    }

    impl Clock for ManualClock {
        fn wall(&self) -> Timestamp {
            unreachable!("refusals live by monotonic time")
        }

        fn monotonic(&self) -> Duration {
            *self.0.lock().unwrap()
        }
    }

    fn bucket(id: u64) -> Bucket {
        Bucket::Server(ServerId::try_from(id).unwrap())
    }

    fn rule(requests: u32) -> Rule {
        Rule::new(requests, Duration::from_mins(1)).unwrap()
    }

    fn refused(more_in: Duration) -> Decision {
        Decision {
            admitted: false,
            remaining: 0,
            more_in,
        }
    }

    /// Remembers the refusals of a limiter that is asked exactly `times` times.
    fn remembering(
        times: usize,
        mut answer: impl FnMut() -> Decision + Send + 'static,
    ) -> (RememberedRefusals, Arc<ManualClock>) {
        let mut limiter = MockLimiter::new();
        limiter
            .expect_take()
            .times(times)
            .returning(move |_, _| Ok(answer()));
        let clock = Arc::new(ManualClock::default());
        (
            RememberedRefusals::new(Arc::new(limiter), clock.clone()),
            clock,
        )
    }

    const SECOND: Duration = Duration::from_secs(1);
    const TICK: Duration = Duration::from_micros(1);

    #[tokio::test]
    async fn a_refusal_is_asked_for_once_and_its_end_comes_nearer() {
        let (limiter, clock) = remembering(1, || refused(10 * SECOND));
        for left in (1..=10).rev() {
            let decision = limiter.take(bucket(1), rule(60)).await.unwrap();
            assert_eq!(decision, refused(left * SECOND));
            clock.advance(SECOND);
        }
    }

    #[tokio::test]
    async fn the_end_of_a_refusal_is_asked_for_again() {
        let (limiter, clock) = remembering(2, || refused(10 * SECOND));
        limiter.take(bucket(1), rule(60)).await.unwrap();
        clock.advance((10 * SECOND).checked_sub(TICK).unwrap());
        let last = limiter.take(bucket(1), rule(60)).await.unwrap();
        assert_eq!(last, refused(TICK));
        clock.advance(TICK);
        let again = limiter.take(bucket(1), rule(60)).await.unwrap();
        assert_eq!(again, refused(10 * SECOND));
    }

    #[tokio::test]
    async fn the_time_that_the_answer_took_counts() {
        let clock = Arc::new(ManualClock::default());
        let mut slow = MockLimiter::new();
        let moving = clock.clone();
        slow.expect_take().times(1).returning(move |_, _| {
            moving.advance(3 * SECOND);
            Ok(refused(10 * SECOND))
        });
        let limiter = RememberedRefusals::new(Arc::new(slow), clock);
        limiter.take(bucket(1), rule(60)).await.unwrap();
        let again = limiter.take(bucket(1), rule(60)).await.unwrap();
        assert_eq!(again, refused(7 * SECOND));
    }

    #[tokio::test]
    async fn an_admission_is_never_remembered() {
        let admitted = Decision {
            admitted: true,
            remaining: 3,
            more_in: SECOND,
        };
        let (limiter, _) = remembering(2, move || admitted);
        for _ in 0..2 {
            assert_eq!(limiter.take(bucket(1), rule(60)).await.unwrap(), admitted);
        }
    }

    #[tokio::test]
    async fn another_bucket_and_another_rule_are_asked_for() {
        let (limiter, _) = remembering(3, || refused(10 * SECOND));
        limiter.take(bucket(1), rule(60)).await.unwrap();
        limiter.take(bucket(2), rule(60)).await.unwrap();
        limiter.take(bucket(1), rule(61)).await.unwrap();
        limiter.take(bucket(1), rule(61)).await.unwrap();
        limiter.take(bucket(2), rule(60)).await.unwrap();
    }

    #[tokio::test]
    async fn a_failure_is_not_remembered() {
        let mut failing = MockLimiter::new();
        failing
            .expect_take()
            .times(2)
            .returning(|_, _| Err(BackendError::transient("away")));
        let limiter = RememberedRefusals::new(Arc::new(failing), Arc::new(ManualClock::default()));
        for _ in 0..2 {
            assert!(limiter.take(bucket(1), rule(60)).await.is_err());
        }
    }

    #[tokio::test]
    async fn memory_is_bounded_however_many_buckets_are_refused() {
        let buckets = 3 * CAPACITY;
        let (limiter, _) = remembering(buckets, || refused(10 * SECOND));
        for id in 1..=buckets as u64 {
            limiter.take(bucket(id), rule(60)).await.unwrap();
        }
        assert!(limiter.refusals.len() <= CAPACITY);
    }
}
