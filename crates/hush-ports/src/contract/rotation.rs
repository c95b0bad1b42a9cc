//! New secrets: which secret finds a token, which may still ask for something, and what becomes of descendants.

use hush_domain::scopes::Scope;
use hush_domain::tokens::{Beyond, NewToken, OutOfReach, Rotation, Token};

use super::Store;
use super::examples::{act, at, just_before, key, request, rotation, secret, server, token};
use crate::{IdempotencyConflict, Outcome, RotateTokenError};

/// Hands the rules of this file to `$test`.
#[macro_export]
macro_rules! for_each_rotation_rule {
    ($test:ident) => {
        $test! {
            rotation {
                a_new_secret_finds_the_token_and_the_former_one_too,
                a_former_secret_whose_time_is_over_finds_nothing,
                no_former_secret_outlives_the_time_that_a_later_rotation_gives,
                a_secret_ends_with_the_token_that_learned_it,
                only_the_newest_secret_asks_for_another,
                descendants_are_revoked_unless_they_are_kept,
                nobody_gets_the_secret_of_an_ancestor,
                nobody_gets_the_secret_of_what_is_beyond_them,
                only_a_live_token_gets_a_new_secret,
                a_refusal_names_the_first_of_several_conflicts,
                a_taken_digest_is_refused,
            }
        }
    };
}

/// A token by another of its secrets.
fn shown(new: &NewToken, number: u64) -> NewToken {
    NewToken {
        digest: secret(number).digest(),
        ..new.clone()
    }
}

/// The token is the same but for the first characters of its secret, and so are others.
pub async fn a_new_secret_finds_the_token_and_the_former_one_too(store: &Store) {
    store.given_user_2_in([1]).await;
    let first = token(7, 2, &[1]);
    store.create(first.clone()).await;
    let other = store.create(token(8, 2, &[1])).await;
    let rotated = store.rotate(rotation(7, None, 1000), 1).await.unwrap();
    let expected = Token {
        hint: secret(1000).hint(),
        ..first.token
    };
    assert_ne!(first.token.hint, expected.hint);
    assert_eq!(rotated, Outcome::Done(expected.clone()));
    assert_eq!(store.found(1000).await, Some((7, None)));
    assert_eq!(store.found(7).await, Some((7, Some(at(60)))));
    assert_eq!(store.found(8).await, Some((8, None)));
    assert_eq!(store.all_tokens().await, [expected, other]);
}

/// A secret that is given no more time is gone at once.
pub async fn a_former_secret_whose_time_is_over_finds_nothing(store: &Store) {
    store.given_user_2_in([1]).await;
    store.create(token(7, 2, &[1])).await;
    for (second, until, before, new) in [(1, 1, 7, 1000), (2, 1, 1000, 1001)] {
        let rotation = Rotation {
            former_until: at(until),
            ..rotation(7, None, new)
        };
        store.rotate(rotation, second).await.unwrap();
        assert_eq!(store.found(before).await, None);
        assert_eq!(store.found(new).await, Some((7, None)));
    }
}

/// A later rotation shortens the time of all secrets before, so that one without grace shuts everybody out, and lengthens
/// none.
pub async fn no_former_secret_outlives_the_time_that_a_later_rotation_gives(store: &Store) {
    store.given_user_2_in([1]).await;
    store.create(token(7, 2, &[1])).await;
    let rotate = async |new, until| {
        let rotation = Rotation {
            former_until: at(until),
            ..rotation(7, None, new)
        };
        store.rotate(rotation, 1).await.unwrap();
    };
    for (new, until) in [(1000, 300), (1001, 100), (1002, 200)] {
        rotate(new, until).await;
    }
    for (number, until) in [
        (7, Some(at(100))),
        (1000, Some(at(100))),
        (1001, Some(at(200))),
        (1002, None),
    ] {
        assert_eq!(store.found(number).await, Some((7, until)));
    }
    rotate(1003, 1).await;
    for number in [7, 1000, 1001] {
        assert_eq!(store.found(number).await, Some((7, Some(at(1)))));
    }
    assert_eq!(store.found(1002).await, None);
    // They end with the token, whose time does not depend on theirs.
    store.revoke(7, 2).await;
    assert_eq!(store.found(7).await, Some((7, Some(at(1)))));
    assert_eq!(store.token(7).await.revoked_at, Some(at(2)));
}

