//! `serve`: its listeners, its log, and how it ends.

use std::io::{Read, Write};
use std::net::TcpStream;

use crate::import::GUILD;
use crate::support::{Hush, Running, ask_admin, get};

fn memory() -> Hush {
    Hush::new().with("HUSH_STORE", "memory")
}

#[test]
fn memory_is_possible_when_asked_for_and_filled_before_it_listens() {
    let hush = memory().with_file("guild.json", GUILD);
    let service = Running::start(&hush, &["serve", "--import", "guild.json"]);
    assert_eq!(get(service.api, "/readyz", "").status, 200);
    assert_eq!(get(service.api, "/v1/me", "").status, 401);
    service.signal("TERM");
    let (status, log) = service.ended();
    assert!(status.success());
    assert!(log.contains("imported server 10"), "{log}");
}

#[test]
fn metrics_are_on_the_admin_listener_and_nowhere_else() {
    let service = Running::start(&memory(), &["serve"]);
    assert_eq!(get(service.api, "/v1/me", "").status, 401);
    let metrics = ask_admin(service.admin, "GET", "/metrics");
    assert_eq!(metrics.status, 200);
    assert!(
        metrics.head.contains("text/plain; version=0.0.4"),
        "{metrics:?}"
    );
    assert!(
        metrics
            .body
            .contains(r#"hush_http_requests_total{route="/v1/me",status="401"} 1"#),
        "{}",
        metrics.body
    );
    assert_eq!(get(service.api, "/metrics", "").status, 404);
    assert_eq!(ask_admin(service.admin, "GET", "/v1/me").status, 404);
    assert_eq!(ask_admin(service.admin, "POST", "/metrics").status, 405);
}

#[test]
fn both_signals_end_it_with_success() {
    for signal in ["TERM", "INT"] {
        let service = Running::start(&memory(), &["serve"]);
        service.signal(signal);
        let (status, log) = service.ended();
        assert_eq!(status.code(), Some(0), "{log}");
        assert!(
            log.contains("\"stopping\"") && log.contains("\"stopped\""),
            "{log}"
        );
    }
}

#[test]
fn it_ends_while_idle_connections_are_open() {
    let service = Running::start(&memory(), &["serve"]);
    let mut idle = TcpStream::connect(service.api).unwrap();
    idle.write_all(b"GET /livez HTTP/1.1\r\nHost: hush\r\n\r\n")
        .unwrap();
    let mut first = [0; 12];
    idle.read_exact(&mut first).unwrap();
    assert_eq!(&first, b"HTTP/1.1 200");
    service.signal("TERM");
    let (status, _) = service.ended();
    assert!(status.success());
    // The connection was closed in order.
    idle.read_to_end(&mut Vec::new()).unwrap();
}

#[test]
fn while_it_drains_it_answers_and_says_that_it_is_not_ready() {
    let service = Running::start(&memory().with("HUSH_DRAIN_DELAY", "1h"), &["serve"]);
    assert_eq!(get(service.api, "/readyz", "").status, 200);
    let healthy = memory().run(&["healthcheck", "--listen", &service.api.to_string()]);
    assert_eq!(healthy.code, 0, "{}", healthy.stderr);
    service.signal("TERM");
    // Signals are handled in their own time; asking is how anybody notices.
    while get(service.api, "/readyz", "").status == 200 {
        std::thread::yield_now();
    }
    assert_eq!(get(service.api, "/readyz", "").status, 503);
    assert_eq!(get(service.api, "/livez", "").status, 200);
    let line = memory()
        .run(&["healthcheck", "--listen", &service.api.to_string()])
        .failure(1);
    assert!(line.contains("not ready") && line.contains("503"), "{line}");
}

#[test]
fn an_address_in_use_is_named_with_the_cure() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let line = memory().run(&["serve", "--listen", &address]).failure(1);
    assert!(
        line.contains(&address) && line.contains("HUSH_LISTEN"),
        "{line}"
    );
    let arguments = ["serve", "--listen=127.0.0.1:0", "--admin-listen", &address];
    let line = memory().run(&arguments).failure(1);
    assert!(
        line.contains(&address) && line.contains("HUSH_ADMIN_LISTEN"),
        "{line}"
    );
}

#[test]
fn a_broken_file_stops_it_before_it_serves() {
    let hush = memory().with_file("guild.json", "{}");
    let arguments = [
        "serve",
        "--import=guild.json",
        "--listen=127.0.0.1:0",
        "--admin-listen=127.0.0.1:0",
    ];
    let line = hush.run(&arguments).failure(1);
    assert!(
        line.starts_with("guild.json:1:2: missing field `id`"),
        "{line}"
    );
}

#[test]
fn the_log_can_be_text_and_is_filtered() {
    let hush = memory().with("HUSH_LOG", "hush_server=info");
    let service = Running::start(&hush, &["serve"]);
    service.signal("TERM");
    let (_, log) = service.ended();
    for line in log.lines() {
        let line: serde_json::Value = serde_json::from_str(line).unwrap();
        assert!(
            line["target"].as_str().unwrap().starts_with("hush_server"),
            "{line}"
        );
    }
    let quiet = memory()
        .with("HUSH_LOG", "off")
        .with("HUSH_LISTEN", "127.0.0.1:0");
    let line = quiet
        .run(&["serve", "--admin-listen=999.0.0.1:0"])
        .failure(2);
    assert!(line.contains("admin_listen"), "{line}");
}

#[test]
fn the_memory_store_takes_tokens_from_a_file() {
    let mut seven = |bytes: &mut [u8]| -> Result<(), ()> {
        bytes.fill(7);
        Ok(())
    };
    let secret = hush_domain::secret::Secret::generate(&mut seven).unwrap();
    let secret = secret.expose().to_owned();
    let line = |secret: &str| format!(r#"{{"secret":"{secret}","user":"1","servers":["10"]}}"#);
    let hush = memory()
        .with_file("guild.json", GUILD)
        .with_file("tokens", line(&secret));
    let service = Running::start(&hush, &["serve", "--import=guild.json", "--tokens=tokens"]);
    assert_eq!(
        get(service.api, "/v1/servers/10/stats", &secret).status,
        200
    );
    // A broken line is named and not repeated.
    let hush = memory()
        .with_file("guild.json", GUILD)
        .with_file("tokens", line("hush_broken"));
    let arguments = [
        "serve",
        "--import=guild.json",
        "--tokens=tokens",
        "--listen=127.0.0.1:0",
        "--admin-listen=127.0.0.1:0",
    ];
    let refused = hush.run(&arguments);
    assert_eq!(refused.code, 1, "{}", refused.stderr);
    assert!(
        refused.stderr.contains("tokens:1: secret"),
        "{}",
        refused.stderr
    );
    assert!(
        !refused.stderr.contains("hush_broken"),
        "{}",
        refused.stderr
    );
}
