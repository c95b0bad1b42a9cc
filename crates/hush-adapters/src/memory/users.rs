use async_trait::async_trait;
use hush_domain::ids::{ServerId, UserId};
use hush_domain::users::Member;
use hush_ports::{BackendError, PageRequest, Users};

use super::Memory;

#[async_trait]
impl Users for Memory {
    async fn get(&self, server: ServerId, user: UserId) -> Result<Option<Member>, BackendError> {
        let server = self.servers.get(&server);
        Ok(server.and_then(|server| server.member(user)))
    }

    async fn page(&self, server: ServerId, page: PageRequest) -> Result<Vec<Member>, BackendError> {
        let server = self.servers.get(&server);
        Ok(server.map_or_else(Vec::new, |server| server.page(&page)))
    }
}
