//! What is removed in time. Logs and servers have a file of their own, and so has what is erased on demand.

use hush_domain::audit::Act;
use hush_domain::events::Change;
use hush_domain::tokens::Rotation;
use hush_domain::usage::Use;
use tokio::task::JoinSet;

use super::Store;
use super::book::Book;
use super::examples::{act, at, just_before, request, rotation, server, token, token_id};
use crate::{Cutoffs, Outcome, Tidied};

/// Hands the rules of this file to `$test`.
#[macro_export]
macro_rules! for_each_upkeep_rule {
    ($test:ident) => {
        $test! {
            upkeep {
                tokens_go_that_ended_before,
                former_secrets_go_whose_time_was_over_before,
                repeatable_requests_go_that_were_carried_out_before,
                minutes_of_use_go_that_began_before,
                many_who_tidy_at_once_remove_everything_once,
            }
        }
    };
}

/// Everything is kept.
pub(super) fn nothing() -> Cutoffs {
    let long_ago = at(-1_000_000_000);
    Cutoffs {
        tokens: long_ago,
        former_secrets: long_ago,
        idempotency: long_ago,
        usage: long_ago,
        audit: None,
        samples: long_ago,
        commands: long_ago,
        servers: long_ago,
    }
}

impl Store {
    pub(super) async fn tidy(&self, cutoffs: Cutoffs) -> Tidied {
        self.upkeep.tidy(cutoffs).await.unwrap()
    }
}

/// Revoked or expired, whichever came first; not those that ended at that very moment or later, nor any that is live.
/// The logs go on telling of them.
pub async fn tokens_go_that_ended_before(store: &Store) {
    store.given_user_2_in([1]).await;
    let cutoff = at(20);
    for (number, expires_at, revoked_at) in [
        (1, None, None),
        (2, Some(just_before(cutoff)), None),
        (3, Some(cutoff), None),
        (4, None, Some(just_before(cutoff))),
        (5, None, Some(cutoff)),
        (6, Some(at(10)), Some(at(25))),
        (7, Some(at(25)), Some(at(10))),
        (8, Some(at(25)), None),
        (9, Some(at(25)), Some(at(26))),
    ] {
        let mut new = token(number, 2, &[1]);
        new.token.expires_at = expires_at;
        store.create(new).await;
        if let Some(at) = revoked_at {
            let act = Act { at, ..act(0) };
            store.tokens.revoke(token_id(number), &act).await.unwrap();
        }
    }
    let (before, book) = (store.all_tokens().await, Book::of(store).await);
    assert_eq!(store.tidy(nothing()).await, Tidied::default());
    assert_eq!(store.all_tokens().await, before);
    let cutoffs = Cutoffs {
        tokens: cutoff,
        ..nothing()
    };
    let expected = Tidied {
        tokens: 4,
        ..Tidied::default()
    };
    assert_eq!(store.tidy(cutoffs).await, expected);
    let stays = before
        .into_iter()
        .filter(|it| ![2, 4, 6, 7].contains(&it.id.get()));
    assert_eq!(store.all_tokens().await, stays.collect::<Vec<_>>());
    for number in [2, 4, 6, 7] {
        assert_eq!(store.found(number).await, None);
    }
    assert_eq!(store.tidy(cutoffs).await, Tidied::default());
    book.is_told_by(store).await;
    // Nothing is left that would be in the way.
    store.create(token(2, 2, &[1])).await;
}

/// A former secret goes when its own time is over, or with its token.
pub async fn former_secrets_go_whose_time_was_over_before(store: &Store) {
    store.given_user_2_in([1]).await;
    for number in [7, 8] {
        store.create(token(number, 2, &[1])).await;
    }
    for (number, new, until) in [
        (7, 1000, just_before(at(20))),
        (7, 1001, at(20)),
        (7, 1002, at(30)),
        (8, 1003, at(30)),
    ] {
        let rotation = Rotation {
            former_until: until,
            ..rotation(number, None, new)
        };
        store.rotate(rotation, 1).await.unwrap();
    }
    let cutoffs = Cutoffs {
        former_secrets: at(20),
        ..nothing()
    };
    let expected = Tidied {
        former_secrets: 1,
        ..Tidied::default()
    };
    assert_eq!(store.tidy(cutoffs).await, expected);
    assert_eq!(store.found(7).await, None);
    for (number, until) in [(1000, Some(at(20))), (1001, Some(at(30))), (1002, None)] {
        assert_eq!(store.found(number).await, Some((7, until)));
    }
    assert_eq!(store.tidy(cutoffs).await, Tidied::default());
    store.revoke(8, 2).await;
    let cutoffs = Cutoffs {
        tokens: at(3),
        ..nothing()
    };
    assert_eq!(store.tidy(cutoffs).await.tokens, 1);
    // Nor do its secrets find whatever may get its id.
    let mut another = token(8, 2, &[1]);
    another.digest = token(9, 2, &[1]).digest;
    store.create(another).await;
    for number in [8, 1003] {
        assert_eq!(store.found(number).await, None);
    }
    assert_eq!(store.found(1002).await, Some((7, None)));
}

