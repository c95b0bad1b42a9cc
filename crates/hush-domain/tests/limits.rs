//! The rate limit's arithmetic, held against counting one by one.
#![expect(clippy::unwrap_used, reason = "a test says by a panic that it fails")]

use std::collections::HashSet;
use std::net::IpAddr;
use std::time::Duration;

use hush_domain::ids::{ServerId, TokenId, UserId};
use hush_domain::limits::{Bucket, ClientNetwork, Decision, InvalidRule, Left, Policy, Ring, Rule};
use proptest::collection::vec;
use proptest::prelude::*;

const SECOND: u64 = 1_000_000;

fn rule(requests: u32, seconds: u64) -> Rule {
    Rule::new(requests, Duration::from_secs(seconds)).unwrap()
}

/// The decision as the contract states it, over every admission there ever was.
fn counted(admissions: &mut Vec<u64>, now: u64, rule: Rule) -> Decision {
    let window = rule.window_micros();
    let inside: Vec<u64> = admissions
        .iter()
        .copied()
        .filter(|time| now - time < window)
        .collect();
    let left = rule.requests() as usize - inside.len().min(rule.requests() as usize);
    let admitted = left > 0;
    // Room for one more comes when the oldest of those that fill the last places has left.
    let newest = &inside[inside.len().saturating_sub(rule.requests() as usize)..];
    let oldest = newest.first().copied().unwrap_or(now);
    if admitted {
        admissions.push(now);
    }
    Decision {
        admitted,
        remaining: u32::try_from(left.saturating_sub(1)).unwrap(),
        more_in: Duration::from_micros(oldest + window - now),
    }
}

