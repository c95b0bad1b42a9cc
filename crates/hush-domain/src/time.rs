//! Wall-clock time.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use ::time::OffsetDateTime;
use ::time::format_description::well_known::Rfc3339;

/// A moment in UTC, to the microsecond (what PostgreSQL's `timestamptz` holds), shown as RFC 3339 with `Z`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(OffsetDateTime);

impl Timestamp {
    /// The beginning of the year 1970, from which Unix counts.
    pub const EPOCH: Self = Self(OffsetDateTime::UNIX_EPOCH);

    /// The moment `micros` microseconds after (or, negative, before) the Unix epoch. `None` outside the
    /// years −9999 to 9999.
    pub fn from_unix_micros(micros: i64) -> Option<Self> {
        OffsetDateTime::from_unix_timestamp_nanos(i128::from(micros) * 1000)
            .ok()
            .map(Self)
    }

    /// Microseconds since the Unix epoch.
    pub fn unix_micros(self) -> i64 {
        // The years −9999 to 9999 are 3·10^17 µs, far inside of 64 bits.
        i64::try_from(self.0.unix_timestamp_nanos() / 1000).unwrap_or(i64::MAX)
    }

    /// Whole seconds since the Unix epoch, rounded down.
    pub fn unix_seconds(self) -> i64 {
        self.0.unix_timestamp()
    }

    /// The beginning of the minute that this moment is in.
    #[must_use]
    pub fn minute(self) -> Self {
        Self(self.0.truncate_to_minute())
    }

    /// The beginning of the hour that this moment is in.
    #[must_use]
    pub fn hour(self) -> Self {
        Self(self.0.truncate_to_hour())
    }

    /// This moment minus `duration`; the earliest moment there is if that is before it.
    #[must_use]
    pub fn saturating_sub(self, duration: Duration) -> Self {
        let duration = ::time::Duration::try_from(duration).unwrap_or(::time::Duration::MAX);
        Self::from(self.0.saturating_sub(duration))
    }

    /// This moment plus `duration`; `None` after the year 9999.
    pub fn checked_add(self, duration: Duration) -> Option<Self> {
        self.0
            .checked_add(::time::Duration::try_from(duration).ok()?)
            .map(Self::from)
    }
}

impl From<OffsetDateTime> for Timestamp {
    /// Cuts off what is finer than a microsecond, so that a time reads back from any store as it was written.
    fn from(time: OffsetDateTime) -> Self {
        let time = time.to_offset(::time::UtcOffset::UTC);
        let micros = time.microsecond();
        Self(time.replace_microsecond(micros).unwrap_or(time))
    }
}

impl From<Timestamp> for OffsetDateTime {
    fn from(timestamp: Timestamp) -> Self {
        timestamp.0
    }
}

/// The text is no moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "not a time: expected one of RFC 3339, such as 2026-01-31T12:00:00Z, in the years 0 to 9999"
)]
pub struct InvalidTimestamp;

impl FromStr for Timestamp {
    type Err = InvalidTimestamp;

    /// Takes RFC 3339 in any zone.
    fn from_str(text: &str) -> Result<Self, InvalidTimestamp> {
        let time = OffsetDateTime::parse(text, &Rfc3339).map_err(|_| InvalidTimestamp)?;
        // In another zone the last hours of the year 9999 can be after it.
        time.checked_to_offset(::time::UtcOffset::UTC)
            .filter(|time| (0..=9999).contains(&time.year()))
            .map(Self::from)
            .ok_or(InvalidTimestamp)
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = self.0.format(&Rfc3339).map_err(|_| fmt::Error)?;
        f.write_str(&text)
    }
}

impl fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(feature = "serde")]
impl serde::Serialize for Timestamp {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}
