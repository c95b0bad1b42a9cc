//! Carrying commands out: what becomes of a command after each attempt.

use std::sync::Arc;
use std::time::Duration;

use hush_domain::commands::{BannedUsers, FailureCode, Order, Report, State};
use hush_ports::{BackendError, Execution, Random};

use crate::commanding::{
    CHANNEL, Call, HELPER_ROLE, OTHER_CHANNEL, Running, Stage, Step, done, kick, say, untimeout,
};
use crate::support::{MEMBER, user};

mod again;
mod leases;
mod stopping;
mod stores;

/// Every order that does no harm when it is carried out twice, whenever that is.
fn repeatable() -> Vec<Order> {
    let (user, role) = (user(MEMBER), HELPER_ROLE.try_into().unwrap());
    vec![
        Order::Timeout {
            user,
            lasting: Duration::from_secs(60),
        },
        Order::RemoveTimeout { user },
        Order::Ban {
            user,
            deleting: Duration::ZERO,
        },
        Order::Unban { user },
        Order::AddRole { user, role },
        Order::RemoveRole { user, role },
        Order::SetNickname {
            user,
            nickname: None,
        },
    ]
}

/// Those that must not be carried out twice.
fn unrepeatable() -> Vec<Order> {
    let users = BannedUsers::new(vec![user(MEMBER)]).unwrap();
    let deleting = Duration::ZERO;
    vec![kick(MEMBER), Order::BulkBan { users, deleting }]
}

fn failed(code: FailureCode) -> State {
    State::Failed(code)
}

/// Chance that always falls the same way.
struct Fixed(u8);

impl Random for Fixed {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), BackendError> {
        bytes.fill(self.0);
        Ok(())
    }
}

#[tokio::test(start_paused = true)]
async fn a_command_is_carried_out_at_once_and_once() {
    let stage = Stage::new(|_, _| done()).await;
    let running = Running::start(&stage.world.app.command_runner);
    // It is carried out as soon as it is there, also if nothing was there for long.
    tokio::time::sleep(Duration::from_millis(1234)).await;
    let id = stage.queue(kick(MEMBER)).await;
    let queued_at = stage.command(id).await.created_at;
    let ended = stage.ended(id).await;
    assert_eq!(ended.state, State::Succeeded(Report::Done));
    assert_eq!(
        (ended.started_at, ended.ended_at),
        (Some(queued_at), Some(queued_at))
    );
    assert_eq!(ended.attempts, 1);
    tokio::time::sleep(Duration::from_mins(20)).await;
    let calls = stage.platform.calls();
    assert_eq!(calls.len(), 1);
    assert_eq!(*calls[0].attempt.command.order.users(), [user(MEMBER)]);
    assert_eq!(stage.command(id).await, ended);
    running.end().await;
}

