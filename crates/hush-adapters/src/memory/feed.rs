use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use async_trait::async_trait;
use hush_domain::feed::{Epoch, Shard};
use hush_domain::ids::ServerId;
use hush_domain::samples::HourlySample;
use hush_domain::time::Timestamp;
use hush_ports::{BackendError, Feed, FeedError, Followed, Ingest, Lease};

use super::Memory;
use super::sessions::Connection;

/// What belongs to the feed rather than to a server.
#[derive(Default)]
pub(super) struct Feeding {
    /// Who writes for the feed holds this shared while writing, so that the next epoch begins after that.
    lease: RwLock<Held>,
    pub(super) connections: Mutex<BTreeMap<u32, Connection>>,
    pub(super) samples: Mutex<BTreeMap<(ServerId, Timestamp), HourlySample>>,
}

/// The lease, before the first leader too.
struct Held(Lease);

impl Default for Held {
    fn default() -> Self {
        Self(Lease {
            epoch: Epoch(0),
            beat: 0,
            held: false,
        })
    }
}

/// How the feed follows a server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Following {
    /// It does not.
    #[default]
    No,
    /// The platform says of it how it is.
    Available,
    /// The platform cannot say anything of it for a while.
    Unavailable,
}

/// The right to write in an epoch, which no other one begins meanwhile.
pub(super) struct Pass<'a>(
    #[expect(dead_code, reason = "it is held, not read")] RwLockReadGuard<'a, Held>,
);

impl Feeding {
    /// The right to write in `epoch`, if it leads.
    pub(super) fn pass(&self, epoch: Epoch) -> Option<Pass<'_>> {
        // A poisoned lock is taken all the same: nothing that can panic stands in the middle of a write.
        let held = self.lease.read().unwrap_or_else(PoisonError::into_inner);
        let leads = held.0.held && held.0.epoch == epoch;
        leads.then_some(Pass(held))
    }

    fn write(&self) -> RwLockWriteGuard<'_, Held> {
        self.lease.write().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Feed for Memory {
    async fn lease(&self) -> Result<Lease, BackendError> {
        let lease = self.feed.lease.read();
        Ok(lease.unwrap_or_else(PoisonError::into_inner).0)
    }

    async fn take(&self, seen: Lease) -> Result<Option<Epoch>, BackendError> {
        let mut lease = self.feed.write();
        if lease.0 != seen {
            return Ok(None);
        }
        lease.0 = Lease {
            epoch: Epoch(seen.epoch.0 + 1),
            beat: seen.beat + 1,
            held: true,
        };
        Ok(Some(lease.0.epoch))
    }

    async fn keep(&self, epoch: Epoch) -> Result<bool, BackendError> {
        let lease = &mut self.feed.write().0;
        let leads = lease.held && lease.epoch == epoch;
        lease.beat += i64::from(leads);
        Ok(leads)
    }

    async fn resign(&self, epoch: Epoch) -> Result<bool, BackendError> {
        let lease = &mut self.feed.write().0;
        let leads = lease.held && lease.epoch == epoch;
        lease.held &= !leads;
        Ok(leads)
    }

    fn ingest(&self, epoch: Epoch) -> Arc<dyn Ingest> {
        Arc::new(Self {
            fence: Some(epoch),
            ..self.clone()
        })
    }

    async fn followed(&self, shard: Shard) -> Result<Vec<Followed>, BackendError> {
        let mut followed: Vec<_> = self
            .servers
            .iter()
            .filter(|server| server.following != Following::No && shard.carries(server.id))
            .map(|server| Followed {
                server: server.id,
                generation: server.generation,
                available: server.following == Following::Available,
            })
            .collect();
        followed.sort_by_key(|followed| followed.server);
        Ok(followed)
    }

    async fn begin_session(
        &self,
        epoch: Epoch,
        shard: Shard,
        named: &[ServerId],
    ) -> Result<Vec<ServerId>, FeedError> {
        let _pass = self.feed.pass(epoch).ok_or(FeedError::Deposed)?;
        let mut gone = Vec::new();
        for mut server in self.servers.iter_mut() {
            if server.following != Following::No && shard.carries(server.id) {
                server.following = Following::Unavailable;
                if !named.contains(&server.id) {
                    gone.push(server.id);
                }
            }
        }
        gone.sort();
        Ok(gone)
    }
}
