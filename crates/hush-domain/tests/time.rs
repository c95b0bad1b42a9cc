//! Moments as text.

use hush_domain::time::{InvalidTimestamp, Timestamp};

#[test]
fn rfc_3339_in_any_zone_is_a_moment_in_utc_to_the_microsecond() {
    for (text, shown) in [
        ("2026-01-31T12:00:00Z", "2026-01-31T12:00:00Z"),
        ("2026-01-31T12:00:00+02:00", "2026-01-31T10:00:00Z"),
        (
            "2026-01-31T12:00:00.1234567Z",
            "2026-01-31T12:00:00.123456Z",
        ),
        ("0000-01-01T00:00:00Z", "0000-01-01T00:00:00Z"),
        ("9999-12-31T23:59:59.999999Z", "9999-12-31T23:59:59.999999Z"),
    ] {
        assert_eq!(text.parse::<Timestamp>().unwrap().to_string(), shown);
    }
}

#[test]
fn what_is_no_moment_or_leaves_the_years_is_none() {
    for text in [
        "",
        "now",
        "1800000000",
        "2026-01-31",
        "2026-01-31T12:00:00",
        "2026-02-30T12:00:00Z",
        "2026-01-31T25:00:00Z",
        "2026-01-31T12:00:00 02:00",
        "12026-01-31T12:00:00Z",
        "9999-12-31T23:59:59-01:00",
        "0000-01-01T00:00:00+01:00",
    ] {
        assert_eq!(text.parse::<Timestamp>(), Err(InvalidTimestamp), "{text}");
    }
}
