//! Time.

use std::time::Duration;

use hush_domain::time::Timestamp;

/// Where time comes from.
#[cfg_attr(feature = "mock", mockall::automock)]
pub trait Clock: Send + Sync {
    /// The wall clock in UTC. It may jump.
    fn wall(&self) -> Timestamp;

    /// How long ago some fixed moment was. It never goes back.
    fn monotonic(&self) -> Duration;
}
