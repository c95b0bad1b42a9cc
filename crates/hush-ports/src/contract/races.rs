//! Writers at once over the same tokens: whichever comes first, what ended has ended.

use tokio::task::JoinSet;

use super::Store;
use super::examples::{act, at, key, rotation, secret, server, token, token_id};
use crate::{CreateTokenError, Removed, Revoked, RotateTokenError};

/// Hands the rules of this file to `$test`.
#[macro_export]
macro_rules! for_each_races_rule {
    ($test:ident) => {
        $test! {
            races {
                no_child_outlives_a_revocation_at_the_same_time,
                no_descendant_outlives_a_revocation_at_the_same_time,
                of_many_who_revoke_a_family_at_once_each_token_is_revoked_once,
                of_many_who_show_the_same_secret_at_once_one_gets_another,
                of_many_at_once_each_replaces_the_one_before,
                no_secret_outlives_a_revocation_at_the_same_time,
                no_child_of_a_former_secret_outlives_a_rotation_at_the_same_time,
                of_many_who_report_a_secret_at_once_one_ends_it,
                no_secret_outlives_a_report_at_the_same_time,
                no_child_reaches_a_server_that_is_taken_off_at_the_same_time,
                servers_are_taken_off_at_once,
                a_token_that_is_made_while_its_user_is_erased_goes_too,
                a_token_that_is_made_while_its_server_is_erased_goes_too,
                tokens_that_change_while_their_server_is_erased_lose_it,
            }
        }
    };
}

/// Whichever comes first, the revocation of a token or a child that it makes: the child does not live on.
pub async fn no_child_outlives_a_revocation_at_the_same_time(store: &Store) {
    store.given_user_2_in([1]).await;
    for round in 1..=20 {
        let parent = token(10 * round, 2, &[1]);
        store.create(parent.clone()).await;
        let mut writers = JoinSet::new();
        for number in 1..=3 {
            let (store, parent) = (store.clone(), parent.clone());
            let child = token(10 * round + number, 2, &[1]);
            writers.spawn(async move {
                let made = store.try_child(&parent, child, 1).await;
                let refused = matches!(made, Err(CreateTokenError::AskerEnded));
                assert!(made.is_ok() || refused, "{made:?}");
            });
        }
        let revoking = store.clone();
        writers.spawn(async move {
            assert_eq!(revoking.revoke(10 * round, 1).await, Revoked::Now);
        });
        writers.join_all().await;
        assert_eq!(store.live(1).await, [0; 0], "round {round}");
    }
    store.log(1).await;
}

/// So it is with grandchildren too, which know their own parent alone.
pub async fn no_descendant_outlives_a_revocation_at_the_same_time(store: &Store) {
    store.given_user_2_in([1]).await;
    for round in 1..=10 {
        let root = token(10 * round, 2, &[1]);
        store.create(root.clone()).await;
        let child = store.child(&root, token(10 * round + 1, 2, &[1])).await;
        let mut writers = JoinSet::new();
        for number in [2, 3] {
            let (store, child) = (store.clone(), child.clone());
            let grandchild = token(10 * round + number, 2, &[1]);
            writers.spawn(async move {
                let made = store.try_child(&child, grandchild, 1).await;
                let refused = matches!(made, Err(CreateTokenError::AskerEnded));
                assert!(made.is_ok() || refused, "{made:?}");
            });
        }
        let revoking = store.clone();
        writers.spawn(async move {
            assert_eq!(revoking.revoke(10 * round, 1).await, Revoked::Now);
        });
        writers.join_all().await;
        assert_eq!(store.live(1).await, [0; 0], "round {round}");
    }
}

