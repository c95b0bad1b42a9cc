//! How long logs are kept, and what servers leave.

use hush_domain::audit::chain::{Place, Row};
use hush_domain::events::{Change, Event};
use hush_domain::settings::ServerSettings;
use hush_domain::usage::Use;
use tokio::task::JoinSet;

use super::Store;
use super::examples::{act, at, complete, just_before, member, server, token, token_id};
use super::upkeep::nothing;
use crate::{AuditFilter, AuditPage, Cutoffs, Removed, Tidied};

/// Hands the rules of this file to `$test`.
#[macro_export]
macro_rules! for_each_retention_rule {
    ($test:ident) => {
        $test! {
            retention {
                the_oldest_rows_of_each_log_go,
                a_log_of_which_all_went_goes_on,
                rows_are_kept_for_ever_unless_said_otherwise,
                logs_that_are_written_while_they_are_tidied_still_verify,
                what_is_left_of_servers_goes_that_were_removed_before,
                a_server_that_came_back_keeps_everything,
            }
        }
    };
}

/// Up to the first row that stays, whatever comes after it: numbers have no gaps. The rest verifies from the checkpoint.
pub async fn the_oldest_rows_of_each_log_go(store: &Store) {
    store.given_user_2_in([1, 2, 3]).await;
    for (number, seconds) in [(1, &[1, 2, 3, 9, 4, 5][..]), (2, &[3, 4]), (3, &[50])] {
        for second in seconds {
            store.switch(number, &act(*second)).await;
        }
    }
    let before = [store.log(1).await, store.log(2).await, store.log(3).await];
    let mut gone = [0, 0, 0];
    for (cutoff, now_gone) in [
        (at(0), [0, 0, 0]),
        (just_before(at(2)), [1, 0, 0]),
        (at(2), [1, 0, 0]),
        (at(4), [3, 1, 0]),
        (at(9), [3, 2, 0]),
        (at(4), [3, 2, 0]),
    ] {
        let cutoffs = Cutoffs {
            audit: Some(cutoff),
            ..nothing()
        };
        let sum = |counts: [usize; 3]| counts.iter().sum::<usize>() as u64;
        let expected = Tidied {
            audit: sum(now_gone) - sum(gone),
            ..Tidied::default()
        };
        assert_eq!(store.tidy(cutoffs).await, expected, "{cutoff}");
        for (number, (rows, gone)) in (1..).zip(before.iter().zip(now_gone)) {
            assert_eq!(store.log(number).await, rows[gone..], "{cutoff}");
            let ends = store.ends(number).await.unwrap();
            let last = rows[..gone].last().map_or(Place::START, Row::place);
            assert_eq!(ends.checkpoint, last, "{cutoff}");
            assert_eq!(ends.head, rows.last().unwrap().place());
        }
        gone = now_gone;
    }
    let everything = AuditPage {
        before: None,
        limit: 100,
    };
    let page = store
        .audit
        .page(server(1), AuditFilter::default(), everything);
    assert!(page.await.unwrap().iter().eq(before[0][3..].iter().rev()));
}

/// The next row has the next number, and its link is over the last one that went.
pub async fn a_log_of_which_all_went_goes_on(store: &Store) {
    store.given_user_2_in([1]).await;
    store.switch(1, &act(1)).await;
    store.switch(1, &act(2)).await;
    let cutoffs = Cutoffs {
        audit: Some(at(3)),
        ..nothing()
    };
    assert_eq!(store.tidy(cutoffs).await.audit, 2);
    assert_eq!(store.log(1).await, []);
    let ends = store.ends(1).await.unwrap();
    assert_eq!((ends.head.number, ends.checkpoint), (2, ends.head));
    store.switch(1, &act(4)).await;
    let log = store.log(1).await;
    assert_eq!((log.len(), log[0].number), (1, 3));
    assert_eq!(store.tidy(cutoffs).await, Tidied::default());
    assert_eq!(store.log(1).await, log);
}

/// However old they are.
pub async fn rows_are_kept_for_ever_unless_said_otherwise(store: &Store) {
    store.given_user_2_in([1]).await;
    store.switch(1, &act(-1_000_000_000)).await;
    let cutoffs = Cutoffs {
        tokens: at(1000),
        former_secrets: at(1000),
        idempotency: at(1000),
        usage: at(1000),
        audit: None,
        commands: at(1000),
        samples: at(1000),
        servers: at(1000),
    };
    assert_eq!(store.tidy(cutoffs).await, Tidied::default());
    assert_eq!(store.log(1).await.len(), 1);
}

