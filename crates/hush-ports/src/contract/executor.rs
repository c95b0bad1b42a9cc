//! Carrying commands out, as an executor does it that acts on what is stored.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use hush_domain::commands::{BannedUsers, Command, FailureCode, Order, Report};
use hush_domain::events::Snapshot;
use hush_domain::ids::RoleId;

use super::Store;
use super::commands::orders;
use super::examples::{
    bot, channel, command, complete, holding, kick, member, role, role_id, say, server, user,
};
use crate::{Attempt, CommandExecutor, Execution};

/// Hands the rules of this file to `$test`.
#[macro_export]
macro_rules! for_each_executor_rule {
    ($test:ident) => {
        $test! {
            executor {
                it_acts_as_the_bot,
                who_is_thrown_out_is_gone,
                a_ban_lasts_until_it_is_lifted,
                a_bulk_ban_says_who_was_banned_and_who_was_not,
                roles_are_given_and_taken,
                who_is_no_member_cannot_be_acted_on,
                a_message_is_written_once,
                what_must_not_be_sent_is_not_done,
                what_is_repeatable_does_no_more_the_second_time,
            }
        }
    };
}

/// The bot of these rules.
const BOT: u64 = 99;

async fn given(store: &Store) {
    let snapshot = Snapshot {
        roles: vec![role(8, "role", 1), role(9, "other", 2)],
        channels: vec![channel(5, "hall")],
        ..complete(1)
    };
    let members = vec![member(3), holding(member(4), &[9]), bot(BOT)];
    store.given(snapshot, members).await;
}

async fn carry_out(executor: &dyn CommandExecutor, order: Order) -> Execution {
    carry_out_again(executor, &running(1, order)).await
}

async fn carry_out_again(executor: &dyn CommandExecutor, command: &Command) -> Execution {
    let attempt = Attempt {
        command: Arc::new(command.clone()),
        may_send: Arc::new(|| true),
    };
    executor.execute(attempt).await
}

fn running(number: u64, order: Order) -> Command {
    let queued = command(number, order);
    Command {
        started_at: Some(queued.created_at),
        ..queued
    }
}

impl Store {
    async fn is_member(&self, number: u64) -> bool {
        let found = self.users.get(server(1), user(number)).await.unwrap();
        found.is_some()
    }

    async fn role_ids_of(&self, number: u64) -> Vec<u64> {
        let found = self.users.get(server(1), user(number)).await.unwrap();
        let ids = found.unwrap().role_ids.into_iter();
        ids.map(RoleId::get).collect()
    }
}

/// Every time it is asked.
pub async fn it_acts_as_the_bot(_: &Store, executor: &dyn CommandExecutor) {
    for _ in 0..2 {
        assert_eq!(executor.acts_as().await.unwrap(), user(BOT));
    }
}

/// And nobody else is.
pub async fn who_is_thrown_out_is_gone(store: &Store, executor: &dyn CommandExecutor) {
    given(store).await;
    let done = Execution::Done(Report::Done);
    assert_eq!(carry_out(executor, kick(3)).await, done);
    assert!(!store.is_member(3).await);
    assert!(store.is_member(4).await);
    let again = carry_out(executor, kick(3)).await;
    assert_eq!(again, Execution::Refused(FailureCode::UserNotFound));
}

/// Who is no member is banned too.
pub async fn a_ban_lasts_until_it_is_lifted(store: &Store, executor: &dyn CommandExecutor) {
    given(store).await;
    let done = Execution::Done(Report::Done);
    for number in [3, 77] {
        let unban = Order::Unban { user: user(number) };
        let unknown = Execution::Refused(FailureCode::BanNotFound);
        assert_eq!(carry_out(executor, unban.clone()).await, unknown);
        let ban = Order::Ban {
            user: user(number),
            deleting: Duration::ZERO,
        };
        assert_eq!(carry_out(executor, ban).await, done);
        assert!(!store.is_member(number).await);
        assert_eq!(carry_out(executor, unban.clone()).await, done);
        assert_eq!(carry_out(executor, unban).await, unknown);
    }
}

