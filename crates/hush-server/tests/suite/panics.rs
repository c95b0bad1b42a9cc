//! A panic in a handler, and what the log says of it.

use std::convert::Infallible;
use std::io;
use std::panic;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use hush_app::{App, Limits};
use hush_domain::audit::chain::Keyring;
use hush_domain::limits::Rule;
use hush_domain::secret::Secret;
use hush_http::{Api, HttpSettings};
use hush_ports::MockTokens;
use hush_server::{stores, telemetry};
use serde_json::Value;
use tracing_subscriber::fmt::MakeWriter;

/// What was logged.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for Log {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        self.clone()
    }
}

#[tokio::test]
async fn a_panic_is_logged_once() {
    let mut tokens = MockTokens::new();
    tokens
        .expect_present()
        .returning(|_, _| panic!("a store's panic"));
    let mut ports = stores::memory(&Keyring::default()).ports;
    ports.tokens = Arc::new(tokens);
    let limits = Limits {
        requests: None,
        unknown_tokens: Rule::new(300, Duration::from_secs(60)).unwrap(),
    };
    let api = Api::new(Arc::new(App::new(&ports, limits)), HttpSettings::default());
    let mut sevens = |bytes: &mut [u8]| {
        bytes.fill(7);
        Ok::<_, Infallible>(())
    };
    let secret = Secret::generate(&mut sevens).unwrap();
    let mut request = hyper::Request::default();
    *request.uri_mut() = "/v1/me".parse().unwrap();
    let authorization = format!("Bearer {}", secret.expose()).parse().unwrap();
    request.headers_mut().insert("authorization", authorization);

    let log = Log::default();
    let subscriber = tracing_subscriber::fmt()
        .json()
        .flatten_event(true)
        .with_writer(log.clone());
    let _logging = tracing::subscriber::set_default(subscriber.finish());
    let hook = panic::take_hook();
    panic::set_hook(Box::new(telemetry::logs::log_panic));
    let response = api.respond(request, ([127, 0, 0, 1], 1).into()).await;
    panic::set_hook(hook);

    assert_eq!(response.status(), 500);
    let log = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    let lines: Vec<Value> = log
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let messages: Vec<_> = lines.iter().map(|line| &line["message"]).collect();
    assert_eq!(messages, ["panicked: a store's panic", "request"], "{log}");
    assert_eq!(lines[1]["status"], 500);
}
