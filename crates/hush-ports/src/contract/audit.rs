//! The audit log: pages, filters, and a chain that holds whoever writes.

use hush_domain::audit::chain::{Place, Row};
use hush_domain::audit::{Act, Action, Actor, ActorKind};
use hush_domain::events::Change;
use hush_domain::tokens::Token;
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::any;
use proptest::sample::select;
use tokio::task::JoinSet;

use super::Store;
use super::examples::{
    act, at, because, cases, complete, just_before, member, server, token, token_id, user,
};
use crate::{AuditFilter, AuditPage};

/// Hands the rules of this file to `$test`.
#[macro_export]
macro_rules! for_each_audit_rule {
    ($test:ident) => {
        $test! {
            audit {
                where_nothing_was_done_there_is_no_log,
                a_row_reads_back_field_by_field,
                a_page_shows_what_its_filter_says_newest_first,
                a_walk_through_the_pages_never_repeats_nor_skips,
                rows_follow_each_other_by_number,
                ends_follow_each_other_by_server,
                a_log_goes_on_when_its_server_comes_back,
                many_writers_leave_no_gap,
                settings_and_tokens_at_once_leave_no_gap,
            }
        }
    };
}

impl Store {
    async fn shown(&self, number: u64, filter: &AuditFilter, page: AuditPage) -> Vec<Row> {
        let page = self.audit.page(server(number), filter.clone(), page);
        page.await.unwrap()
    }
}

/// A server has no ends, rows or pages until something is done there.
pub async fn where_nothing_was_done_there_is_no_log(store: &Store) {
    store.given_user_2_in([1, 2]).await;
    store.create(token(7, 2, &[1])).await;
    let everything = AuditPage {
        before: None,
        limit: 100,
    };
    for number in [2, 3] {
        assert_eq!(store.ends(number).await, None);
        assert_eq!(store.log(number).await, []);
        let page = store
            .shown(number, &AuditFilter::default(), everything)
            .await;
        assert_eq!(page, []);
    }
    assert_eq!(store.log(1).await.len(), 1);
}

/// Whoever acted, for whatever request and reason: the row says it, with every field at its edges.
pub async fn a_row_reads_back_field_by_field(store: &Store) {
    store.given_user_2_in([1]).await;
    let highest = u64::MAX / 2;
    let mut expected = Vec::new();
    for (second, actor, request_id, reason) in [
        (-1_500_000_000, Actor::Operator, None, None),
        (
            1,
            Actor::Token {
                token: token_id(highest),
                user: user(highest),
            },
            Some("x".repeat(64)),
            Some("鍵".repeat(512)),
        ),
        (
            2,
            Actor::Interaction { user: user(3) },
            None,
            Some("'\"\\".to_owned()),
        ),
    ] {
        let mut act = because(&act(second), reason.as_deref().unwrap_or("none"));
        act.actor = actor;
        act.request_id = request_id.map(|id| id.parse().unwrap());
        act.reason = act.reason.filter(|_| reason.is_some());
        store.switch(1, &act).await;
        expected.push(act);
    }
    let log = store.log(1).await;
    let told: Vec<_> = log
        .into_iter()
        .map(|row| Act {
            at: row.at,
            actor: row.actor,
            request_id: row.request_id,
            reason: row.reason,
        })
        .collect();
    assert_eq!(told, expected);
}

/// Thirty rows of all kinds of actors and actions, in no order of time.
async fn given_log(store: &Store) -> Vec<Row> {
    store.given_user_2_in([1, 2]).await;
    let by = |token, user_number| Actor::Token {
        token: token_id(token),
        user: user(user_number),
    };
    let actors = vec![
        Actor::Operator,
        by(7, 2),
        by(8, 2),
        by(9, 3),
        Actor::Interaction { user: user(2) },
        Actor::Interaction { user: user(3) },
    ];
    let steps = vec((select(actors), 0_i64..6, any::<bool>()), 22);
    for (number, (actor, second, switches)) in (100..).zip(cases(1, &steps).remove(0)) {
        let act = Act {
            actor,
            ..act(second)
        };
        if switches {
            store.switch(1, &act).await;
        } else {
            let new = token(number, 2, &[1]);
            store.tokens.create(new, None, &act, None).await.unwrap();
            store.tokens.revoke(token_id(number), &act).await.unwrap();
        }
        store.switch(2, &act).await;
    }
    let log = store.log(1).await;
    assert!(log.len() > 25, "{}", log.len());
    log
}

