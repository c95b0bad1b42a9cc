//! What tokens were used for: when they were used last, and what they spent of which server's limit.

use hush_domain::events::Change;
use hush_domain::time::Timestamp;
use hush_domain::usage::{Spent, Use};
use tokio::task::JoinSet;

use super::Store;
use super::examples::{secret, server, token, token_id};
use crate::Addressed;

/// Hands the rules of this file to `$test`.
#[macro_export]
macro_rules! for_each_usage_rule {
    ($test:ident) => {
        $test! {
            usage {
                a_token_was_last_used_in_the_newest_minute,
                what_is_spent_adds_up_by_token,
                minutes_count_from_their_beginning,
                who_spent_most_comes_first,
                every_server_has_what_was_spent_of_its_own,
                unknown_tokens_and_servers_do_no_harm,
                large_numbers_add_up,
                of_many_at_once_each_is_counted,
            }
        }
    };
}

/// The beginning of some minute.
fn minute(number: i64) -> Timestamp {
    Timestamp::from_unix_micros(1_800_000_000_000_000 + number * 60_000_000).unwrap()
}

/// So many requests that a token made in a minute, counted against server 1.
fn used(token: u64, at: i64, requests: u32) -> Use {
    Use {
        token: token_id(token),
        minute: minute(at),
        server: Some(server(1)),
        requests,
    }
}

impl Store {
    async fn record(&self, uses: Vec<Use>) {
        self.usage.record(uses).await.unwrap();
    }

    /// What was spent of a server's limit since some minute, by token.
    async fn spent(&self, number: u64, since: Timestamp) -> Vec<(u64, u64)> {
        let spent: Vec<Spent> = self.usage.spent(server(number), since).await.unwrap();
        let spent = spent.into_iter();
        spent.map(|it| (it.token.get(), it.requests)).collect()
    }

    async fn last_used(&self, number: u64) -> Option<Timestamp> {
        self.token(number).await.last_used_at
    }
}

/// It is told by every way to the token, whatever was counted against what; and it does not go back.
pub async fn a_token_was_last_used_in_the_newest_minute(store: &Store) {
    store.given_user_2_in([1]).await;
    let mut seven = store.create(token(7, 2, &[1])).await;
    let eight = store.create(token(8, 2, &[1])).await;
    for (minutes, newest) in [
        (&[3][..], 3),
        (&[5, 4], 5),
        (&[2], 5),
        (&[6, 1, 7], 7),
        (&[7], 7),
    ] {
        let uses = minutes.iter().map(|at| Use {
            server: None,
            ..used(7, *at, 1)
        });
        store.record(uses.collect()).await;
        seven.last_used_at = Some(minute(newest));
        assert_eq!(store.token(7).await, seven);
        assert_eq!(store.all_tokens().await, [seven.clone(), eight.clone()]);
        let digest = secret(7).digest();
        let found = store.tokens.present(&digest, Addressed::Nothing).await;
        assert_eq!(*found.unwrap().unwrap().token, seven);
    }
    assert_eq!(store.spent(1, minute(0)).await, []);
    store.record(vec![used(8, 2, 1)]).await;
    assert_eq!(store.last_used(8).await, Some(minute(2)));
    // Its end does not matter: the requests were before.
    store.revoke(8, 1).await;
    store.record(vec![used(8, 9, 1)]).await;
    assert_eq!(store.last_used(8).await, Some(minute(9)));
}

/// Whether it comes in one call or in several, in the same minute or in others.
pub async fn what_is_spent_adds_up_by_token(store: &Store) {
    store.given_user_2_in([1]).await;
    for number in [7, 8] {
        store.create(token(number, 2, &[1])).await;
    }
    store
        .record(vec![used(7, 1, 5), used(8, 1, 1), used(7, 2, 10)])
        .await;
    assert_eq!(store.spent(1, minute(0)).await, [(7, 15), (8, 1)]);
    store
        .record(vec![used(7, 1, 100), used(7, 1, 1000), used(8, 2, 1)])
        .await;
    assert_eq!(store.spent(1, minute(0)).await, [(7, 1115), (8, 2)]);
    store.record(vec![]).await;
    assert_eq!(store.spent(1, minute(0)).await, [(7, 1115), (8, 2)]);
}

