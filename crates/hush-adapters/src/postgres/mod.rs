//! PostgreSQL 15 or newer, for any number of processes over one database.
//!
//! Every verb of a port is one transaction, and every read one statement, so that it sees one state. Whoever
//! changes anything of a server locks its row first, then its members by id; whoever makes a token locks the rows of
//! the servers that it names, by id. Then they look, then they write.
//!
//! The queries are checked at compile time against the data in `.sqlx`, which `cargo xtask db prepare` writes.

mod address;
mod counts;
mod database;
mod failure;
mod health;
mod ingest;
mod lending;
mod limits;
mod members;
mod pools;
mod schema;
mod stats;
mod tokens;
mod users;

use std::fmt;
use std::sync::Arc;

pub use address::{DatabaseUrl, InvalidDatabaseUrl, Settings};
pub use limits::LimiterAt;
pub use schema::ConnectError;

use database::Database;

/// A store in PostgreSQL, behind every port. A clone is another handle on the same connections.
#[derive(Clone)]
pub struct Postgres {
    database: Arc<Database>,
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
