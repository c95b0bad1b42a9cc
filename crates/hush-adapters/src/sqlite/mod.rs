//! SQLite: one file, for one process that serves.
//!
//! Every verb of a port is one transaction, but to tidy, which goes in parts so that nobody waits for long; and every
//! read is one statement, so that it sees one state. Readers never wait for who writes. Of those who write, one has the
//! file at a time: within the process they queue up, and other processes (the operator's commands) wait for SQLite's
//! own lock. So whatever a transaction looks at stays as it is until it ends.
//!
//! What was acknowledged survives a power cut, but for the limiter's own records and what the live feed brings: those
//! survive the process.
//!
//! The queries are no macros: sqlx's macros know one database in a compilation, and that is PostgreSQL. The contract
//! suite prepares every one of them.

mod audit;
mod backup;
mod channels;
mod commands;
mod counts;
mod database;
mod failure;
mod feed;
mod gather;
mod health;
mod idempotency;
mod ingest;
mod limits;
#[cfg(test)]
mod plans;
mod samples;
mod schema;
mod servers;
mod sessions;
mod settings;
mod staging;
mod stats;
mod tokens;
mod upkeep;
mod usage;
mod users;

use std::fmt;
use std::path::Path;
use std::sync::Arc;

pub use backup::BackupError;
pub use limits::SqliteLimiter;
pub use schema::{OpenError, Serving};

#[cfg(feature = "postgres")]
pub(crate) use {database::options, schema::check};

use hush_domain::audit::chain::Keyring;
use hush_domain::feed::Epoch;
use hush_domain::ids::{ServerId, UserId};
use hush_domain::users::Member;
use hush_ports::Presented;

use crate::meters::Operation;
use database::Database;
use gather::Gathered;

/// A store in a file, behind every port but the limiter's. A clone is another handle on the same connections.
#[derive(Clone)]
pub struct Sqlite {
    database: Arc<Database>,
    keys: Arc<Keyring>,
    presented: Arc<Gathered<tokens::Question, Presented>>,
    members: Arc<Gathered<(ServerId, UserId), Member>>,
    /// In which epoch whoever holds this handle writes for the feed; `None`: for the operator.
    fence: Option<Epoch>,
}

impl Sqlite {
    /// Makes the file if it is missing, and applies every migration that is missing in it. Refused while a process
    /// serves from it, if there is one to apply; that process itself uses [`Serving::migrate`].
    pub async fn migrate(file: &Path) -> Result<(), OpenError> {
        schema::migrate(file).await
    }

    /// A store in a file whose schema is this binary's. It chains audit logs with the newest of `keys`, if there is one.
    ///
    /// The metrics `hush_store_duration_seconds{operation}` and `hush_store_errors_total{operation,kind}` go to
    /// the recorder that is installed when this is called.
    pub async fn open(file: &Path, keys: Keyring) -> Result<Self, OpenError> {
        schema::check(file).await?;
        let database = Database::open(file)
            .await
            .map_err(|failure| schema::unusable(file, &failure))?;
        let database = Arc::new(database);
        Ok(Self {
            presented: Arc::new(Gathered::start(
                &database,
                Operation::PresentToken,
                tokens::present,
            )),
            members: Arc::new(Gathered::start(&database, Operation::GetUser, users::get)),
            keys: Arc::new(keys),
            database,
            fence: None,
        })
    }

    /// Lets those who write finish, and closes every connection.
    pub async fn close(&self) {
        self.database.close().await;
    }
}

impl fmt::Debug for Sqlite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sqlite").finish_non_exhaustive()
    }
}
