//! The stores, each behind every port that it serves.

use std::sync::Arc;

use hush_adapters::memory::{Memory, MemoryLimiter};
use hush_adapters::postgres::{self, Postgres};
use hush_adapters::refusals::RememberedRefusals;
use hush_adapters::system::{SystemClock, SystemRandom};
use hush_app::Ports;
use hush_ports::{Counts, Health, Ingest, Limiter, StatsReader, Tokens, Users};

use crate::config::{Settings, Store};
use crate::failure::Failure;

/// Of how many client addresses the unknown tokens are counted at once: some megabytes.
const CLIENTS: usize = 1 << 16;

/// A store behind every port that it serves, with the system's clock and random source.
pub struct Stores {
    /// What the application needs.
    pub ports: Ports,
    /// Where snapshots and events go.
    pub ingest: Arc<dyn Ingest>,
    /// The kept counts.
    pub counts: Arc<dyn Counts>,
    /// The store itself if it is a database, which wants some care.
    pub postgres: Option<Postgres>,
}

/// A new store in memory.
pub fn memory() -> Stores {
    let store = Arc::new(Memory::new());
    let clock = Arc::new(SystemClock::new());
    let limiter = Arc::new(MemoryLimiter::new(clock.clone(), CLIENTS));
    Stores {
        ports: ports(&store, clock, limiter.clone(), limiter),
        ingest: store.clone(),
        counts: store,
        postgres: None,
    }
}

/// The configured store, its schema brought up to date if the settings say so.
pub async fn open(settings: &Settings) -> Result<Stores, Failure> {
    match require(settings)? {
        Store::Memory => Ok(memory()),
        Store::Postgres(postgres) => {
            if settings.migrate {
                Postgres::migrate(&postgres.url)
                    .await
                    .map_err(Failure::operation)?;
            }
            let store = Postgres::connect(postgres)
                .await
                .map_err(Failure::operation)?;
            Ok(lasting_in(store))
        }
    }
}

/// The configured store, which has to be one that lasts.
pub async fn lasting(settings: &Settings) -> Result<Stores, Failure> {
    require_lasting(settings)?;
    open(settings).await
}

/// Brings the schema of the configured store up to date.
pub async fn migrate(settings: &Settings) -> Result<(), Failure> {
    let postgres = require_lasting(settings)?;
    Postgres::migrate(&postgres.url)
        .await
        .map_err(Failure::operation)
}

/// Refuses to go on without a configured store.
pub fn require(settings: &Settings) -> Result<&Store, Failure> {
    settings.store.as_ref().ok_or_else(|| {
        Failure::usage(
            "no store is configured: set HUSH_DATABASE_URL=postgres://USER:PASSWORD@HOST/DATABASE, \
             or try `hush-server demo`",
        )
    })
}

/// Refuses to go on with a store that forgets.
pub fn require_lasting(settings: &Settings) -> Result<&postgres::Settings, Failure> {
    match require(settings)? {
        Store::Postgres(postgres) => Ok(postgres),
        Store::Memory => Err(Failure::usage(
            "this command needs a store that lasts, and store is memory: set HUSH_STORE=postgres \
             and HUSH_DATABASE_URL=postgres://USER:PASSWORD@HOST/DATABASE",
        )),
    }
}

fn lasting_in(postgres: Postgres) -> Stores {
    let store = Arc::new(postgres.clone());
    let clock = Arc::new(SystemClock::new());
    // What one process remembers of refusals spares the store; unknown tokens need not be counted exactly.
    let limiter = Arc::new(RememberedRefusals::new(store.clone(), clock.clone()));
    let auth_limiter = Arc::new(MemoryLimiter::new(clock.clone(), CLIENTS));
    Stores {
        ports: ports(&store, clock, limiter, auth_limiter),
        ingest: store.clone(),
        counts: store,
        postgres: Some(postgres),
    }
}

fn ports<S>(
    store: &Arc<S>,
    clock: Arc<SystemClock>,
    limiter: Arc<dyn Limiter>,
    auth_limiter: Arc<dyn Limiter>,
) -> Ports
where
    S: Tokens + Users + StatsReader + Health + 'static,
{
    Ports {
        tokens: store.clone(),
        users: store.clone(),
        stats: store.clone(),
        health: store.clone(),
        limiter,
        auth_limiter,
        clock,
        random: Arc::new(SystemRandom),
    }
}