/// Whoever gives another token a new secret learns it: it is revoked with the one that asked, as its child is. One that
/// descends from the asker keeps its parent.
pub async fn a_secret_ends_with_the_token_that_learned_it(store: &Store) {
    store.given_user_2_in([1]).await;
    let asker = token(7, 2, &[1]);
    store.create(asker.clone()).await;
    store.create(token(8, 2, &[1])).await;
    store.create(token(9, 2, &[1])).await;
    for (asked, new) in [(8, 1000), (7, 1001)] {
        let rotation = Rotation {
            keep_children: true,
            ..rotation(asked, Some(key(&asker)), new)
        };
        store.rotate(rotation, 1).await.unwrap();
    }
    assert_eq!(store.token(7).await.parent, None);
    assert_eq!(store.token(8).await.parent, Some(asker.token.id));
    // A child stays its parent's: no other token gets its secret.
    let other = token(9, 2, &[1]);
    let refused = store.rotate(rotation(8, Some(key(&other)), 1002), 1).await;
    assert!(
        matches!(
            refused,
            Err(RotateTokenError::OutOfReach(OutOfReach::OthersChild))
        ),
        "{refused:?}"
    );
    store.revoke(7, 2).await;
    assert_eq!(store.token(8).await.revoked_at, Some(at(2)));
    assert_eq!(store.token(9).await.revoked_at, None);
}

/// A token may ask for its own new secret, but not by one that was replaced, nor if it is unknown, revoked or expired.
pub async fn only_the_newest_secret_asks_for_another(store: &Store) {
    store.given_user_2_in([1]).await;
    let own = token(7, 2, &[1]);
    store.create(own.clone()).await;
    store.create(token(6, 2, &[1])).await;
    let revoked = token(8, 2, &[1]);
    store.create(revoked.clone()).await;
    store.revoke(8, 1).await;
    let mut expiring = token(9, 2, &[1]);
    expiring.token.expires_at = Some(at(2));
    store.create(expiring.clone()).await;
    let rotated = store.rotate(rotation(7, Some(key(&own)), 1000), 2).await;
    rotated.unwrap();
    for asker in [&own, &revoked, &expiring, &token(99, 2, &[1])] {
        for asked in [6, 7] {
            let refused = store
                .rotate(rotation(asked, Some(key(asker)), 1001), 2)
                .await;
            assert_refused!(refused, RotateTokenError::AskerEnded);
        }
    }
    assert_eq!(store.found(1001).await, None);
    assert_eq!(store.found(6).await, Some((6, None)));
    let newest = key(&shown(&own, 1000));
    store
        .rotate(rotation(7, Some(newest), 1002), 2)
        .await
        .unwrap();
    assert_eq!(store.found(1002).await, Some((7, None)));
}

/// A new secret ends what the old one made, of every degree, and nothing else.
pub async fn descendants_are_revoked_unless_they_are_kept(store: &Store) {
    store.given_user_2_in([1]).await;
    let of = |number| token(number, 2, &[1]);
    store.create(of(50)).await;
    for (parent, child) in [(50, 40), (50, 60), (40, 30), (40, 41), (30, 90)] {
        store.child(&of(parent), of(child)).await;
    }
    store.revoke(41, 1).await;
    let kept = Rotation {
        keep_children: true,
        ..rotation(40, None, 1000)
    };
    store.rotate(kept, 4).await.unwrap();
    assert_eq!(store.live(4).await, [30, 40, 50, 60, 90]);
    store.rotate(rotation(40, None, 1001), 5).await.unwrap();
    assert_eq!(store.live(5).await, [40, 50, 60]);
    for (number, second) in [(41, 1), (30, 5), (90, 5)] {
        assert_eq!(store.token(number).await.revoked_at, Some(at(second)));
    }
    assert_eq!(store.found(40).await, Some((40, Some(at(60)))));
}

/// Whatever it covers, a token does not rotate its parent or that one's: it would outlive its own revocation.
pub async fn nobody_gets_the_secret_of_an_ancestor(store: &Store) {
    store.given_user_2_in([1]).await;
    let root = token(7, 2, &[1]);
    store.create(root.clone()).await;
    let child = store.child(&root, token(5, 2, &[1])).await;
    let grandchild = store.child(&child, token(6, 2, &[1])).await;
    for (asker, asked) in [(&child, 7), (&grandchild, 7), (&grandchild, 5)] {
        let refused = store
            .rotate(rotation(asked, Some(key(asker)), 1000), 1)
            .await;
        assert_refused!(refused, RotateTokenError::OutOfReach(OutOfReach::Ancestor));
    }
    assert_eq!(store.live(1).await, [5, 6, 7]);
    assert_eq!(store.found(1000).await, None);
    let downwards = rotation(6, Some(key(&root)), 1001);
    store.rotate(downwards, 1).await.unwrap();
    assert_eq!(store.found(1001).await, Some((6, None)));
}

