//! Tokens: stored, found, listed and revoked. How their users stand is in `standing.rs`.

use hush_domain::scopes::{Scope, Scopes};
use hush_domain::tokens::{NewToken, Token};
use proptest::strategy::Strategy;
use tokio::task::JoinSet;

use super::Store;
use super::examples::{at, cases, complete, member, server, token, token_id, user};
use crate::{Addressed, CreateTokenError, Presented, Revoked, TokenFilter};

/// Hands the rules of this file to `$test`.
#[macro_export]
macro_rules! for_each_tokens_rule {
    ($test:ident) => {
        $test! {
            tokens {
                a_token_reads_back_field_by_field,
                what_is_not_stored_is_absent,
                a_taken_id_is_refused,
                a_taken_digest_is_refused,
                a_user_who_is_in_no_such_server_gets_no_token,
                an_owner_who_is_not_listed_gets_a_token,
                one_of_many_who_take_an_id_at_once_gets_it,
                a_revoked_token_keeps_the_time,
                one_of_many_who_revoke_at_once_does,
                a_list_holds_what_its_filter_says,
                a_walk_through_the_list_never_repeats_nor_skips,
            }
        }
    };
}

/// A token is found by its digest and listed as it was stored, with every field at its edges.
pub async fn a_token_reads_back_field_by_field(store: &Store) {
    let servers: Vec<u64> = (1..=25).map(|number| u64::MAX / 2 - number).collect();
    for number in &servers {
        store
            .given(complete(*number), vec![member(u64::MAX / 2)])
            .await;
    }
    let plain = token(7, u64::MAX / 2, &servers[..1]);
    let mut full = token(u64::MAX / 2, u64::MAX / 2, &servers);
    full.token.name = "schlüssel 🗝 鍵".parse().unwrap();
    full.token.scopes = Scope::ALL.into_iter().collect();
    full.token.revoked_at = Some(at(5));
    let mut bare = token(8, u64::MAX / 2, &servers[..1]);
    bare.token.scopes = Scopes::default();
    bare.token.expires_at = None;
    for new in [&full, &plain, &bare] {
        store.try_create(new.clone()).await.unwrap();
    }
    for new in [&plain, &bare, &full] {
        let found = store.tokens.present(&new.digest, Addressed::Nothing);
        let expected = Presented {
            token: new.token.clone().into(),
            former_until: None,
            standing: None,
        };
        assert_eq!(found.await.unwrap(), Some(expected));
        assert_eq!(store.token(new.token.id.get()).await, new.token);
    }
    let stored = [plain.token, bare.token, full.token];
    assert_eq!(store.all_tokens().await, stored);
}

/// What was never stored is not found, not listed, and nothing that could be revoked.
pub async fn what_is_not_stored_is_absent(store: &Store) {
    let unknown = token(1, 1, &[1]);
    let found = store.tokens.present(&unknown.digest, Addressed::Sole);
    assert_eq!(found.await.unwrap(), None);
    assert_eq!(store.tokens.get(token_id(1)).await.unwrap(), None);
    let memberships = store.tokens.memberships(&unknown.token).await.unwrap();
    assert_eq!(memberships, []);
    assert_eq!(store.revoke(1, 1).await, Revoked::Unknown);
    assert_eq!(store.all_tokens().await, []);
}

/// An id that is taken is a conflict; the first token stays as it was.
pub async fn a_taken_id_is_refused(store: &Store) {
    store.given(complete(1), vec![member(1), member(2)]).await;
    let first = store.create(token(7, 1, &[1])).await;
    let mut second = token(8, 2, &[1]);
    second.token.id = first.id;
    assert_refused!(
        store.try_create(second.clone()).await,
        CreateTokenError::IdTaken
    );
    assert_eq!(store.all_tokens().await, [first]);
    let found = store.tokens.present(&second.digest, Addressed::Nothing);
    assert_eq!(found.await.unwrap(), None);
}

