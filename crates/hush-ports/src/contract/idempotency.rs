//! Requests that are sent again: each is carried out once, and answered as it was the first time.

use hush_domain::idempotency::{REMEMBERED, RequestKey};
use hush_domain::time::Timestamp;
use hush_domain::tokens::{NewToken, Rotation, Token};
use tokio::task::JoinSet;

use super::Store;
use super::examples::{
    act, act_of, answer, at, just_before, key, request, rotation, token, token_id,
};
use crate::{CreateTokenError, Idempotency, IdempotencyConflict, Outcome, RotateTokenError};

/// Hands the rules of this file to `$test`.
#[macro_export]
macro_rules! for_each_idempotency_rule {
    ($test:ident) => {
        $test! {
            idempotency {
                a_repeated_creation_is_answered_as_before,
                a_repeated_rotation_is_answered_as_before,
                the_answer_stays_whatever_becomes_of_the_token,
                another_request_under_the_key_is_refused,
                another_token_route_or_key_is_another_request,
                a_request_is_forgotten_in_time,
                a_refused_request_is_not_remembered,
                of_many_at_once_under_one_key_one_is_carried_out,
                of_many_rotations_at_once_under_one_key_one_is_carried_out,
            }
        }
    };
}

/// The token that asks, which is stored.
async fn asker(store: &Store) -> NewToken {
    store.given_user_2_in([1]).await;
    let asker = token(7, 2, &[1]);
    store.create(asker.clone()).await;
    asker
}

impl Store {
    async fn make(
        &self,
        asker: &NewToken,
        number: u64,
        second: i64,
        idempotency: Idempotency<Token>,
    ) -> Result<Outcome<Token>, CreateTokenError> {
        self.make_at(asker, number, at(second), idempotency).await
    }

    async fn make_at(
        &self,
        asker: &NewToken,
        number: u64,
        at: Timestamp,
        idempotency: Idempotency<Token>,
    ) -> Result<Outcome<Token>, CreateTokenError> {
        let mut new = token(number, 2, &[1]);
        new.token.parent = Some(asker.token.id);
        let mut act = act_of(&asker.token, 0);
        act.at = at;
        let created = self
            .tokens
            .create(new, Some(key(asker)), &act, Some(idempotency));
        created.await
    }

    async fn replace(
        &self,
        rotation: Rotation,
        idempotency: Idempotency<Token>,
    ) -> Result<Outcome<Token>, RotateTokenError> {
        let act = act(1);
        let rotated = self.tokens.rotate(rotation, &act, Some(idempotency));
        rotated.await
    }
}

/// Nothing is stored for the second time, whatever random id and secret came with it; the answer is made of the token
/// as it was stored.
pub async fn a_repeated_creation_is_answered_as_before(store: &Store) {
    let asker = asker(store).await;
    let created = store.make(&asker, 8, 1, request(7, "key", 1)).await;
    let stored = store.token(8).await;
    assert_eq!(created.unwrap(), Outcome::Done(stored.clone()));
    let log = store.log(1).await;
    // Its name is taken by now, which does not matter.
    for number in [8, 9] {
        let again = store.make(&asker, number, 2, request(7, "key", 1)).await;
        assert_eq!(again.unwrap(), Outcome::Replayed(answer(&stored)));
    }
    assert_eq!(store.live(2).await, [7, 8]);
    assert_eq!(store.found(9).await, None);
    assert_eq!(store.log(1).await, log);
}

/// The second new secret is none, and the first one stays the newest.
pub async fn a_repeated_rotation_is_answered_as_before(store: &Store) {
    let asker = asker(store).await;
    store.create(token(8, 2, &[1])).await;
    let first = rotation(8, Some(key(&asker)), 1000);
    let rotated = store.replace(first, request(7, "key", 1)).await;
    let stored = store.token(8).await;
    assert_eq!(rotated.unwrap(), Outcome::Done(stored.clone()));
    let log = store.log(1).await;
    let second = rotation(8, Some(key(&asker)), 1001);
    let again = store.replace(second, request(7, "key", 1)).await;
    assert_eq!(again.unwrap(), Outcome::Replayed(answer(&stored)));
    assert_eq!(store.found(1000).await, Some((8, None)));
    assert_eq!(store.found(1001).await, None);
    assert_eq!(store.log(1).await, log);
}

