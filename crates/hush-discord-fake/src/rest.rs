//! The REST API, of which the fake knows what bots need that moderate and send messages, and read none.

mod commands;
mod control;
mod effects;
mod interactions;
mod limits;
mod messages;
mod moderation;
mod routes;
mod script;

use std::collections::{BTreeMap, HashMap};
use std::io;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_TYPE, HeaderName};
use http::{HeaderMap, Method, Request, Response, StatusCode};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use percent_encoding::percent_decode_str;
use serde_json::{Value, json};
use time::OffsetDateTime;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio::time::Instant;

pub use self::effects::{Deed, Effect};
pub(crate) use self::interactions::Asked;
use self::limits::Window;
pub use self::script::Scripted;
use self::script::{Chance, Line};
use crate::gateway::is_token;
use crate::setup::RestFaults;
use crate::state::{Shared, State};

/// The largest body that is read, in bytes.
const LARGEST_BODY: usize = 1 << 20;

/// What the REST API knows beside the world.
pub(crate) struct Rest {
    /// The application's global commands by their ids.
    pub(crate) commands: BTreeMap<u64, Value>,
    pub(crate) interactions: BTreeMap<u64, Asked>,
    /// Every request since the start.
    pub(crate) log: Vec<Asking>,
    /// What they came to.
    effects: Vec<Effect>,
    /// How many answers count against the client's address.
    invalid: usize,
    script: Vec<Line>,
    chance: Option<Chance>,
    /// What is left of each limit, by the kind of request and the server or channel.
    windows: HashMap<(String, String), Window>,
    /// The messages that can be found again, by channel and nonce.
    sent: HashMap<(u64, String), (Instant, Value)>,
}

impl Rest {
    pub(crate) fn new(faults: Option<RestFaults>) -> Self {
        Self {
            commands: BTreeMap::new(),
            interactions: BTreeMap::new(),
            log: Vec::new(),
            effects: Vec::new(),
            invalid: 0,
            script: Vec::new(),
            chance: faults.map(Chance::new),
            windows: HashMap::new(),
            sent: HashMap::new(),
        }
    }
}

/// A request to the REST API.
#[derive(Clone, Debug)]
pub struct Asking {
    /// The method.
    pub method: String,
    /// The path without the query, as it was asked for.
    pub path: String,
    /// Whether it carried the bot's token.
    pub authorized: bool,
    /// The body; null if there was none or if it was no JSON.
    pub body: Value,
    /// The reason for Discord's audit log.
    pub reason: Option<String>,
}

/// An answer before it is HTTP.
pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    pub(crate) body: Option<Value>,
    pub(crate) headers: Vec<(HeaderName, String)>,
}

impl Reply {
    pub(crate) fn of(status: StatusCode, body: Value) -> Self {
        Self {
            status,
            body: Some(body),
            headers: Vec::new(),
        }
    }

    pub(crate) fn ok(body: Value) -> Self {
        Self::of(StatusCode::OK, body)
    }

    pub(crate) fn nothing() -> Self {
        Self {
            status: StatusCode::NO_CONTENT,
            body: None,
            headers: Vec::new(),
        }
    }

    pub(crate) fn unknown_path() -> Self {
        Self::error(StatusCode::NOT_FOUND, 0, "404: Not Found")
    }

    /// An error about the body, with what is wrong in it.
    pub(crate) fn invalid(fault: &str) -> Self {
        let body = json!({
            "message": "Invalid Form Body",
            "code": 50035,
            "errors": {"_errors": [{"code": "BASE_TYPE_BAD", "message": fault}]},
        });
        Self::of(StatusCode::BAD_REQUEST, body)
    }

    /// Whether it is of the kind that shuts an address out when there are too many.
    fn is_invalid(&self) -> bool {
        let is_shared =
            |(name, value): &(HeaderName, String)| name == "x-ratelimit-scope" && value == "shared";
        match self.status {
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => true,
            StatusCode::TOO_MANY_REQUESTS => !self.headers.iter().any(is_shared),
            _ => false,
        }
    }

    /// An error as Discord words it.
    pub(crate) fn error(status: StatusCode, code: u32, message: &str) -> Self {
        Self::of(status, json!({"message": message, "code": code}))
    }
}