#[tokio::test(start_paused = true)]
async fn what_was_done_is_told() {
    let message = Report::Message(9_u64.try_into().unwrap());
    let banned = Report::BulkBan {
        banned: vec![user(MEMBER)],
        not_banned: vec![],
    };
    for (order, report) in [(say(CHANNEL), message), (kick(MEMBER), banned)] {
        let execution = Execution::Done(report.clone());
        let stage = Stage::new(move |_, _| Step::Now(execution.clone())).await;
        assert_eq!(stage.end_of(order).await.state, State::Succeeded(report));
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_refused_is_not_tried_again() {
    for code in [FailureCode::DiscordForbids, FailureCode::BanNotFound] {
        for order in repeatable().into_iter().chain(unrepeatable()) {
            let stage = Stage::new(move |_, _| Step::Now(Execution::Refused(code))).await;
            let ended = stage.end_of(order).await;
            assert_eq!((ended.state, ended.attempts), (failed(code), 1));
            assert_eq!(stage.platform.calls().len(), 1);
        }
    }
}

/// The waits double from 1 s to 60 s, give or take a half.
#[tokio::test(start_paused = true)]
async fn what_was_not_done_is_tried_again_until_its_deadline() {
    for (chance, factor) in [(0x00, 0.5), (0xff, 1.5)] {
        for execution in [Execution::Limited, Execution::NotDone] {
            let refusing = move |_: &_, _| Step::Now(execution.clone());
            let random = move |ports: &mut hush_app::Ports| ports.random = Arc::new(Fixed(chance));
            let stage = Stage::with(refusing, random).await;
            let id = stage.queue(kick(MEMBER)).await;
            let running = Running::start(&stage.world.app.command_runner);
            let ended = stage.ended(id).await;
            let times = stage.platform.times(id);
            let mut base = 1.0_f64;
            for pair in times.windows(2) {
                let waited = pair[1].as_secs_f64() - pair[0].as_secs_f64();
                let least = base.min(60.0) * factor;
                // It is looked every half second whether it is time.
                assert!((least..=least + 0.51).contains(&waited), "{base}: {waited}");
                base *= 2.0;
            }
            assert_eq!(ended.state, State::Expired);
            assert_eq!(usize::try_from(ended.attempts).unwrap(), times.len());
            assert!(times.len() > 8, "{times:?}");
            let over = Duration::from_mins(10);
            assert!(times.iter().all(|at| *at < over), "{times:?}");
            let late = ended.ended_at.unwrap().unix_micros() - ended.not_after.unix_micros();
            assert!((0..=500_000).contains(&late), "{late}");
            running.end().await;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn what_does_no_harm_twice_is_repeated_when_nobody_knows() {
    let unknown_first = |_: &_, before| match before {
        0 | 1 => Step::Now(Execution::Unknown),
        _ => done(),
    };
    for order in repeatable().into_iter().chain([say(CHANNEL)]) {
        let stage = Stage::new(unknown_first).await;
        let ended = stage.end_of(order).await;
        assert_eq!(ended.state, State::Succeeded(Report::Done));
        let calls = stage.platform.calls();
        assert_eq!((calls.len(), ended.attempts), (3, 3));
        // Each attempt asks for the same, also for the same end of a timeout.
        let untils: Vec<_> = calls
            .iter()
            .map(|call| call.attempt.command.timeout_until())
            .collect();
        assert!(untils.iter().all(|until| *until == untils[0]), "{untils:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_could_act_twice_is_given_up_when_nobody_knows() {
    for order in unrepeatable() {
        let stage = Stage::new(|_, _| Step::Now(Execution::Unknown)).await;
        let ended = stage.end_of(order).await;
        assert_eq!(ended.state, failed(FailureCode::OutcomeUnknown));
        assert_eq!(stage.platform.calls().len(), 1);
        assert_eq!(ended.started_at, ended.ended_at, "at once");
    }
}

/// So long the platform knows it again.
#[tokio::test(start_paused = true)]
async fn a_message_is_repeated_for_a_minute() {
    for execution in [Execution::Unknown, Execution::Limited] {
        let then = execution.clone();
        let stage = Stage::new(move |_, before| match before {
            0 => Step::Now(Execution::Unknown),
            _ => Step::Now(then.clone()),
        })
        .await;
        let id = stage
            .queue_within(Duration::from_hours(1), say(CHANNEL))
            .await;
        let running = Running::start(&stage.world.app.command_runner);
        let ended = stage.ended(id).await;
        assert_eq!(ended.state, failed(FailureCode::OutcomeUnknown));
        let times = stage.platform.times(id);
        let minute = Duration::from_secs(60);
        assert!(times.len() > 3, "{times:?}");
        assert!(times.iter().all(|at| *at < times[0] + minute), "{times:?}");
        running.end().await;
    }
    // As long as it surely was not sent, it is only its deadline that counts.
    let stage = Stage::new(|_, before| match before {
        0..8 => Step::Now(Execution::Limited),
        _ => done(),
    })
    .await;
    let id = stage
        .queue_within(Duration::from_hours(1), say(CHANNEL))
        .await;
    let running = Running::start(&stage.world.app.command_runner);
    let ended = stage.ended(id).await;
    assert_eq!(ended.state, State::Succeeded(Report::Done));
    assert!(stage.platform.times(id)[8] > Duration::from_secs(60));
    running.end().await;
}

#[tokio::test(start_paused = true)]
async fn what_may_have_been_done_neither_expires_nor_is_refused() {
    use Execution::{Limited, NotDone, Refused, Unknown};
    let forbids = Refused(FailureCode::DiscordForbids);
    let unbanned = Refused(FailureCode::BanNotFound);
    let unban = Order::Unban { user: user(MEMBER) };
    let unknown = failed(FailureCode::OutcomeUnknown);
    let success = State::Succeeded(Report::Done);
    for (order, answers, expected) in [
        (
            untimeout(MEMBER),
            vec![Unknown, forbids.clone()],
            unknown.clone(),
        ),
        (
            untimeout(MEMBER),
            vec![Unknown, Limited, forbids.clone()],
            unknown.clone(),
        ),
        (
            untimeout(MEMBER),
            vec![Unknown, NotDone, unbanned.clone()],
            unknown.clone(),
        ),
        (untimeout(MEMBER), vec![Unknown, NotDone], unknown.clone()),
        (untimeout(MEMBER), vec![Unknown], unknown.clone()),
        (
            untimeout(MEMBER),
            vec![Limited, forbids.clone()],
            failed(FailureCode::DiscordForbids),
        ),
        // The ban is gone, by the first attempt.
        (unban.clone(), vec![Unknown, unbanned.clone()], success),
        (unban.clone(), vec![Unknown, forbids], unknown.clone()),
        (
            unban,
            vec![Limited, unbanned],
            failed(FailureCode::BanNotFound),
        ),
    ] {
        let shown = format!("{order:?} {answers:?}");
        // The last answer is given for ever.
        let stage = Stage::new(move |_, before| {
            let last = answers.len() - 1;
            Step::Now(answers[before.min(last)].clone())
        })
        .await;
        let ended = stage.end_of(order).await;
        assert_eq!(ended.state, expected, "{shown}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_panic_ends_neither_the_worker_nor_what_can_be_repeated() {
    let stage = Stage::new(|_, before| match before {
        0 => Step::Panic,
        _ => done(),
    })
    .await;
    let repeated = stage.queue(untimeout(MEMBER)).await;
    let running = Running::start(&stage.world.app.command_runner);
    let ended = stage.ended(repeated).await;
    assert_eq!(
        (ended.state, ended.attempts),
        (State::Succeeded(Report::Done), 2)
    );
    // How far the panic had come nobody knows.
    let given_up = stage.queue(kick(MEMBER)).await;
    let ended = stage.ended(given_up).await;
    assert_eq!(ended.state, failed(FailureCode::OutcomeUnknown));
    assert_eq!(stage.platform.times(given_up).len(), 1);
    let after = stage.queue(untimeout(MEMBER)).await;
    assert_eq!(
        stage.ended(after).await.state,
        State::Succeeded(Report::Done)
    );
    running.end().await;
}

#[tokio::test(start_paused = true)]
async fn a_message_that_is_tried_again_holds_up_its_channel_alone() {
    let stuck = |command: &hush_domain::commands::Command, before| match &command.order {
        Order::SendMessage { channel, .. } if channel.get() == CHANNEL && before < 3 => {
            Step::Now(Execution::Limited)
        }
        _ => done(),
    };
    let stage = Stage::new(stuck).await;
    let mut ids = Vec::new();
    for order in [say(CHANNEL), say(CHANNEL), say(OTHER_CHANNEL), kick(MEMBER)] {
        ids.push(stage.queue(order).await);
    }
    let running = Running::start(&stage.world.app.command_runner);
    for id in &ids {
        let ended = stage.ended(*id).await;
        assert_eq!(ended.state, State::Succeeded(Report::Done));
    }
    running.end().await;
    let calls = stage.platform.calls();
    let order: Vec<_> = calls.iter().map(Call::id).collect();
    // The kick first, since messages wait for all else; and the second message once the first has ended.
    let expected = [
        ids[3], ids[0], ids[2], ids[0], ids[0], ids[0], ids[1], ids[1], ids[1], ids[1],
    ];
    assert_eq!(order, expected);
    let at_once = [calls[0].at, calls[1].at, calls[2].at];
    assert_eq!(at_once, [Duration::ZERO; 3]);
    let (first, second) = (stage.command(ids[0]).await, stage.command(ids[1]).await);
    assert!(second.started_at >= first.ended_at);
}

#[tokio::test(start_paused = true)]
async fn what_is_done_to_one_user_keeps_its_order() {
    let slow = Duration::from_secs(2);
    let stage = Stage::new(move |_, _| Step::In(slow, Execution::Done(Report::Done))).await;
    let users = BannedUsers::new(vec![user(MEMBER), user(4000)]).unwrap();
    let deleting = Duration::ZERO;
    let mut ids = Vec::new();
    for order in [
        untimeout(MEMBER),
        Order::BulkBan { users, deleting },
        Order::Unban { user: user(4000) },
        Order::Unban { user: user(4001) },
    ] {
        ids.push(stage.queue(order).await);
    }
    let running = Running::start(&stage.world.app.command_runner);
    for id in &ids {
        stage.ended(*id).await;
    }
    running.end().await;
    let at = |index: usize| stage.platform.times(ids[index])[0];
    assert_eq!((at(0), at(3)), (Duration::ZERO, Duration::ZERO));
    assert!(at(1) >= slow && at(2) >= at(1) + slow);
}
