//! Everything that one store holds, copied into another that is empty: from SQLite to PostgreSQL, back, or between two
//! of a kind.
//!
//! The source is read in one transaction, page by page, while the target takes what was read in one of its own, which
//! is committed once the source has been read to its end. So whatever ends a copy early leaves the target empty.

mod place;
mod postgres;
mod rows;
mod sqlite;

use tokio::sync::mpsc;

pub use place::{InvalidPlace, Place};
pub use rows::Copied;

use crate::postgres::ConnectError;
use crate::sqlite::OpenError;
use rows::{Key, Source, Table};

/// How many pages are read ahead of the target.
const AHEAD: usize = 2;

/// Why nothing was copied.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CopyError {
    /// Source and target are one.
    #[error("{at} is both source and target: name two different places")]
    SamePlace {
        /// The place.
        at: String,
    },
    /// A database cannot be used.
    #[error(transparent)]
    Postgres(#[from] ConnectError),
    /// A file cannot be used.
    #[error(transparent)]
    Sqlite(#[from] OpenError),
    /// The target holds something already.
    #[error("{at} already holds data, which a copy must not mix with others: name an empty one")]
    NotEmpty {
        /// The target.
        at: String,
    },
    /// The source could not be read to its end.
    #[error("reading {at} failed ({cause}): nothing was copied; check that it is there and whole")]
    Read {
        /// The source.
        at: String,
        /// What the database says.
        cause: String,
    },
    /// The target did not take everything.
    #[error(
        "writing {at} failed ({cause}): nothing was copied; check that it is there and has room"
    )]
    Write {
        /// The target.
        at: String,
        /// What the database says.
        cause: String,
    },
}

impl CopyError {
    fn read(from: &Place, error: &sqlx::Error) -> Self {
        Self::Read {
            at: from.to_string(),
            cause: error.to_string(),
        }
    }

    fn write(to: &Place, error: &sqlx::Error) -> Self {
        Self::Write {
            at: to.to_string(),
            cause: error.to_string(),
        }
    }
}

/// Copies everything, and tells `progress` after each page what was copied so far. Returns what was copied.
///
/// The target's schema is brought up to date, and the source's must be. Nobody may serve from a file on either side
/// meanwhile. What is written to a source in PostgreSQL after the start is not copied.
pub async fn copy(
    from: &Place,
    to: &Place,
    mut progress: impl FnMut(Copied),
) -> Result<Copied, CopyError> {
    if from.is(to) {
        return Err(CopyError::SamePlace { at: to.to_string() });
    }
    let failed_to_write = |error| CopyError::write(to, &error);
    let mut source = from.source().await?;
    let mut target = to.target().await?;
    if !target.is_empty().await.map_err(failed_to_write)? {
        return Err(CopyError::NotEmpty { at: to.to_string() });
    }
    let (pages, mut arriving) = mpsc::channel(AHEAD);
    // Only borrowed, so that nobody serves from the source before the target is committed.
    let borrowed = &mut *source;
    let reading = async move {
        let read = read(borrowed, &pages).await;
        read.map_err(|error| CopyError::read(from, &error))
    };
    let writing = async {
        let mut copied = Copied::default();
        while let Some((table, rows)) = arriving.recv().await {
            let put = target.put(table, rows).await;
            copied.add(table, put.map_err(failed_to_write)?);
            progress(copied);
        }
        Ok(copied)
    };
    let ((), copied) = tokio::try_join!(reading, writing)?;
    target.commit().await.map_err(failed_to_write)?;
    Ok(copied)
}

/// Sends every row of the source, each table's by its key, until nobody takes them any more.
async fn read(
    source: &mut dyn Source,
    pages: &mpsc::Sender<(Table, String)>,
) -> Result<(), sqlx::Error> {
    for table in Table::ALL {
        let mut after = Key::FIRST;
        loop {
            let page = source.page(table, after).await?;
            let Some(last) = page.last() else { break };
            after = last.key();
            if pages.send((table, rows::array(&page))).await.is_err() {
                return Ok(());
            }
        }
    }
    Ok(())
}
