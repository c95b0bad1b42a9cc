use std::sync::PoisonError;

use async_trait::async_trait;
use hush_domain::feed::{Epoch, Shard};
use hush_domain::ids::ServerId;
use hush_domain::samples::{HourlySample, Spread};
use hush_domain::time::Timestamp;
use hush_ports::{BackendError, FeedError, Samples};

use super::Memory;
use super::feed::Following;

#[async_trait]
impl Samples for Memory {
    async fn take(&self, epoch: Epoch, shards: &[Shard], at: Timestamp) -> Result<u64, FeedError> {
        let _pass = self.feed.pass(epoch).ok_or(FeedError::Deposed)?;
        let hour = at.hour();
        let looked_at = self.servers.iter().filter(|server| {
            server.following == Following::Available
                && shards.iter().any(|shard| shard.carries(server.id))
        });
        let looked_at: Vec<_> = looked_at
            .map(|server| (server.id, server.stats()))
            .collect();
        let samples = self.feed.samples.lock();
        let mut samples = samples.unwrap_or_else(PoisonError::into_inner);
        for (server, stats) in &looked_at {
            let sample = samples.entry((*server, hour)).or_insert(HourlySample {
                hour,
                members: None,
                bots: None,
                online: None,
            });
            sample.members = Spread::and(sample.members, stats.members);
            sample.bots = Spread::and(sample.bots, stats.bots);
            sample.online = Spread::and(sample.online, stats.online);
        }
        Ok(looked_at.len() as u64)
    }

    async fn of_server(
        &self,
        server: ServerId,
        from: Timestamp,
        until: Timestamp,
    ) -> Result<Vec<HourlySample>, BackendError> {
        if from >= until {
            return Ok(Vec::new());
        }
        let samples = self.feed.samples.lock();
        let samples = samples.unwrap_or_else(PoisonError::into_inner);
        let of_server = samples.range((server, from)..(server, until));
        Ok(of_server.map(|(_, sample)| *sample).collect())
    }
}
