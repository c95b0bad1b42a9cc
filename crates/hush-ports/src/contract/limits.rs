//! The rate limit. A second is written as `S` microseconds.

use std::time::Duration;

use hush_domain::ids::{ServerId, TokenId};
use hush_domain::limits::{Bucket, ClientNetwork, Decision, Left, Ring, Rule};
use proptest::collection::vec;
use proptest::prop_oneof;
use proptest::strategy::Just;
use tokio::task::JoinSet;

use super::LimiterUnderTest;
use super::examples::cases;

/// Hands the rules of this file to `$test`.
#[macro_export]
macro_rules! for_each_limits_rule {
    ($test:ident) => {
        $test! {
            limits {
                of_many_at_once_exactly_the_limit_pass,
                no_window_holds_more_than_the_limit,
                a_request_is_admitted_as_soon_as_the_window_allows,
                remaining_and_more_in_say_what_comes,
                buckets_do_not_share,
                a_refusal_costs_nothing,
                time_that_goes_back_does_no_harm,
                a_smaller_limit_keeps_the_newest,
                a_larger_limit_keeps_the_newest,
                another_window_judges_the_same_admissions,
                long_windows_are_exact_however_much_time_passes,
                nothing_is_taken_by_whoever_asks_what_is_left,
                what_is_left_is_what_the_ring_says,
                what_is_left_is_each_buckets_own,
                time_that_goes_back_leaves_what_was_left,
            }
        }
    };
}

const S: i64 = 1_000_000;

/// Of 200 requests at once, on a bucket that nobody used before, as many pass as the rule says, and each is
/// told another number of what remains.
pub async fn of_many_at_once_exactly_the_limit_pass(limiter: &LimiterUnderTest) {
    let mut takers = JoinSet::new();
    for _ in 0..200 {
        let port = limiter.port.clone();
        takers.spawn(async move { port.take(server(1), rule(60, 60)).await.unwrap() });
    }
    let decisions = takers.join_all().await;
    let admitted = decisions.iter().filter(|decision| decision.admitted);
    let mut remaining: Vec<_> = admitted.map(|decision| decision.remaining).collect();
    remaining.sort_unstable();
    assert_eq!(remaining, (0..60).collect::<Vec<_>>());
    assert_eq!(limiter.take(server(1), rule(60, 60)).await, refused(60 * S));
}

/// Whatever the gaps between requests, one is admitted if and only if the window that ends with it holds fewer
/// admissions than the limit, counted one by one; and the whole decision is the domain's.
pub async fn no_window_holds_more_than_the_limit(limiter: &LimiterUnderTest) {
    let window = 2 * S;
    let gap = prop_oneof![
        3 => Just(0),
        3 => 1..S,
        1 => window - 2..window + 3,
        1 => Just(window / 2),
        1 => window..100 * window,
    ];
    let case = (1_u32..6, vec(gap, 60));
    for (number, (requests, gaps)) in (1..).zip(cases(12, &case)) {
        let rule = rule(requests, 2);
        let mut ring = Ring::default();
        let mut now = 0;
        let mut admissions: Vec<i64> = Vec::new();
        for gap in &gaps {
            limiter.advance(*gap).await;
            now += *gap;
            let decision = limiter.take(server(number), rule).await;
            let inside = admissions
                .iter()
                .filter(|time| now - **time < window)
                .count();
            assert_eq!(
                decision.admitted,
                inside < requests as usize,
                "at {now} of {gaps:?}"
            );
            assert_eq!(
                decision,
                ring.take(now.cast_unsigned(), rule),
                "at {now} of {gaps:?}"
            );
            if decision.admitted {
                admissions.push(now);
            }
        }
    }
}

/// The next request passes when the oldest admission has just left the window, and not a microsecond before.
pub async fn a_request_is_admitted_as_soon_as_the_window_allows(limiter: &LimiterUnderTest) {
    let rule = rule(2, 60);
    assert!(limiter.take(server(1), rule).await.admitted);
    limiter.advance(S).await;
    assert!(limiter.take(server(1), rule).await.admitted);
    limiter.advance(59 * S - 1).await;
    assert_eq!(limiter.take(server(1), rule).await, refused(1));
    limiter.advance(1).await;
    assert_eq!(limiter.take(server(1), rule).await, admitted(0, S));
    limiter.advance(S - 1).await;
    assert_eq!(limiter.take(server(1), rule).await, refused(1));
    limiter.advance(1).await;
    assert_eq!(limiter.take(server(1), rule).await, admitted(0, 59 * S));
}

