//! A copy of a file that others go on writing.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions, Connection};

use super::database::options;
use super::failure::Failure;
use super::schema;
use super::{OpenError, Sqlite};

/// Why there is no backup. Nothing stands in its place.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BackupError {
    /// What was to be copied cannot be used.
    #[error(transparent)]
    Source(#[from] OpenError),
    /// There is something already.
    #[error("{file} is there already: name another file, or move it away")]
    Exists {
        /// Where the backup was to be.
        file: PathBuf,
    },
    /// It could not be written, or is not what it should be.
    #[error(
        "the backup {file} could not be made ({cause}): check the folder and the space on the disk"
    )]
    Failed {
        /// Where the backup was to be.
        file: PathBuf,
        /// What SQLite or the system says.
        cause: String,
    },
}

impl Sqlite {
    /// Writes what `file` holds at one moment into `target`, a file of its own that only its owner can read, while
    /// others go on using `file`. It has its name once it was opened, found whole and is safe on the disk.
    pub async fn backup(file: &Path, target: &Path) -> Result<(), BackupError> {
        schema::check(file).await?;
        if target.exists() {
            return Err(BackupError::Exists {
                file: target.to_owned(),
            });
        }
        let failed = |cause: String| BackupError::Failed {
            file: target.to_owned(),
            cause,
        };
        let mut part = target.as_os_str().to_owned();
        part.push(".part");
        let part = PathBuf::from(part);
        let made = write(file, &part).await;
        if let Err(failure) = made {
            // What is there is of no use to anybody.
            let _ = fs::remove_file(&part);
            return Err(failed(failure.to_string()));
        }
        settle(&part, target).map_err(|error| failed(error.to_string()))
    }
}

async fn write(file: &Path, part: &Path) -> Result<(), Failure> {
    new_file(part).map_err(sqlx::Error::Io)?;
    let mut source = options(file).connect().await?;
    sqlx::query("VACUUM INTO ?1")
        .bind(part.to_string_lossy().into_owned())
        .execute(&mut source)
        .await?;
    source.close().await?;
    let mut copy = SqliteConnectOptions::new()
        .filename(part)
        .read_only(true)
        .connect()
        .await?;
    let whole: String = sqlx::query_scalar("PRAGMA integrity_check(1)")
        .fetch_one(&mut copy)
        .await?;
    copy.close().await?;
    if whole == "ok" {
        Ok(())
    } else {
        Err(Failure::stored("backup")(whole))
    }
}

/// An empty file in the place of what an earlier attempt may have left.
fn new_file(part: &Path) -> io::Result<()> {
    let mut new = OpenOptions::new();
    new.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut new, 0o600);
    new.open(part).map(drop)
}

/// Gives the backup its name once it is on the disk, and sees to it that the name is there too.
fn settle(part: &Path, target: &Path) -> io::Result<()> {
    File::open(part)?.sync_all()?;
    fs::rename(part, target)?;
    let folder = target.parent().filter(|folder| *folder != Path::new(""));
    File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
}
