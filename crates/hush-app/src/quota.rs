//! What is left of a limit.

use hush_domain::limits::{Bucket, Decision, Rule};
use hush_domain::time::Timestamp;

/// What is left of the limit that a request was counted against.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quota {
    /// The bucket.
    pub bucket: Bucket,
    /// Its rule.
    pub rule: Rule,
    /// How many more requests would be admitted right now.
    pub remaining: u32,
    /// Seconds, rounded up, until there is room for one more than that.
    pub more_in_seconds: u64,
    /// The same as a time: whole seconds since the Unix epoch, rounded up.
    pub reset_at: i64,
}

impl Quota {
    pub(crate) fn new(bucket: Bucket, rule: Rule, decision: Decision, now: Timestamp) -> Self {
        let at = now
            .checked_add(decision.more_in)
            .unwrap_or(now)
            .unix_micros();
        Self {
            bucket,
            rule,
            remaining: decision.remaining,
            more_in_seconds: decision.more_in_seconds(),
            reset_at: at.div_euclid(1_000_000) + i64::from(at.rem_euclid(1_000_000) > 0),
        }
    }
}