/// However many revoke a token, its parent and its child at once, each of the three is revoked by one of them.
pub async fn of_many_who_revoke_a_family_at_once_each_token_is_revoked_once(store: &Store) {
    store.given_user_2_in([1]).await;
    for round in 1..=5 {
        let family = [3, 1, 2].map(|number| token(10 * round + number, 2, &[1]));
        store.create(family[0].clone()).await;
        store.child(&family[0], family[1].clone()).await;
        store.child(&family[1], family[2].clone()).await;
        let before = store.log(1).await.len();
        let mut writers = JoinSet::new();
        for number in [3, 1, 2, 3, 1, 2] {
            let store = store.clone();
            writers.spawn(async move {
                let revoked = store.revoke(10 * round + number, 1).await;
                assert_ne!(revoked, Revoked::Unknown);
            });
        }
        writers.join_all().await;
        assert_eq!(store.live(1).await, [0; 0]);
        let log = store.log(1).await;
        let mut told: Vec<_> = log[before..].iter().map(|row| row.target.id()).collect();
        told.sort_unstable();
        let each = [1, 2, 3].map(|number| Some(10 * round + number));
        assert_eq!(told, each, "round {round}");
    }
}

/// Who comes later shows a secret that was replaced meanwhile.
pub async fn of_many_who_show_the_same_secret_at_once_one_gets_another(store: &Store) {
    store.given_user_2_in([1]).await;
    for round in 1..=5 {
        let asker = token(100 * round, 2, &[1]);
        store.create(asker.clone()).await;
        let mut writers = JoinSet::new();
        for number in 1..=6 {
            let (store, new) = (store.clone(), 100 * round + number);
            let rotation = rotation(100 * round, Some(key(&asker)), new);
            writers.spawn(async move { (new, store.rotate(rotation, 1).await) });
        }
        let mut newest = Vec::new();
        for (new, rotated) in writers.join_all().await {
            match rotated {
                Ok(_) => newest.push(new),
                Err(error) => assert!(matches!(error, RotateTokenError::AskerEnded), "{error}"),
            }
        }
        assert_eq!(newest.len(), 1, "round {round}");
        for new in 100 * round + 1..=100 * round + 6 {
            let expected = newest.contains(&new).then_some((100 * round, None));
            assert_eq!(store.found(new).await, expected);
        }
        assert_eq!(
            store.found(100 * round).await,
            Some((100 * round, Some(at(60))))
        );
    }
}

/// The operator's rotations wait for each other: no secret is lost, and one is the newest.
pub async fn of_many_at_once_each_replaces_the_one_before(store: &Store) {
    store.given_user_2_in([1]).await;
    store.create(token(7, 2, &[1])).await;
    let mut writers = JoinSet::new();
    for new in 1001..=1008 {
        let store = store.clone();
        writers.spawn(async move { store.rotate(rotation(7, None, new), 1).await.unwrap() });
    }
    writers.join_all().await;
    let mut newest = Vec::new();
    for number in [7].into_iter().chain(1001..=1008) {
        let (found, until) = store.found(number).await.unwrap();
        assert_eq!(found, 7);
        match until {
            Some(until) => assert_eq!(until, at(60)),
            None => newest.push(number),
        }
    }
    assert_eq!(newest.len(), 1, "{newest:?}");
    assert_eq!(store.token(7).await.hint, secret(newest[0]).hint());
    assert_eq!(store.log(1).await.len(), 9);
}

/// Whichever comes first, a new secret or the revocation: the token is revoked, by whatever secret it is found.
pub async fn no_secret_outlives_a_revocation_at_the_same_time(store: &Store) {
    store.given_user_2_in([1]).await;
    for round in 1..=15 {
        let (number, new) = (100 * round, 100 * round + 1);
        store.create(token(number, 2, &[1])).await;
        let mut writers = JoinSet::new();
        let (rotating, revoking) = (store.clone(), store.clone());
        writers.spawn(async move {
            let rotated = rotating.rotate(rotation(number, None, new), 1).await;
            let refused = matches!(rotated, Err(RotateTokenError::Ended));
            assert!(rotated.is_ok() || refused, "{rotated:?}");
        });
        writers.spawn(async move {
            revoking.revoke(number, 1).await;
        });
        writers.join_all().await;
        assert_eq!(store.live(1).await, [0; 0], "round {round}");
        let found = store.found(new).await;
        assert!(matches!(found, None | Some((_, None))), "{found:?}");
    }
}

