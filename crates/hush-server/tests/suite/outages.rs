//! The database goes away, stalls and comes back: 503 with `Retry-After`, never a hang, and well by itself.

use std::time::Duration;

use hush_adapters::system::SystemClock;
use hush_ports::Clock;

use crate::operator::{filled, owners_token};
use crate::support::{Database, Hush, Lock, Proxy, Running, Way, get};

/// A service that reaches its database through a proxy.
fn behind_proxy(database: &Database) -> (Running, Proxy, String) {
    let token = owners_token(&filled(database));
    let proxy = Proxy::to(database.host());
    let url = database
        .url()
        .replace(&database.host(), &proxy.address.to_string());
    let hush = Hush::new().with("HUSH_DATABASE_URL", &url);
    (Running::start(&hush, &["serve"]), proxy, token)
}

/// Asks until the service answers as it should; whoever waits in vain is ended by the runner.
fn until(service: &Running, path: &str, token: &str, status: u16) {
    while get(service.api, path, token).status != status {
        std::thread::yield_now();
    }
}

#[test]
fn a_store_that_is_away_is_503_and_its_return_is_noticed() {
    let database = Database::new();
    let (service, proxy, token) = behind_proxy(&database);
    assert_eq!(get(service.api, "/v1/users/1", &token).status, 200);
    for way in [Way::Cut, Way::Blocked] {
        proxy.set(way);
        let clock = SystemClock::new();
        let away = get(service.api, "/v1/users/1", &token);
        assert!(clock.monotonic() < Duration::from_secs(9), "it hung");
        assert_eq!(
            (away.status, away.header("retry-after")),
            (503, "1"),
            "{away:?}"
        );
        assert!(!away.body.contains("127.0.0.1:5"), "{}", away.body);
        until(&service, "/readyz", "", 503);
        assert_eq!(get(service.api, "/livez", "").status, 200);
        // What needs no store is answered as ever.
        assert_eq!(get(service.api, "/v1/users/1", "").status, 401);
        proxy.set(Way::Open);
        until(&service, "/readyz", "", 200);
        until(&service, "/v1/users/1", &token, 200);
    }
}

#[test]
fn a_statement_that_waits_for_a_lock_is_given_up() {
    let database = Database::new();
    let hush = filled(&database);
    let token = owners_token(&hush);
    let service = Running::start(&hush, &["serve"]);
    assert_eq!(get(service.api, "/v1/users/1", &token).status, 200);
    // Somebody else holds the bucket for longer than anybody waits.
    let lock = Lock::take(&database, "SELECT FROM rate_limit_buckets FOR UPDATE");
    let clock = SystemClock::new();
    let answer = get(service.api, "/v1/users/1", &token);
    let took = clock.monotonic();
    assert_eq!(
        (answer.status, answer.header("retry-after")),
        (503, "1"),
        "{answer:?}"
    );
    assert!(took < Duration::from_secs(3), "{took:?}");
    lock.release();
    assert_eq!(get(service.api, "/v1/users/1", &token).status, 200);
}

#[test]
fn it_ends_while_its_database_stalls() {
    let database = Database::new();
    let (service, proxy, token) = behind_proxy(&database);
    proxy.set(Way::Blocked);
    assert_eq!(get(service.api, "/v1/users/1", &token).status, 503);
    let clock = SystemClock::new();
    service.signal("TERM");
    let (status, log) = service.ended();
    assert_eq!(status.code(), Some(0), "{log}");
    // What runs has 10 s, and nothing ran.
    assert!(clock.monotonic() < Duration::from_secs(10), "it hung");
}

#[test]
fn it_ends_while_its_own_upkeep_waits_in_the_database() {
    let database = Database::new();
    let hush = filled(&database);
    let lock = Lock::take(&database, "LOCK TABLE rate_limit_buckets");
    let service = Running::start(&hush, &["serve"]);
    // The first sweep is due at once.
    while !database.is_waiting_for_a_lock() {
        std::thread::yield_now();
    }
    service.signal("TERM");
    let (status, log) = service.ended();
    assert_eq!(status.code(), Some(0), "{log}");
    lock.release();
}
