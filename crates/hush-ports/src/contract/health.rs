//! Whether the store answers.

use super::Store;

/// Hands the rules of this file to `$test`.
#[macro_export]
macro_rules! for_each_health_rule {
    ($test:ident) => {
        $test! { health { a_store_that_is_there_answers } }
    };
}

/// A store that is there answers, as often as it is asked.
pub async fn a_store_that_is_there_answers(store: &Store) {
    for _ in 0..3 {
        store.health.ping().await.unwrap();
    }
}