/// Whether a filter shows a row, stated once more.
fn shows(filter: &AuditFilter, row: &Row) -> bool {
    let (user, token) = (row.actor.user(), row.actor.token());
    filter.actor.is_none_or(|kind| kind == row.actor.kind())
        && (filter.user.is_none() || filter.user == user)
        && (filter.token.is_none() || filter.token == token)
        && filter.action.is_none_or(|action| action == row.action)
        && filter.since.is_none_or(|since| since <= row.at)
        && filter.until.is_none_or(|until| row.at < until)
}

/// Each filter alone, and all of them together in every way; `since` includes its moment, `until` does not.
pub async fn a_page_shows_what_its_filter_says_newest_first(store: &Store) {
    let log = given_log(store).await;
    let actions = vec![
        Action::TokenCreated,
        Action::TokenRevoked,
        Action::SettingsUpdated,
        Action::TokenRotated,
    ];
    let moments: Vec<_> = (0..6)
        .flat_map(|second| [just_before(at(second)), at(second)])
        .collect();
    let filter = (
        option::weighted(0.3, select(&ActorKind::ALL[..])),
        option::weighted(0.3, 2_u64..5),
        option::weighted(0.3, 7_u64..11),
        option::weighted(0.3, select(actions)),
        option::weighted(0.3, select(moments.clone())),
        option::weighted(0.3, select(moments)),
        option::weighted(0.3, 0_u64..40),
        select(&[0_u16, 1, 3, 1000][..]),
    );
    let mut shown_at_all = 0;
    for (actor, user_number, token, action, since, until, before, limit) in cases(150, &filter) {
        let filter = AuditFilter {
            actor,
            user: user_number.map(user),
            token: token.map(token_id),
            action,
            since,
            until,
        };
        let page = AuditPage { before, limit };
        let rows = log.iter().rev();
        let expected = rows
            .filter(|row| before.is_none_or(|before| row.number < before))
            .filter(|row| shows(&filter, row))
            .take(limit.into());
        let expected: Vec<_> = expected.cloned().collect();
        shown_at_all += expected.len();
        assert_eq!(
            store.shown(1, &filter, page).await,
            expected,
            "{filter:?} {page:?}"
        );
    }
    assert!(shown_at_all > 200, "{shown_at_all}");
}

/// A walk from page to page shows each row once, though rows are written meanwhile.
pub async fn a_walk_through_the_pages_never_repeats_nor_skips(store: &Store) {
    let log = given_log(store).await;
    let filter = AuditFilter {
        user: Some(user(2)),
        ..AuditFilter::default()
    };
    for limit in [1, 2, 7] {
        let (mut before, mut walked) = (None, Vec::new());
        loop {
            let rows = store.shown(1, &filter, AuditPage { before, limit }).await;
            let Some(last) = rows.last() else { break };
            before = Some(last.number);
            walked.extend(rows);
            let mut act = act(9);
            act.actor = Actor::Interaction { user: user(2) };
            store.switch(1, &act).await;
        }
        walked.retain(|row| row.number <= log.len() as u64);
        let expected = log.iter().rev().filter(|row| shows(&filter, row));
        assert!(walked.iter().eq(expected), "{limit} at a time");
    }
}

/// What an exporter reads: after a number, oldest first, at most so many.
pub async fn rows_follow_each_other_by_number(store: &Store) {
    let log = given_log(store).await;
    let count = log.len();
    for after in [0, 1, 9, 10, count - 1, count, count + 5] {
        for limit in [0_u16, 1, 2, 1000] {
            let rows = store.audit.rows(server(1), after as u64, limit).await;
            let expected = log.iter().skip(after).take(limit.into());
            assert!(rows.unwrap().iter().eq(expected), "{limit} after {after}");
        }
    }
}

