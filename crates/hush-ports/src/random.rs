//! Randomness.

use crate::BackendError;

/// A source of random bytes that nobody can predict.
#[cfg_attr(feature = "mock", mockall::automock)]
pub trait Random: Send + Sync {
    /// Fills `bytes`.
    fn fill(&self, bytes: &mut [u8]) -> Result<(), BackendError>;
}
