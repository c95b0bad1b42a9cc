//! A server, its roles and its channels.

use std::sync::Arc;

use hush_domain::channels::Channel;
use hush_domain::operations::Operation;
use hush_domain::roles::Role;
use hush_domain::servers::Server;
use hush_ports::{Channels, Servers};

use crate::{Failure, Permit};

/// Reads the addressed server. What is `None` went away since the request was admitted.
pub struct AddressedServers {
    servers: Arc<dyn Servers>,
    channels: Arc<dyn Channels>,
}

impl AddressedServers {
    pub(crate) fn new(servers: Arc<dyn Servers>, channels: Arc<dyn Channels>) -> Self {
        Self { servers, channels }
    }

    /// What it is called and who owns it.
    pub async fn get(&self, permit: &Permit) -> Result<Option<Server>, Failure> {
        let server = permit.server_for(Operation::GetServer)?;
        Ok(self.servers.get(server).await?)
    }

    /// Its roles, the everyone-role among them: highest position first, those of one position by ascending id.
    pub async fn roles(&self, permit: &Permit) -> Result<Option<Vec<Role>>, Failure> {
        let server = permit.server_for(Operation::ListRoles)?;
        Ok(self.servers.roles(server).await?)
    }

    /// Its channels and active threads, by ascending id.
    pub async fn channels(&self, permit: &Permit) -> Result<Option<Vec<Channel>>, Failure> {
        let server = permit.server_for(Operation::ListChannels)?;
        Ok(self.channels.list(server).await?)
    }
}
