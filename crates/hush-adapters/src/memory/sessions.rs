use std::sync::PoisonError;
use std::time::Duration;

use async_trait::async_trait;
use hush_domain::feed::{Epoch, Session, Shard};
use hush_domain::time::Timestamp;
use hush_ports::{BackendError, FeedError, Identify, Sessions};

use super::Memory;

/// What is known of the connection of one shard.
#[derive(Default)]
pub(super) struct Connection {
    session: Option<Session>,
    identified_at: Option<Timestamp>,
}

#[async_trait]
impl Sessions for Memory {
    async fn stored(&self) -> Result<Vec<Session>, BackendError> {
        let connections = self.feed.connections.lock();
        let connections = connections.unwrap_or_else(PoisonError::into_inner);
        let sessions = connections.values().map(|known| known.session.clone());
        Ok(sessions.flatten().collect())
    }

    async fn record(&self, epoch: Epoch, session: &Session) -> Result<(), FeedError> {
        let _pass = self.feed.pass(epoch).ok_or(FeedError::Deposed)?;
        let connections = self.feed.connections.lock();
        let mut connections = connections.unwrap_or_else(PoisonError::into_inner);
        let connection = connections.entry(session.shard.number).or_default();
        connection.session = Some(session.clone());
        Ok(())
    }

    async fn identify(
        &self,
        epoch: Epoch,
        shard: Shard,
        at: Timestamp,
        apart: Duration,
    ) -> Result<Identify, FeedError> {
        let _pass = self.feed.pass(epoch).ok_or(FeedError::Deposed)?;
        let connections = self.feed.connections.lock();
        let mut connections = connections.unwrap_or_else(PoisonError::into_inner);
        let connection = connections.entry(shard.number).or_default();
        connection.identified_at = connection.identified_at.map(|last| last.min(at));
        let last = connection.identified_at;
        let earliest = last.map(|last| last.checked_add(apart).unwrap_or(last));
        match earliest {
            Some(earliest) if at < earliest => Ok(Identify::NotBefore(earliest)),
            _ => {
                *connection = Connection {
                    session: None,
                    identified_at: Some(at),
                };
                Ok(Identify::Now)
            }
        }
    }
}
