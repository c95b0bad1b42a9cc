//! Waiting for the end of a command.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use hush_domain::ids::{CommandId, ServerId, UserId};
use hush_domain::users::Member;
use hush_ports::{BackendError, Clock, Commands, PageRequest, Users};
use serde_json::json;
use tokio::time::{Instant, sleep};
use tracing::span;
use tracing::subscriber::set_default;

use crate::commanding::{PATH, Running, queue, world, world_with};
use crate::support::{ADMIN, ALL, HOME, World, get, server};

const KICK: &str = r#"{"type":"kick","user_id":"3"}"#;

async fn queue_kick(world: &World, token: &str) -> String {
    queue(world, token, "one", &serde_json::from_str(KICK).unwrap()).await
}

#[tokio::test(start_paused = true)]
async fn the_answer_comes_when_the_command_has_come_to_its_end() {
    let world = world().await;
    let token = world.token(ADMIN, &[HOME], &ALL).await;
    let path = queue_kick(&world, &token).await;
    let began = Instant::now();
    let waiting = async { world.get(&format!("{path}?wait=20"), &token).await };
    let cancelling = async {
        sleep(Duration::from_secs(3)).await;
        world.delete(&path, &token).await
    };
    let (waited, cancelled) = tokio::join!(waiting, cancelling);
    // This process carries it out itself, so that nobody has to look for it.
    assert_eq!(began.elapsed(), Duration::from_secs(3));
    assert_eq!(waited.status, 200);
    assert_eq!(waited.json(), cancelled.json());
    // What has come to its end is not waited for.
    let again = world.get(&format!("{path}?wait=20"), &token).await;
    assert_eq!(again.json(), waited.json());
    assert_eq!(began.elapsed(), Duration::from_secs(3));
}

#[tokio::test(start_paused = true)]
async fn so_it_does_when_the_command_is_carried_out() {
    let world = world().await;
    let token = world.token(ADMIN, &[HOME], &ALL).await;
    let path = queue_kick(&world, &token).await;
    let began = Instant::now();
    let waiting = async { world.get(&format!("{path}?wait=20"), &token).await };
    let carrying_out = async {
        sleep(Duration::from_secs(3)).await;
        Running::start(&world)
    };
    let (waited, running) = tokio::join!(waiting, carrying_out);
    assert_eq!(began.elapsed(), Duration::from_secs(3));
    assert_eq!(waited.json()["state"], "succeeded");
    running.end().await;
}

#[tokio::test(start_paused = true)]
async fn what_another_process_does_is_seen_soon() {
    let world = world().await;
    let token = world.token(ADMIN, &[HOME], &ALL).await;
    let path = queue_kick(&world, &token).await;
    let id: CommandId = path.rsplit('/').next().unwrap().parse().unwrap();
    let began = Instant::now();
    let waiting = async { world.get(&format!("{path}?wait=20"), &token).await };
    let elsewhere = async {
        sleep(Duration::from_millis(3100)).await;
        let commands: &dyn Commands = &*world.memory;
        let known = commands.get(server(HOME), id).await.unwrap().unwrap();
        let act = known.act(world.clock.wall());
        commands.cancel(server(HOME), id, &act).await.unwrap();
    };
    let (waited, ()) = tokio::join!(waiting, elsewhere);
    assert_eq!(waited.json()["state"], "cancelled");
    assert!(
        began.elapsed() <= Duration::from_millis(3600),
        "{:?}",
        began.elapsed()
    );
}

/// Also after longer than other requests may take.
#[tokio::test(start_paused = true)]
async fn after_so_many_seconds_the_command_is_shown_as_it_is() {
    let world = world().await;
    let token = world.token(ADMIN, &[HOME], &ALL).await;
    let path = queue_kick(&world, &token).await;
    let plain = world.get(&path, &token).await;
    for seconds in [1, 9, 10, 11, 20] {
        let began = Instant::now();
        let waited = world.get(&format!("{path}?wait={seconds}"), &token).await;
        assert_eq!(began.elapsed(), Duration::from_secs(seconds));
        assert_eq!((waited.status.as_u16(), waited.text()), (200, plain.text()));
        assert_eq!(waited.header("etag"), plain.header("etag"));
    }
    let etag = plain.header("etag").to_owned();
    let waiting = get(
        &format!("{path}?wait=2"),
        &token,
        &[("if-none-match", &etag)],
    );
    let began = Instant::now();
    assert_eq!(world.send(waiting).await.status, 304);
    assert_eq!(began.elapsed(), Duration::from_secs(2));
}

