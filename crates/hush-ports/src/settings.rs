//! What servers' owners decide about the API.

use async_trait::async_trait;
use hush_domain::audit::Act;
use hush_domain::ids::{RoleId, ServerId};
use hush_domain::settings::{ServerSettings, SettingsChange};

use crate::BackendError;

/// Why settings were not changed. Nothing was.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ChangeSettingsError {
    /// The server is not known.
    #[error("the server is not known")]
    UnknownServer,
    /// The server has no such role.
    #[error("the server has no role {0}")]
    UnknownRole(RoleId),
    /// The store failed.
    #[error(transparent)]
    Backend(#[from] BackendError),
}

/// Stores servers' settings. They outlive the server, as tokens do: one that comes back has them back.
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait Settings: Send + Sync {
    /// The settings of a known server; the default ones if nobody decided otherwise. `None` if it is not known.
    async fn get(&self, server: ServerId) -> Result<Option<ServerSettings>, BackendError>;

    /// Changes the settings of a known server, all of whose appointed roles must be its own, and returns them as
    /// they are then. If that changes nothing, nothing is written, not even an entry of the audit log.
    async fn change(
        &self,
        server: ServerId,
        change: SettingsChange,
        act: &Act,
    ) -> Result<ServerSettings, ChangeSettingsError>;
}
