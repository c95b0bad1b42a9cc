#![expect(
    clippy::unused_async,
    reason = "the suite awaits what is fresh; memory has it at once"
)]

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use hush_adapters::memory::{Memory, MemoryLimiter};
use hush_domain::time::Timestamp;
use hush_ports::Clock;
use hush_ports::contract::{LimiterUnderTest, Store, keyring};

hush_ports::for_each_store_rule!(over_store);
hush_ports::for_each_limits_rule!(over_limiter);

async fn fresh_store() -> Store {
    let memory = Arc::new(Memory::with_keys(keyring()));
    Store {
        tokens: memory.clone(),
        users: memory.clone(),
        servers: memory.clone(),
        stats: memory.clone(),
        ingest: memory.clone(),
        feed: memory.clone(),
        sessions: memory.clone(),
        samples: memory.clone(),
        channels: memory.clone(),
        commands: memory.clone(),
        counts: memory.clone(),
        health: memory.clone(),
        audit: memory.clone(),
        settings: memory.clone(),
        usage: memory.clone(),
        upkeep: memory,
        keep: Arc::new(()),
    }
}

async fn fresh_limiter() -> LimiterUnderTest {
    let clock = Arc::new(ManualClock(AtomicI64::new(10_000_000_000)));
    let limiter = Arc::new(MemoryLimiter::new(clock.clone(), 1_000));
    LimiterUnderTest::new(limiter, move |micros| {
        clock.0.fetch_add(micros, Ordering::SeqCst);
        std::future::ready(())
    })
}

/// Microseconds that only the test moves.
struct ManualClock(AtomicI64);

impl Clock for ManualClock {
    fn wall(&self) -> Timestamp {
        unreachable!("a limiter lives by monotonic time")
    }

    fn monotonic(&self) -> Duration {
        Duration::from_micros(self.0.load(Ordering::SeqCst).cast_unsigned())
    }
}
