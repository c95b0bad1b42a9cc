//! The end of a process that carries commands out, and one that cannot.

use std::time::Duration;

use hush_app::App;
use hush_domain::commands::{Report, State};
use hush_ports::{Commands, Execution};
use tokio::time::{Instant, sleep};

use crate::commanding::{
    CHANNEL, Platform, Running, Stage, Step, beside, done, kick, say, untimeout,
};
use crate::support::{MEMBER, limits, ports};

const SUCCESS: State = State::Succeeded(Report::Done);

fn slow(seconds: u64) -> Step {
    Step::In(Duration::from_secs(seconds), Execution::Done(Report::Done))
}

#[tokio::test(start_paused = true)]
async fn what_is_under_way_ends_and_nothing_new_is_begun() {
    let stage = Stage::new(|_, _| slow(5)).await;
    let under_way = stage.queue(kick(MEMBER)).await;
    let running = Running::start(&stage.world.app.command_runner);
    sleep(Duration::from_secs(1)).await;
    running.stop.send_replace(true);
    let late = stage.queue(say(CHANNEL)).await;
    let began = Instant::now();
    running.task.await.unwrap();
    assert_eq!(began.elapsed(), Duration::from_secs(4));
    assert_eq!(stage.state(under_way).await, SUCCESS);
    assert_eq!(stage.state(late).await, State::Queued);
    let store: &dyn Commands = &*stage.world.memory;
    assert_eq!(store.workers().await.unwrap(), []);
    // Whoever comes next need not wait for it.
    let other = Platform::new(|_, _| done());
    let app = beside(&stage, &other);
    let next = Running::start(&app.command_runner);
    let began = Instant::now();
    assert_eq!(stage.ended(late).await.state, SUCCESS);
    assert!(began.elapsed() < Duration::from_secs(1));
    next.end().await;
}

#[tokio::test(start_paused = true)]
async fn what_takes_too_long_is_left_to_others() {
    let stage = Stage::new(|_, _| slow(3600)).await;
    let id = stage.queue(untimeout(MEMBER)).await;
    let running = Running::start(&stage.world.app.command_runner);
    sleep(Duration::from_secs(1)).await;
    let began = Instant::now();
    running.end().await;
    assert_eq!(began.elapsed(), Duration::from_secs(11));
    assert_eq!(stage.state(id).await, State::Running);
    let other = Platform::new(|_, _| done());
    let app = beside(&stage, &other);
    let next = Running::start(&app.command_runner);
    let ended = stage.ended(id).await;
    assert_eq!((ended.state, ended.attempts), (SUCCESS, 2));
    next.end().await;
}

#[tokio::test(start_paused = true)]
async fn who_has_nothing_to_do_ends_at_once() {
    let stage = Stage::new(|_, _| done()).await;
    let running = Running::start(&stage.world.app.command_runner);
    sleep(Duration::from_secs(1)).await;
    let began = Instant::now();
    running.end().await;
    assert_eq!(began.elapsed(), Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn without_a_bot_commands_only_come_to_their_deadline() {
    let stage = Stage::new(|_, _| done()).await;
    let soon = stage
        .queue_within(Duration::from_secs(10), kick(MEMBER))
        .await;
    let later = stage
        .queue_within(Duration::from_hours(1), say(CHANNEL))
        .await;
    let mut ports = ports(&stage.world.memory, &stage.world.clock);
    ports.clock = stage.clock.clone();
    let app = App::new(&ports, limits());
    let running = Running::start(&app.command_runner);
    sleep(Duration::from_secs(9)).await;
    assert_eq!(stage.state(soon).await, State::Queued);
    sleep(Duration::from_secs(2)).await;
    let ended = stage.command(soon).await;
    assert_eq!((ended.state, ended.attempts), (State::Expired, 0));
    assert_eq!(stage.state(later).await, State::Queued);
    let began = Instant::now();
    running.end().await;
    assert_eq!(began.elapsed(), Duration::ZERO);
}

/// What another process has queued is found within half a second.
#[tokio::test(start_paused = true)]
async fn what_comes_from_elsewhere_is_found_soon() {
    let stage = Stage::new(|_, _| done()).await;
    let other = Platform::new(|_, _| done());
    let app = beside(&stage, &other);
    let running = Running::start(&app.command_runner);
    sleep(Duration::from_millis(1234)).await;
    let queued = Instant::now();
    let id = stage.queue(kick(MEMBER)).await;
    assert_eq!(stage.ended(id).await.state, SUCCESS);
    assert!(
        queued.elapsed() <= Duration::from_millis(550),
        "{:?}",
        queued.elapsed()
    );
    assert_eq!(other.calls().len(), 1);
    running.end().await;
}