/// Each decision says how many more would pass right now, and when there is room for one more than that.
pub async fn remaining_and_more_in_say_what_comes(limiter: &LimiterUnderTest) {
    let rule = rule(3, 60);
    let all = 60 * S;
    assert_eq!(limiter.take(server(1), rule).await, admitted(2, all));
    limiter.advance(10 * S).await;
    assert_eq!(
        limiter.take(server(1), rule).await,
        admitted(1, all - 10 * S)
    );
    limiter.advance(10 * S).await;
    assert_eq!(
        limiter.take(server(1), rule).await,
        admitted(0, all - 20 * S)
    );
    limiter.advance(10 * S).await;
    assert_eq!(limiter.take(server(1), rule).await, refused(all - 30 * S));
    // The first of the three has left; the second is the next to go.
    limiter.advance(35 * S).await;
    assert_eq!(
        limiter.take(server(1), rule).await,
        admitted(0, all - 55 * S)
    );
    limiter.advance(1000 * S).await;
    assert_eq!(limiter.take(server(1), rule).await, admitted(2, all));
}

/// Each server, each token, each client has a bucket of its own, though their numbers be equal.
pub async fn buckets_do_not_share(limiter: &LimiterUnderTest) {
    let highest = u64::MAX / 2;
    let buckets = [
        server(5),
        server(6),
        server(highest),
        token(5),
        token(6),
        token(highest),
        Bucket::Client(ClientNetwork::V4(5)),
        Bucket::Client(ClientNetwork::V4(6)),
        Bucket::Client(ClientNetwork::V4(u32::MAX)),
        Bucket::Client(ClientNetwork::V6(5)),
        Bucket::Client(ClientNetwork::V6(6)),
        Bucket::Client(ClientNetwork::V6(highest)),
        Bucket::Client(ClientNetwork::V6(u64::MAX)),
    ];
    for expected in [admitted(1, 60 * S), admitted(0, 60 * S), refused(60 * S)] {
        for bucket in buckets {
            let decision = limiter.take(bucket, rule(2, 60)).await;
            assert_eq!(decision, expected, "{bucket:?}");
        }
    }
}

/// Asking in vain, however often, puts nothing off.
pub async fn a_refusal_costs_nothing(limiter: &LimiterUnderTest) {
    let rule = rule(1, 60);
    assert!(limiter.take(server(1), rule).await.admitted);
    for second in 0..60 {
        let left = (60 - second) * S;
        for _ in 0..3 {
            assert_eq!(limiter.take(server(1), rule).await, refused(left));
        }
        limiter.advance(S).await;
    }
    assert_eq!(limiter.take(server(1), rule).await, admitted(0, 60 * S));
}

/// A clock that goes back lets nobody in early: the newest admission's time stands until it is reached again,
/// and what is admitted meanwhile counts as of that time.
pub async fn time_that_goes_back_does_no_harm(limiter: &LimiterUnderTest) {
    let rule = rule(3, 60);
    limiter.take(server(1), rule).await;
    limiter.advance(30 * S).await;
    limiter.take(server(1), rule).await;
    limiter.advance(-3000 * S).await;
    assert_eq!(limiter.take(server(1), rule).await, admitted(0, 30 * S));
    assert_eq!(limiter.take(server(1), rule).await, refused(30 * S));
    limiter.advance(3030 * S - 1).await;
    assert_eq!(limiter.take(server(1), rule).await, refused(1));
    limiter.advance(1).await;
    assert_eq!(limiter.take(server(1), rule).await, admitted(0, 30 * S));
    limiter.advance(30 * S).await;
    assert_eq!(limiter.take(server(1), rule).await, admitted(1, 30 * S));
}

