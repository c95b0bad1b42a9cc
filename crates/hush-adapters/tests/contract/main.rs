//! Every adapter against the law of its ports. An adapter's module says only how to make a fresh store and a
//! fresh limiter; the rules come from `hush_ports::contract`.

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

mod memory;
#[cfg(feature = "postgres")]
mod postgres;
#[cfg(feature = "sqlite")]
mod sqlite;
