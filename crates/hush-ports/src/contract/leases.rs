//! Who may carry commands out: nobody who was dismissed, and nobody with an attempt that is over.

use hush_domain::commands::State;

use super::Store;
use super::examples::{at, command, command_id, complete, kick};
use crate::{Cancelled, Worker};

/// Hands the rules of this file to `$test`.
#[macro_export]
macro_rules! for_each_leases_rule {
    ($test:ident) => {
        $test! {
            leases {
                workers_beat_until_they_are_dismissed,
                a_dismissed_workers_commands_are_handed_out_again,
                who_has_beaten_again_is_not_dismissed,
                what_a_worker_never_heard_of_is_handed_out_again,
                who_was_dismissed_gets_nothing,
                an_attempt_that_was_followed_by_another_changes_nothing,
                of_a_worker_and_its_successor_one_ends_a_command,
            }
        }
    };
}

/// No two have the same number, ever.
pub async fn workers_beat_until_they_are_dismissed(store: &Store) {
    assert_eq!(store.commands.workers().await.unwrap(), []);
    let (one, other) = (store.enlist().await, store.enlist().await);
    assert!(one < other);
    let before = store.commands.workers().await.unwrap();
    assert!(store.commands.beat(one).await.unwrap());
    let after = store.commands.workers().await.unwrap();
    assert_eq!(
        before.iter().map(|it| it.0).collect::<Vec<_>>(),
        [one, other]
    );
    assert_ne!(before[0], after[0]);
    assert_eq!(before[1], after[1]);
    assert_eq!(store.commands.dismiss(other, None).await.unwrap(), 0);
    assert!(!store.commands.beat(other).await.unwrap());
    assert_eq!(store.commands.dismiss(other, None).await.unwrap(), 0);
    let third = store.enlist().await;
    assert!(other < third);
    let left = store.commands.workers().await.unwrap();
    assert_eq!(left.iter().map(|it| it.0).collect::<Vec<_>>(), [one, third]);
}

/// At once, and whoever gets them learns that they may have been carried out.
pub async fn a_dismissed_workers_commands_are_handed_out_again(store: &Store) {
    let (one, other) = (store.enlist().await, store.enlist().await);
    store.queued([kick(3), kick(4), kick(5)]).await;
    assert_eq!(store.claimed(one, 10, 2).await, [1, 2]);
    assert_eq!(store.claimed(other, 10, 1).await, [3]);
    assert_eq!(store.commands.dismiss(one, None).await.unwrap(), 2);
    assert!(!store.finish(one, 1, 11).await);
    assert_eq!(store.cancel(1, 11).await, Cancelled::TooLate);
    let again = store.claim(other, 11, 9).await;
    let told: Vec<_> = again
        .iter()
        .map(|it| (it.command.id.get(), it.unsure))
        .collect();
    assert_eq!(told, [(1, true), (2, true)]);
    for number in 1..=3 {
        assert!(store.finish(other, number, 12).await);
    }
}

/// Whoever judges by an old beat is late.
pub async fn who_has_beaten_again_is_not_dismissed(store: &Store) {
    let worker = store.enlist().await;
    store.queued([kick(3)]).await;
    assert_eq!(store.claimed(worker, 10, 1).await, [1]);
    let seen = store.commands.workers().await.unwrap()[0].1;
    assert!(store.commands.beat(worker).await.unwrap());
    let dismissed = store.commands.dismiss(worker, Some(seen)).await;
    assert_eq!(dismissed.unwrap(), 0);
    assert!(store.commands.beat(worker).await.unwrap());
    let seen = store.commands.workers().await.unwrap()[0].1;
    let dismissed = store.commands.dismiss(worker, Some(seen)).await;
    assert_eq!(dismissed.unwrap(), 1);
    assert!(!store.commands.beat(worker).await.unwrap());
    assert!(!store.finish(worker, 1, 11).await);
}

/// It may have been carried out, as far as anybody can tell; what it knows of stays with it.
pub async fn what_a_worker_never_heard_of_is_handed_out_again(store: &Store) {
    let (one, other) = (store.enlist().await, store.enlist().await);
    store.queued([kick(3), kick(4), kick(5)]).await;
    assert_eq!(store.claimed(one, 10, 2).await, [1, 2]);
    assert_eq!(store.claimed(other, 10, 1).await, [3]);
    let released = store.commands.release(one, &[command_id(2)]).await;
    assert_eq!(released.unwrap(), 1);
    assert!(!store.finish(one, 1, 11).await);
    assert!(store.finish(one, 2, 11).await);
    assert!(store.finish(other, 3, 11).await);
    let again = store.claim(one, 12, 9).await;
    assert_eq!(again.len(), 1);
    assert_eq!(
        (again[0].command.id, again[0].unsure),
        (command_id(1), true)
    );
    let released = store.commands.release(one, &[command_id(1)]).await;
    assert_eq!(released.unwrap(), 0);
}

/// Not even of what comes later.
pub async fn who_was_dismissed_gets_nothing(store: &Store) {
    let worker = store.enlist().await;
    store.queued([kick(3)]).await;
    store.commands.dismiss(worker, None).await.unwrap();
    assert_eq!(store.claim(worker, 10, 9).await, []);
    assert_eq!(store.claim(Worker(99), 10, 9).await, []);
    assert_eq!(store.command(1).await.state, State::Queued);
}

/// The answer that it waited for may have been lost, and the next attempt be on its way.
pub async fn an_attempt_that_was_followed_by_another_changes_nothing(store: &Store) {
    let worker = store.enlist().await;
    store.queued([kick(3)]).await;
    store.claim(worker, 10, 1).await;
    let first = store.held(worker, 1).await;
    assert!(store.postpone(worker, 1, 60, true).await);
    store.claim(worker, 60, 1).await;
    let running = store.command(1).await;
    let late = store.commands.postpone(first, at(61), false);
    assert!(!late.await.unwrap());
    let late = store.commands.finish(first, State::Cancelled, at(61));
    assert!(!late.await.unwrap());
    assert_eq!(store.command(1).await, running);
    assert_eq!(store.claimed(worker, 61, 1).await, [0; 0]);
    assert!(store.finish(worker, 1, 62).await);
}

/// A worker that is dismissed while it ends a command has ended it, or the next one does.
pub async fn of_a_worker_and_its_successor_one_ends_a_command(store: &Store) {
    let successor = store.enlist().await;
    store.given(complete(1), vec![]).await;
    for number in 1..=20 {
        let worker = store.enlist().await;
        store.queue(command(number, kick(number))).await;
        assert_eq!(store.claimed(worker, 30, 1).await, [number]);
        let (one, other) = (store.clone(), store.clone());
        let (ended, dismissed) = tokio::join!(
            tokio::spawn(async move { one.finish(worker, number, 31).await }),
            tokio::spawn(async move { other.commands.dismiss(worker, None).await.unwrap() }),
        );
        let (ended, dismissed) = (ended.unwrap(), dismissed.unwrap());
        assert_eq!(ended, dismissed == 0);
        let again = store.claimed(successor, 32, 1).await;
        assert_eq!(again.is_empty(), ended);
        if !ended {
            assert!(store.finish(successor, number, 33).await);
        }
        let row = store.command(number).await;
        assert_eq!(row.ended_at, Some(at(if ended { 31 } else { 33 })));
    }
}
