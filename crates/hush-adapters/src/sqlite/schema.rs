//! Opening a file, bringing its schema up to date, and owning it.

use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};

use sqlx::migrate::{MigrateError, Migrator};
use sqlx::{ConnectOptions, Connection, SqliteConnection};

use super::database::options;
use super::failure::Failure;

/// What a file of Hush's says in its header of whose it is: "Hush" in ASCII.
const APPLICATION: i64 = 0x4875_7368;
/// What SQLite says of a file that is none of its own.
const NOT_A_DATABASE: i32 = 26;

/// Why a file cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// It cannot be read or written, or not even made.
    #[error(
        "{file} cannot be used ({cause}): check the folder, its owner and the space on the disk"
    )]
    Unusable {
        /// The file.
        file: PathBuf,
        /// What SQLite or the system says.
        cause: String,
    },
    /// It is something else.
    #[error("{file} is no database of Hush's: name another file, or move this one away")]
    Foreign {
        /// The file.
        file: PathBuf,
    },
    /// A newer binary has changed its schema.
    #[error("{file} is of a newer version than this binary: use the binary that it belongs to")]
    Newer {
        /// The file.
        file: PathBuf,
    },
    /// It lacks a migration of this binary.
    #[error("{file} lacks migration {version}: run `hush-server migrate`")]
    Behind {
        /// The file.
        file: PathBuf,
        /// The first migration that is missing.
        version: i64,
    },
    /// A process serves from it already.
    #[error("another process serves from {file}: stop it, or give this one a folder of its own")]
    Served {
        /// The file.
        file: PathBuf,
    },
}

/// The right to serve from a file, of which there is one. It ends with the process, however that ends.
#[derive(Debug)]
pub struct Serving {
    file: PathBuf,
    /// Held for its lock.
    _lock: File,
}

impl Serving {
    /// Takes the right to serve from `file`.
    pub fn from(file: &Path) -> Result<Self, OpenError> {
        let lock = beside(file, "-serving")?;
        match lock.try_lock() {
            Ok(()) => Ok(Self {
                file: file.to_owned(),
                _lock: lock,
            }),
            Err(TryLockError::WouldBlock) => Err(OpenError::Served {
                file: file.to_owned(),
            }),
            Err(TryLockError::Error(error)) => Err(unusable(file, &error)),
        }
    }

    /// Makes the file if it is missing, and applies every migration that is missing in it.
    pub async fn migrate(&self) -> Result<(), OpenError> {
        let mut migrating = Migrating::of(&self.file).await?;
        migrating.apply().await
    }
}

/// Makes the file if it is missing, and applies what is missing in it, unless a process serves from it, which would not
/// know what has become of its file.
pub(super) async fn migrate(file: &Path) -> Result<(), OpenError> {
    let mut migrating = Migrating::of(file).await?;
    if versions(&mut migrating.connection, file).await?.len() == migrator().iter().count() {
        // Nothing to do but to see that it is ours.
        return migrating.apply().await;
    }
    let _serving = Serving::from(file)?;
    migrating.apply().await
}

/// A file whose schema nobody else changes. Processes that want to wait for each other.
struct Migrating<'f> {
    file: &'f Path,
    connection: SqliteConnection,
    _lock: File,
}

impl<'f> Migrating<'f> {
    async fn of(file: &'f Path) -> Result<Self, OpenError> {
        let lock = beside(file, "-migrating")?;
        let locking = tokio::task::spawn_blocking(move || lock.lock().map(|()| lock));
        let locked = locking.await.map_err(|error| unusable(file, &error))?;
        Ok(Self {
            file,
            _lock: locked.map_err(|error| unusable(file, &error))?,
            connection: connect(file, true).await?,
        })
    }

    async fn apply(&mut self) -> Result<(), OpenError> {
        let applied = migrator()
            .run_direct(None, &mut self.connection, false)
            .await;
        applied.map_err(|error| match error {
            MigrateError::VersionMissing(_) | MigrateError::VersionMismatch(_) => {
                OpenError::Newer {
                    file: self.file.to_owned(),
                }
            }
            other => unusable(self.file, &other),
        })
    }
}

/// Checks that the file is Hush's and has every migration of this binary, and no other.
pub(crate) async fn check(file: &Path) -> Result<(), OpenError> {
    let mut connection = connect(file, false).await?;
    let applied = versions(&mut connection, file).await?;
    let _ = connection.close().await;
    let known: Vec<i64> = migrator()
        .iter()
        .map(|migration| migration.version)
        .collect();
    if applied.iter().any(|version| !known.contains(version)) {
        return Err(OpenError::Newer {
            file: file.to_owned(),
        });
    }
    let missing = known.into_iter().find(|version| !applied.contains(version));
    missing.map_or(Ok(()), |version| {
        Err(OpenError::Behind {
            file: file.to_owned(),
            version,
        })
    })
}

pub(super) fn unusable(file: &Path, cause: &impl ToString) -> OpenError {
    OpenError::Unusable {
        file: file.to_owned(),
        cause: cause.to_string(),
    }
}

/// The migrations that were applied.
async fn versions(connection: &mut SqliteConnection, file: &Path) -> Result<Vec<i64>, OpenError> {
    let read = async {
        let known = "SELECT EXISTS (SELECT 1 FROM sqlite_schema WHERE name = '_sqlx_migrations')";
        if !sqlx::query_scalar(known)
            .fetch_one(&mut *connection)
            .await?
        {
            return Ok(Vec::new());
        }
        sqlx::query_scalar("SELECT version FROM _sqlx_migrations")
            .fetch_all(connection)
            .await
    };
    read.await
        .map_err(|error: sqlx::Error| unusable(file, &error))
}

fn migrator() -> Migrator {
    sqlx::migrate!("../../migrations/sqlite")
}

/// A connection to a file that is Hush's, or empty if it may be `new`.
async fn connect(file: &Path, new: bool) -> Result<SqliteConnection, OpenError> {
    let refused = |error: sqlx::Error| {
        let failure = Failure::from(error);
        if failure.code() == Some(NOT_A_DATABASE) {
            OpenError::Foreign {
                file: file.to_owned(),
            }
        } else {
            unusable(file, &failure)
        }
    };
    let mut connection = options(file)
        .create_if_missing(new)
        .connect()
        .await
        .map_err(refused)?;
    let application: i64 = sqlx::query_scalar("PRAGMA application_id")
        .fetch_one(&mut connection)
        .await
        .map_err(refused)?;
    let tables: i64 = sqlx::query_scalar("SELECT count(*) FROM sqlite_schema")
        .fetch_one(&mut connection)
        .await
        .map_err(refused)?;
    if application == APPLICATION || (new && tables == 0) {
        Ok(connection)
    } else {
        Err(OpenError::Foreign {
            file: file.to_owned(),
        })
    }
}

/// A file of our own beside SQLite's: SQLite's locks on its own would be lost as soon as this process closed it.
fn beside(file: &Path, suffix: &str) -> Result<File, OpenError> {
    let mut path = file.as_os_str().to_owned();
    path.push(suffix);
    File::options()
        .create(true)
        .append(true)
        .open(&path)
        .map_err(|error| unusable(file, &error))
}
