//! Tokens that tokens made: what one may make, and that no child outlives its parent.

use hush_domain::scopes::Scope;
use hush_domain::tokens::{Beyond, NewToken, Token};

use super::Store;
use super::examples::{act_of, at, just_before, key, rotation, server, token, token_id};
use crate::{CreateTokenError, Revoked};

/// Hands the rules of this file to `$test`.
#[macro_export]
macro_rules! for_each_lineage_rule {
    ($test:ident) => {
        $test! {
            lineage {
                a_child_reads_back_with_its_parent,
                only_a_live_token_makes_others,
                only_the_newest_secret_makes_others,
                a_token_makes_nothing_beyond_itself,
                revoking_a_token_revokes_its_descendants_and_nobody_else,
                an_expired_token_is_revoked_with_its_descendants,
            }
        }
    };
}

/// A parent says nothing of its children, each child who its parent is.
pub async fn a_child_reads_back_with_its_parent(store: &Store) {
    store.given_user_2_in([1]).await;
    let root = token(7, 2, &[1]);
    store.create(root.clone()).await;
    // An id says nothing of descent: a child's may be lower than its parent's.
    let child = store.child(&root, token(5, 2, &[1])).await;
    let grandchild = store.child(&child, token(6, 2, &[1])).await;
    assert_eq!(child.token.parent, Some(token_id(7)));
    assert_eq!(grandchild.token.parent, Some(token_id(5)));
    for new in [&root, &child, &grandchild] {
        assert_eq!(store.token(new.token.id.get()).await, new.token);
    }
    assert_eq!(store.found(6).await, Some((6, None)));
}

/// Who asks with a token that is unknown, revoked or expired gets none; until the last moment before its end, a token
/// can be asked with.
pub async fn only_a_live_token_makes_others(store: &Store) {
    store.given_user_2_in([1]).await;
    let (unknown, revoked) = (token(6, 2, &[1]), token(7, 2, &[1]));
    store.create(revoked.clone()).await;
    store.revoke(7, 1).await;
    for asker in [&unknown, &revoked] {
        let refused = store.try_child(asker, token(9, 2, &[1]), 1).await;
        assert_refused!(refused, CreateTokenError::AskerEnded);
    }
    let mut expiring = token(8, 2, &[1]);
    expiring.token.expires_at = Some(at(10));
    store.create(expiring.clone()).await;
    let mut child = expiring.clone();
    (child.token.id, child.digest) = (token_id(9), token(9, 2, &[1]).digest);
    child.token.name = "child".parse().unwrap();
    let refused = store.try_child(&expiring, child.clone(), 10).await;
    assert_refused!(refused, CreateTokenError::AskerEnded);
    assert_eq!(store.found(9).await, None);
    child.token.parent = Some(expiring.token.id);
    let mut act = act_of(&expiring.token, 0);
    act.at = just_before(at(10));
    let asker = Some(key(&expiring));
    let created = store.tokens.create(child, asker, &act, None).await;
    created.unwrap();
    assert_eq!(store.live(9).await, [8, 9]);
}

/// A secret that a newer one has replaced makes nothing, though it still reads; nor does the secret of another token.
pub async fn only_the_newest_secret_makes_others(store: &Store) {
    store.given_user_2_in([1]).await;
    let (asker, other) = (token(7, 2, &[1]), token(8, 2, &[1]));
    for new in [&asker, &other] {
        store.create(new.clone()).await;
    }
    store.rotate(rotation(7, None, 1000), 1).await.unwrap();
    assert_eq!(store.found(7).await, Some((7, Some(at(60)))));
    let mixed = NewToken {
        digest: other.digest,
        ..asker.clone()
    };
    for shown in [&asker, &mixed] {
        let refused = store.try_child(shown, token(9, 2, &[1]), 2).await;
        assert_refused!(refused, CreateTokenError::AskerEnded);
    }
    let newest = NewToken {
        digest: token(1000, 2, &[1]).digest,
        ..asker
    };
    store.child(&newest, token(9, 2, &[1])).await;
    assert_eq!(store.live(2).await, [7, 8, 9]);
}