/// Whichever comes first, a rotation that keeps no children or a child of the secret before: it does not live on.
pub async fn no_child_of_a_former_secret_outlives_a_rotation_at_the_same_time(store: &Store) {
    store.given_user_2_in([1]).await;
    for round in 1..=15 {
        let parent = token(100 * round, 2, &[1]);
        store.create(parent.clone()).await;
        let mut writers = JoinSet::new();
        let (making, rotating) = (store.clone(), store.clone());
        let asker = parent.clone();
        writers.spawn(async move {
            let child = token(100 * round + 1, 2, &[1]);
            let made = making.try_child(&asker, child, 1).await;
            let refused = matches!(made, Err(CreateTokenError::AskerEnded));
            assert!(made.is_ok() || refused, "{made:?}");
        });
        writers.spawn(async move {
            let rotation = rotation(100 * round, Some(key(&parent)), 100 * round + 2);
            rotating.rotate(rotation, 1).await.unwrap();
        });
        writers.join_all().await;
        let own = token_id(100 * round);
        let live = store.live(1).await;
        assert_eq!(live, [own.get()], "round {round}");
        store.revoke(own.get(), 2).await;
    }
}

/// However many report the same secret, it ends once.
pub async fn of_many_who_report_a_secret_at_once_one_ends_it(store: &Store) {
    store.given_user_2_in([1, 2]).await;
    for number in [7, 8] {
        store.create(token(number, 2, &[1, 2])).await;
    }
    store.rotate(rotation(8, None, 1000), 0).await.unwrap();
    let before = store.log(1).await.len();
    let mut writers = JoinSet::new();
    for _ in 0..4 {
        for number in [7, 8] {
            let store = store.clone();
            writers.spawn(async move { store.leaked(number, 1).await });
        }
    }
    writers.join_all().await;
    assert_eq!(store.live(1).await, [8]);
    assert_eq!(store.found(8).await, Some((8, Some(at(1)))));
    assert_eq!(store.log(1).await.len(), before + 2);
}

/// Whichever comes first, a report or a new secret: the reported one no longer works.
pub async fn no_secret_outlives_a_report_at_the_same_time(store: &Store) {
    store.given_user_2_in([1, 2]).await;
    for round in 1..=10 {
        let (number, new) = (100 * round, 100 * round + 1);
        store.create(token(number, 2, &[1, 2])).await;
        let mut writers = JoinSet::new();
        let (rotating, reporting) = (store.clone(), store.clone());
        writers.spawn(async move {
            let _ = rotating.rotate(rotation(number, None, new), 1).await;
        });
        writers.spawn(async move { reporting.leaked(number, 1).await });
        writers.join_all().await;
        match store.found(number).await {
            Some((_, None)) => assert_eq!(store.token(number).await.revoked_at, Some(at(1))),
            Some((_, Some(until))) => assert_eq!(until, at(1), "round {round}"),
            None => panic!("round {round}: the secret was forgotten"),
        }
        store.revoke(number, 2).await;
    }
}

/// Whichever comes first, the removal or a child that names the server: no live child does afterwards.
pub async fn no_child_reaches_a_server_that_is_taken_off_at_the_same_time(store: &Store) {
    store.given_user_2_in([1, 2]).await;
    for round in 1..=15 {
        let parent = token(10 * round, 2, &[1, 2]);
        store.create(parent.clone()).await;
        let mut writers = JoinSet::new();
        for (number, servers) in [(1, &[1, 2][..]), (2, &[1])] {
            let (store, parent) = (store.clone(), parent.clone());
            let child = token(10 * round + number, 2, servers);
            writers.spawn(async move {
                let made = store.try_child(&parent, child, 1).await;
                let refused = matches!(made, Err(CreateTokenError::Beyond(_)));
                assert!(made.is_ok() || refused, "{made:?}");
            });
        }
        let removing = store.clone();
        writers.spawn(async move {
            let removed = removing.take_off(1, 10 * round, 1).await;
            assert_eq!(removed, Removed::Now);
        });
        writers.join_all().await;
        for number in store.live(1).await {
            assert_eq!(store.named(number).await, [2], "round {round}");
        }
        store.revoke(10 * round, 2).await;
    }
}

