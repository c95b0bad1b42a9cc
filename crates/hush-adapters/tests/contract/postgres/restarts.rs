//! PostgreSQL goes and comes again.

use hush_adapters::postgres::Postgres;
use hush_ports::{Health, Limiter};
use tokio::task::JoinSet;

use super::database::TestDatabase;
use super::examples::{bucket, per_minute};

/// Every connection is cut between two requests: no read fails, and once one has noticed, no write does either.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_restart_between_requests_fails_none_of_them() {
    let database = TestDatabase::create().await;
    let postgres = database.connect().await;
    for round in 1..=5 {
        open_every_connection(&postgres).await;
        database.cut_connections().await;
        postgres.ping().await.unwrap();
        let mut writes = JoinSet::new();
        for request in 0..20 {
            let postgres = postgres.clone();
            let bucket = bucket(100 * round + request);
            writes.spawn(async move { postgres.take(bucket, per_minute(1)).await });
        }
        for written in writes.join_all().await {
            assert!(written.unwrap().admitted);
        }
    }
}

/// Every connection is cut: all that read at once afterwards get their answers.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_a_restart_all_who_read_at_once_are_answered() {
    let database = TestDatabase::create().await;
    let postgres = database.connect().await;
    for _ in 0..5 {
        open_every_connection(&postgres).await;
        database.cut_connections().await;
        open_every_connection(&postgres).await;
    }
}

async fn open_every_connection(postgres: &Postgres) {
    let mut reads = JoinSet::new();
    for _ in 0..20 {
        let postgres = postgres.clone();
        reads.spawn(async move { postgres.ping().await });
    }
    for read in reads.join_all().await {
        read.unwrap();
    }
    let status = postgres.pool_status();
    assert_eq!(status.open, status.max);
}
