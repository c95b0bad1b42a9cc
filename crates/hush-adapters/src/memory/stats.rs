use async_trait::async_trait;
use hush_domain::ids::ServerId;
use hush_domain::stats::Stats;
use hush_ports::{BackendError, StatsReader};

use super::Memory;

#[async_trait]
impl StatsReader for Memory {
    async fn server_stats(&self, server: ServerId) -> Result<Option<Stats>, BackendError> {
        Ok(self.servers.get(&server).map(|server| server.stats()))
    }
}