/// Who was banned before was not.
pub async fn a_bulk_ban_says_who_was_banned_and_who_was_not(
    store: &Store,
    executor: &dyn CommandExecutor,
) {
    given(store).await;
    let deleting = Duration::ZERO;
    let ban = Order::Ban {
        user: user(77),
        deleting,
    };
    carry_out(executor, ban).await;
    let users = BannedUsers::new(vec![user(4), user(77), user(3)]).unwrap();
    let banned = carry_out(executor, Order::BulkBan { users, deleting }).await;
    let report = Report::BulkBan {
        banned: vec![user(4), user(3)],
        not_banned: vec![user(77)],
    };
    assert_eq!(banned, Execution::Done(report));
    assert!(!store.is_member(3).await && !store.is_member(4).await);
}

/// One by one; the others stay.
pub async fn roles_are_given_and_taken(store: &Store, executor: &dyn CommandExecutor) {
    given(store).await;
    let (user_4, role_8, role_9) = (user(4), role_id(8), role_id(9));
    for (order, left) in [
        (
            Order::AddRole {
                user: user_4,
                role: role_8,
            },
            vec![9, 8],
        ),
        (
            Order::RemoveRole {
                user: user_4,
                role: role_9,
            },
            vec![8],
        ),
        (
            Order::RemoveRole {
                user: user_4,
                role: role_8,
            },
            vec![],
        ),
    ] {
        let done = carry_out(executor, order.clone()).await;
        assert_eq!(done, Execution::Done(Report::Done), "{order:?}");
        assert_eq!(store.role_ids_of(4).await, left, "{order:?}");
        assert_eq!(store.role_ids_of(3).await, [0; 0]);
    }
}

/// But for bans, and what is written.
pub async fn who_is_no_member_cannot_be_acted_on(store: &Store, executor: &dyn CommandExecutor) {
    given(store).await;
    carry_out(executor, kick(3)).await;
    for order in orders() {
        let expected = match order {
            Order::Ban { .. } | Order::BulkBan { .. } | Order::SendMessage { .. } => continue,
            Order::Unban { .. } => FailureCode::BanNotFound,
            _ => FailureCode::UserNotFound,
        };
        let refused = carry_out(executor, order.clone()).await;
        assert_eq!(refused, Execution::Refused(expected), "{order:?}");
    }
}

/// However often its command is carried out.
pub async fn a_message_is_written_once(store: &Store, executor: &dyn CommandExecutor) {
    given(store).await;
    let (one, other) = (running(1, say(5, "x")), running(2, say(5, "x")));
    let first = carry_out_again(executor, &one).await;
    assert!(matches!(first, Execution::Done(Report::Message(_))));
    assert_eq!(carry_out_again(executor, &one).await, first);
    assert_ne!(carry_out_again(executor, &other).await, first);
}

/// It is asked right before.
pub async fn what_must_not_be_sent_is_not_done(store: &Store, executor: &dyn CommandExecutor) {
    given(store).await;
    let asked = Arc::new(AtomicBool::new(false));
    let noted = asked.clone();
    let attempt = Attempt {
        command: Arc::new(running(1, kick(3))),
        may_send: Arc::new(move || {
            noted.store(true, Ordering::SeqCst);
            false
        }),
    };
    assert_eq!(executor.execute(attempt).await, Execution::NotDone);
    assert!(asked.load(Ordering::SeqCst));
    assert!(store.is_member(3).await);
}

/// The second attempt says the same, or that there is nothing left to lift.
pub async fn what_is_repeatable_does_no_more_the_second_time(
    store: &Store,
    executor: &dyn CommandExecutor,
) {
    given(store).await;
    for (number, order) in (10..).zip(orders()) {
        let command = running(number, order);
        if !command.order.is_repeatable(Duration::ZERO) || !store.is_member(3).await {
            continue;
        }
        let first = carry_out_again(executor, &command).await;
        let (is_member, before) = (store.is_member(3).await, store.users.clone());
        let second = carry_out_again(executor, &command).await;
        let lifted = Execution::Refused(FailureCode::BanNotFound);
        assert!(second == first || second == lifted, "{command:?}");
        let after = before.get(server(1), user(3)).await.unwrap();
        assert_eq!(after.is_some(), is_member, "{command:?}");
    }
}