/// A token gets the secret of another one only if that names no other server, can do no more and lives no longer.
pub async fn nobody_gets_the_secret_of_what_is_beyond_them(store: &Store) {
    store.given_user_2_in([1, 2]).await;
    let asker = token(7, 2, &[1]);
    store.create(asker.clone()).await;
    let like = |number, change: fn(&mut Token)| {
        let mut new = token(number, 2, &[1]);
        change(&mut new.token);
        new
    };
    let elsewhere = token(10, 2, &[1, 2]);
    let stronger = like(11, |it| {
        it.scopes = [Scope::TokensWrite].into_iter().collect();
    });
    let longer = like(12, |it| it.expires_at = Some(at(1_000_001)));
    let endless = like(13, |it| it.expires_at = None);
    for (new, expected) in [
        (elsewhere, Beyond::Server(server(2))),
        (stronger, Beyond::Scope(Scope::TokensWrite)),
        (longer, Beyond::Lifetime),
        (endless, Beyond::Lifetime),
    ] {
        let number = new.token.id.get();
        store.create(new).await;
        let refused = store
            .rotate(rotation(number, Some(key(&asker)), 1000), 1)
            .await;
        assert_refused!(refused, RotateTokenError::OutOfReach(OutOfReach::Beyond(beyond)) if beyond == expected);
        assert_eq!(store.found(number).await, Some((number, None)));
    }
    store.create(like(14, |_| ())).await;
    let rotated = store.rotate(rotation(14, Some(key(&asker)), 1000), 1).await;
    rotated.unwrap();
    assert_eq!(store.found(1000).await, Some((14, None)));
}

/// What is unknown, revoked or expired gets none; until the last moment before its end, a token does.
pub async fn only_a_live_token_gets_a_new_secret(store: &Store) {
    store.given_user_2_in([1]).await;
    assert_refused!(
        store.rotate(rotation(7, None, 1000), 1).await,
        RotateTokenError::Unknown
    );
    store.create(token(7, 2, &[1])).await;
    store.revoke(7, 1).await;
    let mut expiring = token(8, 2, &[1]);
    expiring.token.expires_at = Some(at(10));
    store.create(expiring).await;
    for number in [7, 8] {
        let refused = store.rotate(rotation(number, None, 1000), 10).await;
        assert_refused!(refused, RotateTokenError::Ended);
        assert_eq!(store.found(number).await, Some((number, None)));
    }
    assert_eq!(store.found(1000).await, None);
    let mut act = act(0);
    act.at = just_before(at(10));
    let rotated = store.tokens.rotate(rotation(8, None, 1000), &act, None);
    rotated.await.unwrap();
    assert_eq!(store.found(1000).await, Some((8, None)));
}

/// Where several things stand in the way the caller is told of the first, in the same order everywhere.
pub async fn a_refusal_names_the_first_of_several_conflicts(store: &Store) {
    store.given_user_2_in([1, 2]).await;
    let mut root = token(7, 2, &[1, 2]);
    root.token.expires_at = Some(at(50));
    store.create(root.clone()).await;
    let short = |number| {
        let mut child = token(number, 2, &[1]);
        child.token.expires_at = Some(at(50));
        child
    };
    let ended = store.child(&root, short(8)).await;
    let child = store.child(&root, short(9)).await;
    let (narrow, wide) = (token(10, 2, &[1]), token(11, 2, &[1, 2]));
    for new in [&narrow, &wide] {
        store.create(new.clone()).await;
    }
    store.revoke(8, 1).await;
    let used = request(8, "key", 1);
    let mut new = token(12, 2, &[1]);
    new.token.name = "first".parse().unwrap();
    let created = store.tokens.create(new, None, &act(0), Some(used)).await;
    created.unwrap();

    let another = request(8, "key", 2);
    let unknown = rotation(99, Some(key(&ended)), 1000);
    let refused = store
        .tokens
        .rotate(unknown.clone(), &act(1), Some(another))
        .await;
    assert_refused!(
        refused,
        RotateTokenError::Idempotency(IdempotencyConflict::Reused)
    );
    assert_refused!(store.rotate(unknown, 1).await, RotateTokenError::Unknown);
    let asked_by = |asker| rotation(7, Some(key(asker)), 1000);
    assert_refused!(
        store.rotate(asked_by(&ended), 1).await,
        RotateTokenError::AskerEnded
    );
    // It is beyond the child as well.
    assert_refused!(
        store.rotate(asked_by(&child), 1).await,
        RotateTokenError::OutOfReach(OutOfReach::Ancestor)
    );
    // The root has expired.
    let two = server(2);
    assert_refused!(
        store.rotate(asked_by(&narrow), 50).await,
        RotateTokenError::OutOfReach(OutOfReach::Beyond(Beyond::Server(named))) if named == two
    );
    assert_refused!(
        store.rotate(asked_by(&wide), 50).await,
        RotateTokenError::Ended
    );
    store.rotate(asked_by(&wide), 49).await.unwrap();
}

/// A digest that another token has stays with that one.
pub async fn a_taken_digest_is_refused(store: &Store) {
    store.given_user_2_in([1]).await;
    for number in [7, 8] {
        store.create(token(number, 2, &[1])).await;
    }
    let refused = store.rotate(rotation(7, None, 8), 1).await;
    assert_refused!(refused, RotateTokenError::Backend(_));
    for number in [7, 8] {
        assert_eq!(store.found(number).await, Some((number, None)));
    }
}
