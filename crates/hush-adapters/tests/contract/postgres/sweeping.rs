//! Idle buckets go, and nothing is lost with them.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use hush_domain::limits::Rule;
use hush_ports::Limiter;
use sqlx::PgConnection;
use tokio::task::JoinSet;

use super::database::TestDatabase;
use super::examples::{bucket, per_minute};

/// More idle buckets than one batch holds, between which one is not.
#[tokio::test]
async fn only_idle_buckets_go() {
    let database = TestDatabase::create().await;
    let postgres = database.connect().await;
    let mut around = database.connection().await;
    make_idle(&mut around, 2500).await;
    sqlx::query("DELETE FROM rate_limit_buckets WHERE key = 1234")
        .execute(&mut around)
        .await
        .unwrap();
    assert!(
        postgres
            .take(bucket(1234), per_minute(1))
            .await
            .unwrap()
            .admitted
    );

    assert_eq!(postgres.sweep_idle(Rule::MAX_WINDOW).await.unwrap(), 2499);
    assert_eq!(postgres.sweep_idle(Rule::MAX_WINDOW).await.unwrap(), 0);
    assert!(
        !postgres
            .take(bucket(1234), per_minute(1))
            .await
            .unwrap()
            .admitted
    );
}

/// Whoever takes while idle buckets are swept, by several processes at once, takes exactly what the rule says.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sweep_loses_no_admission() {
    const BUCKETS: u64 = 40;
    let database = TestDatabase::create().await;
    let processes = [database.connect().await, database.connect().await];
    make_idle(&mut database.connection().await, BUCKETS).await;

    let done = Arc::new(AtomicBool::new(false));
    let mut sweepers = JoinSet::new();
    let mut takers = JoinSet::new();
    for process in processes {
        let (sweeper, done) = (process.clone(), done.clone());
        sweepers.spawn(async move {
            let mut swept = 0;
            while !done.load(Ordering::Relaxed) {
                swept += sweeper.sweep_idle(Rule::MAX_WINDOW).await.unwrap();
            }
            swept
        });
        takers.spawn(async move {
            let mut admitted: Vec<u32> = (0..BUCKETS).map(|_| 0).collect();
            for _ in 0..5 {
                for (number, admitted) in (1..).zip(&mut admitted) {
                    let decision = process.take(bucket(number), per_minute(3)).await.unwrap();
                    *admitted += u32::from(decision.admitted);
                }
            }
            admitted
        });
    }
    let admitted = takers.join_all().await;
    done.store(true, Ordering::Relaxed);
    let swept: u64 = sweepers.join_all().await.into_iter().sum();
    assert!(swept <= BUCKETS, "{swept} swept");
    for (bucket, (one, other)) in admitted[0].iter().zip(&admitted[1]).enumerate() {
        assert_eq!(one + other, 3, "admitted from bucket {}", bucket + 1);
    }
}

/// Gives the buckets 1 to `count` an admission of long ago.
async fn make_idle(connection: &mut PgConnection, count: u64) {
    sqlx::query(
        "INSERT INTO rate_limit_buckets (kind, key, times, last)
         SELECT 1, key, ARRAY[1], 1 FROM generate_series(1, $1) AS key",
    )
    .bind(count.cast_signed())
    .execute(connection)
    .await
    .unwrap();
}
