//! Moments: how they are read, cut to the minute and moved.
#![expect(clippy::unwrap_used, reason = "a test says by a panic that it fails")]

use std::time::Duration;

use hush_domain::time::{InvalidTimestamp, Timestamp};
use proptest::prelude::*;

/// The years 0 to 9999, which RFC 3339 can write.
const WRITABLE: std::ops::Range<i64> = -62_167_219_200_000_000..253_402_300_800_000_000;

fn at(micros: i64) -> Timestamp {
    Timestamp::from_unix_micros(micros).unwrap()
}

#[test]
fn a_moment_is_read_in_any_zone() {
    for (text, micros) in [
        ("1970-01-01T00:00:00Z", 0),
        ("2027-01-15T08:00:00Z", 1_800_000_000_000_000),
        ("2027-01-15T08:00:00.123456Z", 1_800_000_000_123_456),
        ("2027-01-15T08:00:00.123456999Z", 1_800_000_000_123_456),
        ("2027-01-15T09:30:00+01:30", 1_800_000_000_000_000),
        ("2027-01-14T23:00:00-09:00", 1_800_000_000_000_000),
        ("2027-01-15t08:00:00z", 1_800_000_000_000_000),
    ] {
        assert_eq!(text.parse(), Ok(at(micros)), "{text}");
    }
    for text in [
        "",
        "2027-01-15",
        "2027-01-15T08:00:00",
        "2027-01-15T24:00:00Z",
        "2027-02-29T08:00:00Z",
        "2027-1-15T08:00:00Z",
        " 2027-01-15T08:00:00Z",
        "2027-01-15T08:00:00Z ",
        "+12027-01-15T08:00:00Z",
        "0000-01-01T00:00:00+00:01",
        "9999-12-31T23:59:59-00:01",
        "1800000000",
    ] {
        assert_eq!(text.parse::<Timestamp>(), Err(InvalidTimestamp), "{text:?}");
    }
}

#[test]
fn a_minute_begins_where_its_seconds_do() {
    for (micros, minute) in [
        (0, 0),
        (59_999_999, 0),
        (60_000_000, 60_000_000),
        (60_000_001, 60_000_000),
        (-1, -60_000_000),
        (-60_000_000, -60_000_000),
    ] {
        assert_eq!(at(micros).minute(), at(minute), "{micros}");
    }
}

#[test]
fn an_hour_begins_where_its_minutes_do() {
    let hour = 3_600_000_000;
    for (micros, hours) in [
        (0, 0),
        (hour - 1, 0),
        (hour, 1),
        (59_999_999, 0),
        (-1, -1),
        (-hour, -1),
        (-hour - 1, -2),
        (1_800_000_000_123_456, 500_000),
        (1_800_003_599_999_999, 500_000),
    ] {
        assert_eq!(at(micros).hour(), at(hours * hour), "{micros}");
    }
}

#[test]
fn time_is_not_moved_beyond_its_beginning() {
    let moment = at(1_800_000_000_000_000);
    let day = Duration::from_hours(24);
    assert_eq!(moment.saturating_sub(day), at(1_799_913_600_000_000));
    let earliest = moment.saturating_sub(Duration::MAX);
    assert_eq!(earliest.saturating_sub(day), earliest);
    assert!(earliest < at(WRITABLE.start));
}

proptest! {
    #[test]
    fn a_moment_reads_back_from_its_text(micros in WRITABLE) {
        let moment = at(micros);
        prop_assert_eq!(moment.to_string().parse(), Ok(moment));
    }

    #[test]
    fn a_minute_is_less_than_sixty_seconds_ago(micros in WRITABLE) {
        let moment = at(micros);
        let minute = moment.minute();
        prop_assert!((0..60_000_000).contains(&(micros - minute.unix_micros())));
        prop_assert_eq!(minute.unix_micros() % 60_000_000, 0);
        prop_assert_eq!(minute.minute(), minute);
    }

    #[test]
    fn what_is_added_can_be_taken_away(micros in WRITABLE, seconds in 0_u64..1_000_000_000) {
        let (moment, duration) = (at(micros), Duration::from_secs(seconds));
        if let Some(later) = moment.checked_add(duration) {
            prop_assert_eq!(later.saturating_sub(duration), moment);
        }
    }

    #[test]
    fn no_text_makes_reading_panic(text in any::<String>()) {
        if let Ok(moment) = text.parse::<Timestamp>() {
            prop_assert!(WRITABLE.contains(&moment.unix_micros()));
        }
    }
}
