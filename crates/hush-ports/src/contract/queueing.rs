//! What waits: once for each request, so much and no more, and gone in time.

use std::sync::Arc;
use std::time::Duration;

use hush_domain::audit::{Act, command_ended};
use hush_domain::commands::{
    BannedUsers, Command, FailureCode, MAX_PENDING, Order, OrderType, State,
};
use hush_domain::idempotency::REMEMBERED;
use hush_domain::ids::CommandId;
use tokio::task::JoinSet;

use super::Store;
use super::book::Book;
use super::commands::{all, room};
use super::examples::{
    act, at, command, command_id, complete, just_before, kick, request, say, server, user,
};
use super::upkeep::nothing;
use crate::{Cutoffs, Idempotency, IdempotencyConflict, Outcome, QueueCommandError, Tidied};

/// Hands the rules of this file to `$test`.
#[macro_export]
macro_rules! for_each_queueing_rule {
    ($test:ident) => {
        $test! {
            queueing {
                a_request_that_is_sent_again_is_answered_with_what_was_kept,
                of_many_at_once_under_one_key_one_is_queued,
                a_server_has_so_many_commands_and_no_more,
                what_waits_is_counted,
                commands_go_that_ended_before,
                a_persons_commands_end_and_go_with_them,
                a_servers_commands_go_with_it,
            }
        }
    };
}

/// A request by which the command may be queued again, which is then answered by its id.
pub(super) fn keyed(key: &str, fingerprint: u8) -> Idempotency<Command> {
    let plain = request(7, key, fingerprint);
    Idempotency {
        key: plain.key,
        fingerprint: plain.fingerprint,
        answer: Arc::new(|command| command.id.to_string().into_bytes()),
    }
}

/// Until it is forgotten; whatever became of the command meanwhile.
pub async fn a_request_that_is_sent_again_is_answered_with_what_was_kept(store: &Store) {
    store.given(complete(1), vec![]).await;
    let once = keyed("key", 1);
    let replay = |second, fingerprint: u8| {
        let (commands, request) = (store.commands.clone(), keyed("key", fingerprint));
        async move {
            let replayed = commands.replay(&request.key, &request.fingerprint, second);
            replayed.await
        }
    };
    assert_eq!(replay(at(0), 1).await.unwrap(), None);
    let queue = |number| {
        store
            .commands
            .queue(command(number, kick(3)), Some(once.clone()))
    };
    assert!(matches!(queue(4).await, Ok(Outcome::Done(_))));
    let kept = b"4".to_vec();
    assert_eq!(queue(5).await.unwrap(), Outcome::Replayed(kept.clone()));
    store.cancel(4, 9).await;
    assert_eq!(queue(6).await.unwrap(), Outcome::Replayed(kept.clone()));
    assert_eq!(store.listed_commands(all()).await, [4]);
    let over = at(4).checked_add(REMEMBERED).unwrap();
    assert_eq!(replay(just_before(over), 1).await.unwrap(), Some(kept));
    assert_eq!(replay(over, 1).await.unwrap(), None);
    let reused = || QueueCommandError::Idempotency(IdempotencyConflict::Reused).to_string();
    assert_eq!(replay(at(9), 2).await.unwrap_err().to_string(), reused());
    let other = store
        .commands
        .queue(command(7, kick(3)), Some(keyed("key", 2)));
    assert_eq!(other.await.unwrap_err().to_string(), reused());
    assert_eq!(store.listed_commands(all()).await, [4]);
}

/// All others are answered with that one, or told that it still is being queued.
pub async fn of_many_at_once_under_one_key_one_is_queued(store: &Store) {
    store.given(complete(1), vec![]).await;
    let mut writers = JoinSet::new();
    for number in 1..=8 {
        let commands = store.commands.clone();
        writers.spawn(async move {
            let queued = commands.queue(command(number, kick(3)), Some(keyed("key", 1)));
            queued.await
        });
    }
    let mut done = Vec::new();
    for queued in writers.join_all().await {
        match queued {
            Ok(Outcome::Done(command)) => done.push(command.id.get()),
            Ok(Outcome::Replayed(_))
            | Err(QueueCommandError::Idempotency(IdempotencyConflict::InProgress)) => {}
            Err(other) => panic!("{other}"),
        }
    }
    assert_eq!(done.len(), 1, "{done:?}");
    assert_eq!(store.listed_commands(all()).await, done);
    assert_eq!(store.log(1).await.len(), 1);
}

/// However many come at once. Those that have ended take no place, and other servers have their own.
pub async fn a_server_has_so_many_commands_and_no_more(store: &Store) {
    store.given(complete(1), vec![]).await;
    let most = MAX_PENDING as u64;
    for number in 1..most {
        store.queue(command(number, kick(number))).await;
    }
    let mut writers = JoinSet::new();
    for number in most..most + 6 {
        let commands = store.commands.clone();
        writers.spawn(async move { commands.queue(command(number, kick(3)), None).await });
    }
    let mut queued = 0;
    for outcome in writers.join_all().await {
        match outcome {
            Ok(_) => queued += 1,
            Err(QueueCommandError::TooMany) => {}
            Err(other) => panic!("{other}"),
        }
    }
    assert_eq!(queued, 1);
    assert_eq!(store.log(1).await.len(), MAX_PENDING);
    let elsewhere = Command {
        server: server(2),
        ..command(most + 10, kick(3))
    };
    store.queue(elsewhere).await;
    store.cancel(5, 9).await;
    store.queue(command(most + 11, kick(3))).await;
    let refused = store.commands.queue(command(most + 12, kick(3)), None);
    assert_refused!(refused.await, QueueCommandError::TooMany);
}

