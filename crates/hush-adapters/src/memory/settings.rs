use async_trait::async_trait;
use hush_domain::audit::{Act, settings_updated};
use hush_domain::ids::ServerId;
use hush_domain::settings::{ServerSettings, SettingsChange};
use hush_ports::{BackendError, ChangeSettingsError, Settings};

use super::Memory;

#[async_trait]
impl Settings for Memory {
    async fn get(&self, server: ServerId) -> Result<Option<ServerSettings>, BackendError> {
        let server = self.servers.get(&server);
        Ok(server.map(|server| server.settings.clone()))
    }

    async fn change(
        &self,
        server: ServerId,
        change: SettingsChange,
        act: &Act,
    ) -> Result<ServerSettings, ChangeSettingsError> {
        let known = self.servers.get_mut(&server);
        let mut known = known.ok_or(ChangeSettingsError::UnknownServer)?;
        let mut appointed = change.admin_roles.iter().flatten();
        if let Some(unknown) = appointed.find(|role| !known.roles.contains_key(role)) {
            return Err(ChangeSettingsError::UnknownRole(*unknown));
        }
        let after = change.apply(&known.settings);
        if after != known.settings {
            let entry = settings_updated(server, &known.settings, &after);
            self.ledger.open().write(act, vec![entry]);
            known.settings.clone_from(&after);
        }
        Ok(after)
    }
}
