//! A store that goes away when it is told to.

use std::slice;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use hush_adapters::memory::Memory;
use hush_discord_fake::{Fake, Setup, Step};
use hush_domain::events::{Change, Event, PresenceChange, Snapshot};
use hush_domain::feed::{Epoch, Session, Shard};
use hush_domain::ids::ServerId;
use hush_domain::time::Timestamp;
use hush_ports::{
    Applied, BackendError, Feed, FeedError, Followed, Identify, Ingest, IngestError, Lease,
    MemberSource, Sessions,
};

use crate::support::{EVERYTHING, PATIENCE, SERVER, Site, guild};

/// A store that can be away.
#[derive(Clone)]
pub(crate) struct Fickle {
    memory: Memory,
    away: Arc<AtomicBool>,
    /// The user of whom nothing is taken: 0 is nobody.
    refused_user: Arc<AtomicU64>,
    /// How often it was asked in vain, and how often whether a session may be begun.
    refused: Arc<AtomicUsize>,
    identifies_refused: Arc<AtomicUsize>,
}

async fn until(is_so: impl Fn() -> bool) {
    let so = async {
        while !is_so() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, so).await.unwrap();
}

/// A way into it.
struct FickleIngest {
    ingest: Arc<dyn Ingest>,
    store: Fickle,
}

impl Fickle {
    pub(crate) fn new() -> Self {
        Self {
            memory: Memory::new(),
            away: Arc::default(),
            refused_user: Arc::default(),
            refused: Arc::default(),
            identifies_refused: Arc::default(),
        }
    }

    pub(crate) fn set_away(&self, away: bool) {
        self.away.store(away, Ordering::Relaxed);
    }

    /// Takes nothing that says who `user` is.
    pub(crate) fn refuse(&self, user: u64) {
        self.refused_user.store(user, Ordering::Relaxed);
    }

    fn takes(&self, change: &Change) -> Result<(), BackendError> {
        let listed = match change {
            Change::MemberChunk { members, .. } => members,
            Change::MemberJoined(member) | Change::MemberChanged(member) => slice::from_ref(member),
            _ => &[][..],
        };
        let refused = self.refused_user.load(Ordering::Relaxed);
        if listed.iter().any(|member| member.user.id.get() == refused) {
            return Err(BackendError::refused("not this one"));
        }
        Ok(())
    }

    /// The store, unless it is away.
    fn reach(&self) -> Result<&Memory, BackendError> {
        if self.away.load(Ordering::Relaxed) {
            self.refused.fetch_add(1, Ordering::Relaxed);
            Err(BackendError::transient("away"))
        } else {
            Ok(&self.memory)
        }
    }

    /// Waits until it was asked in vain.
    pub(crate) async fn until_refused(&self) {
        until(|| self.refused.load(Ordering::Relaxed) > 0).await;
    }

    /// Waits until it was asked in vain whether a session may be begun.
    pub(crate) async fn until_identify_refused(&self) {
        until(|| self.identifies_refused.load(Ordering::Relaxed) > 0).await;
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
        self.store.reach()?;
        let ingest = &self.ingest;
        ingest.apply_snapshot(snapshot, members, received_at).await
    }

    async fn apply(&self, event: Event, received_at: Timestamp) -> Result<Applied, IngestError> {
        self.store.reach()?;
        self.store.takes(&event.change)?;
        self.ingest.apply(event, received_at).await
    }

    async fn apply_presences(&self, changes: Vec<PresenceChange>) -> Result<u64, IngestError> {
        self.store.reach()?;
        self.ingest.apply_presences(changes).await
    }
}

#[async_trait]
impl Feed for Fickle {
    async fn lease(&self) -> Result<Lease, BackendError> {
        self.reach()?.lease().await
    }

    async fn take(&self, seen: Lease) -> Result<Option<Epoch>, BackendError> {
        Feed::take(self.reach()?, seen).await
    }

    async fn keep(&self, epoch: Epoch) -> Result<bool, BackendError> {
        self.reach()?.keep(epoch).await
    }

    async fn resign(&self, epoch: Epoch) -> Result<bool, BackendError> {
        self.reach()?.resign(epoch).await
    }

    fn ingest(&self, epoch: Epoch) -> Arc<dyn Ingest> {
        Arc::new(FickleIngest {
            ingest: self.memory.ingest(epoch),
            store: self.clone(),
        })
    }

    async fn followed(&self, shard: Shard) -> Result<Vec<Followed>, BackendError> {
        self.reach()?.followed(shard).await
    }

    async fn begin_session(
        &self,
        epoch: Epoch,
        shard: Shard,
        named: &[ServerId],
    ) -> Result<Vec<ServerId>, FeedError> {
        self.reach()?.begin_session(epoch, shard, named).await
    }
}

#[async_trait]
impl Sessions for Fickle {
    async fn stored(&self) -> Result<Vec<Session>, BackendError> {
        self.reach()?.stored().await
    }

    async fn record(&self, epoch: Epoch, session: &Session) -> Result<(), FeedError> {
        self.reach()?.record(epoch, session).await
    }

    async fn identify(
        &self,
        epoch: Epoch,
        shard: Shard,
        at: Timestamp,
        apart: Duration,
    ) -> Result<Identify, FeedError> {
        let reached = self.reach();
        if reached.is_err() {
            self.identifies_refused.fetch_add(1, Ordering::Relaxed);
        }
        reached?.identify(epoch, shard, at, apart).await
    }
}

/// Who follows from `fake` into a store that goes away when it is told to.
pub(crate) fn over(fake: Fake, store: &Fickle, ahead: u64) -> Site {
    let ports = Arc::new(store.clone());
    let memory = store.memory.clone();
    Site::through(fake, memory, (ports.clone(), ports), EVERYTHING, ahead)
}

/// The same with a server that is known.
pub(crate) async fn fickle(setup: Setup) -> (Site, Fickle) {
    let fake = Fake::start(setup).await.unwrap();
    let store = Fickle::new();
    let site = over(fake, &store, 0);
    assert!(site.fake.take(Step::GuildAdded(guild(SERVER, 200))));
    site.agree().await;
    (site, store)
}
