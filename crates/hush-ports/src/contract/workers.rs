//! Who carries commands out: one at a time, and in order.

use std::collections::HashSet;

use hush_domain::commands::{Command, FailureCode, Report, State};
use tokio::task::JoinSet;

use super::Store;
use super::commands::{orders, room};
use super::examples::{at, command, command_id, complete, just_before, kick, say, server};
use crate::{Cancelled, Claimed, Held, PLACES_OF_A_SERVER, Room, Worker};

/// Hands the rules of this file to `$test`.
#[macro_export]
macro_rules! for_each_workers_rule {
    ($test:ident) => {
        $test! {
            workers {
                a_command_is_handed_out_once,
                what_acts_on_the_same_is_handed_out_in_order,
                a_bulk_ban_keeps_the_order_of_each_of_its_users,
                messages_come_last,
                a_server_has_only_some_places,
                what_is_postponed_comes_again_in_its_time,
                messages_of_a_server_without_a_place_hold_up_no_other,
                only_who_has_a_command_ends_it,
                messages_leave_room_for_all_else,
                what_is_overdue_ends_and_is_not_handed_out,
                of_many_workers_at_once_each_command_has_one,
                a_command_is_cancelled_or_handed_out_and_never_both,
            }
        }
    };
}

impl Store {
    pub(super) async fn enlist(&self) -> Worker {
        self.commands.enlist().await.unwrap()
    }

    pub(super) async fn claim(&self, worker: Worker, second: i64, limit: u16) -> Vec<Claimed> {
        let claimed = self.commands.claim(worker, at(second), room(limit));
        claimed.await.unwrap()
    }

    /// The numbers of what a worker is given.
    pub(super) async fn claimed(&self, worker: Worker, second: i64, limit: u16) -> Vec<u64> {
        let claimed = self.claim(worker, second, limit).await;
        claimed.iter().map(|it| it.command.id.get()).collect()
    }

    /// The last attempt of a command, as one of `worker`.
    pub(super) async fn held(&self, worker: Worker, number: u64) -> Held {
        let command = command_id(number);
        let known = self.commands.get(server(1), command).await.unwrap();
        Held {
            worker,
            command,
            attempt: known.map_or(1, |known| known.attempts),
        }
    }

    pub(super) async fn finish(&self, worker: Worker, number: u64, second: i64) -> bool {
        let end = State::Succeeded(Report::Done);
        let finished = self
            .commands
            .finish(self.held(worker, number).await, end, at(second));
        finished.await.unwrap()
    }

    pub(super) async fn postpone(
        &self,
        worker: Worker,
        number: u64,
        second: i64,
        unsure: bool,
    ) -> bool {
        let again = at(second);
        let postponed = self
            .commands
            .postpone(self.held(worker, number).await, again, unsure);
        postponed.await.unwrap()
    }

    /// A server with commands.
    pub(super) async fn queued(
        &self,
        orders: impl IntoIterator<Item = hush_domain::commands::Order>,
    ) {
        self.given(complete(1), vec![]).await;
        for (number, order) in (1..).zip(orders) {
            self.queue(command(number, order)).await;
        }
    }
}

/// It is running then, and says when it was begun and how often.
pub async fn a_command_is_handed_out_once(store: &Store) {
    let (one, other) = (store.enlist().await, store.enlist().await);
    assert_eq!(store.claim(one, 10, 9).await, []);
    store.queued([kick(3)]).await;
    let claimed = store.claim(one, 10, 9).await;
    let due = Command {
        state: State::Running,
        started_at: Some(at(10)),
        attempts: 1,
        ..command(1, kick(3))
    };
    let handed_out = Claimed {
        command: due.clone(),
        unsure: false,
    };
    assert_eq!(claimed, [handed_out]);
    assert_eq!(store.command(1).await, due);
    for worker in [one, other] {
        assert_eq!(store.claim(worker, 11, 9).await, []);
    }
    assert!(store.finish(one, 1, 12).await);
    for worker in [one, other] {
        assert_eq!(store.claim(worker, 13, 9).await, []);
    }
}