/// Under a smaller limit the newest admissions decide, as many as it says.
pub async fn a_smaller_limit_keeps_the_newest(limiter: &LimiterUnderTest) {
    for _ in 0..6 {
        assert!(limiter.take(server(1), rule(10, 60)).await.admitted);
        limiter.advance(S).await;
    }
    // It is second 6, and there were admissions at 0 to 5: the second newest leaves the window after 64.
    assert_eq!(limiter.take(server(1), rule(2, 60)).await, refused(58 * S));
    assert_eq!(limiter.take(server(1), rule(6, 60)).await, refused(54 * S));
    assert_eq!(
        limiter.take(server(1), rule(7, 60)).await,
        admitted(0, 54 * S)
    );
    limiter.advance(58 * S).await;
    // Those of seconds 5 and 6 are left.
    assert_eq!(limiter.take(server(1), rule(2, 60)).await, refused(S));
    limiter.advance(S).await;
    assert_eq!(limiter.take(server(1), rule(2, 60)).await, admitted(0, S));
}

/// Under a larger limit the admissions before count.
pub async fn a_larger_limit_keeps_the_newest(limiter: &LimiterUnderTest) {
    for _ in 0..2 {
        assert!(limiter.take(server(1), rule(2, 60)).await.admitted);
        limiter.advance(S).await;
    }
    assert_eq!(limiter.take(server(1), rule(2, 60)).await, refused(58 * S));
    for remaining in [2, 1, 0] {
        let decision = limiter.take(server(1), rule(5, 60)).await;
        assert_eq!(decision, admitted(remaining, 58 * S));
    }
    assert_eq!(limiter.take(server(1), rule(5, 60)).await, refused(58 * S));
}

/// A shorter window forgets sooner and a longer one later, over the same admissions.
pub async fn another_window_judges_the_same_admissions(limiter: &LimiterUnderTest) {
    assert!(limiter.take(server(1), rule(2, 60)).await.admitted);
    limiter.advance(20 * S).await;
    assert!(limiter.take(server(1), rule(2, 60)).await.admitted);
    limiter.advance(50 * S).await;
    assert_eq!(limiter.take(server(1), rule(1, 60)).await, refused(10 * S));
    assert_eq!(limiter.take(server(1), rule(2, 100)).await, refused(30 * S));
    assert_eq!(
        limiter.take(server(1), rule(2, 10)).await,
        admitted(1, 10 * S)
    );
}

/// The longest window is exact over hours, and after days a bucket is as new.
pub async fn long_windows_are_exact_however_much_time_passes(limiter: &LimiterUnderTest) {
    let (rule, hour) = (rule(2, 3600), 3600 * S);
    let two_thirds = 2400 * S;
    assert_eq!(limiter.take(server(1), rule).await, admitted(1, hour));
    limiter.advance(two_thirds).await;
    assert_eq!(
        limiter.take(server(1), rule).await,
        admitted(0, hour - two_thirds)
    );
    for _ in 0..5 {
        limiter.advance(hour - two_thirds - 1).await;
        assert_eq!(limiter.take(server(1), rule).await, refused(1));
        limiter.advance(1).await;
        let decision = limiter.take(server(1), rule).await;
        assert_eq!(decision, admitted(0, two_thirds));
        limiter.advance(two_thirds - 1).await;
        assert_eq!(limiter.take(server(1), rule).await, refused(1));
        limiter.advance(1).await;
        let decision = limiter.take(server(1), rule).await;
        assert_eq!(decision, admitted(0, hour - two_thirds));
    }
    limiter.advance(50 * 24 * hour).await;
    assert_eq!(limiter.take(server(1), rule).await, admitted(1, hour));
}

/// However often, at whatever time, of a bucket that nobody used too; and the answer says what would pass, and when
/// there is room for one more.
pub async fn nothing_is_taken_by_whoever_asks_what_is_left(limiter: &LimiterUnderTest) {
    let rule = rule(2, 60);
    for _ in 0..5 {
        assert_eq!(limiter.left(server(1), rule).await, left(2, 0));
    }
    assert_eq!(limiter.take(server(1), rule).await, admitted(1, 60 * S));
    limiter.advance(10 * S).await;
    assert_eq!(limiter.left(server(1), rule).await, left(1, 50 * S));
    assert_eq!(limiter.take(server(1), rule).await, admitted(0, 50 * S));
    for _ in 0..5 {
        assert_eq!(limiter.left(server(1), rule).await, left(0, 50 * S));
    }
    // A refusal that is remembered says the same.
    assert_eq!(limiter.take(server(1), rule).await, refused(50 * S));
    limiter.advance(50 * S - 1).await;
    assert_eq!(limiter.left(server(1), rule).await, left(0, 1));
    limiter.advance(1).await;
    assert_eq!(limiter.left(server(1), rule).await, left(1, 10 * S));
    limiter.advance(10 * S).await;
    assert_eq!(limiter.left(server(1), rule).await, left(2, 0));
}