/// Who asks again is told what was so then, also with a secret or a token that no longer works: the request was
/// carried out while it did.
pub async fn the_answer_stays_whatever_becomes_of_the_token(store: &Store) {
    let asker = asker(store).await;
    store
        .make(&asker, 8, 1, request(7, "key", 1))
        .await
        .unwrap();
    let first = Outcome::Replayed(answer(&store.token(8).await));
    let own = rotation(7, Some(key(&asker)), 1000);
    let rotated = Rotation {
        keep_children: true,
        ..own.clone()
    };
    store.replace(rotated, request(7, "own", 1)).await.unwrap();
    let renewed = Outcome::Replayed(answer(&store.token(7).await));
    for step in 0..3 {
        match step {
            0 => drop(store.rotate(rotation(8, None, 1001), 2).await.unwrap()),
            1 => drop(store.revoke(8, 3).await),
            _ => drop(store.revoke(7, 4).await),
        }
        let again = store.make(&asker, 9, 5, request(7, "key", 1)).await;
        assert_eq!(again.unwrap(), first, "step {step}");
        let again = store.replace(own.clone(), request(7, "own", 1)).await;
        assert_eq!(again.unwrap(), renewed, "step {step}");
    }
    assert_eq!(store.all_tokens().await.len(), 2);
}

/// A key stands for one request, be it to make or to rotate.
pub async fn another_request_under_the_key_is_refused(store: &Store) {
    let asker = asker(store).await;
    store
        .make(&asker, 8, 1, request(7, "key", 1))
        .await
        .unwrap();
    let refused = store.make(&asker, 9, 2, request(7, "key", 2)).await;
    assert_refused!(
        refused,
        CreateTokenError::Idempotency(IdempotencyConflict::Reused)
    );
    let rotation = rotation(8, Some(key(&asker)), 1000);
    let refused = store.replace(rotation, request(7, "key", 2)).await;
    assert_refused!(
        refused,
        RotateTokenError::Idempotency(IdempotencyConflict::Reused)
    );
    assert_eq!(store.live(2).await, [7, 8]);
    assert_eq!(store.found(1000).await, None);
    // The first request is still the one that the key stands for.
    let again = store.make(&asker, 9, 3, request(7, "key", 1)).await;
    assert!(matches!(again, Ok(Outcome::Replayed(_))), "{again:?}");
}

/// The same key of another token, for another route, or another key is carried out for itself.
pub async fn another_token_route_or_key_is_another_request(store: &Store) {
    let asker = asker(store).await;
    store.create(token(6, 2, &[1])).await;
    let on_route = |route: &str| {
        let plain = request(7, "key", 1);
        let key = RequestKey {
            route: route.into(),
            ..plain.key
        };
        Idempotency { key, ..plain }
    };
    let requests = [
        request(7, "key", 1),
        request(6, "key", 1),
        request(7, "Key", 1),
        request(7, "key ", 1),
        request(7, "'", 1),
        on_route("POST /v1/tokens/8/rotate"),
        on_route("POST /v1/token"),
        on_route(""),
    ];
    let mut answers = Vec::new();
    for (number, request) in (10..).zip(&requests) {
        let done = store
            .make(&asker, number, 1, request.clone())
            .await
            .unwrap();
        let Outcome::Done(created) = done else {
            panic!("{request:?} was replayed");
        };
        answers.push(answer(&created));
    }
    for (request, answer) in requests.iter().zip(answers) {
        let again = store.make(&asker, 99, 2, request.clone()).await.unwrap();
        assert_eq!(again, Outcome::Replayed(answer), "{request:?}");
    }
}

/// From the very moment at which its time is over, the key stands for nothing, and then for whatever comes next.
pub async fn a_request_is_forgotten_in_time(store: &Store) {
    let asker = asker(store).await;
    store
        .make(&asker, 8, 1, request(7, "key", 1))
        .await
        .unwrap();
    let first = Outcome::Replayed(answer(&store.token(8).await));
    let over = at(1).checked_add(REMEMBERED).unwrap();
    let last = just_before(over);
    let again = store.make_at(&asker, 9, last, request(7, "key", 1)).await;
    assert_eq!(again.unwrap(), first);
    let refused = store.make_at(&asker, 9, last, request(7, "key", 2)).await;
    assert_refused!(
        refused,
        CreateTokenError::Idempotency(IdempotencyConflict::Reused)
    );
    let anew = store.make_at(&asker, 9, over, request(7, "key", 2)).await;
    let second = store.token(9).await;
    assert_eq!(anew.unwrap(), Outcome::Done(second.clone()));
    let again = store.make_at(&asker, 10, over, request(7, "key", 2)).await;
    assert_eq!(again.unwrap(), Outcome::Replayed(answer(&second)));
    let refused = store.make_at(&asker, 10, over, request(7, "key", 1)).await;
    assert_refused!(
        refused,
        CreateTokenError::Idempotency(IdempotencyConflict::Reused)
    );
}

