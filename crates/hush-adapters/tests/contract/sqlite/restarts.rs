//! What the limiter admitted outlives the process. Here its end is that of the store's value; the real one, by
//! `kill -9`, is in the binary's own tests.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use hush_adapters::sqlite::Serving;
use hush_domain::ids::ServerId;
use hush_domain::limits::{Bucket, Rule};
use hush_ports::Limiter;
use sqlx::ConnectOptions;
use sqlx::sqlite::SqliteConnectOptions;

use super::TestFile;

const S: i64 = 1_000_000;

fn bucket(id: u64) -> Bucket {
    Bucket::Server(ServerId::try_from(id).unwrap())
}

fn per_minute(requests: u32) -> Rule {
    Rule::new(requests, Duration::from_secs(60)).unwrap()
}

#[tokio::test]
async fn a_restart_in_the_middle_of_a_window_admits_nobody_twice() {
    let file = TestFile::new().await;
    let now = Arc::new(AtomicI64::new(1_000 * S));
    let mut admitted = Vec::new();
    for _ in 0..40 {
        // A process that lives for three requests.
        let sqlite = file.open().await;
        let limiter = sqlite.limiter_at(now.clone()).await.unwrap();
        for _ in 0..3 {
            if limiter
                .take(bucket(1), per_minute(10))
                .await
                .unwrap()
                .admitted
            {
                admitted.push(now.load(Ordering::SeqCst));
            }
            now.fetch_add(S, Ordering::SeqCst);
        }
        sqlite.close().await;
    }
    for (first, eleventh) in admitted.iter().zip(&admitted[10..]) {
        assert!(eleventh - first >= 60 * S, "{admitted:?}");
    }
    assert_eq!(admitted.len(), 20, "{admitted:?}");
}

#[tokio::test]
async fn the_real_clock_goes_on_after_a_restart() {
    let file = TestFile::new().await;
    for expected in [true, true, false] {
        let sqlite = file.open().await;
        let serving = Serving::from(&file.path()).unwrap();
        let limiter = sqlite.limiter(serving).await.unwrap();
        let decision = limiter.take(bucket(1), per_minute(2)).await.unwrap();
        assert_eq!(decision.admitted, expected);
    }
}

#[tokio::test]
async fn time_goes_on_from_the_newest_admission_though_the_clock_was_set_back() {
    let file = TestFile::new().await;
    let options = SqliteConnectOptions::new().filename(file.path());
    let mut raw = options.connect().await.unwrap();
    // In the year 2100.
    let later = 4_102_444_800 * S;
    sqlx::query("INSERT INTO admissions (kind, key, at) VALUES (1, 1, ?1)")
        .bind(later)
        .execute(&mut raw)
        .await
        .unwrap();
    let serving = Serving::from(&file.path()).unwrap();
    let limiter = file.open().await.limiter(serving).await.unwrap();
    let full = limiter.take(bucket(1), per_minute(1)).await.unwrap();
    assert!(!full.admitted && full.more_in <= Duration::from_secs(60));
    assert!(
        limiter
            .take(bucket(2), per_minute(1))
            .await
            .unwrap()
            .admitted
    );
    let at: i64 = sqlx::query_scalar("SELECT at FROM admissions WHERE key = 2")
        .fetch_one(&mut raw)
        .await
        .unwrap();
    assert!((later..later + 60 * S).contains(&at), "{at}");
}

#[tokio::test]
async fn what_is_swept_said_nothing_any_more() {
    let file = TestFile::new().await;
    let now = Arc::new(AtomicI64::new(1_000 * S));
    let sqlite = file.open().await;
    let limiter = sqlite.limiter_at(now.clone()).await.unwrap();
    for server in 1..=5 {
        limiter.take(bucket(server), per_minute(1)).await.unwrap();
        now.fetch_add(10 * S, Ordering::SeqCst);
    }
    // The first was 60 s ago by now, the second 50 s.
    now.fetch_add(10 * S, Ordering::SeqCst);
    assert_eq!(limiter.sweep(Duration::from_secs(60)).await.unwrap(), 1);
    let next = file.open().await.limiter_at(now.clone()).await.unwrap();
    for server in 1..=5 {
        let decision = next.take(bucket(server), per_minute(1)).await.unwrap();
        assert_eq!(decision.admitted, server == 1, "server {server}");
    }
}
