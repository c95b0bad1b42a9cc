//! A store that fails for a while loses nothing, and nothing is sent that could be sent by another process too.

use std::sync::Arc;
use std::time::Duration;

use hush_domain::commands::{FailureCode, Report, State};
use hush_ports::Execution;
use tokio::time::sleep;

use crate::commanding::{CHANNEL, Running, Stage, Step, done, kick, say, untimeout};
use crate::flaky::{Flaky, Verb};
use crate::support::MEMBER;

const SUCCESS: State = State::Succeeded(Report::Done);

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// A stage over a queue that can be made to fail.
async fn flaky(
    script: impl Fn(&hush_domain::commands::Command, usize) -> Step + Send + Sync + 'static,
) -> (Stage, Arc<Flaky>) {
    let mut queue = None;
    let stage = Stage::with(script, |ports| {
        let flaky = Flaky::new(ports.commands.clone());
        ports.commands = flaky.clone();
        queue = Some(flaky);
    })
    .await;
    (stage, queue.unwrap())
}

#[tokio::test(start_paused = true)]
async fn what_was_done_is_stored_once_the_store_takes_it() {
    let (stage, queue) = flaky(|_, _| done()).await;
    queue.fail(&[Verb::Finish]);
    // Not even its deadline ends what is known to be done.
    let id = stage.queue_within(seconds(10), kick(MEMBER)).await;
    let running = Running::start(&stage.world.app.command_runner);
    sleep(seconds(60)).await;
    assert_eq!(stage.state(id).await, State::Running);
    queue.fail(&[]);
    sleep(seconds(6)).await;
    let ended = stage.command(id).await;
    assert_eq!((ended.state, ended.attempts), (SUCCESS, 1));
    assert_eq!(stage.platform.calls().len(), 1);
    running.end().await;
}

/// The worker never heard of what it was given, and still beats. As far as anybody can tell it may have been carried out.
#[tokio::test(start_paused = true)]
async fn what_was_handed_out_in_an_answer_that_was_lost_is_handed_out_again() {
    let unknown = State::Failed(FailureCode::OutcomeUnknown);
    for (order, end, calls) in [(untimeout(MEMBER), SUCCESS, 1), (kick(MEMBER), unknown, 0)] {
        let (stage, queue) = flaky(|_, _| done()).await;
        queue.fail(&[Verb::ClaimAnswer]);
        let id = stage.queue(order).await;
        let running = Running::start(&stage.world.app.command_runner);
        sleep(seconds(3)).await;
        assert_eq!(stage.state(id).await, State::Running);
        queue.fail(&[]);
        assert_eq!(stage.ended(id).await.state, end);
        assert_eq!(stage.platform.calls().len(), calls);
        running.end().await;
    }
}

#[tokio::test(start_paused = true)]
async fn what_was_not_done_is_put_back_once_the_store_takes_it() {
    let (stage, queue) = flaky(|_, before| match before {
        0 => Step::Now(Execution::Limited),
        _ => done(),
    })
    .await;
    queue.fail(&[Verb::Postpone]);
    let id = stage.queue(kick(MEMBER)).await;
    let running = Running::start(&stage.world.app.command_runner);
    sleep(seconds(60)).await;
    assert_eq!(stage.platform.calls().len(), 1);
    queue.fail(&[]);
    assert_eq!(stage.ended(id).await.state, SUCCESS);
    running.end().await;
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_looked_at_is_not_sent_and_not_lost() {
    for verb in [Verb::Enlist, Verb::Claim, Verb::Situation] {
        let (stage, queue) = flaky(|_, _| done()).await;
        let id = stage.queue(kick(MEMBER)).await;
        queue.fail(&[verb]);
        let running = Running::start(&stage.world.app.command_runner);
        sleep(seconds(30)).await;
        assert!(stage.platform.calls().is_empty(), "{verb:?}");
        queue.fail(&[]);
        let ended = stage.ended(id).await;
        assert_eq!(ended.state, SUCCESS, "{verb:?}");
        running.end().await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_command_expires_once_the_store_takes_it() {
    let (stage, queue) = flaky(|_, _| Step::Now(Execution::Limited)).await;
    let id = stage.queue_within(seconds(10), kick(MEMBER)).await;
    queue.fail(&[Verb::Expire]);
    let running = Running::start(&stage.world.app.command_runner);
    sleep(seconds(60)).await;
    assert_eq!(stage.state(id).await, State::Running);
    assert!(stage.platform.times(id).iter().all(|at| *at < seconds(10)));
    queue.fail(&[]);
    sleep(seconds(1)).await;
    assert_eq!(stage.state(id).await, State::Expired);
    running.end().await;
}

/// Nor in the seconds before it, in which it might not arrive in time.
#[tokio::test(start_paused = true)]
async fn nothing_is_sent_after_the_deadline() {
    let stage = Stage::new(|_, _| Step::In(seconds(30), Execution::NotDone)).await;
    let id = stage.queue_within(seconds(10), kick(MEMBER)).await;
    let running = Running::start(&stage.world.app.command_runner);
    sleep(Duration::from_millis(6_999)).await;
    let attempt = stage.platform.calls().remove(0).attempt;
    assert!((attempt.may_send)());
    sleep(Duration::from_millis(1)).await;
    assert!(!(attempt.may_send)());
    // It ends once nobody works on it any more.
    assert_eq!(stage.state(id).await, State::Running);
    assert_eq!(stage.ended(id).await.state, State::Expired);
    running.end().await;
}

/// Another process takes over 15 s after the last beat; what is sent is over by then.
#[tokio::test(start_paused = true)]
async fn nothing_is_sent_and_nothing_begun_once_no_beat_is_heard() {
    let (stage, queue) = flaky(|_, _| Step::In(seconds(30), Execution::NotDone)).await;
    stage.queue(kick(MEMBER)).await;
    let running = Running::start(&stage.world.app.command_runner);
    sleep(Duration::from_millis(9_500)).await;
    let attempt = stage.platform.calls().remove(0).attempt;
    queue.fail(&[Verb::Beat]);
    // The last beat is half a second old.
    sleep(Duration::from_millis(3_400)).await;
    assert!((attempt.may_send)());
    sleep(Duration::from_millis(100)).await;
    assert!(!(attempt.may_send)());
    let later = stage.queue(say(CHANNEL)).await;
    sleep(seconds(10)).await;
    assert_eq!(stage.state(later).await, State::Queued);
    queue.fail(&[]);
    sleep(seconds(2)).await;
    assert!((attempt.may_send)());
    assert_eq!(stage.state(later).await, State::Running);
    running.end().await;
}