/// The ends of every log there is, by number of the server; each is its newest row's place, and nothing was removed.
pub async fn ends_follow_each_other_by_server(store: &Store) {
    let numbers = [9, 10, 100, u64::MAX / 2];
    store.given_user_2_in([11]).await;
    for (rows, number) in (1..).zip(numbers) {
        store.given_user_2_in([number]).await;
        for second in 0..rows {
            store.switch(number, &act(second)).await;
        }
    }
    for after in [0, 8, 9, 50, 100, u64::MAX / 2] {
        for limit in [0, 1, 2, 1000] {
            let after = (after > 0).then(|| server(after));
            let ends = store.audit.ends(after, limit).await.unwrap();
            let found: Vec<_> = ends.iter().map(|ends| ends.server).collect();
            let rest = numbers
                .map(server)
                .into_iter()
                .filter(|id| Some(*id) > after);
            assert_eq!(
                found,
                rest.take(limit.into()).collect::<Vec<_>>(),
                "{after:?}"
            );
        }
    }
    for (rows, number) in (1..).zip(numbers) {
        let ends = store.ends(number).await.unwrap();
        assert_eq!(ends.checkpoint, Place::START);
        assert_eq!(ends.head.number, rows);
        assert_eq!(
            store.log(number).await.len(),
            usize::try_from(rows).unwrap()
        );
    }
}

/// What was done in a server stays told while the server is gone, and its numbers go on.
pub async fn a_log_goes_on_when_its_server_comes_back(store: &Store) {
    store.given_user_2_in([1]).await;
    store.switch(1, &act(1)).await;
    store.create(token(7, 2, &[1])).await;
    let before = store.log(1).await;
    store.change(1, 2, Change::ServerRemoved).await;
    assert_eq!(store.log(1).await, before);
    store.revoke(7, 3).await;
    store.given_at(4, complete(1), vec![member(2)]).await;
    store.switch(1, &act(5)).await;
    let after = store.log(1).await;
    assert_eq!(after[..2], before);
    assert_eq!(after.len(), 4);
}

/// Writers who meet in several servers, each in another order, leave logs that say all that was done, each once.
pub async fn many_writers_leave_no_gap(store: &Store) {
    store
        .given(complete(4), (2..=7).map(member).collect())
        .await;
    for number in [1, 2, 3] {
        store
            .given(complete(number), (2..=7).map(member).collect())
            .await;
    }
    let mut writers = JoinSet::new();
    for owner in 2..=7 {
        let store = store.clone();
        writers.spawn(async move {
            for round in 0..5 {
                let number = 10 * owner + round;
                let servers = [1 + owner % 4, 1 + (owner + round) % 4, 1 + round % 4];
                let new = token(number, owner, &servers);
                store.create(new).await;
                store.revoke(number, 1).await;
            }
        });
    }
    writers.join_all().await;
    each_token_is_told_twice(store).await;
}

/// Whoever changes a server's settings waits for those who change its tokens, and they for them.
pub async fn settings_and_tokens_at_once_leave_no_gap(store: &Store) {
    store.given_user_2_in([1, 2]).await;
    let mut writers = JoinSet::new();
    for number in 0..4 {
        let (switching, making) = (store.clone(), store.clone());
        writers.spawn(async move {
            for _ in 0..4 {
                switching.switch(1 + number % 2, &act(1)).await;
            }
        });
        writers.spawn(async move {
            making.create(token(10 + number, 2, &[1, 2])).await;
            making.revoke(10 + number, 1).await;
        });
    }
    writers.join_all().await;
    each_token_is_told_twice(store).await;
}

/// Each log tells of each token that names its server as made and then as revoked.
async fn each_token_is_told_twice(store: &Store) {
    let all: Vec<Token> = store.all_tokens().await;
    for number in 1..=4 {
        let log = store.log(number).await;
        for token in &all {
            let of_it = log
                .iter()
                .filter(|row| row.target.id() == Some(token.id.get()));
            let told: Vec<_> = of_it.map(|row| row.action).collect();
            let expected: &[Action] = if token.servers.contains(server(number)) {
                &[Action::TokenCreated, Action::TokenRevoked]
            } else {
                &[]
            };
            assert_eq!(told, expected, "{token:?} in server {number}");
        }
    }
}
