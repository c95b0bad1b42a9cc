//! Reaching a database and bringing its schema up to date.

use std::collections::HashMap;
use std::time::Duration;

use sqlx::migrate::{Migrate, MigrateError, Migrator};
use sqlx::{ConnectOptions, Connection, PgConnection};

use super::DatabaseUrl;
use super::failure::Failure;

/// How long a process that starts waits for a database that starts as well.
const REACH_TIMEOUT: Duration = Duration::from_secs(5);
/// How long it waits between two looks.
const REACH_PAUSE: Duration = Duration::from_millis(100);
/// The oldest PostgreSQL that Hush is tested with, as PostgreSQL itself writes its version.
const OLDEST_VERSION: u32 = 15_00_00;

/// Why a database cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConnectError {
    /// Nobody answers there.
    #[error(
        "PostgreSQL at {at} does not answer ({cause}): start it, or correct the database address"
    )]
    Unreachable {
        /// The database's address.
        at: String,
        /// What happened at the last attempt.
        cause: String,
    },
    /// PostgreSQL is there and does not let us in, or lacks the database.
    #[error(
        "PostgreSQL at {at} refuses the connection ({cause}): correct user, password or database in the address"
    )]
    Refused {
        /// The database's address.
        at: String,
        /// What PostgreSQL says.
        cause: String,
    },
    /// The encrypted way there cannot be trusted.
    #[error(
        "TLS with PostgreSQL at {at} fails ({cause}): name the authority of its certificate with \
         sslrootcert=FILE in the address, or correct sslmode"
    )]
    Untrusted {
        /// The database's address.
        at: String,
        /// What is wrong with the certificate, or with what came in its place.
        cause: String,
    },
    /// PostgreSQL is too old.
    #[error("PostgreSQL at {at} is version {major}, but Hush needs 15 or newer: upgrade it")]
    TooOld {
        /// The database's address.
        at: String,
        /// Its major version.
        major: u32,
    },
    /// The schema is older than this binary.
    #[error("the database at {at} lacks migration {version}: run `hush-server migrate`")]
    SchemaBehind {
        /// The database's address.
        at: String,
        /// The first migration that is missing.
        version: i64,
    },
    /// A migration was applied that is not this binary's of the same number.
    #[error(
        "migration {version} of the database at {at} is another one than this binary's: use the database that \
         belongs to it, or the binary that made it"
    )]
    ForeignSchema {
        /// The database's address.
        at: String,
        /// The migration.
        version: i64,
    },
    /// A migration, or the look at those that were applied, failed. It left nothing behind.
    #[error("migrating the database at {at} failed ({cause})")]
    Migration {
        /// The database's address.
        at: String,
        /// What PostgreSQL says.
        cause: String,
    },
}

/// Applies every migration that is missing. Any number of processes may do so at once.
pub(super) async fn migrate(url: &DatabaseUrl) -> Result<(), ConnectError> {
    let mut connection = reach(url).await?;
    // Most starts find nothing to do, and need neither the lock nor the right to change the schema.
    if first_missing(&mut connection, url).await?.is_some() {
        let applied = migrator().run_direct(None, &mut connection, false).await;
        applied.map_err(|error| unusable(url, &error))?;
    }
    // Whatever it could still say, all is done.
    let _ = connection.close().await;
    Ok(())
}

/// Checks that the database answers and that no migration is missing. Those that this binary does not know are a
/// newer one's and do no harm.
pub(super) async fn check(url: &DatabaseUrl) -> Result<(), ConnectError> {
    let mut connection = reach(url).await?;
    let missing = first_missing(&mut connection, url).await?;
    let _ = connection.close().await;
    missing.map_or(Ok(()), |version| {
        Err(ConnectError::SchemaBehind {
            at: url.to_string(),
            version,
        })
    })
}

fn migrator() -> Migrator {
    let mut migrator = sqlx::migrate!("../../migrations/postgres");
    // A newer process may have migrated before: this one still runs on its schema.
    migrator.set_ignore_missing(true);
    migrator
}

/// A connection without the time-outs of a request, which would also end the wait for another process's migration.
async fn reach(url: &DatabaseUrl) -> Result<PgConnection, ConnectError> {
    let options = url
        .options()
        .options([("statement_timeout", "0"), ("lock_timeout", "0")]);
    let mut last = None;
    let attempts = async {
        loop {
            match options.connect().await.map_err(Failure::from) {
                Err(failure) if failure.is_transient() && !failure.is_of_tls() => {
                    last = Some(failure);
                }
                result => return result,
            }
            tokio::time::sleep(REACH_PAUSE).await;
        }
    };
    let result = tokio::time::timeout(REACH_TIMEOUT, attempts).await;
    let at = url.to_string();
    match result {
        Ok(Ok(connection)) => match connection.server_version_num() {
            Some(version) if version < OLDEST_VERSION => Err(ConnectError::TooOld {
                at,
                major: version / 10_000,
            }),
            _ => Ok(connection),
        },
        Ok(Err(untrusted)) if untrusted.is_of_tls() => Err(ConnectError::Untrusted {
            at,
            cause: untrusted.to_string(),
        }),
        Ok(Err(refusal)) => Err(ConnectError::Refused {
            at,
            cause: refusal.to_string(),
        }),
        Err(_) => Err(ConnectError::Unreachable {
            at,
            cause: last.unwrap_or(Failure::Unanswered).to_string(),
        }),
    }
}

/// The first migration of this binary that was not applied yet.
async fn first_missing(
    connection: &mut PgConnection,
    url: &DatabaseUrl,
) -> Result<Option<i64>, ConnectError> {
    let migrator = migrator();
    let applied = match connection
        .list_applied_migrations(&migrator.table_name)
        .await
    {
        Ok(applied) => applied,
        Err(error) if is_undefined_table(&error) => Vec::new(),
        Err(error) => return Err(unusable(url, &error)),
    };
    let applied: HashMap<_, _> = applied
        .into_iter()
        .map(|migration| (migration.version, migration.checksum))
        .collect();
    for migration in migrator.iter() {
        match applied.get(&migration.version) {
            None => return Ok(Some(migration.version)),
            Some(checksum) if *checksum != migration.checksum => {
                return Err(unusable(
                    url,
                    &MigrateError::VersionMismatch(migration.version),
                ));
            }
            Some(_) => {}
        }
    }
    Ok(None)
}

fn is_undefined_table(error: &MigrateError) -> bool {
    let MigrateError::Execute(sqlx::Error::Database(error)) = error else {
        return false;
    };
    error.code().as_deref() == Some("42P01")
}

fn unusable(url: &DatabaseUrl, error: &MigrateError) -> ConnectError {
    let at = url.to_string();
    match error {
        MigrateError::VersionMismatch(version) => ConnectError::ForeignSchema {
            at,
            version: *version,
        },
        _ => ConnectError::Migration {
            at,
            cause: error.to_string(),
        },
    }
}
