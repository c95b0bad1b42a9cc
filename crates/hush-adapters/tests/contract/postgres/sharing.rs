//! Several processes over one database.

use hush_ports::Limiter;
use tokio::task::JoinSet;

use super::database::TestDatabase;
use super::examples::{bucket, per_minute};

/// Two processes' requests at full speed, on a bucket that nobody used before: together as many pass as the rule
/// says, and a process that starts later finds it full.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn processes_share_a_bucket_exactly() {
    let database = TestDatabase::create().await;
    let processes = [database.connect().await, database.connect().await];
    let rule = per_minute(60);
    let mut requests = JoinSet::new();
    for process in processes.iter().cycle().take(12) {
        let process = process.clone();
        requests.spawn(async move {
            let mut decisions = Vec::new();
            for _ in 0..20 {
                decisions.push(process.take(bucket(1), rule).await.unwrap());
            }
            decisions
        });
    }
    let decisions = requests.join_all().await;
    let mut remaining: Vec<_> = decisions
        .iter()
        .flatten()
        .filter(|it| it.admitted)
        .map(|it| it.remaining)
        .collect();
    remaining.sort_unstable();
    assert_eq!(remaining, (0..60).collect::<Vec<_>>());

    let later = database.connect().await;
    assert!(!later.take(bucket(1), rule).await.unwrap().admitted);
}

/// A refusal writes nothing: not a row, and not the lock of one, which would be a write as well.
#[tokio::test]
async fn a_refusal_writes_nothing() {
    let database = TestDatabase::create().await;
    let postgres = database.connect().await;
    let state =
        "SELECT xmin::text || ' ' || xmax::text || ' ' || ctid::text FROM rate_limit_buckets";
    let mut around = database.connection().await;
    assert!(
        postgres
            .take(bucket(1), per_minute(1))
            .await
            .unwrap()
            .admitted
    );
    let before: String = sqlx::query_scalar(state)
        .fetch_one(&mut around)
        .await
        .unwrap();
    for _ in 0..10 {
        assert!(
            !postgres
                .take(bucket(1), per_minute(1))
                .await
                .unwrap()
                .admitted
        );
    }
    let after: String = sqlx::query_scalar(state)
        .fetch_one(&mut around)
        .await
        .unwrap();
    assert_eq!(after, before);
}

/// The largest rule there is works.
#[tokio::test]
async fn a_ring_of_ten_thousand_admissions_is_exact() {
    let database = TestDatabase::create().await;
    let postgres = database.connect().await;
    let mut around = database.connection().await;
    // One admission a microsecond, up to now.
    sqlx::query(
        "WITH clock AS (SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint AS now)
         INSERT INTO rate_limit_buckets (kind, key, times, last)
         SELECT 1, 1, (SELECT array_agg(now - 9999 + n ORDER BY n) FROM generate_series(1, 9999) n), now
         FROM clock",
    )
    .execute(&mut around)
    .await
    .unwrap();
    let last = postgres.take(bucket(1), per_minute(10_000)).await.unwrap();
    assert!(last.admitted, "{last:?}");
    assert_eq!(last.remaining, 0);
    let over = postgres.take(bucket(1), per_minute(10_000)).await.unwrap();
    assert!(!over.admitted, "{over:?}");
}