/// A digest that is taken stays with the token that has it.
pub async fn a_taken_digest_is_refused(store: &Store) {
    store.given(complete(1), vec![member(1), member(2)]).await;
    let first = token(7, 1, &[1]);
    store.try_create(first.clone()).await.unwrap();
    let second = NewToken {
        digest: first.digest,
        ..token(8, 2, &[1])
    };
    assert_refused!(store.try_create(second).await, CreateTokenError::Backend(_));
    let found = store.tokens.present(&first.digest, Addressed::Nothing);
    assert_eq!(*found.await.unwrap().unwrap().token, first.token);
    assert_eq!(store.all_tokens().await, [first.token]);
}

/// A token that names a server without its user, or one that nobody knows, is refused with that server.
pub async fn a_user_who_is_in_no_such_server_gets_no_token(store: &Store) {
    store.given(complete(1), vec![member(1), member(2)]).await;
    store.given(complete(2), vec![member(1)]).await;
    for missing in [2, 3] {
        let refused = store.try_create(token(7, 2, &[1, missing])).await;
        assert_refused!(refused, CreateTokenError::NotAMember(named) if named == server(missing));
    }
    assert_eq!(store.all_tokens().await, []);
}

/// The owner is in the server, listed or not.
pub async fn an_owner_who_is_not_listed_gets_a_token(store: &Store) {
    store.given(complete(1), vec![member(2)]).await;
    let created = store.create(token(7, 1, &[1])).await;
    assert_eq!(store.all_tokens().await, [created]);
}

/// Of many who store a token with the same id at once, one does, and it is that one's token.
pub async fn one_of_many_who_take_an_id_at_once_gets_it(store: &Store) {
    store.given(complete(1), vec![member(1)]).await;
    let mut writers = JoinSet::new();
    for number in 1..=8 {
        let store = store.clone();
        let mut new = token(number, 1, &[1]);
        new.token.id = token_id(99);
        writers.spawn(async move { (store.try_create(new.clone()).await, new) });
    }
    let mut stored = Vec::new();
    for (created, new) in writers.join_all().await {
        match created {
            Ok(_) => stored.push(new.token),
            Err(error) => assert!(matches!(error, CreateTokenError::IdTaken), "{error}"),
        }
    }
    assert_eq!(stored.len(), 1);
    assert_eq!(store.all_tokens().await, stored);
}

/// The first revocation's time stays, and other tokens stay as they are.
pub async fn a_revoked_token_keeps_the_time(store: &Store) {
    store.given(complete(1), vec![member(1)]).await;
    let first = token(7, 1, &[1]);
    store.try_create(first.clone()).await.unwrap();
    let other = store.create(token(8, 1, &[1])).await;
    for (second, outcome) in [
        (5, Revoked::Now),
        (6, Revoked::Before),
        (4, Revoked::Before),
    ] {
        assert_eq!(store.revoke(7, second).await, outcome);
    }
    let revoked = Token {
        revoked_at: Some(at(5)),
        ..first.token
    };
    let found = store.tokens.present(&first.digest, Addressed::Nothing);
    assert_eq!(*found.await.unwrap().unwrap().token, revoked);
    assert_eq!(store.all_tokens().await, [revoked, other]);
}

/// Of many who revoke a token at once, one does.
pub async fn one_of_many_who_revoke_at_once_does(store: &Store) {
    store.given(complete(1), vec![member(1)]).await;
    store.create(token(7, 1, &[1])).await;
    let mut writers = JoinSet::new();
    for second in 1..=8 {
        let store = store.clone();
        writers.spawn(async move { (store.revoke(7, second).await, at(second)) });
    }
    let outcomes = writers.join_all().await;
    let now = outcomes
        .iter()
        .filter(|(outcome, _)| *outcome == Revoked::Now);
    let times: Vec<_> = now.map(|(_, time)| *time).collect();
    assert_eq!(times.len(), 1, "{outcomes:?}");
    assert_eq!(store.all_tokens().await[0].revoked_at, Some(times[0]));
    assert!(
        outcomes
            .iter()
            .all(|(outcome, _)| *outcome != Revoked::Unknown)
    );
}

