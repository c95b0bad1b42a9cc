//! How many tokens a user has and what they are called: each name once among the live ones, and no more of those than
//! the limit.

use hush_domain::ids::TokenId;
use hush_domain::scopes::Scope;
use hush_domain::tokens::{Beyond, MAX_LIVE, NewToken};
use tokio::task::JoinSet;

use super::Store;
use super::examples::{
    act, act_of, at, complete, just_before, key, member, request, rotation, server, token, token_id,
};
use crate::{CreateTokenError, IdempotencyConflict};

/// Hands the rules of this file to `$test`.
#[macro_export]
macro_rules! for_each_quota_rule {
    ($test:ident) => {
        $test! {
            quota {
                a_name_is_taken_as_long_as_its_token_lives,
                a_name_is_each_users_own,
                a_user_has_as_many_live_tokens_as_the_limit_says,
                expired_tokens_give_up_their_places,
                of_many_who_take_a_name_at_once_one_gets_it,
                of_many_at_once_as_many_pass_as_there_is_room,
                a_refusal_names_the_first_of_several_conflicts,
            }
        }
    };
}

const MOST: u64 = MAX_LIVE as u64;

fn called(new: NewToken, name: &str) -> NewToken {
    let mut called = new;
    called.token.name = name.parse().unwrap();
    called
}

/// A name is free again once its token is revoked, and from the very moment at which it expires.
pub async fn a_name_is_taken_as_long_as_its_token_lives(store: &Store) {
    store.given_user_2_in([1]).await;
    store.create(called(token(7, 2, &[1]), "mine")).await;
    let second = called(token(8, 2, &[1]), "mine");
    assert_refused!(
        store.try_create(second.clone()).await,
        CreateTokenError::NameTaken
    );
    store.revoke(7, 1).await;
    let end = second.token.expires_at.unwrap();
    store.create(second).await;
    let third = called(token(9, 2, &[1]), "mine");
    let mut act = act(0);
    act.at = just_before(end);
    let refused = store.tokens.create(third.clone(), None, &act, None).await;
    assert_refused!(refused, CreateTokenError::NameTaken);
    act.at = end;
    let created = store.tokens.create(third, None, &act, None).await;
    created.unwrap();
    let names = store.all_tokens().await.into_iter().map(|it| it.name);
    assert!(names.eq(vec!["mine".parse().unwrap(); 3]));
}

/// Another user may use the same name, and the same user one that only looks alike.
pub async fn a_name_is_each_users_own(store: &Store) {
    store.given(complete(1), vec![member(2), member(3)]).await;
    // The last two are an é of one character and one of two.
    let names = ["mine", "Mine", "mine ", "caf\u{e9}", "cafe\u{301}"];
    for (number, name) in (10..).zip(names) {
        store.create(called(token(number, 2, &[1]), name)).await;
        store
            .create(called(token(number + 10, 3, &[1]), name))
            .await;
    }
    for (number, name) in (30..).zip(names) {
        let again = store.try_create(called(token(number, 2, &[1]), name)).await;
        assert_refused!(again, CreateTokenError::NameTaken);
    }
}

/// At the limit there is no place but for one that was given up; whoever has none left can still rotate, and others
/// are not concerned.
pub async fn a_user_has_as_many_live_tokens_as_the_limit_says(store: &Store) {
    store.given(complete(1), vec![member(2), member(3)]).await;
    for number in 1..=MOST {
        store.create(token(number, 2, &[1])).await;
    }
    let more = token(100, 2, &[1]);
    assert_refused!(
        store.try_create(more.clone()).await,
        CreateTokenError::TooMany
    );
    store.create(token(200, 3, &[1])).await;
    store.rotate(rotation(5, None, 300), 0).await.unwrap();
    store.revoke(7, 1).await;
    store.create(more).await;
    assert_refused!(
        store.try_create(token(101, 2, &[1])).await,
        CreateTokenError::TooMany
    );
    assert_eq!(store.all_tokens().await.len(), MAX_LIVE + 2);
}

/// A place is free from the very moment at which its token expires.
pub async fn expired_tokens_give_up_their_places(store: &Store) {
    store.given_user_2_in([1]).await;
    let mut dead = token(100, 2, &[1]);
    dead.token.expires_at = Some(at(0));
    store.create(dead).await;
    for number in 1..=MOST {
        let mut new = token(number, 2, &[1]);
        let end = if number <= 2 { 10 } else { 1000 };
        new.token.expires_at = Some(at(end));
        store.create(new).await;
    }
    let mut act = act(0);
    act.at = just_before(at(10));
    let refused = store.tokens.create(token(101, 2, &[1]), None, &act, None);
    assert_refused!(refused.await, CreateTokenError::TooMany);
    act.at = at(10);
    for number in [101, 102] {
        let created = store
            .tokens
            .create(token(number, 2, &[1]), None, &act, None);
        created.await.unwrap();
    }
    let refused = store.tokens.create(token(103, 2, &[1]), None, &act, None);
    assert_refused!(refused.await, CreateTokenError::TooMany);
}

