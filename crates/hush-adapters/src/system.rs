//! What the operating system knows: the time and randomness.
#![expect(
    clippy::disallowed_methods,
    reason = "this is the one file that owns the clock; all others ask the port"
)]

use std::time::{Duration, Instant};

use hush_domain::time::Timestamp;
use hush_ports::{BackendError, Clock, Random};
use time::OffsetDateTime;

/// The system's clock. Its monotonic time counts from when it was made.
#[derive(Debug, Clone, Copy)]
pub struct SystemClock {
    origin: Instant,
}

impl SystemClock {
    /// The system's clock, its monotonic time at zero.
    pub fn new() -> Self {
        Self {
            origin: Instant::now(),
        }
    }
}

impl Default for SystemClock {
    fn default() -> Self {
        Self::new()
    }
}

impl Clock for SystemClock {
    fn wall(&self) -> Timestamp {
        OffsetDateTime::now_utc().into()
    }

    fn monotonic(&self) -> Duration {
        self.origin.elapsed()
    }
}

/// The operating system's secure random source.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemRandom;

impl Random for SystemRandom {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), BackendError> {
        getrandom::fill(bytes).map_err(BackendError::permanent)
    }
}
