//! The two pools of connections.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use sqlx::postgres::PgPoolOptions;
use sqlx::{Connection, PgPool};

use super::Settings;

/// How long a request waits for a free connection, or for a new one.
pub(super) const ACQUIRE_TIMEOUT: Duration = Duration::from_millis(500);
/// How long a request's statement may run, as PostgreSQL is told.
const STATEMENT_TIMEOUT: &str = "2s";
/// How long a request's statement may wait for a lock, as PostgreSQL is told.
const LOCK_TIMEOUT: &str = "500ms";
/// After how long a connection that nobody used is asked whether it is still there.
pub(super) const TRUSTED_FOR: Duration = Duration::from_secs(1);
/// The most connections of ingest and upkeep: enough that presences and changes of roles go on beside the snapshots of
/// large servers. They are opened when they are needed.
const BACKGROUND_CONNECTIONS: u32 = 4;

/// The pool for requests.
///
/// To ask each connection before each use whether it is still there would cost a third of the throughput. Asked
/// are those that nobody used for a while, and the next `suspects`: idle connections are handed out in the order
/// of their return, so that those that may have died with one that was found dead come first.
pub(super) fn serving(settings: &Settings, suspects: Arc<AtomicU32>) -> PgPool {
    let bounded = settings.url.options().options([
        ("statement_timeout", STATEMENT_TIMEOUT),
        ("lock_timeout", LOCK_TIMEOUT),
    ]);
    PgPoolOptions::new()
        .max_connections(settings.max_connections.get())
        .acquire_timeout(ACQUIRE_TIMEOUT)
        .test_before_acquire(false)
        .before_acquire(move |connection, state| {
            let suspect = suspects
                .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| {
                    left.checked_sub(1)
                })
                .is_ok();
            Box::pin(async move {
                if suspect || state.idle_for > TRUSTED_FOR {
                    connection.ping().await?;
                }
                Ok(true)
            })
        })
        .connect_lazy_with(bounded)
}

/// The pool for work whose statements may run and wait for as long as they need: the time-outs of a request would
/// cancel an import that waits for another one.
pub(super) fn background(settings: &Settings) -> PgPool {
    let unbounded = settings
        .url
        .options()
        .options([("statement_timeout", "0"), ("lock_timeout", "0")]);
    PgPoolOptions::new()
        .max_connections(BACKGROUND_CONNECTIONS)
        .test_before_acquire(false)
        .before_acquire(|connection, state| {
            Box::pin(async move {
                if state.idle_for > TRUSTED_FOR {
                    connection.ping().await?;
                }
                Ok(true)
            })
        })
        .connect_lazy_with(unbounded)
}
