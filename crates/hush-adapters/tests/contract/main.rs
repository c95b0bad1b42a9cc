//! Every adapter against the law of its ports. An adapter's module says only how to make a fresh store and a
//! fresh limiter; the rules come from `hush_ports::contract`.

use std::sync::Arc;

use hush_adapters::memory::MemoryExecutor;
use hush_adapters::system::SystemClock;
use hush_domain::ids::UserId;
use hush_ports::contract::Store;

/// A test for each rule over the module's `fresh_store()`.
macro_rules! over_store {
    ($module:ident { $($rule:ident),* $(,)? }) => {
        mod $module {
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $rule() {
                    hush_ports::contract::$module::$rule(&super::fresh_store().await).await;
                }
            )*
        }
    };
}

/// A test for each rule over the module's `fresh_limiter()`.
macro_rules! over_limiter {
    ($module:ident { $($rule:ident),* $(,)? }) => {
        mod $module {
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $rule() {
                    hush_ports::contract::$module::$rule(&super::fresh_limiter().await).await;
                }
            )*
        }
    };
}

/// A test for each rule over the module's `fresh_store()` and an executor that acts on it.
macro_rules! over_executor {
    ($module:ident { $($rule:ident),* $(,)? }) => {
        mod $module {
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $rule() {
                    let store = super::fresh_store().await;
                    let executor = crate::acting_on(&store);
                    hush_ports::contract::$module::$rule(&store, &executor).await;
                }
            )*
        }
    };
}

mod memory;
#[cfg(feature = "postgres")]
mod postgres;
#[cfg(feature = "sqlite")]
mod sqlite;

/// An executor that acts on a store as user 99.
fn acting_on(store: &Store) -> MemoryExecutor {
    let bot = 99_u64.try_into().unwrap_or(UserId::FIRST);
    let (users, ingest) = (store.users.clone(), store.ingest.clone());
    MemoryExecutor::new(bot, users, ingest, Arc::new(SystemClock::new()))
}