/// Only the first one is; in another server or on another user they wait for nobody.
pub async fn what_acts_on_the_same_is_handed_out_in_order(store: &Store) {
    let worker = store.enlist().await;
    store
        .queued([kick(3), kick(4), kick(3), say(3, "x"), say(3, "y")])
        .await;
    let elsewhere = Command {
        server: server(2),
        ..command(9, kick(3))
    };
    store.queue(elsewhere).await;
    assert_eq!(store.claimed(worker, 20, 9).await, [1, 2, 9, 4]);
    assert_eq!(store.claimed(worker, 20, 9).await, [0; 0]);
    // The second waits as well while the first is tried again.
    assert!(store.postpone(worker, 1, 100, true).await);
    assert_eq!(store.claimed(worker, 21, 9).await, [0; 0]);
    assert!(store.finish(worker, 4, 22).await);
    assert_eq!(store.claimed(worker, 23, 9).await, [5]);
    assert_eq!(store.claimed(worker, 100, 9).await, [1]);
    assert!(store.finish(worker, 1, 101).await);
    assert_eq!(store.claimed(worker, 102, 9).await, [3]);
}

/// It waits for what came before, and what comes later waits for it.
pub async fn a_bulk_ban_keeps_the_order_of_each_of_its_users(store: &Store) {
    let worker = store.enlist().await;
    // The bulk ban is of the users 9 and 3.
    let bulk = orders().remove(5);
    store.queued([kick(3), bulk, kick(9), kick(4)]).await;
    assert_eq!(store.claimed(worker, 20, 9).await, [1, 4]);
    assert!(store.finish(worker, 1, 21).await);
    assert_eq!(store.claimed(worker, 22, 9).await, [2]);
    assert!(store.finish(worker, 2, 23).await);
    assert_eq!(store.claimed(worker, 24, 9).await, [3]);
}

/// However long they wait already.
pub async fn messages_come_last(store: &Store) {
    let worker = store.enlist().await;
    store
        .queued([say(5, "x"), kick(3), say(6, "y"), kick(4)])
        .await;
    let mut order = Vec::new();
    for _ in 0..4 {
        order.extend(store.claimed(worker, 20, 1).await);
    }
    // The server's last place is for something else.
    assert_eq!(order, [2, 4, 1]);
    assert!(store.finish(worker, 4, 21).await);
    assert_eq!(store.claimed(worker, 22, 1).await, [3]);
}

/// So that others have theirs.
pub async fn a_server_has_only_some_places(store: &Store) {
    let worker = store.enlist().await;
    let most = u64::try_from(PLACES_OF_A_SERVER).unwrap();
    store.queued((1..=most + 2).map(kick)).await;
    assert_eq!(store.claimed(worker, 20, 1).await, [1]);
    let rest: Vec<_> = (2..=most).collect();
    assert_eq!(store.claimed(worker, 20, 99).await, rest);
    let other = store.enlist().await;
    for worker in [worker, other] {
        assert_eq!(store.claimed(worker, 20, 99).await, [0; 0]);
    }
    let elsewhere = Command {
        server: server(2),
        ..command(19, kick(3))
    };
    store.queue(elsewhere).await;
    assert_eq!(store.claimed(worker, 20, 1).await, [19]);
    // A place is free again once somebody has ended or waits.
    assert!(store.finish(worker, 2, 21).await);
    assert_eq!(store.claimed(worker, 22, 1).await, [most + 1]);
    assert!(store.postpone(worker, 3, 100, false).await);
    assert_eq!(store.claimed(worker, 23, 1).await, [most + 2]);
}