#[tokio::test(start_paused = true)]
async fn nobody_is_kept_waiting_when_the_service_is_about_to_stop() {
    let world = world().await;
    let token = world.token(ADMIN, &[HOME], &ALL).await;
    let path = queue_kick(&world, &token).await;
    let waiting = format!("{path}?wait=20");
    let began = Instant::now();
    let draining = async {
        sleep(Duration::from_secs(3)).await;
        world.app.readiness.drain();
    };
    let (waited, ()) = tokio::join!(world.get(&waiting, &token), draining);
    assert_eq!(
        (waited.status.as_u16(), waited.json()["state"].clone()),
        (200, json!("queued"))
    );
    let later = world.get(&waiting, &token).await;
    assert_eq!(later.text(), waited.text());
    assert_eq!(began.elapsed(), Duration::from_secs(3));
}

#[tokio::test(start_paused = true)]
async fn waiting_counts_once() {
    let world = world().await;
    let token = world.token(ADMIN, &[HOME], &ALL).await;
    let path = queue_kick(&world, &token).await;
    for left in [58, 57] {
        let waited = world.get(&format!("{path}?wait=20"), &token).await;
        assert_eq!(waited.header("x-ratelimit-remaining"), left.to_string());
    }
    let plain = world.get(&path, &token).await;
    assert_eq!(plain.header("x-ratelimit-remaining"), "56");
}

#[tokio::test(start_paused = true)]
async fn one_waits_for_1_to_20_seconds_and_for_what_is_there() {
    let world = world().await;
    let token = world.token(ADMIN, &[HOME], &ALL).await;
    let path = queue_kick(&world, &token).await;
    let began = Instant::now();
    for wait in [
        "",
        "0",
        "21",
        "-1",
        "%2B5",
        "1.5",
        "x",
        "true",
        "1&wait=1",
        "99999999999999999999",
    ] {
        let path = format!("{path}?wait={wait}");
        world.get(&path, &token).await.refuses("wait");
    }
    let unknown = world.get(&format!("{PATH}/4?wait=20"), &token).await;
    unknown.is_problem(404, "command-not-found");
    assert_eq!(began.elapsed(), Duration::ZERO);
}

/// Counts the lines of the access log.
struct AccessLines(Arc<AtomicUsize>);

impl tracing::Subscriber for AccessLines {
    fn enabled(&self, metadata: &tracing::Metadata<'_>) -> bool {
        metadata.target() == "hush::access"
    }

    fn new_span(&self, _: &span::Attributes<'_>) -> span::Id {
        span::Id::from_u64(1)
    }

    fn record(&self, _: &span::Id, _: &span::Record<'_>) {}

    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}

    fn event(&self, _: &tracing::Event<'_>) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }

    fn enter(&self, _: &span::Id) {}

    fn exit(&self, _: &span::Id) {}
}

/// A store of users that takes two seconds.
struct Slow;

#[async_trait]
impl Users for Slow {
    async fn get(&self, _: ServerId, _: UserId) -> Result<Option<Member>, BackendError> {
        Ok(None)
    }

    async fn page(&self, _: ServerId, _: PageRequest) -> Result<Vec<Member>, BackendError> {
        sleep(Duration::from_secs(2)).await;
        Ok(Vec::new())
    }
}

#[tokio::test(start_paused = true)]
async fn the_access_log_does_not_call_it_slow() {
    let world = world_with(|ports| ports.users = Arc::new(Slow)).await;
    let token = world.token(ADMIN, &[HOME], &ALL).await;
    let path = queue_kick(&world, &token).await;
    let lines = Arc::new(AtomicUsize::new(0));
    let _guard = set_default(AccessLines(lines.clone()));
    for seconds in [5, 15] {
        let waited = world.get(&format!("{path}?wait={seconds}"), &token).await;
        assert_eq!(waited.status, 200);
    }
    assert_eq!(lines.load(Ordering::SeqCst), 0);
    assert_eq!(world.get("/v1/users", &token).await.status, 200);
    assert_eq!(lines.load(Ordering::SeqCst), 1, "that one was slow");
}
