//! Commands as they are kept: written, read, listed, cancelled and told of.

use std::time::Duration;

use hush_domain::audit::{command_ended, command_queued};
use hush_domain::commands::{
    BannedUsers, Command, FailureCode, Order, OrderType, Report, State, StateName,
};

use super::Store;
use super::book::Book;
use super::examples::{
    act, act_of, at, because, command, command_id, complete, kick, role_id, say, server, token,
    user,
};
use super::queueing::keyed;
use crate::{Cancelled, CommandFilter, Outcome, QueueCommandError, Room};

/// Hands the rules of this file to `$test`.
#[macro_export]
macro_rules! for_each_commands_rule {
    ($test:ident) => {
        $test! {
            commands {
                a_command_reads_back_field_by_field,
                every_order_and_every_end_reads_back,
                a_command_is_of_one_server,
                commands_are_listed_newest_first,
                an_id_is_given_once,
                a_command_is_taken_back_while_it_is_queued,
                the_log_tells_of_queueing_and_of_the_end,
            }
        }
    };
}

/// Every order there is, about user 3.
pub(super) fn orders() -> Vec<Order> {
    let (user_3, lasting) = (user(3), Duration::from_secs(60));
    let users = BannedUsers::new(vec![user(9), user_3]).unwrap();
    let deleting = Duration::from_secs(5);
    vec![
        Order::Timeout {
            user: user_3,
            lasting,
        },
        Order::RemoveTimeout { user: user_3 },
        kick(3),
        Order::Ban {
            user: user_3,
            deleting,
        },
        Order::Unban { user: user_3 },
        Order::BulkBan { users, deleting },
        Order::AddRole {
            user: user_3,
            role: role_id(8),
        },
        Order::RemoveRole {
            user: user_3,
            role: role_id(8),
        },
        Order::SetNickname {
            user: user_3,
            nickname: Some("\"Ada\" \\ the '1st'".parse().unwrap()),
        },
        Order::SetNickname {
            user: user_3,
            nickname: None,
        },
        say(5, "line\n\"quoted\" \\ 🦀"),
    ]
}

impl Store {
    pub(super) async fn queue(&self, command: Command) -> Command {
        let queued = self.commands.queue(command.clone(), None).await.unwrap();
        assert_eq!(queued, Outcome::Done(command.clone()));
        command
    }

    pub(super) async fn cancel(&self, number: u64, second: i64) -> Cancelled {
        let act = act(second);
        let cancelled = self.commands.cancel(server(1), command_id(number), &act);
        cancelled.await.unwrap()
    }

    pub(super) async fn command(&self, number: u64) -> Command {
        let found = self.commands.get(server(1), command_id(number)).await;
        found.unwrap().unwrap()
    }

    /// The numbers of the commands of server 1 that are listed.
    pub(super) async fn listed_commands(&self, filter: CommandFilter) -> Vec<u64> {
        let listed = self.commands.list(server(1), filter).await.unwrap();
        listed.iter().map(|command| command.id.get()).collect()
    }
}

/// Room for so many commands, messages or not.
pub(super) fn room(commands: u16) -> Room {
    Room {
        commands,
        messages: commands,
    }
}

pub(super) fn all() -> CommandFilter {
    CommandFilter {
        state: None,
        kind: None,
        before: None,
        limit: 1000,
    }
}

/// Reason and request among them.
pub async fn a_command_reads_back_field_by_field(store: &Store) {
    store.given(complete(1), vec![]).await;
    assert_eq!(
        store.commands.get(server(1), command_id(4)).await.unwrap(),
        None
    );
    let caused = because(&act(0), "spam, \"again\"");
    let given = Command {
        request_id: caused.request_id,
        reason: caused.reason,
        ..command(4, kick(3))
    };
    store.queue(given.clone()).await;
    assert_eq!(store.command(4).await, given);
    store.queue(command(5, kick(4))).await;
    assert_eq!(store.command(4).await, given);
    assert_eq!(store.command(5).await, command(5, kick(4)));
}