/// Not before, and it counts as another attempt. When it was begun stays only if that may have done something.
pub async fn what_is_postponed_comes_again_in_its_time(store: &Store) {
    let worker = store.enlist().await;
    store.queued([kick(3)]).await;
    store.claim(worker, 10, 1).await;
    assert!(store.postpone(worker, 1, 60, false).await);
    assert_eq!(store.command(1).await.state, State::Running);
    assert_eq!(store.cancel(1, 11).await, Cancelled::TooLate);
    let early = store.commands.claim(worker, just_before(at(60)), room(1));
    assert_eq!(early.await.unwrap(), []);
    let again = store.claim(worker, 60, 1).await.remove(0);
    assert_eq!((again.command.attempts, again.unsure), (2, false));
    assert_eq!(again.command.started_at, Some(at(60)));
    assert!(store.postpone(worker, 1, 61, true).await);
    let again = store.claim(worker, 61, 1).await.remove(0);
    assert_eq!((again.command.attempts, again.unsure), (3, true));
    assert_eq!(again.command.started_at, Some(at(60)));
}

/// Once, and neither before nor after it was theirs.
pub async fn only_who_has_a_command_ends_it(store: &Store) {
    let (one, other) = (store.enlist().await, store.enlist().await);
    store.queued([kick(3)]).await;
    assert!(!store.finish(one, 1, 5).await);
    assert!(!store.postpone(one, 1, 5, true).await);
    store.claim(one, 10, 1).await;
    assert!(!store.finish(other, 1, 11).await);
    assert!(!store.postpone(other, 1, 11, true).await);
    assert!(store.postpone(one, 1, 12, false).await);
    assert!(!store.finish(one, 1, 13).await);
    assert!(!store.postpone(one, 1, 13, true).await);
    let again = store.claim(other, 14, 1).await.remove(0);
    assert!(!again.unsure);
    assert!(!store.finish(one, 1, 15).await);
    assert!(store.finish(other, 1, 16).await);
    assert!(!store.finish(other, 1, 17).await);
    assert_eq!(store.command(1).await.ended_at, Some(at(16)));
    assert!(!store.finish(one, 99, 18).await);
}

/// However many there are, and however far ahead is looked.
pub async fn messages_of_a_server_without_a_place_hold_up_no_other(store: &Store) {
    let worker = store.enlist().await;
    let most = u64::try_from(PLACES_OF_A_SERVER).unwrap();
    store
        .queued((1..=300).map(|channel| say(channel, "x")))
        .await;
    let elsewhere = Command {
        server: server(2),
        ..command(301, say(301, "x"))
    };
    store.queue(elsewhere).await;
    let first: Vec<_> = (1..most).collect();
    assert_eq!(store.claimed(worker, 400, 3).await, first);
    assert_eq!(store.claimed(worker, 400, 99).await, [301]);
}

/// In each server, and for each worker.
pub async fn messages_leave_room_for_all_else(store: &Store) {
    let worker = store.enlist().await;
    let most = u64::try_from(PLACES_OF_A_SERVER).unwrap();
    store
        .queued((1..=most).map(|channel| say(channel, "x")))
        .await;
    let written: Vec<_> = (1..most).collect();
    assert_eq!(store.claimed(worker, 20, 99).await, written);
    assert_eq!(store.claimed(worker, 20, 99).await, [0; 0]);
    store.queue(command(9, kick(3))).await;
    assert_eq!(store.claimed(worker, 20, 99).await, [9]);
    for number in [11, 12, 13] {
        let elsewhere = Command {
            server: server(number),
            ..command(number, say(1, "x"))
        };
        store.queue(elsewhere).await;
    }
    let elsewhere = Command {
        server: server(2),
        ..command(14, kick(3))
    };
    store.queue(elsewhere).await;
    let few = Room {
        commands: 9,
        messages: 2,
    };
    let claimed = store.commands.claim(worker, at(20), few).await.unwrap();
    let claimed: Vec<_> = claimed.iter().map(|it| it.command.id.get()).collect();
    assert_eq!(claimed, [14, 11, 12]);
}

