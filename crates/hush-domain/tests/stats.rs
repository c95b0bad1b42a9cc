//! Counts that say what they do not know.

use hush_domain::stats::{Coverage, Stats, Tally};
use hush_domain::time::Timestamp;

#[test]
fn what_is_not_known_is_not_said() {
    let complete = Coverage::Complete;
    let partial = |member_count| Coverage::Partial { member_count };
    for (coverage, presences_known, expected) in [
        (complete, true, [Some(120), Some(5), Some(95)]),
        (complete, false, [Some(120), Some(5), None]),
        (partial(500), true, [Some(500), None, None]),
        (partial(500), false, [Some(500), None, None]),
        (partial(120), true, [Some(120), None, None]),
        // More are listed than the server says: those are there.
        (partial(7), true, [Some(120), None, None]),
        (partial(0), false, [Some(120), None, None]),
        (partial(u64::MAX), true, [Some(u64::MAX), None, None]),
    ] {
        let as_of = Timestamp::from_unix_micros(1_800_000_000_000_001).unwrap();
        let tally = Tally {
            listed: 120,
            bots: 5,
            online: 95,
            coverage,
            presences_known,
            as_of,
        };
        let [members, bots, online] = expected;
        let stats = Stats {
            members,
            bots,
            online,
            as_of,
        };
        assert_eq!(tally.stats(), stats, "{tally:?}");
    }
}

#[test]
fn nobody_known_to_be_there_is_zero_and_not_unknown() {
    let tally = Tally {
        listed: 0,
        bots: 0,
        online: 0,
        coverage: Coverage::Complete,
        presences_known: true,
        as_of: Timestamp::from_unix_micros(0).unwrap(),
    };
    let stats = tally.stats();
    assert_eq!([stats.members, stats.bots, stats.online], [Some(0); 3]);
}

#[test]
fn times_are_shown_in_utc_and_kept_to_the_microsecond() {
    for (micros, shown) in [
        (0, "1970-01-01T00:00:00Z"),
        (1_800_000_000_000_001, "2027-01-15T08:00:00.000001Z"),
        (-1_000_000, "1969-12-31T23:59:59Z"),
    ] {
        let time = Timestamp::from_unix_micros(micros).unwrap();
        assert_eq!(time.unix_micros(), micros);
        assert_eq!(time.to_string(), shown);
        assert_eq!(time.unix_seconds(), micros.div_euclid(1_000_000));
    }
    assert_eq!(Timestamp::from_unix_micros(i64::MAX), None);
    assert_eq!(Timestamp::from_unix_micros(i64::MIN), None);
}
