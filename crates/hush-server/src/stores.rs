//! The stores, each behind every port that it serves.

#[cfg(feature = "sqlite")]
use std::fs::DirBuilder;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use hush_adapters::memory::{Memory, MemoryLimiter};
use hush_adapters::postgres::{self, Postgres};
use hush_adapters::refusals::RememberedRefusals;
#[cfg(feature = "sqlite")]
use hush_adapters::sqlite::{Serving, Sqlite, SqliteLimiter};
use hush_adapters::system::{SystemClock, SystemRandom};
use hush_app::Ports;
use hush_discord::Ports as FeedPorts;
use hush_domain::audit::chain::{End, Keyring};
use hush_domain::limits::Rule;
use hush_ports::{
    AuditLog, BackendError, Channels, Commands, Counts, Feed, Health, Ingest, Limiter, Samples,
    Servers, Sessions, Settings as ServerSettings, StatsReader, Tokens, Upkeep, Usage, Users,
};
use tokio::time::timeout;

use crate::config::{Settings, Store};
use crate::failure::Failure;

/// Of how many client addresses the unknown tokens are counted at once: some megabytes.
const CLIENTS: usize = 1 << 16;
/// Of how many audit logs it is looked whether they need a key.
const LOGS: u16 = 1000;
/// How long to wait for a database to let go: one that stalls does not answer a farewell either.
const FAREWELL: Duration = Duration::from_secs(1);

/// A store behind every port that it serves, with the system's clock and random source.
pub struct Stores {
    /// What the application needs.
    pub ports: Ports,
    /// Where snapshots and events go.
    pub ingest: Arc<dyn Ingest>,
    /// The kept counts.
    pub counts: Arc<dyn Counts>,
    /// What follows Discord.
    pub feed: FeedPorts,
    /// What a lasting store needs besides.
    pub care: Care,
}

/// What a store needs beside the calls of its ports.
#[derive(Clone)]
pub enum Care {
    /// Nothing.
    Memory,
    /// Its connections.
    Postgres(Postgres),
    /// Its file and, in the process that serves, its limiter.
    #[cfg(feature = "sqlite")]
    Sqlite(Sqlite, Option<Arc<SqliteLimiter>>),
}

impl Care {
    /// Whether no other process can serve from the store.
    pub fn is_alone(&self) -> bool {
        !matches!(self, Self::Postgres(_))
    }

    /// Drops what the limiter no longer needs, which a store would keep for ever. Returns how much.
    pub async fn sweep(&self) -> Result<u64, BackendError> {
        match self {
            Self::Memory => Ok(0),
            Self::Postgres(postgres) => postgres.sweep_idle(Rule::MAX_WINDOW).await,
            #[cfg(feature = "sqlite")]
            Self::Sqlite(_, None) => Ok(0),
            #[cfg(feature = "sqlite")]
            Self::Sqlite(_, Some(limiter)) => limiter.sweep(Rule::MAX_WINDOW).await,
        }
    }

    /// Lets go of the store.
    pub async fn close(&self) {
        let closed = async {
            match self {
                Self::Memory => {}
                Self::Postgres(postgres) => postgres.close().await,
                #[cfg(feature = "sqlite")]
                Self::Sqlite(sqlite, _) => sqlite.close().await,
            }
        };
        let _ = timeout(FAREWELL, closed).await;
    }
}

/// A new store in memory.
pub fn memory(keys: &Keyring) -> Stores {
    let store = Arc::new(Memory::with_keys(keys.clone()));
    let clock = Arc::new(SystemClock::new());
    let limiter = Arc::new(MemoryLimiter::new(clock.clone(), CLIENTS));
    Stores {
        ports: ports(&store, keys, clock.clone(), limiter.clone(), limiter),
        ingest: store.clone(),
        feed: feed(&store, clock),
        counts: store,
        care: Care::Memory,
    }
}

/// The configured store for the process that serves from it, its schema brought up to date if the settings say so.
pub async fn serving(settings: &Settings) -> Result<Stores, Failure> {
    open(settings, true).await
}