/// The key stands for nothing then, and for the same as before if the request was later.
pub async fn repeatable_requests_go_that_were_carried_out_before(store: &Store) {
    store.given_user_2_in([1]).await;
    store.create(token(7, 2, &[1])).await;
    let make = async |number, at, key, fingerprint| {
        let act = Act { at, ..act(0) };
        let used = Some(request(7, key, fingerprint));
        let created = store
            .tokens
            .create(token(number, 2, &[1]), None, &act, used);
        created.await.unwrap()
    };
    make(10, just_before(at(20)), "before", 1).await;
    make(11, at(20), "then", 1).await;
    let cutoffs = Cutoffs {
        idempotency: at(20),
        ..nothing()
    };
    let expected = Tidied {
        idempotency: 1,
        ..Tidied::default()
    };
    assert_eq!(store.tidy(cutoffs).await, expected);
    assert_eq!(store.tidy(cutoffs).await, Tidied::default());
    let anew = make(12, at(21), "before", 2).await;
    assert!(matches!(anew, Outcome::Done(_)), "{anew:?}");
    let again = make(13, at(21), "then", 1).await;
    assert!(matches!(again, Outcome::Replayed(_)), "{again:?}");
}

/// When a token was last used stays.
pub async fn minutes_of_use_go_that_began_before(store: &Store) {
    store.given_user_2_in([1, 2]).await;
    for number in [7, 8] {
        store.create(token(number, 2, &[1, 2])).await;
    }
    let minutes = [just_before(at(60)), at(60), at(120)];
    let mut uses = Vec::new();
    for (token, number) in [(7, 1), (7, 2), (8, 1)] {
        uses.extend(minutes.map(|minute| Use {
            token: token_id(token),
            minute,
            server: Some(server(number)),
            requests: 1,
        }));
    }
    store.usage.record(uses).await.unwrap();
    let before = store.all_tokens().await;
    let cutoffs = Cutoffs {
        usage: at(60),
        ..nothing()
    };
    let expected = Tidied {
        usage: 3,
        ..Tidied::default()
    };
    assert_eq!(store.tidy(cutoffs).await, expected);
    for (number, tokens) in [(1, &[7, 8][..]), (2, &[7])] {
        let spent = store.usage.spent(server(number), at(0)).await.unwrap();
        let spent: Vec<_> = spent
            .iter()
            .map(|it| (it.token.get(), it.requests))
            .collect();
        let left: Vec<_> = tokens.iter().map(|token| (*token, 2)).collect();
        assert_eq!(spent, left);
    }
    assert_eq!(store.all_tokens().await, before);
    assert_eq!(store.tidy(cutoffs).await, Tidied::default());
}

/// Any number of processes may do so: none fails, nothing is counted twice, and nothing else goes.
pub async fn many_who_tidy_at_once_remove_everything_once(store: &Store) {
    store.given_user_2_in([1, 2, 9]).await;
    for number in 10..40 {
        store.create(token(number, 2, &[1])).await;
        store
            .rotate(rotation(number, None, 1000 + number), 1)
            .await
            .unwrap();
        store.revoke(number, 2 + i64::from(number >= 20)).await;
    }
    store.change(2, 1, Change::ServerRemoved).await;
    let cutoffs = Cutoffs {
        tokens: at(3),
        former_secrets: at(61),
        audit: Some(at(3)),
        servers: at(3),
        ..nothing()
    };
    let mut tidying = JoinSet::new();
    for _ in 0..4 {
        let store = store.clone();
        tidying.spawn(async move { store.tidy(cutoffs).await });
    }
    let tidied = tidying.join_all().await;
    let sum = |count: fn(&Tidied) -> u64| tidied.iter().map(count).sum::<u64>();
    let log = store.log(1).await;
    assert_eq!(sum(|it| it.tokens), 10);
    assert_eq!(sum(|it| it.audit) + log.len() as u64, 90);
    assert_eq!(log[0].number, 1 + sum(|it| it.audit));
    assert_eq!(store.all_tokens().await.len(), 20);
    for number in 10..40 {
        assert_eq!(store.found(number).await, None);
        let newest = (number >= 20).then_some((number, None));
        assert_eq!(store.found(1000 + number).await, newest);
    }
}