/// Two servers that are taken off a token at once leave it the last one, which it keeps revoked if that goes as well.
pub async fn servers_are_taken_off_at_once(store: &Store) {
    store.given_user_2_in([1, 2]).await;
    for round in 1..=10 {
        store.create(token(round, 2, &[1, 2])).await;
        let mut writers = JoinSet::new();
        for server in [1, 2] {
            let store = store.clone();
            writers.spawn(async move { store.take_off(server, round, 1).await });
        }
        assert_eq!(writers.join_all().await, [Removed::Now; 2]);
        assert_eq!(store.named(round).await.len(), 1);
        assert_eq!(store.token(round).await.revoked_at, Some(at(1)));
    }
    store.log(1).await;
    store.log(2).await;
}

/// Whichever comes first: afterwards they are in no server, and no token is theirs.
pub async fn a_token_that_is_made_while_its_user_is_erased_goes_too(store: &Store) {
    for round in 1..=10 {
        store.given_user_2_in([1]).await;
        let mut writers = JoinSet::new();
        for number in 0..3 {
            let store = store.clone();
            let new = token(10 * round + number, 2, &[1]);
            writers.spawn(async move {
                let created = store.try_create(new).await;
                let refused = matches!(created, Err(CreateTokenError::NotAMember(_)));
                assert!(created.is_ok() || refused, "{created:?}");
            });
        }
        let erasing = store.clone();
        writers.spawn(async move {
            assert_eq!(erasing.erase_user(2, &act(1)).await.members, 1);
        });
        writers.join_all().await;
        assert_eq!(store.all_tokens().await, [], "round {round}");
    }
    store.log(1).await;
}

/// Whichever comes first: afterwards the server is not known, and no token names it.
pub async fn a_token_that_is_made_while_its_server_is_erased_goes_too(store: &Store) {
    store.given_user_2_in([2]).await;
    for round in 1..=10 {
        store.given_user_2_in([1]).await;
        let mut writers = JoinSet::new();
        for (number, servers) in [(0, &[1][..]), (1, &[1, 2])] {
            let store = store.clone();
            let new = token(10 * round + number, 2, servers);
            writers.spawn(async move {
                let created = store.try_create(new).await;
                let refused = matches!(created, Err(CreateTokenError::NotAMember(_)));
                assert!(created.is_ok() || refused, "{created:?}");
            });
        }
        let erasing = store.clone();
        writers.spawn(async move {
            assert_eq!(erasing.erase_server(1).await.members, 1);
        });
        writers.join_all().await;
        no_token_names_server_1(store).await;
    }
    store.log(2).await;
}

/// Whatever else becomes of them: none names the server afterwards, nothing is told there, and nobody fails.
pub async fn tokens_that_change_while_their_server_is_erased_lose_it(store: &Store) {
    store.given_user_2_in([2]).await;
    for round in 1..=8 {
        store.given_user_2_in([1]).await;
        for number in 0..3 {
            store.create(token(10 * round + number, 2, &[1, 2])).await;
        }
        let mut writers = JoinSet::new();
        for change in 0..4 {
            let (store, first) = (store.clone(), 10 * round);
            writers.spawn(async move {
                match change {
                    0 => drop(store.take_off(2, first, 1).await),
                    1 => drop(
                        store
                            .rotate(rotation(first + 1, None, first + 9), 1)
                            .await
                            .unwrap(),
                    ),
                    2 => drop(store.revoke(first + 2, 1).await),
                    _ => drop(store.erase_server(1).await),
                }
            });
        }
        writers.join_all().await;
        no_token_names_server_1(store).await;
    }
    store.log(2).await;
}

/// Nor has it a log.
async fn no_token_names_server_1(store: &Store) {
    let all = store.all_tokens().await;
    let naming = all.iter().find(|it| it.servers.contains(server(1)));
    assert_eq!(naming, None);
    assert_eq!(store.ends(1).await, None);
}