/// From the very moment of its deadline, also if it waits for its turn; what somebody works on goes on. What may have been
/// done is not said to have expired.
pub async fn what_is_overdue_ends_and_is_not_handed_out(store: &Store) {
    let worker = store.enlist().await;
    store
        .queued([kick(3), kick(3), kick(4), kick(5), kick(6)])
        .await;
    // The deadline of each is a thousand seconds after its number.
    assert_eq!(store.claimed(worker, 10, 1).await, [1]);
    assert_eq!(store.claimed(worker, 10, 1).await, [3]);
    assert_eq!(store.claimed(worker, 10, 1).await, [4]);
    assert!(store.postpone(worker, 3, 10_000, true).await);
    assert!(store.postpone(worker, 4, 10_000, false).await);
    let early = store
        .commands
        .expire(just_before(at(1001)), 9)
        .await
        .unwrap();
    assert_eq!(early, []);
    let mut expired = Vec::new();
    loop {
        let part = store.commands.expire(at(1004), 2).await.unwrap();
        assert!(part.len() <= 2);
        if part.is_empty() {
            break;
        }
        expired.extend(part);
    }
    expired.sort_by_key(|it| it.id);
    let ends: Vec<_> = expired
        .iter()
        .map(|it| (it.id.get(), it.state.clone()))
        .collect();
    let unknown = State::Failed(FailureCode::OutcomeUnknown);
    let due = [(2, State::Expired), (3, unknown), (4, State::Expired)];
    assert_eq!(ends, due);
    for command in expired {
        assert_eq!(command.ended_at, Some(at(1004)));
        assert_eq!(store.command(command.id.get()).await, command);
    }
    assert_eq!(store.command(1).await.state, State::Running);
    assert_eq!(store.claimed(worker, 1005, 9).await, [0; 0]);
    assert_eq!(store.claimed(worker, 1004, 9).await, [5]);
}

/// Each is carried out by one of them, and in its order.
pub async fn of_many_workers_at_once_each_command_has_one(store: &Store) {
    store.given(complete(1), vec![]).await;
    for number in 1..=60 {
        let of_server = Command {
            server: server(1 + number % 6),
            ..command(number, kick(1 + number % 10))
        };
        store.queue(of_server).await;
    }
    let mut workers = JoinSet::new();
    for _ in 0..6 {
        let store = store.clone();
        workers.spawn(async move {
            let worker = store.enlist().await;
            let mut done = Vec::new();
            loop {
                let claimed = store.claim(worker, 100, 3).await;
                if claimed.is_empty() && store.commands.waiting().await.unwrap().oldest.is_none() {
                    return done;
                }
                for it in claimed {
                    assert!(store.finish(worker, it.command.id.get(), 101).await);
                    done.push(it.command.id.get());
                }
            }
        });
    }
    let done: Vec<_> = workers.join_all().await.concat();
    assert_eq!(done.len(), 60);
    assert_eq!(done.iter().collect::<HashSet<_>>().len(), 60);
}

/// Whoever comes second is told so.
pub async fn a_command_is_cancelled_or_handed_out_and_never_both(store: &Store) {
    let worker = store.enlist().await;
    store.given(complete(1), vec![]).await;
    for number in 1..=20 {
        store.queue(command(number, kick(number))).await;
        let (other, one) = (store.clone(), store.clone());
        let (cancelled, claimed) = tokio::join!(
            tokio::spawn(async move { other.cancel(number, 30).await }),
            tokio::spawn(async move { one.claimed(worker, 30, 1).await }),
        );
        let (cancelled, claimed) = (cancelled.unwrap(), claimed.unwrap());
        let is_cancelled = matches!(cancelled, Cancelled::Yes(_));
        assert_eq!(is_cancelled, claimed.is_empty(), "{cancelled:?}");
        if !is_cancelled {
            assert_eq!(cancelled, Cancelled::TooLate);
            assert!(store.finish(worker, number, 31).await);
        }
    }
}
