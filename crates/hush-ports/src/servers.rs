//! Servers and their roles.

use async_trait::async_trait;
use hush_domain::ids::ServerId;
use hush_domain::roles::Role;
use hush_domain::servers::Server;

use crate::BackendError;

/// Reads servers.
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait Servers: Send + Sync {
    /// What `server` is called and who owns it. `None` if it is unknown.
    async fn get(&self, server: ServerId) -> Result<Option<Server>, BackendError>;

    /// Every role of `server`, its everyone-role among them, [by rank](Role::by_rank). `None` if the server is unknown.
    async fn roles(&self, server: ServerId) -> Result<Option<Vec<Role>>, BackendError>;
}
