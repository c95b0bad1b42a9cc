//! Whether the store answers.

use async_trait::async_trait;

use crate::BackendError;

/// Whether the store answers.
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait Health: Send + Sync {
    /// Asks the store for the least it can do.
    async fn ping(&self) -> Result<(), BackendError>;
}
