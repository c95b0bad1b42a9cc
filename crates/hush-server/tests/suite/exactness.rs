//! The limit over two processes on one PostgreSQL, judged by the client's own clock.

use std::net::SocketAddr;
use std::time::Duration;

use hush_adapters::system::SystemClock;
use hush_ports::Clock;

use crate::operator::{filled, owners_token};
use crate::support::{Database, Running, get};

const REQUESTS: usize = 20;
const WINDOW: Duration = Duration::from_secs(2);
/// How long the clients ask at full speed.
const LONG: Duration = Duration::from_secs(9);
/// What the contract allows the next admission to be late.
const TOLERANCE: Duration = Duration::from_secs(1);

/// Asks one process at full speed, and returns when each admitted request was sent and answered.
fn ask(address: SocketAddr, token: &str, clock: SystemClock) -> Vec<(Duration, Duration)> {
    let mut admitted = Vec::new();
    while clock.monotonic() < LONG {
        let sent = clock.monotonic();
        let answer = get(address, "/v1/users/1", token);
        match answer.status {
            200 => admitted.push((sent, clock.monotonic())),
            429 => assert!((1..=2).contains(&answer.header("retry-after").parse::<u64>().unwrap())),
            other => panic!("{other}: {answer:?}"),
        }
    }
    admitted
}

#[test]
fn two_processes_admit_exactly_the_limit_in_any_window() {
    let database = Database::new();
    let hush = filled(&database)
        .with("HUSH_RATE_LIMIT__REQUESTS", &REQUESTS.to_string())
        .with("HUSH_RATE_LIMIT__WINDOW", "2s");
    let token = owners_token(&hush);
    let services = [
        Running::start(&hush, &["serve"]),
        Running::start(&hush, &["serve"]),
    ];
    let clock = SystemClock::new();
    let admitted: Vec<_> = std::thread::scope(|scope| {
        let askers: Vec<_> = (0..4)
            .map(|asker| {
                let address = services[asker % 2].api;
                let token = &token;
                scope.spawn(move || ask(address, token, clock))
            })
            .collect();
        askers
            .into_iter()
            .flat_map(|asker| asker.join().unwrap())
            .collect()
    });
    let (mut sent, mut answered): (Vec<_>, Vec<_>) = admitted.into_iter().unzip();
    sent.sort_unstable();
    answered.sort_unstable();
    // The k-th admission was not before the k-th sending, and not after the k-th answer.
    for (first, next) in sent.iter().zip(answered.iter().skip(REQUESTS)) {
        let apart = next.saturating_sub(*first);
        assert!(apart >= WINDOW, "more than {REQUESTS} in {apart:?}");
    }
    for (first, next) in answered.iter().zip(sent.iter().skip(REQUESTS)) {
        let apart = next.saturating_sub(*first);
        assert!(
            apart <= WINDOW + TOLERANCE,
            "the next one waited for {apart:?}"
        );
    }
    // As many as fit: one full window at the start and one after each that passed.
    let windows = usize::try_from(LONG.as_secs() / WINDOW.as_secs()).unwrap();
    assert!(
        sent.len() >= REQUESTS * windows,
        "{} of {windows} windows",
        sent.len()
    );
}

#[test]
fn the_limit_survives_a_killed_process() {
    let database = Database::new();
    let hush = filled(&database);
    let token = owners_token(&hush);
    let service = Running::start(&hush, &["serve"]);
    for _ in 0..60 {
        assert_eq!(get(service.api, "/v1/users/1", &token).status, 200);
    }
    service.signal("KILL");
    assert_eq!(service.ended().0.code(), None);
    let again = Running::start(&hush, &["serve"]);
    assert_eq!(get(again.api, "/v1/users/1", &token).status, 429);
}
