//! The member counts of a server.

use std::sync::Arc;

use hush_domain::operations::Operation;
use hush_domain::stats::Stats;
use hush_ports::StatsReader;

use crate::{Failure, Permit};

/// Reads the member counts of the addressed server.
pub struct StatsOfServers {
    stats: Arc<dyn StatsReader>,
}

impl StatsOfServers {
    pub(crate) fn new(stats: Arc<dyn StatsReader>) -> Self {
        Self { stats }
    }

    /// The counts; `None` if the server went away since the request was admitted.
    pub async fn get(&self, permit: &Permit) -> Result<Option<Stats>, Failure> {
        let server = permit.server_for(Operation::GetServerStats)?;
        Ok(self.stats.server_stats(server).await?)
    }
}