/// The configured store, which has to be one that lasts, for a command beside the process that serves.
pub async fn lasting(settings: &Settings) -> Result<Stores, Failure> {
    require_lasting(settings)?;
    open(settings, false).await
}

async fn open(settings: &Settings, serves: bool) -> Result<Stores, Failure> {
    let stores = match &settings.store {
        Store::Memory => memory(&settings.audit_keys),
        Store::Sqlite(file) => sqlite(file, settings, serves).await?,
        Store::Postgres(database) => postgres(database, settings.migrate).await?,
    };
    require_key(&stores.ports).await?;
    Ok(stores)
}

/// Refuses to go on without a key where rows of audit logs have one: a row without one after them could be anybody's,
/// and no row can be chained anew.
async fn require_key(ports: &Ports) -> Result<(), Failure> {
    let keys = &ports.audit_keys;
    if !keys.is_empty() {
        return Ok(());
    }
    let mut after = None;
    loop {
        let logs = ports.audit.ends(after, LOGS).await?;
        for log in &logs {
            if keys.is_sealed(End::Head, log.server, log.head, false, log.head_seal) {
                continue;
            }
            let before = log.head.number.saturating_sub(1);
            let newest = ports.audit.rows(log.server, before, 1).await?;
            // Without one, something else is wrong with the log, which is for `audit verify` to say.
            if newest.iter().any(|row| row.key.is_some()) {
                return Err(Failure::usage(
                    "audit logs are chained with a key, and none is configured: set \
                     HUSH_AUDIT_KEY_FILE to a file that holds it (to a new one if it is lost)",
                ));
            }
        }
        match logs.last() {
            Some(last) if logs.len() == usize::from(LOGS) => after = Some(last.server),
            _ => return Ok(()),
        }
    }
}

/// Brings the schema of the configured store up to date.
pub async fn migrate(settings: &Settings) -> Result<(), Failure> {
    require_lasting(settings)?;
    match &settings.store {
        Store::Memory => Ok(()),
        Store::Sqlite(file) => migrate_sqlite(file).await,
        Store::Postgres(database) => Postgres::migrate(&database.url)
            .await
            .map_err(Failure::operation),
    }
}

/// Writes a copy of the configured store, which has to be a file, into `target`.
pub async fn backup(settings: &Settings, target: &Path) -> Result<(), Failure> {
    require_lasting(settings)?;
    match &settings.store {
        #[cfg(feature = "sqlite")]
        Store::Sqlite(file) => Sqlite::backup(file, target)
            .await
            .map_err(Failure::operation),
        _ => Err(Failure::usage(format_args!(
            "{} was not made: only a store in a file is backed up so; PostgreSQL has pg_dump",
            target.display()
        ))),
    }
}

/// Refuses to go on with a store that forgets.
pub fn require_lasting(settings: &Settings) -> Result<(), Failure> {
    match settings.store {
        Store::Memory => Err(Failure::usage(
            "this command needs a store that lasts, and store is memory: set HUSH_STORE=sqlite, or \
             HUSH_DATABASE_URL=postgres://USER:PASSWORD@HOST/DATABASE",
        )),
        Store::Sqlite(_) | Store::Postgres(_) => Ok(()),
    }
}

async fn postgres(database: &postgres::Settings, migrate: bool) -> Result<Stores, Failure> {
    if migrate {
        Postgres::migrate(&database.url)
            .await
            .map_err(Failure::operation)?;
    }
    let postgres = Postgres::connect(database)
        .await
        .map_err(Failure::operation)?;
    let store = Arc::new(postgres.clone());
    let clock = Arc::new(SystemClock::new());
    // What one process remembers of refusals spares the store; unknown tokens need not be counted exactly.
    let limiter = Arc::new(RememberedRefusals::new(store.clone(), clock.clone()));
    let auth_limiter = Arc::new(MemoryLimiter::new(clock.clone(), CLIENTS));
    Ok(Stores {
        ports: ports(
            &store,
            &database.audit_keys,
            clock.clone(),
            limiter,
            auth_limiter,
        ),
        ingest: store.clone(),
        feed: feed(&store, clock),
        counts: store,
        care: Care::Postgres(postgres),
    })
}

