//! Several processes carry out what is in one store, each command by one of them.

use std::collections::BTreeSet;
use std::time::Duration;

use hush_domain::commands::{Command, FailureCode, Order, Report, State};
use hush_domain::ids::CommandId;
use hush_domain::scopes::Scope;
use hush_ports::{Commands, Execution};
use tokio::time::{Instant, sleep};

use super::failed;
use crate::commanding::{
    CHANNEL, Call, Platform, Running, Stage, Step, beside, done, kick, say, untimeout,
};
use crate::support::{ADMIN, AWAY, HOME, MEMBER, server, user};

const SUCCESS: State = State::Succeeded(Report::Done);
/// An attempt that outlives its process.
const ENDLESS: Duration = Duration::from_hours(3);

fn in_200_ms(_: &Command, _: usize) -> Step {
    Step::In(Duration::from_millis(200), Execution::Done(Report::Done))
}

fn endless(_: &Command, _: usize) -> Step {
    Step::In(ENDLESS, Execution::Done(Report::Done))
}

#[tokio::test(start_paused = true)]
async fn each_command_is_carried_out_by_one_of_two() {
    let stage = Stage::new(in_200_ms).await;
    let other = Platform::new(in_200_ms);
    let beside = beside(&stage, &other);
    let scopes = [Scope::CommandsWrite];
    let token = stage.world.token(ADMIN, &[HOME, AWAY], &scopes).await;
    let like = stage.queue_by(&token, untimeout(MEMBER), None).await;
    let like = stage.command(like).await;
    let store: &dyn Commands = &*stage.world.memory;
    let mut made = Vec::new();
    for number in 1..=200_u64 {
        // Each for somebody else, so that they need not wait for each other.
        let command = Command {
            id: CommandId::try_from(number).unwrap(),
            server: server(if number <= 100 { HOME } else { AWAY }),
            order: Order::Unban {
                user: user(9_000 + number),
            },
            ..like.clone()
        };
        made.push((command.server, command.id));
        store.queue(command, None).await.unwrap();
    }
    let one = Running::start(&stage.world.app.command_runner);
    let two = Running::start(&beside.command_runner);
    // Of two servers eight places are all that there are, and whoever has them takes the next ones first.
    sleep(Duration::from_secs(2)).await;
    one.end().await;
    sleep(Duration::from_secs(58)).await;
    two.end().await;
    let here: Vec<_> = stage.platform.calls().iter().map(Call::id).collect();
    let there: Vec<_> = other.calls().iter().map(Call::id).collect();
    assert!(
        !here.is_empty() && !there.is_empty(),
        "both had something to do"
    );
    let all: BTreeSet<_> = here.iter().chain(&there).collect();
    assert_eq!((all.len(), here.len() + there.len()), (201, 201));
    for (server, id) in made {
        let ended = store.get(server, id).await.unwrap().unwrap();
        assert_eq!((ended.state, ended.attempts), (SUCCESS, 1));
    }
}

/// One who breaks off with a command under way and another one queued behind it, and another process beside it.
async fn broken_off(order: Order, alone: bool) -> (Duration, State, usize) {
    let stage = Stage::new(endless).await;
    let id = stage.queue_within(Duration::from_hours(1), order).await;
    let first = Running::start_with(&stage.world.app.command_runner, true);
    sleep(Duration::from_secs(5)).await;
    assert_eq!(stage.platform.calls().len(), 1);
    first.task.abort();
    let other = Platform::new(|_, _| done());
    let app = beside(&stage, &other);
    let began = Instant::now();
    let second = Running::start_with(&app.command_runner, alone);
    let ended = stage.ended(id).await;
    let took = began.elapsed();
    // What the first one would have said comes too late.
    sleep(ENDLESS).await;
    assert_eq!(stage.command(id).await, ended);
    second.end().await;
    assert_eq!(stage.platform.calls().len(), 1);
    (took, ended.state, other.calls().len())
}

#[tokio::test(start_paused = true)]
async fn who_breaks_off_is_taken_over_after_the_lease() {
    let (took, state, calls) = broken_off(untimeout(MEMBER), false).await;
    assert_eq!((state, calls), (SUCCESS, 1));
    let lease = Duration::from_secs(15)..Duration::from_secs(18);
    assert!(lease.contains(&took), "{took:?}");
}

#[tokio::test(start_paused = true)]
async fn who_is_alone_takes_over_at_once() {
    let (took, state, calls) = broken_off(untimeout(MEMBER), true).await;
    assert_eq!((state, calls), (SUCCESS, 1));
    assert!(took < Duration::from_secs(1), "{took:?}");
}

#[tokio::test(start_paused = true)]
async fn what_could_act_twice_is_not_done_by_who_takes_over() {
    let (_, state, calls) = broken_off(kick(MEMBER), true).await;
    assert_eq!((state, calls), (failed(FailureCode::OutcomeUnknown), 0));
    // A message is the same within a minute, and it was sent five seconds ago.
    let (_, state, calls) = broken_off(say(CHANNEL), true).await;
    assert_eq!((state, calls), (SUCCESS, 1));
}

#[tokio::test(start_paused = true)]
async fn who_beats_is_not_taken_over_however_long_it_takes() {
    let slow = |_: &_, _| Step::In(Duration::from_mins(5), Execution::Done(Report::Done));
    let stage = Stage::new(slow).await;
    let id = stage.queue(untimeout(MEMBER)).await;
    let first = Running::start(&stage.world.app.command_runner);
    sleep(Duration::from_secs(1)).await;
    let other = Platform::new(|_, _| done());
    let app = beside(&stage, &other);
    let second = Running::start(&app.command_runner);
    let ended = stage.ended(id).await;
    assert_eq!((ended.state, ended.attempts), (SUCCESS, 1));
    assert!(other.calls().is_empty());
    first.end().await;
    second.end().await;
}

/// What it has sent may have been done; what it says of it later is not believed any more.
#[tokio::test(start_paused = true)]
async fn who_was_dismissed_begins_anew() {
    let stage = Stage::new(|_, before| match before {
        0 => Step::In(
            Duration::from_secs(5),
            Execution::Refused(FailureCode::DiscordRefuses),
        ),
        _ => done(),
    })
    .await;
    let id = stage.queue(untimeout(MEMBER)).await;
    let running = Running::start(&stage.world.app.command_runner);
    sleep(Duration::from_millis(500)).await;
    let store: &dyn Commands = &*stage.world.memory;
    let (worker, _) = store.workers().await.unwrap()[0];
    assert_eq!(store.dismiss(worker, None).await.unwrap(), 1);
    let ended = stage.ended(id).await;
    assert_eq!((&ended.state, ended.attempts), (&SUCCESS, 2));
    sleep(Duration::from_secs(10)).await;
    assert_eq!(stage.command(id).await, ended);
    let now = store.workers().await.unwrap();
    assert!(now.len() == 1 && now[0].0 > worker, "{now:?}");
    running.end().await;
    assert_eq!(store.get(server(HOME), id).await.unwrap(), Some(ended));
}
