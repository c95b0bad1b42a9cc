//! Whether the service can do its work.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use hush_adapters::memory::Memory;
use hush_app::{App, NotReady};
use hush_ports::{BackendError, Health};

use crate::support::{StillClock, limits, ports};

/// A store that answers after a while, or not at all.
struct Slow {
    asked: AtomicUsize,
    takes: Duration,
}

#[async_trait]
impl Health for Slow {
    async fn ping(&self) -> Result<(), BackendError> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        tokio::time::sleep(self.takes).await;
        Ok(())
    }
}

fn app_over(takes: Duration) -> (Arc<App>, Arc<Slow>, Arc<StillClock>) {
    let clock = Arc::new(StillClock::default());
    let health = Arc::new(Slow {
        asked: AtomicUsize::new(0),
        takes,
    });
    let mut ports = ports(&Arc::new(Memory::new()), &clock);
    ports.health = health.clone();
    (Arc::new(App::new(&ports, limits())), health, clock)
}

#[tokio::test(start_paused = true)]
async fn one_check_runs_at_a_time_and_its_answer_is_kept_for_a_second() {
    let (app, health, clock) = app_over(Duration::from_millis(100));
    let checks = (0..50).map(|_| {
        let app = app.clone();
        tokio::spawn(async move { app.readiness.check().await })
    });
    for check in checks.collect::<Vec<_>>() {
        assert_eq!(check.await.unwrap(), Ok(()));
    }
    assert_eq!(health.asked.load(Ordering::SeqCst), 1);
    clock.advance(Duration::from_millis(999));
    assert_eq!(app.readiness.check().await, Ok(()));
    assert_eq!(health.asked.load(Ordering::SeqCst), 1);
    clock.advance(Duration::from_millis(1));
    assert_eq!(app.readiness.check().await, Ok(()));
    assert_eq!(health.asked.load(Ordering::SeqCst), 2);
}

#[tokio::test(start_paused = true)]
async fn a_store_that_takes_longer_than_250_ms_is_not_ready() {
    for (millis, expected) in [(249, Ok(())), (251, Err(NotReady::Store))] {
        let (app, _, _) = app_over(Duration::from_millis(millis));
        assert_eq!(app.readiness.check().await, expected, "after {millis} ms");
    }
}

#[tokio::test(start_paused = true)]
async fn draining_is_known_at_once_and_asks_nobody() {
    let (app, health, _) = app_over(Duration::ZERO);
    assert_eq!(app.readiness.check().await, Ok(()));
    app.readiness.drain();
    assert_eq!(app.readiness.check().await, Err(NotReady::Draining));
    assert_eq!(health.asked.load(Ordering::SeqCst), 1);
}