/// A list holds the tokens of the user and the server that its filter names, by id, revoked ones too.
pub async fn a_list_holds_what_its_filter_says(store: &Store) {
    for number in [1, 2] {
        store
            .given(complete(number), vec![member(1), member(2)])
            .await;
    }
    // The last one has fewer digits: the order is that of numbers, not of texts.
    for (number, owner, servers) in [
        (12, 1, &[1][..]),
        (11, 2, &[1, 2]),
        (10, 1, &[2]),
        (9, 1, &[1, 2]),
    ] {
        store.create(token(number, owner, servers)).await;
    }
    store.revoke(9, 1).await;
    for (of_server, of_user, within, expected) in [
        (None, None, None, &[9, 10, 11, 12][..]),
        (Some(1), None, None, &[9, 11, 12]),
        (Some(2), None, None, &[9, 10, 11]),
        (None, Some(1), None, &[9, 10, 12]),
        (Some(2), Some(1), None, &[9, 10]),
        (Some(1), Some(2), None, &[11]),
        (Some(3), None, None, &[]),
        (None, Some(3), None, &[]),
        (None, None, Some(&[1][..]), &[12]),
        (None, None, Some(&[2, 3]), &[10]),
        (None, None, Some(&[1, 2]), &[9, 10, 11, 12]),
        (None, None, Some(&[3]), &[]),
        (None, Some(1), Some(&[3, 2, 1]), &[9, 10, 12]),
        (Some(1), Some(1), Some(&[1]), &[12]),
        (Some(2), None, Some(&[1]), &[]),
    ] {
        let within = within.map(|numbers| token(1, 1, numbers).token.servers);
        for after in [0, 8, 9, 11, 12] {
            for limit in [0, 1, 2, 100] {
                let filter = TokenFilter {
                    server: of_server.map(server),
                    user: of_user.map(user),
                    within: within.clone(),
                    after: (after > 0).then(|| token_id(after)),
                    limit,
                };
                let listed = store.tokens.list(filter.clone()).await.unwrap();
                let ids: Vec<u64> = listed.iter().map(|token| token.id.get()).collect();
                let rest = expected.iter().copied().filter(|id| *id > after);
                let rest: Vec<_> = rest.take(limit.into()).collect();
                assert_eq!(ids, rest, "{filter:?}");
            }
        }
    }
}

/// Walking the pages while tokens are made and revoked shows each that was there throughout once, and none
/// twice.
pub async fn a_walk_through_the_list_never_repeats_nor_skips(store: &Store) {
    store.given(complete(1), vec![member(1)]).await;
    for number in (10..=30).step_by(2) {
        store.create(token(number, 1, &[1])).await;
    }
    let odd = (0_u64..20).prop_map(|number| 2 * number + 1);
    let mut after = None;
    let mut walked = Vec::new();
    for (limit, made) in cases(40, &(1_u16..4, odd)) {
        let page = TokenFilter {
            after,
            limit,
            ..TokenFilter::default()
        };
        let page = store.tokens.list(page).await.unwrap();
        after = page.last().map_or(after, |token| Some(token.id));
        walked.extend(page.iter().map(|token| token.id.get()));
        // The same number may come again.
        let created = store.try_create(token(made, 1, &[1])).await;
        assert!(
            matches!(created, Ok(_) | Err(CreateTokenError::IdTaken)),
            "{created:?}"
        );
        store.revoke(made, 1).await;
    }
    assert!(
        walked.is_sorted_by(|left, right| left < right),
        "{walked:?}"
    );
    let throughout = (10..=30).step_by(2);
    assert!(
        throughout.clone().all(|number| walked.contains(&number)),
        "{walked:?}"
    );
}