/// To the microsecond, whatever was taken when; under the rule by which it was taken and under stricter ones.
pub async fn what_is_left_is_what_the_ring_says(limiter: &LimiterUnderTest) {
    let gap = prop_oneof![3 => Just(0), 4 => 1..S, 2 => S..3 * S, 1 => 3 * S..10 * S];
    let case = (2_u32..7, vec((gap, 1_u32..7, 1_u64..4), 40));
    for (number, (requests, steps)) in (1..).zip(cases(6, &case)) {
        let kept_under = rule(requests, 3);
        let mut ring = Ring::default();
        let mut now = 0_i64;
        for (gap, stricter, seconds) in &steps {
            limiter.advance(*gap).await;
            now += *gap;
            for asked_by in [kept_under, rule(requests.min(*stricter), *seconds)] {
                let left = limiter.left(server(number), asked_by).await;
                let due = ring.left(now.cast_unsigned(), asked_by);
                assert_eq!(left, due, "at {now} of {steps:?} by {asked_by:?}");
            }
            let decision = limiter.take(server(number), kept_under).await;
            assert_eq!(decision, ring.take(now.cast_unsigned(), kept_under));
        }
    }
}

/// A server, a token and a client of the same number have each their own.
pub async fn what_is_left_is_each_buckets_own(limiter: &LimiterUnderTest) {
    let rule = rule(5, 60);
    let client = Bucket::Client(ClientNetwork::V4(5));
    let buckets = [server(5), token(5), client, server(6)];
    for (taken, bucket) in (0..).zip(buckets) {
        for _ in 0..taken {
            assert!(limiter.take(bucket, rule).await.admitted);
        }
    }
    for (taken, bucket) in (0..).zip(buckets) {
        let expected = left(5 - taken, if taken == 0 { 0 } else { 60 * S });
        assert_eq!(limiter.left(bucket, rule).await, expected, "{bucket:?}");
    }
}

/// A clock that goes back counts as one that stands still at the newest admission.
pub async fn time_that_goes_back_leaves_what_was_left(limiter: &LimiterUnderTest) {
    let rule = rule(2, 60);
    for more_in in [60 * S, 50 * S] {
        assert_eq!(limiter.take(server(1), rule).await.more_in, micros(more_in));
        limiter.advance(10 * S).await;
    }
    assert_eq!(limiter.left(server(1), rule).await, left(0, 40 * S));
    limiter.advance(-3000 * S).await;
    assert_eq!(limiter.left(server(1), rule).await, left(0, 50 * S));
    limiter.advance(3000 * S).await;
    assert_eq!(limiter.left(server(1), rule).await, left(0, 40 * S));
}

impl LimiterUnderTest {
    async fn left(&self, bucket: Bucket, rule: Rule) -> Left {
        self.port.left(bucket, rule).await.unwrap()
    }

    async fn take(&self, bucket: Bucket, rule: Rule) -> Decision {
        self.port.take(bucket, rule).await.unwrap()
    }
}

fn rule(requests: u32, seconds: u64) -> Rule {
    Rule::new(requests, Duration::from_secs(seconds)).unwrap()
}

fn server(number: u64) -> Bucket {
    Bucket::Server(ServerId::try_from(number).unwrap())
}

fn token(number: u64) -> Bucket {
    Bucket::Token(TokenId::try_from(number).unwrap())
}

fn admitted(remaining: u32, more_in: i64) -> Decision {
    Decision {
        admitted: true,
        remaining,
        more_in: micros(more_in),
    }
}

fn left(remaining: u32, more_in: i64) -> Left {
    Left {
        remaining,
        more_in: micros(more_in),
    }
}

fn micros(micros: i64) -> Duration {
    Duration::from_micros(micros.cast_unsigned())
}

fn refused(more_in: i64) -> Decision {
    Decision {
        admitted: false,
        remaining: 0,
        more_in: micros(more_in),
    }
}
