//! The store is away.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use hush_adapters::memory::Memory;
use hush_discord_fake::{Fake, Setup, Status, Step, Storm};
use hush_domain::events::{Event, PresenceChange, Snapshot};
use hush_domain::feed::{Epoch, Shard};
use hush_domain::ids::ServerId;
use hush_domain::time::Timestamp;
use hush_ports::{
    Applied, BackendError, Feed, FeedError, Followed, Ingest, IngestError, Lease, MemberSource,
};

use crate::support::{EVERYTHING, OWNER, PATIENCE, SERVER, Site, guild};

/// A feed over a store that can be away.
struct Fickle {
    memory: Memory,
    away: Arc<AtomicBool>,
}

/// A way into it.
struct FickleIngest {
    ingest: Arc<dyn Ingest>,
    away: Arc<AtomicBool>,
}

impl FickleIngest {
    fn reach(&self) -> Result<&dyn Ingest, BackendError> {
        if self.away.load(Ordering::Relaxed) {
            Err(BackendError::transient("away"))
        } else {
            Ok(&*self.ingest)
        }
    }
}

#[async_trait]
impl Ingest for FickleIngest {
    async fn apply_snapshot(
        &self,
        snapshot: Snapshot,
        members: Box<dyn MemberSource>,
        received_at: Timestamp,
    ) -> Result<(), IngestError> {
        let ingest = self.reach()?;
        ingest.apply_snapshot(snapshot, members, received_at).await
    }

    async fn apply(&self, event: Event, received_at: Timestamp) -> Result<Applied, IngestError> {
        self.reach()?.apply(event, received_at).await
    }

    async fn apply_presences(&self, changes: Vec<PresenceChange>) -> Result<u64, IngestError> {
        self.reach()?.apply_presences(changes).await
    }
}

#[async_trait]
impl Feed for Fickle {
    async fn lease(&self) -> Result<Lease, BackendError> {
        self.memory.lease().await
    }

    async fn take(&self, seen: Lease) -> Result<Option<Epoch>, BackendError> {
        Feed::take(&self.memory, seen).await
    }

    async fn keep(&self, epoch: Epoch) -> Result<bool, BackendError> {
        self.memory.keep(epoch).await
    }

    async fn resign(&self, epoch: Epoch) -> Result<bool, BackendError> {
        self.memory.resign(epoch).await
    }

    fn ingest(&self, epoch: Epoch) -> Arc<dyn Ingest> {
        Arc::new(FickleIngest {
            ingest: self.memory.ingest(epoch),
            away: Arc::clone(&self.away),
        })
    }

    async fn followed(&self, shard: Shard) -> Result<Vec<Followed>, BackendError> {
        self.memory.followed(shard).await
    }

    async fn begin_session(
        &self,
        epoch: Epoch,
        shard: Shard,
        named: &[ServerId],
    ) -> Result<Vec<ServerId>, FeedError> {
        self.memory.begin_session(epoch, shard, named).await
    }
}

/// Who follows into a store that goes away when it is told to.
async fn fickle(setup: Setup) -> (Site, Arc<AtomicBool>) {
    let fake = Fake::start(setup).await.unwrap();
    let (memory, away) = (Memory::new(), Arc::new(AtomicBool::new(false)));
    let feed = Arc::new(Fickle {
        memory: memory.clone(),
        away: Arc::clone(&away),
    });
    let site = Site::through(fake, memory, feed, EVERYTHING, 0);
    assert!(site.fake.take(Step::GuildAdded(guild(SERVER, 200))));
    site.agree().await;
    (site, away)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_the_store_is_away_the_heartbeat_goes_on_and_nothing_is_lost() {
    let setup = Setup {
        heartbeat_interval: Duration::from_millis(250),
        ..Setup::default()
    };
    let (site, away) = fickle(setup).await;
    let storm = Storm {
        rate: 3000,
        duration: Duration::from_secs(3),
        seed: 3,
    };
    let fake = site.fake.clone();
    let storming = tokio::spawn(async move { fake.storm(storm).await });
    away.store(true, Ordering::Relaxed);
    let beats = site.fake.observed().heartbeats.len() + 8;
    assert!(
        site.fake
            .until(|seen| seen.heartbeats.len() >= beats, PATIENCE)
            .await
    );
    assert!(site.fake.take(Step::MemberLeft {
        guild: SERVER,
        user: OWNER + 3
    }));
    away.store(false, Ordering::Relaxed);
    storming.await.unwrap().unwrap();
    site.agree().await;
    assert_eq!(site.fake.observed().connections, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn more_than_can_be_kept_is_left_at_discord_until_there_is_room() {
    let (site, away) = fickle(Setup::default()).await;
    away.store(true, Ordering::Relaxed);
    for _ in 0..8 {
        assert!(site.fake.dispatch_long(SERVER, 10 << 20));
    }
    // It hangs up in a way that keeps the session.
    let hung_up = |seen: &hush_discord_fake::Observed| seen.client_closes.contains(&Some(4000));
    assert!(site.fake.until(hung_up, PATIENCE).await);
    assert!(site.fake.take(Step::Presence {
        guild: SERVER,
        user: OWNER + 1,
        status: Status::Dnd
    }));
    away.store(false, Ordering::Relaxed);
    site.agree().await;
    let seen = site.fake.observed();
    assert_eq!(seen.identified(), 1);
    assert!(seen.resumed() >= 1);
}
