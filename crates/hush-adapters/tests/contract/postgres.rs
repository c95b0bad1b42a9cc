//! PostgreSQL for real: the law of the ports, and what only a database can do wrong.
#![expect(
    clippy::unwrap_used,
    reason = "a panic is how a test says that something is wrong"
)]

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use hush_ports::contract::{LimiterUnderTest, Store};

mod database;
mod examples;
mod failures;
mod filtering;
mod leading;
mod locking;
mod migrations;
mod offline;
mod plans;
mod repeating;
mod restarts;
mod sharing;
mod staging;
mod sweeping;
mod tidying;
mod turmoil;
mod waiting;

use database::TestDatabase;

hush_ports::for_each_store_rule!(over_store);
hush_ports::for_each_executor_rule!(over_executor);
hush_ports::for_each_limits_rule!(over_limiter);

async fn fresh_store() -> Store {
    let database = TestDatabase::create().await;
    let postgres = Arc::new(database.connect().await);
    Store {
        tokens: postgres.clone(),
        users: postgres.clone(),
        servers: postgres.clone(),
        stats: postgres.clone(),
        ingest: postgres.clone(),
        feed: postgres.clone(),
        sessions: postgres.clone(),
        samples: postgres.clone(),
        channels: postgres.clone(),
        commands: postgres.clone(),
        counts: postgres.clone(),
        health: postgres.clone(),
        audit: postgres.clone(),
        settings: postgres.clone(),
        usage: postgres.clone(),
        upkeep: postgres,
        keep: Arc::new(database),
    }
}

async fn fresh_limiter() -> LimiterUnderTest {
    let database = TestDatabase::create().await;
    let now = Arc::new(AtomicI64::new(10_000_000_000));
    let limiter = Arc::new(database.connect().await.limiter_at(now.clone()));
    let mut under_test = LimiterUnderTest::new(limiter, move |micros| {
        now.fetch_add(micros, Ordering::SeqCst);
        std::future::ready(())
    });
    under_test.keep = Arc::new(database);
    under_test
}