proptest! {
    #[test]
    fn a_ring_decides_as_counting_does(
        requests in 1_u32..8,
        seconds in 1_u64..=3600,
        start in prop_oneof![Just(0), 0..1_u64 << 40],
        steps in vec((0_u8..8, any::<u32>()), 1..150),
    ) {
        let rule = rule(requests, seconds);
        let window = rule.window_micros();
        let (mut ring, mut admissions) = (Ring::default(), Vec::new());
        let mut now = start;
        for (kind, random) in steps {
            let random = u64::from(random);
            now += match kind {
                0 => 0,
                1 => 1,
                2 => window,
                3 => window + 1,
                4 => window / u64::from(requests) + random % 3,
                5 => random % (2 * window),
                // Up to 71.6 minutes, the most that 32 bits of microseconds hold; and up to a day.
                6 => u64::from(u32::MAX) - random % 3,
                _ => random * 20,
            };
            prop_assert_eq!(ring.take(now, rule), counted(&mut admissions, now, rule));
        }
    }

    #[test]
    fn no_window_holds_more_admissions_than_the_limit(
        requests in 1_u32..6,
        gaps in vec(0_u64..3 * SECOND, 1..200),
    ) {
        let rule = rule(requests, 2);
        let mut ring = Ring::default();
        let mut now = 0;
        let mut admissions = Vec::new();
        for gap in gaps {
            now += gap;
            if ring.take(now, rule).admitted {
                admissions.push(now);
            }
        }
        for admission in &admissions {
            let window = *admission..admission + 2 * SECOND;
            let inside = admissions.iter().filter(|time| window.contains(time)).count();
            prop_assert!(inside <= requests as usize, "{inside} from {admission}");
        }
    }

    #[test]
    fn a_rule_that_grows_stricter_and_looser_never_admits_more_than_it_says(
        steps in vec((0_u64..SECOND, 1_u32..10), 1..100),
    ) {
        let mut ring = Ring::default();
        let mut now = 0;
        let mut admissions: Vec<u64> = Vec::new();
        let mut kept = 0;
        for (gap, requests) in steps {
            now += gap;
            // A stricter rule may forget what it does not need, so what is kept is all that counts.
            let inside = admissions[admissions.len() - kept..].iter();
            let inside = inside.filter(|time| now - **time < 2 * SECOND).count();
            let decision = ring.take(now, rule(requests, 2));
            prop_assert_eq!(decision.admitted, inside < requests as usize);
            if decision.admitted {
                admissions.push(now);
                kept = (kept + 1).min(requests as usize);
            }
        }
    }

    #[test]
    fn a_clock_that_goes_back_is_taken_for_one_that_stands(
        steps in vec(-3_i64..5, 1..100),
    ) {
        let rule = rule(3, 1);
        let (mut ring, mut steady) = (Ring::default(), Ring::default());
        let (mut now, mut newest) = (1_000 * SECOND, 0);
        for step in steps {
            now = now.saturating_add_signed(step * 300_000);
            let expected = steady.take(now.max(newest), rule);
            prop_assert_eq!(ring.take(now, rule), expected);
            if expected.admitted {
                newest = now.max(newest);
            }
        }
    }

    #[test]
    fn an_admission_that_is_taken_back_was_never_there(
        gaps in vec((0_u64..SECOND, any::<bool>()), 1..60),
    ) {
        let rule = rule(4, 2);
        let (mut ring, mut steady) = (Ring::default(), Ring::default());
        let mut now = 1_000 * SECOND;
        for (gap, lasting) in gaps {
            now += gap + 1;
            if lasting {
                prop_assert_eq!(ring.take(now, rule), steady.take(now, rule));
            } else if ring.take(now, rule).admitted {
                ring.forget(now);
            }
            // What was never recorded cannot be taken back.
            ring.forget(now + 1);
        }
    }

    #[test]
    fn what_is_left_is_what_can_be_taken(
        kept_under in (1_u32..12, 1_u64..=3600),
        asked_by in (1_u32..12, 1_u64..=3600),
        gaps in vec(0_u64..1000 * SECOND, 0..20),
        wait in prop_oneof![Just(0), 0..4000 * SECOND],
    ) {
        let (kept_under, asked_by) = (rule(kept_under.0, kept_under.1), rule(asked_by.0, asked_by.1));
        let mut ring = Ring::default();
        let mut now = 1_000 * SECOND;
        for gap in gaps {
            now += gap;
            ring.take(now, kept_under);
        }
        now += wait;
        let left = ring.left(now, asked_by);
        // Asking takes nothing, and asking for an earlier moment than that of the newest admission asks for that.
        prop_assert_eq!(ring.left(now, asked_by), left);
        prop_assert_eq!(ring.left(0, asked_by), ring.left(ring.newest(), asked_by));
        let mut taken = ring.clone();
        for remaining in (0..left.remaining).rev() {
            let decision = taken.take(now, asked_by);
            prop_assert!(decision.admitted);
            prop_assert_eq!(decision.remaining, remaining);
        }
        let refused = taken.take(now, asked_by);
        prop_assert!(!refused.admitted);
        if left.remaining == asked_by.requests() {
            prop_assert_eq!(left.more_in, Duration::ZERO);
        } else {
            prop_assert_eq!(left.more_in, refused.more_in);
            let more_in = u64::try_from(left.more_in.as_micros()).unwrap();
            let later = |micros: u64| ring.left(now + micros, asked_by).remaining;
            prop_assert_eq!(later(more_in - 1), left.remaining);
            prop_assert!(later(more_in) > left.remaining);
        }
    }

    #[test]
    fn an_idle_ring_decides_as_an_empty_one(
        gaps in vec(0_u64..SECOND, 0..10),
        wait in 0_u64..4 * SECOND,
    ) {
        let rule = rule(3, 2);
        let mut ring = Ring::default();
        let mut now = 0;
        for gap in gaps {
            now += gap;
            ring.take(now, rule);
        }
        now += wait;
        if ring.is_idle(now, rule) {
            prop_assert_eq!(ring.take(now, rule), Ring::default().take(now, rule));
        } else {
            prop_assert_ne!(ring.clone().take(now, rule), Ring::default().take(now, rule));
        }
    }
}

#[test]
fn an_admission_leaves_when_the_window_has_passed_and_not_a_microsecond_before() {
    let mut ring = Ring::default();
    assert!(ring.take(5, rule(1, 60)).admitted);
    let refused = ring.take(60 * SECOND + 4, rule(1, 60));
    assert_eq!(
        (refused.admitted, refused.more_in),
        (false, Duration::from_micros(1))
    );
    assert!(ring.take(60 * SECOND + 5, rule(1, 60)).admitted);
}

#[test]
fn an_untouched_ring_has_everything_left() {
    for rule in [rule(1, 1), rule(60, 60), Rule::WIDEST] {
        let everything = Left {
            remaining: rule.requests(),
            more_in: Duration::ZERO,
        };
        assert_eq!(Ring::default().left(0, rule), everything);
        let mut ring = Ring::default();
        ring.take(7, rule);
        let gone = 7 + rule.window_micros();
        assert_eq!(ring.left(gone, rule), everything);
        let last = ring.left(gone - 1, rule);
        assert_eq!(last.remaining, rule.requests() - 1);
        assert_eq!(last.more_in, Duration::from_micros(1));
    }
}

#[test]
fn a_ring_is_idle_when_its_newest_admission_has_left() {
    let mut ring = Ring::default();
    assert!(ring.is_idle(0, rule(1, 60)));
    ring.take(5, rule(1, 60));
    assert!(!ring.is_idle(60 * SECOND + 4, rule(1, 60)));
    assert!(ring.is_idle(60 * SECOND + 5, rule(1, 60)));
    assert!(!ring.is_idle(0, rule(1, 60)));
}

