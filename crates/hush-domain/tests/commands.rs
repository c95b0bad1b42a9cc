//! Orders and commands as values.
#![expect(clippy::unwrap_used, reason = "a test says by a panic that it fails")]

use std::time::Duration;

use hush_domain::audit::{self, Actor};
use hush_domain::commands::{
    BannedUsers, Command, Content, FailureCode, Lane, MAX_BANNED, Nickname, Order, OrderType,
    Report, State, StateName,
};
use hush_domain::ids::UserId;
use hush_domain::time::Timestamp;

fn user(id: u64) -> UserId {
    id.try_into().unwrap()
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_unix_micros(second * 1_000_000).unwrap()
}

fn command(order: Order) -> Command {
    Command {
        id: 77_u64.try_into().unwrap(),
        server: 1_u64.try_into().unwrap(),
        order,
        token: 5_u64.try_into().unwrap(),
        user: user(2),
        request_id: Some("a1".parse().unwrap()),
        reason: None,
        created_at: at(0),
        not_after: at(600),
        started_at: None,
        ended_at: None,
        attempts: 0,
        state: State::Queued,
    }
}

fn message(content: &str) -> Order {
    Order::SendMessage {
        channel: 9_u64.try_into().unwrap(),
        content: content.parse().unwrap(),
    }
}

#[test]
fn a_message_has_1_to_2000_characters_that_show_something() {
    let longest = "ä".repeat(2000);
    for text in ["x", "a\nb\tc\r\n", " x ", "@everyone", &longest] {
        let content: Content = text.parse().unwrap();
        assert_eq!(content.as_str(), text);
    }
    let too_long = "x".repeat(2001);
    for text in ["", " ", "\n\t", "a\0b", "\u{1b}[0m", &too_long] {
        assert!(text.parse::<Content>().is_err(), "{text:?}");
    }
    assert!("x".repeat(32).parse::<Nickname>().is_ok());
    assert!("x".repeat(33).parse::<Nickname>().is_err());
}

#[test]
fn a_bulk_ban_names_1_to_200_users_each_once() {
    let users = |ids: std::ops::Range<u64>| ids.map(user).collect::<Vec<_>>();
    for (ids, fits) in [
        (users(1..2), true),
        (users(1..201), true),
        (users(1..202), false),
        (vec![], false),
        (vec![user(3), user(4), user(3)], false),
    ] {
        assert_eq!(BannedUsers::new(ids).is_ok(), fits);
    }
    let given = vec![user(3), user(1), user(2)];
    assert_eq!(BannedUsers::new(given.clone()).unwrap().as_slice(), given);
    assert_eq!(MAX_BANNED, 200);
}

#[test]
fn words_read_back() {
    for kind in OrderType::ALL {
        assert_eq!(kind.as_str().parse(), Ok(kind));
    }
    for state in StateName::ALL {
        assert_eq!(state.as_str().parse(), Ok(state));
    }
    let mut names: Vec<_> = FailureCode::ALL.iter().map(|code| code.as_str()).collect();
    for code in FailureCode::ALL {
        assert_eq!(code.as_str().parse(), Ok(*code));
        assert!(code.sentence().ends_with('.'), "{code}");
    }
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), FailureCode::ALL.len());
    assert!("Kick".parse::<OrderType>().is_err());
}

#[test]
fn orders_keep_the_order_of_what_they_act_on() {
    let kick = Order::Kick { user: user(3) };
    assert_eq!(kick.lanes(), [Lane::User(user(3))]);
    let channel = 9_u64.try_into().unwrap();
    assert_eq!(message("x").lanes(), [Lane::Channel(channel)]);
    let users = BannedUsers::new(vec![user(4), user(3)]).unwrap();
    let bulk = Order::BulkBan {
        users,
        deleting: Duration::ZERO,
    };
    assert_eq!(bulk.lanes(), [Lane::User(user(4)), Lane::User(user(3))]);
}

