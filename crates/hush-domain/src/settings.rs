//! What a server's owner decides about the API.

use crate::ids::RoleId;

/// The most roles that can be appointed.
pub const MAX_ADMIN_ROLES: usize = 25;

/// What a server's owner decided about the API there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerSettings {
    /// Whether the API can be used in this server. If not, only its owner reaches its settings.
    pub api_enabled: bool,
    /// The roles that make an admin of the API beside Discord's ADMINISTRATOR, ascending, each once.
    pub admin_roles: Vec<RoleId>,
}

impl Default for ServerSettings {
    /// What holds as long as nobody decides otherwise.
    fn default() -> Self {
        Self {
            api_enabled: true,
            admin_roles: Vec::new(),
        }
    }
}

/// What shall be otherwise. What is `None` stays.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SettingsChange {
    /// Whether the API can be used.
    pub api_enabled: Option<bool>,
    /// The roles that make an admin, in the place of those before.
    pub admin_roles: Option<Vec<RoleId>>,
}

impl SettingsChange {
    /// The settings after the change.
    pub fn apply(&self, before: &ServerSettings) -> ServerSettings {
        let mut after = before.clone();
        if let Some(enabled) = self.api_enabled {
            after.api_enabled = enabled;
        }
        if let Some(roles) = &self.admin_roles {
            after.admin_roles.clone_from(roles);
            after.admin_roles.sort_unstable();
            after.admin_roles.dedup();
        }
        after
    }
}
