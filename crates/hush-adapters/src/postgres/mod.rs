//! PostgreSQL 15 or newer, for any number of processes over one database.
//!
//! Every verb of a port is one transaction, and every read one statement, so that it sees one state.
//!
//! Whoever changes something locks first, in this order, looks in a new statement, so that it sees what those for whom
//! it waited have written, and then writes:
//!
//! 1. The lease of the feed, shared, by whoever writes for it (`feed.rs`); alone by whoever begins or ends an epoch.
//! 2. The request that may be sent again, if it is one, by a lock for which nobody waits (`idempotency.rs`).
//! 3. The servers by id: shared by whoever makes a token that names them, alone by whoever changes anything of theirs.
//!    Then their members, and their rows in `departed_servers`.
//! 4. The users whose tokens change, by id (`owners.rs`): of all that changes tokens of one user, one happens after the
//!    other.
//! 5. The tokens by id. Their use is recorded by whoever has only these.
//! 6. The commands by id; who hands them out has the worker's row before (`commands/workers.rs`), and skips what is locked.
//!    Whoever queues a new one has its server's log before, which keeps nobody waiting: nobody else knows it yet.
//! 7. The audit logs by server: nothing is waited for under their locks, but by whoever erases reasons, in the
//!    order of their rows, and then a server's samples, for which all who take some are held off (`samples.rs`).
//!
//! What upkeep removes because it has ended it locks without waiting. All locks end with their transaction, so that a
//! pooler may share connections between transactions.
//!
//! The queries are checked at compile time against the data in `.sqlx`, which `cargo xtask db prepare` writes.

mod address;
mod audit;
mod channels;
mod commands;
mod counts;
mod database;
mod departures;
mod failure;
mod feed;
mod health;
mod idempotency;
mod ingest;
mod lending;
mod limits;
mod members;
mod owners;
mod pools;
mod samples;
mod schema;
mod servers;
mod sessions;
mod settings;
mod stats;
mod tokens;
mod upkeep;
mod usage;
mod users;

use std::fmt;
use std::sync::Arc;

pub use address::{DatabaseUrl, InvalidDatabaseUrl, Settings};
pub use limits::LimiterAt;
pub use schema::ConnectError;

use database::Database;
use hush_domain::audit::chain::Keyring;
use hush_domain::feed::Epoch;

/// A store in PostgreSQL, behind every port. A clone is another handle on the same connections.
#[derive(Clone)]
pub struct Postgres {
    database: Arc<Database>,
    audit_keys: Arc<Keyring>,
    /// In which epoch whoever holds this handle writes for the feed; `None`: for the operator.
    fence: Option<Epoch>,
}

/// The connections that serve requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PoolStatus {
    /// The most there may be.
    pub max: u32,
    /// How many are open.
    pub open: u32,
    /// How many of those nobody uses right now.
    pub idle: u32,
}

impl Postgres {
    /// Applies every migration that is missing, and waits for those that another process applies. A database of
    /// a newer version is left as it is. Waits up to 5 s for PostgreSQL to be there.
    pub async fn migrate(url: &DatabaseUrl) -> Result<(), ConnectError> {
        schema::migrate(url).await
    }

    /// A store in a database whose schema is as new as this binary, or newer. Waits up to 5 s for PostgreSQL to be
    /// there; once this has succeeded, PostgreSQL may go and come again.
    ///
    /// The metrics `hush_store_duration_seconds{operation}` and `hush_store_errors_total{operation,kind}` go to
    /// the recorder that is installed when this is called.
    pub async fn connect(settings: &Settings) -> Result<Self, ConnectError> {
        schema::check(&settings.url).await?;
        Ok(Self {
            database: Arc::new(Database::new(settings)),
            audit_keys: Arc::new(settings.audit_keys.clone()),
            fence: None,
        })
    }

    /// The connections that serve requests, as they are now.
    pub fn pool_status(&self) -> PoolStatus {
        self.database.pool_status()
    }

    /// Takes no new calls, lets those that run finish and closes every connection.
    pub async fn close(&self) {
        self.database.close().await;
    }
}

impl fmt::Debug for Postgres {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Postgres")
            .field(&self.pool_status())
            .finish()
    }
}