/// What was refused can be asked for again under its key, be it the same or something else.
pub async fn a_refused_request_is_not_remembered(store: &Store) {
    let asker = asker(store).await;
    store.create(token(8, 2, &[1])).await;
    let refused = store.make(&asker, 8, 1, request(7, "key", 1)).await;
    assert_refused!(refused, CreateTokenError::NameTaken);
    let unknown = rotation(99, Some(key(&asker)), 1000);
    let refused = store.replace(unknown, request(7, "key", 2)).await;
    assert_refused!(refused, RotateTokenError::Unknown);
    let mut taken = token(9, 2, &[1]);
    taken.digest = asker.digest;
    let used = Some(request(7, "key", 3));
    let refused = store.tokens.create(taken, None, &act(1), used).await;
    assert_refused!(refused, CreateTokenError::Backend(_));
    let done = store.make(&asker, 9, 1, request(7, "key", 4)).await;
    assert_eq!(done.unwrap(), Outcome::Done(store.token(9).await));
}

/// All others are answered with the one that was carried out, or told that it still is.
pub async fn of_many_at_once_under_one_key_one_is_carried_out(store: &Store) {
    let asker = asker(store).await;
    for round in 1..=5 {
        let (mut writers, name) = (JoinSet::new(), format!("round {round}"));
        for number in 0..8 {
            let (store, asker) = (store.clone(), asker.clone());
            let request = request(7, &name, 1);
            writers
                .spawn(async move { store.make(&asker, 100 * round + number, 1, request).await });
        }
        let (mut done, mut replayed) = (Vec::new(), Vec::new());
        for made in writers.join_all().await {
            match made {
                Ok(Outcome::Done(token)) => done.push(token),
                Ok(Outcome::Replayed(answer)) => replayed.push(answer),
                Err(CreateTokenError::Idempotency(IdempotencyConflict::InProgress)) => {}
                Err(other) => panic!("round {round}: {other}"),
            }
        }
        assert_eq!(done.len(), 1, "round {round}");
        let stored = done.remove(0);
        assert_eq!(store.token(stored.id.get()).await, stored);
        assert!(replayed.iter().all(|it| *it == answer(&stored)));
        let rounds = usize::try_from(round).unwrap();
        assert_eq!(store.live(1).await.len(), 1 + rounds);
        assert_eq!(store.log(1).await.len(), 1 + rounds);
        // Nobody is in the way any more.
        let again = store.make(&asker, 99, 2, request(7, &name, 1)).await;
        assert_eq!(again.unwrap(), Outcome::Replayed(answer(&stored)));
    }
}

/// So it is with rotations: by the same secret, the second one is no asker that has ended but the same request.
pub async fn of_many_rotations_at_once_under_one_key_one_is_carried_out(store: &Store) {
    let asker = asker(store).await;
    let mut writers = JoinSet::new();
    for new in 1001..=1008 {
        let store = store.clone();
        let rotation = rotation(7, Some(key(&asker)), new);
        writers.spawn(async move { (new, store.replace(rotation, request(7, "key", 1)).await) });
    }
    let mut newest = Vec::new();
    for (new, rotated) in writers.join_all().await {
        match rotated {
            Ok(Outcome::Done(_)) => newest.push(new),
            Ok(Outcome::Replayed(_))
            | Err(RotateTokenError::Idempotency(IdempotencyConflict::InProgress)) => {}
            Err(other) => panic!("{other}"),
        }
    }
    assert_eq!(newest.len(), 1, "{newest:?}");
    assert_eq!(store.found(newest[0]).await, Some((7, None)));
    assert_eq!(store.token(7).await.id, token_id(7));
    assert_eq!(store.log(1).await.len(), 2);
}
