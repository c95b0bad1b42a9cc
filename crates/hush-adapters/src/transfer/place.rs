//! Where data are, as an operator names it.

use std::fmt;
use std::num::NonZeroU32;
use std::path::PathBuf;
use std::str::FromStr;

use hush_domain::audit::chain::Keyring;

use super::rows::{Source, Target};
use super::{CopyError, postgres, sqlite};
use crate::postgres::{DatabaseUrl, InvalidDatabaseUrl, Postgres, Settings};
use crate::sqlite::{Serving, check};

/// Where data are: parsed from `sqlite:PATH` or `postgres://USER:PASSWORD@HOST:PORT/DATABASE`.
///
/// `sqlite:///PATH` is an absolute path too. Shown without anything secret.
#[derive(Debug, Clone)]
pub enum Place {
    /// An SQLite file.
    Sqlite(PathBuf),
    /// A PostgreSQL database.
    Postgres(Box<DatabaseUrl>),
}

/// The text names no place for data. The message does not repeat the text: it may hold a password.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidPlace {
    /// It starts with neither scheme.
    #[error(
        "it starts with another scheme, expected sqlite:PATH or \
         postgres://USER:PASSWORD@HOST:PORT/DATABASE"
    )]
    Scheme,
    /// No file that lasts is named after `sqlite:`.
    #[error("no file is named, expected sqlite:PATH")]
    File,
    /// What stands after `postgres:` is wrong.
    #[error(transparent)]
    Database(#[from] InvalidDatabaseUrl),
}

impl Place {
    /// Whether `self` and `other` are one place, as far as their names show it.
    pub(super) fn is(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Sqlite(one), Self::Sqlite(other)) => {
                let file = |path: &PathBuf| path.canonicalize().unwrap_or_else(|_| path.clone());
                file(one) == file(other)
            }
            (Self::Postgres(one), Self::Postgres(other)) => one.to_string() == other.to_string(),
            (Self::Sqlite(_), Self::Postgres(_)) | (Self::Postgres(_), Self::Sqlite(_)) => false,
        }
    }

    /// One state of what is here, whose schema must be this binary's.
    pub(super) async fn source(&self) -> Result<Box<dyn Source>, CopyError> {
        let failed = |error| CopyError::read(self, &error);
        match self {
            Self::Sqlite(file) => {
                // Looked at first, so that a mistyped name leaves no lock behind.
                check(file).await?;
                let serving = Serving::from(file)?;
                let source = sqlite::source(file, serving).await.map_err(failed)?;
                Ok(Box::new(source))
            }
            Self::Postgres(url) => {
                let settings = Settings {
                    url: DatabaseUrl::clone(url),
                    max_connections: NonZeroU32::MIN,
                    // A copy chains nothing: rows keep the links that they have.
                    audit_keys: Keyring::default(),
                };
                Postgres::connect(&settings).await?.close().await;
                Ok(Box::new(postgres::source(url).await.map_err(failed)?))
            }
        }
    }

    /// What is here, its schema brought up to date, for nobody else to write.
    pub(super) async fn target(&self) -> Result<Box<dyn Target>, CopyError> {
        let failed = |error| CopyError::write(self, &error);
        match self {
            Self::Sqlite(file) => {
                let serving = Serving::from(file)?;
                serving.migrate().await?;
                let target = sqlite::target(file, serving).await.map_err(failed)?;
                Ok(Box::new(target))
            }
            Self::Postgres(url) => {
                Postgres::migrate(url).await?;
                Ok(Box::new(postgres::target(url).await.map_err(failed)?))
            }
        }
    }
}

impl FromStr for Place {
    type Err = InvalidPlace;

    fn from_str(text: &str) -> Result<Self, InvalidPlace> {
        if let Some(path) = text.strip_prefix("sqlite:") {
            return match path.strip_prefix("//").unwrap_or(path) {
                "" | ":memory:" => Err(InvalidPlace::File),
                path => Ok(Self::Sqlite(path.into())),
            };
        }
        if text.starts_with("postgres://") || text.starts_with("postgresql://") {
            return Ok(Self::Postgres(Box::new(text.parse()?)));
        }
        Err(InvalidPlace::Scheme)
    }
}

/// Without anything secret.
impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite(file) => file.display().fmt(f),
            Self::Postgres(url) => write!(f, "the database at {url}"),
        }
    }
}
