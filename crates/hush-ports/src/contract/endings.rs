//! Other ways in which tokens end: a secret that was found in the open, and a server that is taken off.

use hush_domain::tokens::{NewToken, Rotation};

use super::Store;
use super::examples::{at, just_before, rotation, secret, token};
use crate::Removed;

/// Hands the rules of this file to `$test`.
#[macro_export]
macro_rules! for_each_endings_rule {
    ($test:ident) => {
        $test! {
            endings {
                a_leaked_secret_ends_the_token_with_its_descendants,
                a_leaked_former_secret_ends_nothing_but_itself,
                what_does_not_work_cannot_leak,
                a_server_is_taken_off_a_token_and_its_descendants,
                a_token_that_names_no_other_server_is_revoked,
                a_server_can_be_taken_off_what_is_no_longer_live,
                what_does_not_name_the_server_stays_as_it_is,
            }
        }
    };
}

/// A token for servers 1 and 2.
fn both(number: u64) -> NewToken {
    token(number, 2, &[1, 2])
}

/// Whoever shows the newest secret ends the token as its owner would.
pub async fn a_leaked_secret_ends_the_token_with_its_descendants(store: &Store) {
    store.given_user_2_in([1, 2, 3]).await;
    let root = both(7);
    store.create(root.clone()).await;
    let child = store.child(&root, both(5)).await;
    store.child(&child, both(6)).await;
    store.child(&root, both(4)).await;
    store.leaked(5, 3).await;
    assert_eq!(store.live(3).await, [4, 7]);
    store.rotate(rotation(7, None, 1000), 4).await.unwrap();
    store.leaked(1000, 5).await;
    for (number, second) in [(4, 4), (5, 3), (6, 3), (7, 5)] {
        assert_eq!(store.token(number).await.revoked_at, Some(at(second)));
    }
}

/// The token lives on by its newest secret, and its other former ones and its children with it.
pub async fn a_leaked_former_secret_ends_nothing_but_itself(store: &Store) {
    store.given_user_2_in([1, 2, 3]).await;
    store.create(both(7)).await;
    for new in [1000, 1001] {
        store.rotate(rotation(7, None, new), 1).await.unwrap();
    }
    let newest = NewToken {
        digest: secret(1001).digest(),
        ..both(7)
    };
    store.child(&newest, both(8)).await;
    let before = store.all_tokens().await;
    store.leaked(7, 3).await;
    assert_eq!(store.found(7).await, Some((7, Some(at(3)))));
    assert_eq!(store.found(1000).await, Some((7, Some(at(60)))));
    assert_eq!(store.found(1001).await, Some((7, None)));
    assert_eq!(store.all_tokens().await, before);
    // Once it has ended, its time does not move any more.
    store.leaked(7, 5).await;
    assert_eq!(store.found(7).await, Some((7, Some(at(3)))));
}

/// Unknown secrets, those of dead tokens, and former ones whose time is over end nothing.
pub async fn what_does_not_work_cannot_leak(store: &Store) {
    store.given_user_2_in([1, 2, 3]).await;
    let mut expired = both(6);
    expired.token.expires_at = Some(at(10));
    store.create(expired).await;
    for number in [7, 8] {
        store.create(both(number)).await;
    }
    for (number, new) in [(6, 1000), (7, 1001), (8, 1002)] {
        let rotation = Rotation {
            former_until: at(30),
            ..rotation(number, None, new)
        };
        store.rotate(rotation, 1).await.unwrap();
    }
    store.revoke(7, 2).await;
    let before = (store.all_tokens().await, store.log(1).await);
    for (secret, second) in [(99, 5), (6, 10), (1000, 10), (7, 5), (1001, 5), (8, 30)] {
        store.leaked(secret, second).await;
    }
    assert_eq!((store.all_tokens().await, store.log(1).await), before);
    for number in [6, 7, 8] {
        assert_eq!(store.found(number).await, Some((number, Some(at(30)))));
    }
    // Until the last moment before its end it can.
    let digest = secret(8).digest();
    let reported = store
        .tokens
        .report_leaked(&digest, just_before(at(30)), None);
    reported.await.unwrap();
    assert_eq!(store.found(8).await, Some((8, Some(just_before(at(30))))));
}