/// A minute that begins at the moment since when is asked counts, one that began before does not.
pub async fn minutes_count_from_their_beginning(store: &Store) {
    store.given_user_2_in([1]).await;
    store.create(token(7, 2, &[1])).await;
    store
        .record(vec![used(7, 1, 1), used(7, 2, 10), used(7, 3, 100)])
        .await;
    for (micros, expected) in [
        (-60_000_000, 111),
        (0, 111),
        (1, 110),
        (60_000_000, 110),
        (60_000_001, 100),
        (120_000_000, 100),
    ] {
        let since = Timestamp::from_unix_micros(minute(1).unix_micros() + micros).unwrap();
        assert_eq!(store.spent(1, since).await, [(7, expected)], "{micros}");
    }
    assert_eq!(store.spent(1, minute(4)).await, []);
}

/// Those who spent the same come by their ids, which are numbers and not texts.
pub async fn who_spent_most_comes_first(store: &Store) {
    store.given_user_2_in([1]).await;
    let highest = u64::MAX / 2;
    for number in [9, 10, 11, highest] {
        store.create(token(number, 2, &[1])).await;
    }
    let uses = vec![
        used(highest, 1, 3),
        used(11, 1, 20),
        used(10, 1, 3),
        used(9, 1, 3),
    ];
    store.record(uses).await;
    let expected = [(11, 20), (9, 3), (10, 3), (highest, 3)];
    assert_eq!(store.spent(1, minute(0)).await, expected);
}

/// A token that names several spends of each what was counted there.
pub async fn every_server_has_what_was_spent_of_its_own(store: &Store) {
    store.given_user_2_in([1, 2, 3]).await;
    store.create(token(7, 2, &[1, 2])).await;
    let of = |number, requests| Use {
        server: number,
        ..used(7, 1, requests)
    };
    let uses = vec![
        of(Some(server(1)), 1),
        of(Some(server(2)), 10),
        of(None, 100),
    ];
    store.record(uses).await;
    assert_eq!(store.spent(1, minute(0)).await, [(7, 1)]);
    assert_eq!(store.spent(2, minute(0)).await, [(7, 10)]);
    for number in [3, 9] {
        assert_eq!(store.spent(number, minute(0)).await, []);
    }
}

/// A token may be erased and a server gone before its use is written: all else is written all the same.
pub async fn unknown_tokens_and_servers_do_no_harm(store: &Store) {
    store.given_user_2_in([1, 2]).await;
    store.create(token(7, 2, &[1, 2])).await;
    store.change(2, 1, Change::ServerRemoved).await;
    let gone = Use {
        server: Some(server(2)),
        ..used(7, 3, 1)
    };
    let uses = vec![used(8, 1, 5), gone, used(7, 2, 10), used(9, 2, 5)];
    store.record(uses).await;
    assert_eq!(store.spent(1, minute(0)).await, [(7, 10)]);
    assert_eq!(store.last_used(7).await, Some(minute(3)));
    // A token that is made later has nothing of it.
    store.create(token(8, 2, &[1])).await;
    assert_eq!(store.last_used(8).await, None);
    assert_eq!(store.spent(1, minute(0)).await, [(7, 10)]);
}

/// Beyond what 32 bits hold.
pub async fn large_numbers_add_up(store: &Store) {
    store.given_user_2_in([1]).await;
    store.create(token(7, 2, &[1])).await;
    let most = u32::MAX;
    store.record(vec![used(7, 1, most), used(7, 2, most)]).await;
    store.record(vec![used(7, 1, most), used(7, 1, most)]).await;
    assert_eq!(store.spent(1, minute(0)).await, [(7, 4 * u64::from(most))]);
}

/// Processes that write at once, each about the same tokens in its own order, lose nothing.
pub async fn of_many_at_once_each_is_counted(store: &Store) {
    store.given_user_2_in([1]).await;
    for number in [7, 8, 9] {
        store.create(token(number, 2, &[1])).await;
    }
    let mut writers = JoinSet::new();
    for writer in 0..8 {
        let store = store.clone();
        writers.spawn(async move {
            for at in 0..5 {
                let mut uses: Vec<_> = [7, 8, 9].map(|number| used(number, at, 1)).into();
                uses.rotate_left(writer % 3);
                store.record(uses).await;
            }
        });
    }
    writers.join_all().await;
    assert_eq!(store.spent(1, minute(0)).await, [(7, 40), (8, 40), (9, 40)]);
    for number in [7, 8, 9] {
        assert_eq!(store.last_used(number).await, Some(minute(4)));
    }
}