#[test]
fn the_oldest_admission_that_counts_is_kept_when_32_bits_run_out() {
    let rule = rule(2, 3600);
    let (mut ring, first) = (Ring::default(), u64::from(u32::MAX));
    assert!(ring.take(first, rule).admitted);
    let now = first + 3600 * SECOND - 1;
    assert!(ring.take(now, rule).admitted);
    assert!(!ring.take(now, rule).admitted);
    assert!(ring.take(now + 1, rule).admitted);
}

#[test]
fn a_ring_of_ten_thousand_is_exact_too() {
    let rule = rule(Rule::MAX_REQUESTS, 3600);
    let mut ring = Ring::default();
    for request in 0..u64::from(Rule::MAX_REQUESTS) {
        assert!(ring.take(request * 1000, rule).admitted);
    }
    assert!(!ring.take(3600 * SECOND - 1, rule).admitted);
    assert!(ring.take(3600 * SECOND, rule).admitted);
    assert!(!ring.take(3600 * SECOND, rule).admitted);
}

#[test]
fn seconds_are_rounded_up_so_that_who_waits_finds_room() {
    for (micros, seconds) in [
        (0, 0),
        (1, 1),
        (999_999, 1),
        (1_000_000, 1),
        (1_000_001, 2),
        (60_000_001, 61),
    ] {
        let decision = Decision {
            admitted: false,
            remaining: 0,
            more_in: Duration::from_micros(micros),
        };
        assert_eq!(decision.more_in_seconds(), seconds);
        let left = Left {
            remaining: 0,
            more_in: decision.more_in,
        };
        assert_eq!(left.more_in_seconds(), seconds);
    }
}

#[test]
fn rules_have_bounds() {
    let seconds = Duration::from_secs;
    for (requests, window) in [(1, seconds(1)), (60, seconds(60)), (10_000, seconds(3600))] {
        let rule = Rule::new(requests, window).unwrap();
        assert_eq!((rule.requests(), rule.window()), (requests, window));
        assert_eq!(u128::from(rule.window_micros()), window.as_micros());
    }
    for requests in [0, 10_001, u32::MAX] {
        assert_eq!(Rule::new(requests, seconds(60)), Err(InvalidRule::Requests));
    }
    for window in [
        Duration::ZERO,
        Duration::from_millis(999),
        Duration::from_millis(1500),
        seconds(60) + Duration::from_nanos(1),
        seconds(3601),
        Duration::MAX,
    ] {
        assert_eq!(
            Rule::new(60, window),
            Err(InvalidRule::Window),
            "{window:?}"
        );
    }
}

#[test]
fn a_client_is_an_ipv4_address_or_an_ipv6_network() {
    let network = |text: &str| ClientNetwork::from(text.parse::<IpAddr>().unwrap());
    assert_eq!(network("192.0.2.1"), ClientNetwork::V4(0xC000_0201));
    assert_eq!(network("::ffff:192.0.2.1"), network("192.0.2.1"));
    assert_ne!(network("192.0.2.1"), network("192.0.2.2"));
    assert_eq!(
        network("2001:db8:0:1::1"),
        ClientNetwork::V6(0x2001_0db8_0000_0001)
    );
    assert_eq!(
        network("2001:db8:0:1:ffff:ffff:ffff:ffff"),
        network("2001:db8:0:1::")
    );
    assert_ne!(network("2001:db8:0:1::1"), network("2001:db8:0:2::1"));
}

#[test]
fn buckets_of_every_kind_have_keys_and_policies_of_their_own() {
    let server = Bucket::Server(ServerId::try_from(5_u64).unwrap());
    let token = Bucket::Token(TokenId::try_from(5_u64).unwrap());
    let v4 = Bucket::Client(ClientNetwork::V4(5));
    let v6 = Bucket::Client(ClientNetwork::V6(5));
    let last = Bucket::Client(ClientNetwork::V6(u64::MAX));
    let user = Bucket::User(UserId::try_from(5_u64).unwrap());
    let keys: HashSet<_> = [server, token, v4, v6, last, user]
        .map(Bucket::to_key)
        .into();
    assert_eq!(keys.len(), 6);
    let policies = [server, token, v4, v6, user].map(|bucket| bucket.policy().as_str());
    assert_eq!(policies, ["server", "token", "auth", "auth", "user"]);
    let all = Policy::ALL.map(Policy::as_str);
    assert_eq!(all, ["server", "token", "auth", "user"]);
    let shown = [server, token, v4, v6, user].map(|bucket| bucket.to_string());
    assert_eq!(shown, ["server:5", "token:5", "auth", "auth", "user:5"]);
}