/// So does each report and each code, with the times of start and end.
pub async fn every_order_and_every_end_reads_back(store: &Store) {
    store.given(complete(1), vec![]).await;
    let worker = store.commands.enlist().await.unwrap();
    let mut ends = vec![
        State::Succeeded(Report::Done),
        State::Succeeded(Report::Message(6_u64.try_into().unwrap())),
        State::Succeeded(Report::BulkBan {
            banned: vec![user(9), user(3)],
            not_banned: vec![],
        }),
        State::Succeeded(Report::BulkBan {
            banned: vec![],
            not_banned: vec![user(3)],
        }),
    ];
    ends.extend(FailureCode::ALL.iter().map(|code| State::Failed(*code)));
    let orders = orders();
    for (number, end) in (1..).zip(ends) {
        let order = orders[usize::try_from(number).unwrap() % orders.len()].clone();
        let mut given = store.queue(command(number, order)).await;
        let now = at(900);
        let claimed = store.commands.claim(worker, now, room(9)).await.unwrap();
        given.state = State::Running;
        given.attempts = 1;
        given.started_at = Some(now);
        assert_eq!(claimed[0].command, given);
        assert_eq!(store.command(number).await, given);
        let finished = store
            .commands
            .finish(store.held(worker, number).await, end.clone(), at(901))
            .await;
        assert!(finished.unwrap());
        given.state = end;
        given.ended_at = Some(at(901));
        assert_eq!(store.command(number).await, given);
    }
}

/// Another server's are not there.
pub async fn a_command_is_of_one_server(store: &Store) {
    store.given(complete(1), vec![]).await;
    store.given(complete(2), vec![]).await;
    store.queue(command(4, kick(3))).await;
    let elsewhere = server(2);
    let found = store.commands.get(elsewhere, command_id(4)).await.unwrap();
    assert_eq!(found, None);
    assert_eq!(store.commands.list(elsewhere, all()).await.unwrap(), []);
    let act = act(9);
    let cancelled = store.commands.cancel(elsewhere, command_id(4), &act);
    assert_eq!(cancelled.await.unwrap(), Cancelled::Unknown);
    assert_eq!(store.command(4).await.state, State::Queued);
    assert_eq!(store.log(2).await, []);
}

/// By state and type, page by page.
pub async fn commands_are_listed_newest_first(store: &Store) {
    store.given(complete(1), vec![]).await;
    assert_eq!(store.listed_commands(all()).await, [0; 0]);
    for number in [3, 1, 2, 5, 4] {
        let order = if number > 3 {
            say(number, "x")
        } else {
            kick(number)
        };
        store.queue(command(number, order)).await;
    }
    for number in [2, 4] {
        let cancelled = store.cancel(number, 9).await;
        assert!(matches!(cancelled, Cancelled::Yes(_)));
    }
    let page = |before: Option<u64>, limit| CommandFilter {
        before: before.map(command_id),
        limit,
        ..all()
    };
    assert_eq!(store.listed_commands(all()).await, [5, 4, 3, 2, 1]);
    assert_eq!(store.listed_commands(page(None, 2)).await, [5, 4]);
    assert_eq!(store.listed_commands(page(Some(4), 2)).await, [3, 2]);
    assert_eq!(store.listed_commands(page(Some(1), 2)).await, [0; 0]);
    let of = |state, kind| CommandFilter {
        state,
        kind,
        ..all()
    };
    let (queued, messages) = (Some(StateName::Queued), Some(OrderType::SendMessage));
    assert_eq!(store.listed_commands(of(queued, None)).await, [5, 3, 1]);
    assert_eq!(store.listed_commands(of(None, messages)).await, [5, 4]);
    assert_eq!(store.listed_commands(of(queued, messages)).await, [5]);
    let expired = Some(StateName::Expired);
    assert_eq!(store.listed_commands(of(expired, None)).await, [0; 0]);
}

/// Whoever has it keeps it.
pub async fn an_id_is_given_once(store: &Store) {
    store.given(complete(1), vec![]).await;
    store.queue(command(4, kick(3))).await;
    let refused = store
        .commands
        .queue(command(4, kick(5)), Some(keyed("key", 1)));
    assert_refused!(refused.await, QueueCommandError::IdTaken);
    assert_eq!(store.command(4).await.order, kick(3));
    assert_eq!(store.log(1).await.len(), 1);
    let anew = store
        .commands
        .queue(command(5, kick(5)), Some(keyed("key", 1)));
    assert!(matches!(anew.await, Ok(Outcome::Done(_))));
}

