//! Channels of a server.

use async_trait::async_trait;
use hush_domain::channels::Channel;
use hush_domain::ids::ServerId;

use crate::BackendError;

/// Reads channels.
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait Channels: Send + Sync {
    /// Every channel and active thread of `server`, by ascending id. `None` if the server is unknown.
    async fn list(&self, server: ServerId) -> Result<Option<Vec<Channel>>, BackendError>;
}
