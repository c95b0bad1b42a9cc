//! SQLite for real: the law of the ports, and what only a file can do wrong.
#![expect(
    clippy::unwrap_used,
    reason = "a panic is how a test says that something is wrong"
)]

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use hush_adapters::sqlite::Sqlite;
use hush_ports::contract::{LimiterUnderTest, Store, keyring};
use tempfile::TempDir;

mod erasing;
mod files;
mod restarts;
mod writers;

hush_ports::for_each_store_rule!(over_store);
hush_ports::for_each_limits_rule!(over_limiter);

/// A new file with the newest schema, in a folder that goes with this.
struct TestFile {
    folder: TempDir,
}

impl TestFile {
    async fn new() -> Self {
        let file = Self::none();
        Sqlite::migrate(&file.path()).await.unwrap();
        file
    }

    /// No file yet.
    fn none() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
        }
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("hush.db")
    }

    async fn open(&self) -> Sqlite {
        Sqlite::open(&self.path(), keyring()).await.unwrap()
    }
}

async fn fresh_store() -> Store {
    let file = TestFile::new().await;
    store(file.open().await, file)
}

fn store(sqlite: Sqlite, file: TestFile) -> Store {
    let sqlite = Arc::new(sqlite);
    Store {
        tokens: sqlite.clone(),
        users: sqlite.clone(),
        servers: sqlite.clone(),
        stats: sqlite.clone(),
        ingest: sqlite.clone(),
        feed: sqlite.clone(),
        sessions: sqlite.clone(),
        samples: sqlite.clone(),
        channels: sqlite.clone(),
        commands: sqlite.clone(),
        counts: sqlite.clone(),
        audit: sqlite.clone(),
        settings: sqlite.clone(),
        usage: sqlite.clone(),
        upkeep: sqlite.clone(),
        health: sqlite,
        keep: Arc::new(file),
    }
}

async fn fresh_limiter() -> LimiterUnderTest {
    let file = TestFile::new().await;
    let now = Arc::new(AtomicI64::new(10_000_000_000));
    let limiter = file.open().await.limiter_at(now.clone()).await.unwrap();
    let mut under_test = LimiterUnderTest::new(Arc::new(limiter), move |micros| {
        now.fetch_add(micros, Ordering::SeqCst);
        std::future::ready(())
    });
    under_test.keep = Arc::new(file);
    under_test
}