/// Whoever does so once more is told the same; what has begun or ended stays as it is.
pub async fn a_command_is_taken_back_while_it_is_queued(store: &Store) {
    store.given(complete(1), vec![]).await;
    assert_eq!(store.cancel(4, 9).await, Cancelled::Unknown);
    let queued = store.queue(command(4, kick(3))).await;
    let due = Command {
        state: State::Cancelled,
        ended_at: Some(at(9)),
        ..queued
    };
    assert_eq!(
        store.cancel(4, 9).await,
        Cancelled::Yes(Box::new(due.clone()))
    );
    assert_eq!(
        store.cancel(4, 10).await,
        Cancelled::Yes(Box::new(due.clone()))
    );
    assert_eq!(store.command(4).await, due);
    let worker = store.commands.enlist().await.unwrap();
    assert_eq!(
        store.commands.claim(worker, at(20), room(9)).await.unwrap(),
        []
    );
    store.queue(command(5, kick(3))).await;
    assert_eq!(
        store
            .commands
            .claim(worker, at(20), room(9))
            .await
            .unwrap()
            .len(),
        1
    );
    assert_eq!(store.cancel(5, 21).await, Cancelled::TooLate);
    let end = State::Failed(FailureCode::DiscordRefuses);
    assert!(
        store
            .commands
            .finish(store.held(worker, 5).await, end.clone(), at(22))
            .await
            .unwrap()
    );
    assert_eq!(store.cancel(5, 23).await, Cancelled::TooLate);
    assert_eq!(store.command(5).await.state, end);
}

/// As whoever gave it, for its reason; a cancellation as whoever cancelled. What changes nothing is not told.
pub async fn the_log_tells_of_queueing_and_of_the_end(store: &Store) {
    store.given(complete(1), vec![]).await;
    let mut book = Book::of(store).await;
    let caused = because(&act(0), "spam");
    let worker = store.commands.enlist().await.unwrap();
    for (number, order) in (10..).zip(orders()) {
        let given = Command {
            request_id: caused.request_id.clone(),
            reason: caused.reason.clone(),
            ..command(number, order)
        };
        store.queue(given.clone()).await;
        book.write(&given.act(given.created_at), vec![command_queued(&given)]);
    }
    let by = because(&act_of(&token(8, 3, &[1]).token, 100), "a mistake");
    for _ in 0..2 {
        let cancelled = store.commands.cancel(server(1), command_id(10), &by);
        assert!(matches!(cancelled.await.unwrap(), Cancelled::Yes(_)));
    }
    book.write(
        &by,
        command_ended(&store.command(10).await)
            .into_iter()
            .collect(),
    );
    for second in 101.. {
        let claimed = store
            .commands
            .claim(worker, at(second), room(1))
            .await
            .unwrap();
        let Some(claimed) = claimed.into_iter().next() else {
            break;
        };
        let end = match second {
            101 => State::Failed(FailureCode::OutcomeUnknown),
            _ => State::Succeeded(Report::Done),
        };
        let (commands, id) = (&store.commands, claimed.command.id);
        let held = store.held(worker, id.get()).await;
        for due in [true, false] {
            let finished = commands.finish(held, end.clone(), at(second));
            assert_eq!(finished.await.unwrap(), due);
        }
        let ended = store.command(id.get()).await;
        book.write(
            &ended.act(at(second)),
            command_ended(&ended).into_iter().collect(),
        );
    }
    let late = store.queue(command(90, kick(3))).await;
    book.write(&late.act(late.created_at), vec![command_queued(&late)]);
    let over = late.not_after;
    let expired = store.commands.expire(over, 9).await.unwrap();
    assert_eq!(expired, [store.command(90).await]);
    book.write(
        &late.act(over),
        command_ended(&expired[0]).into_iter().collect(),
    );
    book.is_told_by(store).await;
}