#[test]
fn what_could_act_twice_is_not_repeated() {
    let minute = Duration::from_secs(60);
    let just = minute.checked_sub(Duration::from_micros(1)).unwrap();
    let lasting = minute;
    let banned = BannedUsers::new(vec![user(3)]).unwrap();
    for (order, soon, later) in [
        (Order::Kick { user: user(3) }, false, false),
        (
            Order::BulkBan {
                users: banned,
                deleting: minute,
            },
            false,
            false,
        ),
        (message("x"), true, false),
        (
            Order::Timeout {
                user: user(3),
                lasting,
            },
            true,
            true,
        ),
        (
            Order::Ban {
                user: user(3),
                deleting: minute,
            },
            true,
            true,
        ),
        (Order::Unban { user: user(3) }, true, true),
    ] {
        assert_eq!(order.is_repeatable(just), soon, "{order:?}");
        assert_eq!(order.is_repeatable(minute), later, "{order:?}");
        // By then somebody may have undone it on purpose.
        assert!(!order.is_repeatable(10 * minute), "{order:?}");
    }
}

#[test]
fn a_timeout_counts_from_its_first_attempt() {
    let lasting = Duration::from_secs(60);
    let mut timeout = command(Order::Timeout {
        user: user(3),
        lasting,
    });
    assert_eq!(timeout.timeout_until(), None);
    timeout.started_at = Some(at(100));
    assert_eq!(timeout.timeout_until(), Some(at(160)));
    let mut kick = command(Order::Kick { user: user(3) });
    kick.started_at = Some(at(100));
    assert_eq!(kick.timeout_until(), None);
}

#[test]
fn an_end_says_no_more_than_is_known() {
    let mut kick = command(Order::Kick { user: user(3) });
    assert_eq!(kick.overdue(false), State::Expired);
    assert_eq!(
        kick.overdue(true),
        State::Failed(FailureCode::OutcomeUnknown)
    );
    assert_eq!(kick.broken_off(), State::Cancelled);
    kick.state = State::Running;
    assert_eq!(
        kick.broken_off(),
        State::Failed(FailureCode::OutcomeUnknown)
    );
    assert!(kick.is_about(user(2)) && kick.is_about(user(3)) && !kick.is_about(user(4)));
}

#[test]
fn the_log_says_what_was_ordered_and_how_it_ended_but_not_what_was_written() {
    let mut said = command(message("a secret plan"));
    let queued = audit::command_queued(&said);
    assert_eq!(
        queued.after.unwrap().as_str(),
        r#"{"type":"send_message","channel_id":"9","not_after":"1970-01-01T00:10:00Z"}"#
    );
    assert_eq!(queued.target, audit::Target::Command(said.id, None));
    assert_eq!(audit::command_ended(&said), None);
    said.attempts = 2;
    for (state, action, after) in [
        (
            State::Succeeded(Report::Message(6_u64.try_into().unwrap())),
            audit::Action::CommandSucceeded,
            Some(r#"{"attempts":2,"message_id":"6"}"#),
        ),
        (
            State::Failed(FailureCode::DiscordForbids),
            audit::Action::CommandFailed,
            Some(r#"{"attempts":2,"code":"discord-forbids"}"#),
        ),
        (
            State::Expired,
            audit::Action::CommandExpired,
            Some(r#"{"attempts":2}"#),
        ),
        (State::Cancelled, audit::Action::CommandCancelled, None),
    ] {
        said.state = state;
        let entry = audit::command_ended(&said).unwrap();
        assert_eq!(entry.action, action);
        assert_eq!(entry.after.as_ref().map(audit::Details::as_str), after);
    }
    let users = BannedUsers::new(vec![user(4), user(3)]).unwrap();
    let bulk = command(Order::BulkBan {
        users,
        deleting: Duration::from_secs(5),
    });
    let queued = audit::command_queued(&bulk);
    assert_eq!(
        queued.after.unwrap().as_str(),
        r#"{"type":"bulk_ban","delete_message_seconds":5,"user_ids":["4","3"],"not_after":"1970-01-01T00:10:00Z"}"#
    );
    assert_eq!(queued.target, audit::Target::Command(bulk.id, None));
    let ban = command(Order::Ban {
        user: user(3),
        deleting: Duration::ZERO,
    });
    assert_eq!(
        audit::command_queued(&ban).target,
        audit::Target::Command(ban.id, Some(user(3)))
    );
    let act = ban.act(at(9));
    assert_eq!(
        (act.at, act.actor),
        (
            at(9),
            Actor::Token {
                token: ban.token,
                user: ban.user
            }
        )
    );
}
