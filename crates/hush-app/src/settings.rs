//! What a server's owner decides about the API.

use std::sync::Arc;

use hush_domain::ids::RoleId;
use hush_domain::operations::Operation;
use hush_domain::settings::{MAX_ADMIN_ROLES, ServerSettings, SettingsChange};
use hush_ports::{BackendError, ChangeSettingsError, Settings};

use crate::acts::Acts;
use crate::{Cause, Failure, Permit};

/// Why settings were not changed.
#[derive(Debug, thiserror::Error)]
pub enum UpdateSettingsError {
    /// The server is gone.
    #[error("the server is gone")]
    ServerNotFound,
    /// The server has no such role.
    #[error("the server has no role {0}")]
    UnknownRole(RoleId),
    /// The everyone-role would make an admin of every member.
    #[error("the everyone-role would make an admin of every member")]
    EveryoneRole,
    /// Too many roles.
    #[error("at most {MAX_ADMIN_ROLES} roles can be appointed")]
    TooManyRoles,
    /// It could not be carried out.
    #[error(transparent)]
    Failed(#[from] Failure),
}

impl From<BackendError> for UpdateSettingsError {
    fn from(error: BackendError) -> Self {
        Self::Failed(error.into())
    }
}

/// Reads and changes servers' settings.
pub struct SettingsOfServers {
    settings: Arc<dyn Settings>,
    acts: Acts,
}

impl SettingsOfServers {
    pub(crate) fn new(settings: Arc<dyn Settings>, acts: Acts) -> Self {
        Self { settings, acts }
    }

    /// The settings of the addressed server; `None` if it is gone.
    pub async fn get(&self, permit: &Permit) -> Result<Option<ServerSettings>, Failure> {
        let server = permit.server_for(Operation::GetServerSettings)?;
        Ok(self.settings.get(server).await?)
    }

    /// Changes the settings of the addressed server, and returns them as they are then.
    pub async fn update(
        &self,
        permit: &Permit,
        change: SettingsChange,
        cause: Cause,
    ) -> Result<ServerSettings, UpdateSettingsError> {
        let server = permit.server_for(Operation::UpdateServerSettings)?;
        let roles = change.admin_roles.as_deref().unwrap_or_default();
        if roles.contains(&server.everyone_role()) {
            return Err(UpdateSettingsError::EveryoneRole);
        }
        if roles.len() > MAX_ADMIN_ROLES {
            return Err(UpdateSettingsError::TooManyRoles);
        }
        let act = self.acts.by(permit, cause)?;
        let changed = self.settings.change(server, change, &act).await;
        changed.map_err(|error| match error {
            ChangeSettingsError::UnknownServer => UpdateSettingsError::ServerNotFound,
            ChangeSettingsError::UnknownRole(role) => UpdateSettingsError::UnknownRole(role),
            ChangeSettingsError::Backend(error) => error.into(),
            other => BackendError::permanent(other).into(),
        })
    }
}