/// Descendants of every degree lose it; parents, siblings and strangers keep it.
pub async fn a_server_is_taken_off_a_token_and_its_descendants(store: &Store) {
    store.given_user_2_in([1, 2, 3]).await;
    let root = token(50, 2, &[1, 2, 3]);
    store.create(root.clone()).await;
    let child = store.child(&root, token(40, 2, &[1, 2, 3])).await;
    store.child(&root, both(60)).await;
    let grandchild = store.child(&child, both(90)).await;
    store.child(&child, token(41, 2, &[2, 3])).await;
    store.child(&grandchild, both(30)).await;
    store.create(both(70)).await;
    let before = store.all_tokens().await;
    assert_eq!(store.take_off(1, 40, 5).await, Removed::Now);
    for (number, named) in [
        (30, &[2][..]),
        (40, &[2, 3]),
        (41, &[2, 3]),
        (50, &[1, 2, 3]),
        (60, &[1, 2]),
        (70, &[1, 2]),
        (90, &[2]),
    ] {
        assert_eq!(store.named(number).await, named, "token {number}");
    }
    for mut token in before {
        let after = store.token(token.id.get()).await;
        token.servers = after.servers.clone();
        assert_eq!(token, after);
    }
    assert_eq!(store.take_off(1, 40, 6).await, Removed::Unknown);
}

/// It keeps the server, so that it names one still; a second time there is nothing to do.
pub async fn a_token_that_names_no_other_server_is_revoked(store: &Store) {
    store.given_user_2_in([1, 2, 3]).await;
    let root = both(50);
    store.create(root.clone()).await;
    let child = store.child(&root, token(40, 2, &[1])).await;
    store.child(&child, token(30, 2, &[1])).await;
    store.child(&root, token(60, 2, &[2])).await;
    store.create(token(70, 2, &[1])).await;
    // The root names another one, and lives on with what else it made.
    assert_eq!(store.take_off(1, 50, 5).await, Removed::Now);
    assert_eq!(store.live(5).await, [50, 60, 70]);
    for number in [30, 40] {
        assert_eq!(store.named(number).await, [1]);
        assert_eq!(store.token(number).await.revoked_at, Some(at(5)));
    }
    assert_eq!(store.take_off(1, 70, 6).await, Removed::Now);
    for (number, revoked) in [(70, 6), (40, 5)] {
        assert_eq!(store.take_off(1, number, 7).await, Removed::Before);
        assert_eq!(store.named(number).await, [1]);
        assert_eq!(store.token(number).await.revoked_at, Some(at(revoked)));
    }
}

/// Whether a token is live does not matter to the servers that it names; when it ended stays.
pub async fn a_server_can_be_taken_off_what_is_no_longer_live(store: &Store) {
    store.given_user_2_in([1, 2, 3]).await;
    store.create(both(7)).await;
    store.revoke(7, 3).await;
    for (number, servers) in [(8, &[1, 2][..]), (9, &[1])] {
        let mut expired = token(number, 2, servers);
        expired.token.expires_at = Some(at(4));
        store.create(expired).await;
    }
    for (number, named, revoked_at) in [
        (7, &[2][..], Some(at(3))),
        (8, &[2], None),
        (9, &[1], Some(at(5))),
    ] {
        assert_eq!(store.take_off(1, number, 5).await, Removed::Now);
        assert_eq!(store.named(number).await, named);
        assert_eq!(store.token(number).await.revoked_at, revoked_at);
    }
}

/// Unknown tokens and those that do not name the server are none of its business; the server need not be known.
pub async fn what_does_not_name_the_server_stays_as_it_is(store: &Store) {
    store.given_user_2_in([1, 2, 3]).await;
    let root = store.create(both(7)).await;
    assert_eq!(store.take_off(3, 7, 1).await, Removed::Unknown);
    assert_eq!(store.take_off(1, 8, 1).await, Removed::Unknown);
    assert_eq!(store.take_off(9, 7, 1).await, Removed::Unknown);
    assert_eq!(store.all_tokens().await, [root]);
    let gone = hush_domain::events::Change::ServerRemoved;
    store.change(1, 2, gone).await;
    assert_eq!(store.take_off(1, 7, 3).await, Removed::Now);
    assert_eq!(store.named(7).await, [2]);
}