/// The head is the newest row's and the checkpoint the last one's that went, whoever comes first.
pub async fn logs_that_are_written_while_they_are_tidied_still_verify(store: &Store) {
    store.given_user_2_in([1, 2]).await;
    let mut writers = JoinSet::new();
    for number in 10..16 {
        let (writing, tidying) = (store.clone(), store.clone());
        writers.spawn(async move {
            for round in 0..3 {
                let number = 10 * number + round;
                writing.create(token(number, 2, &[1, 2])).await;
                writing.revoke(number, 5).await;
            }
        });
        writers.spawn(async move {
            let all = Cutoffs {
                audit: Some(at(3)),
                ..nothing()
            };
            for _ in 0..3 {
                tidying.tidy(all).await;
            }
        });
    }
    writers.join_all().await;
    for number in [1, 2] {
        let ends = store.ends(number).await.unwrap();
        assert_eq!(ends.head.number, 36);
        let log = store.log(number).await;
        assert_eq!(log.len() as u64, ends.head.number - ends.checkpoint.number);
    }
}

/// A server in which something was done and decided, with a token for it alone and one for server 9 too, both used.
async fn given_busy_server(store: &Store, number: u64) {
    store.given_user_2_in([number]).await;
    store.switch(number, &act(1)).await;
    for (token_number, servers) in [
        (10 * number, &[number][..]),
        (10 * number + 1, &[number, 9]),
    ] {
        store.create(token(token_number, 2, servers)).await;
        let used = Use {
            token: token_id(token_number),
            minute: at(60),
            server: Some(server(number)),
            requests: 1,
        };
        store.usage.record(vec![used]).await.unwrap();
    }
}

/// Whether all that was kept of a busy server is there after its return.
async fn is_busy(store: &Store, number: u64) -> bool {
    store.given_at(90, complete(number), vec![member(2)]).await;
    let settings = store.settings.get(server(number)).await.unwrap().unwrap();
    let spent = store.usage.spent(server(number), at(0)).await.unwrap();
    let tokens = store.all_tokens().await.into_iter();
    let naming = tokens.filter(|it| it.servers.contains(server(number)));
    let facts = [
        settings != ServerSettings::default(),
        !store.log(number).await.is_empty(),
        !spent.is_empty(),
        naming.count() == 2,
    ];
    let all = facts.contains(&true);
    assert_eq!(facts, [all; 4], "server {number}");
    all
}

/// Settings, log and what was spent go; tokens lose the server, and go with it if they name no other.
pub async fn what_is_left_of_servers_goes_that_were_removed_before(store: &Store) {
    store.given_user_2_in([9]).await;
    let removed = [(1, just_before(at(20))), (2, at(20)), (3, at(30))];
    for (number, when) in removed {
        given_busy_server(store, number).await;
        let event = Event {
            server: server(number),
            change: Change::ServerRemoved,
        };
        store.ingest.apply(event, when).await.unwrap();
    }
    given_busy_server(store, 4).await;
    let cutoffs = Cutoffs {
        servers: at(20),
        ..nothing()
    };
    let log = store.log(9).await;
    assert_eq!(store.tidy(cutoffs).await.servers, 1);
    assert_eq!(store.tidy(cutoffs).await, Tidied::default());
    assert_eq!(store.found(10).await, None);
    assert_eq!(store.named(11).await, [9]);
    assert_eq!(store.log(9).await, log);
    for (number, busy) in [(1, false), (2, true), (3, true), (4, true)] {
        assert_eq!(is_busy(store, number).await, busy, "server {number}");
    }
    // What comes back later begins anew.
    store.switch(1, &act(95)).await;
    let log = store.log(1).await;
    assert_eq!((log.len(), log[0].number), (1, 1));
}

/// However long it was gone before; and when it goes again, its time begins anew.
pub async fn a_server_that_came_back_keeps_everything(store: &Store) {
    store.given_user_2_in([9]).await;
    given_busy_server(store, 1).await;
    store.change(1, 10, Change::ServerRemoved).await;
    store.given_at(15, complete(1), vec![member(2)]).await;
    let cutoffs = Cutoffs {
        servers: at(20),
        ..nothing()
    };
    assert_eq!(store.tidy(cutoffs).await, Tidied::default());
    store.change(1, 30, Change::ServerRemoved).await;
    assert_eq!(store.tidy(cutoffs).await, Tidied::default());
    assert!(is_busy(store, 1).await);
    assert_eq!(store.take_off(1, 11, 95).await, Removed::Now);
}