/// Accepts connections for ever.
pub(crate) async fn listen(shared: Arc<Shared>, listener: TcpListener) {
    let mut connections = JoinSet::new();
    loop {
        while connections.try_join_next().is_some() {}
        match listener.accept().await {
            Ok((stream, _)) => {
                connections.spawn(serve(Arc::clone(&shared), stream));
            }
            // For want of file descriptors, which others will give back.
            Err(_) => tokio::task::yield_now().await,
        }
    }
}

async fn serve(shared: Arc<Shared>, stream: TcpStream) {
    let service = service_fn(|request| {
        let shared = Arc::clone(&shared);
        async move { answer(&shared, request).await }
    });
    let connection = http1::Builder::new().serve_connection(TokioIo::new(stream), service);
    // A connection that breaks is the client's affair, or what a script wants.
    connection.await.ok();
}

/// The answer; an error ends the connection without one.
async fn answer(
    shared: &Arc<Shared>,
    request: Request<Incoming>,
) -> io::Result<Response<Full<Bytes>>> {
    let (head, body) = request.into_parts();
    let Ok(body) = Limited::new(body, LARGEST_BODY).collect().await else {
        let reply = Reply::error(
            StatusCode::PAYLOAD_TOO_LARGE,
            40005,
            "Request entity too large",
        );
        return Ok(response(reply));
    };
    let body = serde_json::from_slice(&body.to_bytes()).unwrap_or(Value::Null);
    let path = head.uri.path();
    if let Some(door) = path.strip_prefix("/_fake/") {
        return Ok(response(control::answer(shared, &head.method, door, &body)));
    }
    let (delay, reply) = shared.change(|state| {
        let asking = Asking {
            method: head.method.to_string(),
            path: path.to_owned(),
            authorized: is_authorized(&state.setup.token, &head.headers),
            body,
            reason: reason(&head.headers),
        };
        state.hear(&head.method, &asking)
    });
    if !delay.is_zero() {
        tokio::time::sleep(delay).await;
    }
    reply
        .map(response)
        .ok_or_else(|| io::Error::other("cut by a script"))
}

impl State {
    /// Notes a request and answers it: after how long, and with what, or with nothing.
    fn hear(&mut self, method: &Method, asking: &Asking) -> (Duration, Option<Reply>) {
        self.rest.log.push(asking.clone());
        let (delay, reply) = match self.rest.next_scripted(&asking.path) {
            None => (Duration::ZERO, Some(self.answer(method, asking))),
            Some(Scripted::Delay(delay)) => (delay, Some(self.answer(method, asking))),
            Some(Scripted::Cut) => {
                self.answer(method, asking);
                (Duration::ZERO, None)
            }
            Some(scripted) => (Duration::ZERO, scripted.reply()),
        };
        self.rest.invalid += usize::from(reply.as_ref().is_some_and(Reply::is_invalid));
        (delay, reply)
    }
}

/// The reason for the audit log, which clients write percent-encoded.
fn reason(headers: &HeaderMap) -> Option<String> {
    let said = headers.get("x-audit-log-reason")?.to_str().ok()?;
    Some(percent_decode_str(said).decode_utf8_lossy().into_owned())
}

/// The time of day, of which a test can say no more than that it is about now.
fn now() -> OffsetDateTime {
    #[expect(
        clippy::disallowed_methods,
        reason = "the fake shares nothing with what it tests, its clock included"
    )]
    OffsetDateTime::now_utc()
}

fn is_authorized(token: &str, headers: &HeaderMap) -> bool {
    let shown = headers.get(AUTHORIZATION).and_then(|it| it.to_str().ok());
    shown.is_some_and(|it| it.starts_with("Bot ") && is_token(token, &it.into()))
}

fn response(reply: Reply) -> Response<Full<Bytes>> {
    let body = reply.body.map(|it| it.to_string()).unwrap_or_default();
    let mut response = Response::new(Full::from(body));
    *response.status_mut() = reply.status;
    let headers = response.headers_mut();
    headers.insert(
        CONTENT_TYPE,
        http::HeaderValue::from_static("application/json"),
    );
    for (name, value) in reply.headers {
        if let Ok(value) = value.parse() {
            headers.insert(name, value);
        }
    }
    response
}

/// Whether a request needs the bot's token. Those of an interaction carry a token of their own in the path.
fn needs_token(method: &Method, segments: &[&str]) -> bool {
    !matches!(
        (method, segments),
        (_, ["interactions" | "webhooks", ..]) | (&Method::GET, ["gateway"])
    )
}