/// By type, with the age of the oldest.
pub async fn what_waits_is_counted(store: &Store) {
    store.given(complete(1), vec![]).await;
    assert_eq!(
        store.commands.waiting().await.unwrap(),
        crate::Waiting::default()
    );
    for (number, order) in [(4, kick(3)), (2, say(5, "x")), (3, kick(4)), (5, kick(9))] {
        store.queue(command(number, order)).await;
    }
    let worker = store.commands.enlist().await.unwrap();
    assert_eq!(
        store
            .commands
            .claim(worker, at(9), room(1))
            .await
            .unwrap()
            .len(),
        1
    );
    let waiting = store.commands.waiting().await.unwrap();
    let mut pending = waiting.pending;
    pending.sort_unstable();
    assert_eq!(pending, [(OrderType::Kick, 3), (OrderType::SendMessage, 1)]);
    assert_eq!(waiting.oldest, Some(at(2)));
    store.cancel(2, 9).await;
    let waiting = store.commands.waiting().await.unwrap();
    assert_eq!(waiting.pending, [(OrderType::Kick, 3)]);
    assert_eq!(waiting.oldest, Some(at(3)));
}

/// Not those that ended at that moment, and none that waits.
pub async fn commands_go_that_ended_before(store: &Store) {
    store.given(complete(1), vec![]).await;
    let cutoff = at(20);
    for (number, end) in [(1, Some(just_before(cutoff))), (2, Some(cutoff)), (3, None)] {
        store.queue(command(number, kick(number))).await;
        if let Some(at) = end {
            let act = Act { at, ..act(0) };
            let cancelled = store.commands.cancel(server(1), command_id(number), &act);
            cancelled.await.unwrap();
        }
    }
    assert_eq!(store.tidy(nothing()).await, Tidied::default());
    let tidied = store.tidy(Cutoffs {
        commands: cutoff,
        ..nothing()
    });
    assert_eq!(tidied.await.commands, 1);
    assert_eq!(store.listed_commands(all()).await, [3, 2]);
}

/// What they gave, and what was to be done to them. The log says how it ended: one that runs may have been done.
pub async fn a_persons_commands_end_and_go_with_them(store: &Store) {
    store.given(complete(1), vec![]).await;
    let by = |number: u64, of: u64, order| Command {
        user: user(of),
        ..command(number, order)
    };
    let users = BannedUsers::new(vec![user(8), user(3)]).unwrap();
    let deleting = Duration::ZERO;
    store.queue(by(1, 2, kick(3))).await;
    let worker = store.commands.enlist().await.unwrap();
    assert_eq!(
        store
            .commands
            .claim(worker, at(5), room(1))
            .await
            .unwrap()
            .len(),
        1
    );
    store.queue(by(2, 3, kick(4))).await;
    store
        .queue(by(3, 2, Order::BulkBan { users, deleting }))
        .await;
    store
        .queue(by(4, 2, say(5, "about \"3\" and \"user_id\":\"3\"")))
        .await;
    store.queue(by(5, 2, kick(33))).await;
    let mut book = Book::of(store).await;
    let erasure = act(50);
    let mut entries = Vec::new();
    for (number, state) in [
        (1, State::Failed(FailureCode::OutcomeUnknown)),
        (2, State::Cancelled),
        (3, State::Cancelled),
    ] {
        let ended = Command {
            state,
            ..store.command(number).await
        };
        entries.extend(command_ended(&ended));
    }
    assert_eq!(store.erase_user(3, &erasure).await.commands, 3);
    assert_eq!(store.listed_commands(all()).await, [5, 4]);
    for entry in entries {
        book.write(&erasure, vec![entry]);
    }
    book.is_told_by(store).await;
    // Who works on it is told so.
    let finished = store
        .commands
        .finish(store.held(worker, 1).await, State::Cancelled, at(51));
    assert!(!finished.await.unwrap());
    let next = store.commands.claim(worker, at(51), room(9)).await.unwrap();
    let next: Vec<CommandId> = next.into_iter().map(|it| it.command.id).collect();
    assert_eq!(next, [command_id(5), command_id(4)]);
}

/// Also when it is gone itself.
pub async fn a_servers_commands_go_with_it(store: &Store) {
    store.given(complete(1), vec![]).await;
    store.queue(command(1, kick(3))).await;
    let elsewhere = Command {
        server: server(2),
        ..command(2, kick(3))
    };
    store.queue(elsewhere.clone()).await;
    assert_eq!(store.erase_server(1).await.commands, 1);
    assert_eq!(store.listed_commands(all()).await, [0; 0]);
    let left = store.commands.get(server(2), command_id(2)).await.unwrap();
    assert_eq!(left, Some(elsewhere));
    // Nothing of it is in the way of what comes later.
    store.queue(command(3, kick(3))).await;
    let worker = store.commands.enlist().await.unwrap();
    assert_eq!(
        store
            .commands
            .claim(worker, at(5), room(9))
            .await
            .unwrap()
            .len(),
        2
    );
}