/// Of many at once with one name, one gets it, in each of many rounds.
pub async fn of_many_who_take_a_name_at_once_one_gets_it(store: &Store) {
    store.given_user_2_in([1]).await;
    for round in 1..=5 {
        let mut writers = JoinSet::new();
        for number in 0..6 {
            let store = store.clone();
            let new = called(
                token(10 * round + number, 2, &[1]),
                &format!("name-{round}"),
            );
            writers.spawn(async move { (new.token.clone(), store.try_create(new).await) });
        }
        let mut stored = Vec::new();
        for (token, created) in writers.join_all().await {
            match created {
                Ok(_) => stored.push(token),
                Err(error) => assert!(matches!(error, CreateTokenError::NameTaken), "{error}"),
            }
        }
        let named = stored.first().unwrap().name.clone();
        let all = store.all_tokens().await;
        let of_that_name: Vec<_> = all.into_iter().filter(|it| it.name == named).collect();
        assert_eq!(of_that_name, stored);
        assert_eq!(stored.len(), 1);
    }
}

/// Of many at once with names of their own, as many get a token as there are places.
pub async fn of_many_at_once_as_many_pass_as_there_is_room(store: &Store) {
    store.given_user_2_in([1]).await;
    store.given(complete(2), vec![member(2)]).await;
    for number in 4..=MOST {
        store.create(token(number, 2, &[1])).await;
    }
    let mut writers = JoinSet::new();
    for number in 100..112 {
        // Those who meet name different servers, so that nothing but the user is common to all of them.
        let (store, server) = (store.clone(), 1 + number % 2);
        writers.spawn(async move { store.try_create(token(number, 2, &[server])).await });
    }
    let mut passed = 0;
    for created in writers.join_all().await {
        match created {
            Ok(_) => passed += 1,
            Err(error) => assert!(matches!(error, CreateTokenError::TooMany), "{error}"),
        }
    }
    assert_eq!(passed, 3);
    assert_eq!(store.live(0).await.len(), MAX_LIVE);
}

/// Where several things stand in the way the caller is told of the first, in the same order everywhere, and nothing is
/// stored until none is left.
pub async fn a_refusal_names_the_first_of_several_conflicts(store: &Store) {
    store.given_user_2_in([1]).await;
    store.given(complete(2), vec![]).await;
    let mut tokens = Vec::new();
    for number in 1..=MOST {
        let new = token(number, 2, &[1]);
        store.create(new.clone()).await;
        tokens.push(new);
    }
    let (ended, asker) = (&tokens[0], &tokens[1]);
    store.revoke(1, 0).await;
    store.create(token(100, 2, &[1])).await;
    let used = request(2, "key", 1);
    let rotation = rotation(3, Some(key(asker)), 900);
    let rotated = store.tokens.rotate(rotation, &act(0), Some(used)).await;
    rotated.unwrap();

    // It has everything wrong.
    let mut new = called(token(901, 2, &[1, 2]), "token-4");
    new.token.id = token_id(5);
    new.token.scopes = [Scope::AuditRead].into_iter().collect();
    let ask = async |new: &NewToken, asker: &NewToken, idempotency| {
        let mut new = new.clone();
        new.token.parent = Some(asker.token.id);
        let act = act_of(&asker.token, 1);
        let created = store
            .tokens
            .create(new, Some(key(asker)), &act, idempotency);
        created.await
    };
    let another = request(2, "key", 2);
    assert_refused!(
        ask(&new, ended, Some(another)).await,
        CreateTokenError::Idempotency(IdempotencyConflict::Reused)
    );
    let two = server(2);
    assert_refused!(
        ask(&new, ended, None).await,
        CreateTokenError::NotAMember(named) if named == two
    );
    store.given_at(1, complete(2), vec![member(2)]).await;
    assert_refused!(ask(&new, ended, None).await, CreateTokenError::AskerEnded);
    assert_refused!(
        ask(&new, asker, None).await,
        CreateTokenError::Beyond(Beyond::Server(named)) if named == two
    );
    new.token.servers = token(1, 1, &[1]).token.servers;
    assert_refused!(
        ask(&new, asker, None).await,
        CreateTokenError::Beyond(Beyond::Scope(Scope::AuditRead))
    );
    new.token.scopes = asker.token.scopes;
    assert_refused!(ask(&new, asker, None).await, CreateTokenError::TooMany);
    store.revoke(6, 1).await;
    assert_refused!(ask(&new, asker, None).await, CreateTokenError::NameTaken);
    new = called(new, "another");
    assert_refused!(ask(&new, asker, None).await, CreateTokenError::IdTaken);
    let ids: Vec<TokenId> = store.all_tokens().await.iter().map(|it| it.id).collect();
    assert_eq!(ids.len(), MAX_LIVE + 1);
    new.token.id = token_id(902);
    ask(&new, asker, None).await.unwrap();
    assert_eq!(store.token(902).await.parent, Some(asker.token.id));
}