#[cfg(feature = "sqlite")]
async fn sqlite(file: &Path, settings: &Settings, serves: bool) -> Result<Stores, Failure> {
    if let Some(folder) = file.parent() {
        make(folder)?;
    }
    let serving = if serves {
        Some(Serving::from(file).map_err(Failure::operation)?)
    } else {
        None
    };
    if settings.migrate {
        let migrated = match &serving {
            Some(serving) => serving.migrate().await,
            None => Sqlite::migrate(file).await,
        };
        migrated.map_err(Failure::operation)?;
    }
    let keys = &settings.audit_keys;
    let sqlite = Sqlite::open(file, keys.clone())
        .await
        .map_err(Failure::operation)?;
    let limiter = match serving {
        Some(serving) => Some(Arc::new(sqlite.limiter(serving).await?)),
        None => None,
    };
    let store = Arc::new(sqlite.clone());
    let clock = Arc::new(SystemClock::new());
    let auth_limiter = Arc::new(MemoryLimiter::new(clock.clone(), CLIENTS));
    // A command asks no limiter.
    let asked: Arc<dyn Limiter> = match &limiter {
        Some(limiter) => limiter.clone(),
        None => auth_limiter.clone(),
    };
    Ok(Stores {
        ports: ports(&store, keys, clock.clone(), asked, auth_limiter),
        ingest: store.clone(),
        feed: feed(&store, clock),
        counts: store,
        care: Care::Sqlite(sqlite, limiter),
    })
}

#[cfg(feature = "sqlite")]
async fn migrate_sqlite(file: &Path) -> Result<(), Failure> {
    if let Some(folder) = file.parent() {
        make(folder)?;
    }
    Sqlite::migrate(file).await.map_err(Failure::operation)
}

/// A folder that only its owner can look into, since what is in it is other people's data.
#[cfg(feature = "sqlite")]
fn make(folder: &Path) -> Result<(), Failure> {
    let mut new = DirBuilder::new();
    new.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut new, 0o700);
    new.create(folder).map_err(|error| {
        Failure::operation(format_args!(
            "cannot make the folder {}: {error}; choose another with HUSH_DATA_DIR",
            folder.display()
        ))
    })
}

#[cfg(not(feature = "sqlite"))]
async fn sqlite(file: &Path, settings: &Settings, _: bool) -> Result<Stores, Failure> {
    migrate_sqlite(file)
        .await
        .map(|()| memory(&settings.audit_keys))
}

#[cfg(not(feature = "sqlite"))]
#[expect(
    clippy::unused_async,
    reason = "with SQLite there is something to wait for"
)]
async fn migrate_sqlite(_: &Path) -> Result<(), Failure> {
    Err(Failure::usage(
        "this binary was built without SQLite: set HUSH_DATABASE_URL=postgres://USER:PASSWORD@HOST/DATABASE",
    ))
}

fn feed<S>(store: &Arc<S>, clock: Arc<SystemClock>) -> FeedPorts
where
    S: Feed + Sessions + Samples + 'static,
{
    FeedPorts {
        feed: store.clone(),
        sessions: store.clone(),
        samples: store.clone(),
        clock,
    }
}

fn ports<S>(
    store: &Arc<S>,
    audit_keys: &Keyring,
    clock: Arc<SystemClock>,
    limiter: Arc<dyn Limiter>,
    auth_limiter: Arc<dyn Limiter>,
) -> Ports
where
    S: Tokens
        + Users
        + Servers
        + Channels
        + StatsReader
        + Commands
        + AuditLog
        + ServerSettings
        + Usage
        + Upkeep
        + Health
        + 'static,
{
    Ports {
        tokens: store.clone(),
        users: store.clone(),
        servers: store.clone(),
        channels: store.clone(),
        stats: store.clone(),
        audit: store.clone(),
        audit_keys: audit_keys.clone(),
        settings: store.clone(),
        usage: store.clone(),
        commands: store.clone(),
        executor: None,
        upkeep: store.clone(),
        health: store.clone(),
        limiter,
        auth_limiter,
        clock,
        random: Arc::new(SystemRandom),
    }
}
