//! How a server's counts were over time, hour by hour.

use crate::time::Timestamp;

/// What was seen of one count within an hour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Spread {
    /// How often it was looked at and known, at least once.
    pub samples: u32,
    /// The lowest.
    pub min: u64,
    /// The highest.
    pub max: u64,
    /// The last.
    pub last: u64,
}

impl Spread {
    /// What is seen after `count` was looked at once more. A count that is not known adds nothing.
    pub fn and(before: Option<Self>, count: Option<u64>) -> Option<Self> {
        let Some(count) = count else {
            return before;
        };
        let before = before.unwrap_or(Self {
            samples: 0,
            min: count,
            max: count,
            last: count,
        });
        Some(Self {
            samples: before.samples.saturating_add(1),
            min: before.min.min(count),
            max: before.max.max(count),
            last: count,
        })
    }
}

/// What was seen of a server's counts within an hour. `None`: the count was never known in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HourlySample {
    /// When the hour began.
    pub hour: Timestamp,
    /// Everyone, bots included.
    pub members: Option<Spread>,
    /// Those that are bots.
    pub bots: Option<Spread>,
    /// Those whose presence is neither offline nor invisible.
    pub online: Option<Spread>,
}
