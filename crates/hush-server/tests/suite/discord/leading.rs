//! Several processes over one database.

use std::time::Duration;

use hush_adapters::system::SystemClock;
use hush_discord_fake::{Setup, Status, Step};
use hush_ports::Clock;

use super::Scene;
use super::scene::{OWNER, SERVERS};
use crate::support::{Running, Site, ask_admin};

/// Whether a process follows Discord, as its metrics say.
fn leads(service: &Running) -> bool {
    let metrics = ask_admin(service.admin, "GET", "/metrics").body;
    metrics.lines().any(|line| line == "hush_discord_leading 1")
}

/// Whether a process shows the state of a connection.
fn is_connected(service: &Running) -> bool {
    let metrics = ask_admin(service.admin, "GET", "/metrics").body;
    let states = metrics
        .lines()
        .filter(|line| line.starts_with("hush_discord_shard_state"));
    states.into_iter().any(|line| line.ends_with(" 1"))
}

fn presence(user: u64, status: Status) -> Step {
    Step::Presence {
        guild: SERVERS[0],
        user,
        status,
    }
}

#[test]
fn another_process_takes_over_from_one_that_is_killed() {
    let site = Site::postgres();
    let scene = Scene::new(&site, Setup::default());
    let mut first = scene.serve();
    scene.agree(&first);
    let second = scene.serve();
    assert!(leads(&first) && !leads(&second));
    scene.agree(&second);
    first.kill();
    assert!(scene.take(presence(OWNER + 1, Status::Online)));
    let clock = SystemClock::new();
    scene.agree(&second);
    let took = clock.monotonic();
    assert!(took < Duration::from_secs(30), "{took:?}");
    assert!(leads(&second));
    let seen = scene.fake.observed();
    assert_eq!((seen.identified(), seen.resumed()), (1, 1));
}

#[test]
fn a_leader_that_was_stopped_writes_nothing_once_another_leads() {
    let site = Site::postgres();
    let scene = Scene::new(&site, Setup::default());
    let first = scene.serve();
    scene.agree(&first);
    let second = scene.serve();
    first.signal("STOP");
    assert!(scene.take(presence(OWNER + 1, Status::Online)));
    scene.agree(&second);
    assert!(leads(&second));
    assert!(scene.take(presence(OWNER + 1, Status::Offline)));
    scene.agree(&second);
    first.signal("CONT");
    // It answers again, and knows that it does not lead and hears nothing.
    let clock = SystemClock::new();
    while leads(&first) || is_connected(&first) {
        assert!(clock.monotonic() < Duration::from_secs(30), "there are two");
    }
    assert!(is_connected(&second));
    assert!(scene.take(presence(OWNER + 2, Status::Dnd)));
    scene.agree(&second);
    scene.agree(&first);
    assert!(leads(&second) && !leads(&first));
    assert_eq!(scene.fake.observed().identified(), 1);
}

#[test]
fn nobody_waits_for_one_that_ends_in_order() {
    let site = Site::postgres();
    let scene = Scene::new(&site, Setup::default());
    let first = scene.serve();
    scene.agree(&first);
    let second = scene.serve();
    first.signal("TERM");
    let (status, log) = first.ended();
    assert_eq!(status.code(), Some(0), "{log}");
    let clock = SystemClock::new();
    assert!(scene.take(presence(OWNER + 1, Status::Online)));
    scene.agree(&second);
    // Sooner than any lease runs out.
    assert!(clock.monotonic() < Duration::from_secs(12));
    assert_eq!(scene.fake.observed().identified(), 1);
}