/// A child names no other server, can do no more and lives no longer; it may do all the same.
pub async fn a_token_makes_nothing_beyond_itself(store: &Store) {
    store.given_user_2_in([1, 2, 3]).await;
    let asker = token(7, 2, &[1, 2]);
    store.create(asker.clone()).await;
    let like = |change: fn(&mut Token)| {
        let mut new = token(8, 2, &[1, 2]);
        change(&mut new.token);
        new
    };
    let elsewhere = token(8, 2, &[2, 3]);
    let stronger = like(|token| token.scopes = [Scope::TokensWrite].into_iter().collect());
    let longer = like(|token| token.expires_at = Some(at(1_000_001)));
    let endless = like(|token| token.expires_at = None);
    for (new, expected) in [
        (elsewhere, Beyond::Server(server(3))),
        (stronger, Beyond::Scope(Scope::TokensWrite)),
        (longer, Beyond::Lifetime),
        (endless, Beyond::Lifetime),
    ] {
        let refused = store.try_child(&asker, new, 0).await;
        assert_refused!(refused, CreateTokenError::Beyond(beyond) if beyond == expected);
    }
    store.child(&asker, like(|_| ())).await;
    let mut less = token(9, 2, &[2]);
    less.token.scopes = [Scope::StatsRead].into_iter().collect();
    less.token.expires_at = Some(at(999_999));
    store.child(&asker, less).await;
    assert_eq!(store.live(0).await, [7, 8, 9]);
}

/// Descendants of every degree are revoked at the same moment; who was revoked before keeps that time; parents,
/// siblings and strangers stay as they are.
pub async fn revoking_a_token_revokes_its_descendants_and_nobody_else(store: &Store) {
    store.given_user_2_in([1]).await;
    let of = |number| token(number, 2, &[1]);
    for root in [50, 80] {
        store.create(of(root)).await;
    }
    for (parent, child) in [
        (50, 40),
        (50, 60),
        (40, 41),
        (40, 30),
        (30, 90),
        (60, 20),
        (80, 81),
    ] {
        store.child(&of(parent), of(child)).await;
    }
    assert_eq!(store.revoke(41, 1).await, Revoked::Now);
    assert_eq!(store.revoke(40, 5).await, Revoked::Now);
    let times = async || {
        let all = store.all_tokens().await.into_iter();
        let times: Vec<_> = all.map(|it| (it.id.get(), it.revoked_at)).collect();
        times
    };
    let expected = |after: [Option<i64>; 9]| {
        let numbers = [20, 30, 40, 41, 50, 60, 80, 81, 90].into_iter();
        numbers
            .zip(after.map(|second| second.map(at)))
            .collect::<Vec<_>>()
    };
    let (first, then) = (Some(1), Some(5));
    let after = [None, then, then, first, None, None, None, None, then];
    assert_eq!(times().await, expected(after));
    assert_eq!(store.revoke(40, 6).await, Revoked::Before);
    assert_eq!(times().await, expected(after));
    assert_eq!(store.revoke(50, 9).await, Revoked::Now);
    let last = Some(9);
    let after = [last, then, then, first, last, last, None, None, then];
    assert_eq!(times().await, expected(after));
}

/// What expired by itself can still be revoked, once.
pub async fn an_expired_token_is_revoked_with_its_descendants(store: &Store) {
    store.given_user_2_in([1]).await;
    let mut root = token(7, 2, &[1]);
    root.token.expires_at = Some(at(10));
    store.create(root.clone()).await;
    let mut child = token(8, 2, &[1]);
    child.token.expires_at = Some(at(10));
    store.child(&root, child).await;
    for outcome in [Revoked::Now, Revoked::Before] {
        assert_eq!(store.revoke(7, 20).await, outcome);
        for number in [7, 8] {
            assert_eq!(store.token(number).await.revoked_at, Some(at(20)));
        }
    }
}
