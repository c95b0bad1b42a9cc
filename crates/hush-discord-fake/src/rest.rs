//! The REST API, of which the fake knows what bots without messages need.

mod commands;
mod control;
mod interactions;
mod routes;
mod script;

use std::collections::BTreeMap;
use std::convert::Infallible;
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
use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

pub(crate) use self::interactions::Asked;
use self::script::Line;
pub use self::script::Scripted;
use crate::gateway::is_token;
use crate::state::Shared;

/// The largest body that is read, in bytes.
const LARGEST_BODY: usize = 1 << 20;

/// What the REST API knows beside the world.
#[derive(Default)]
pub(crate) struct Rest {
    /// The application's global commands by their ids.
    pub(crate) commands: BTreeMap<u64, Value>,
    pub(crate) interactions: BTreeMap<u64, Asked>,
    /// Every request since the start.
    pub(crate) log: Vec<Asking>,
    script: Vec<Line>,
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
        async move { Ok::<_, Infallible>(answer(&shared, request).await) }
    });
    let connection = http1::Builder::new().serve_connection(TokioIo::new(stream), service);
    // A connection that breaks is the client's affair.
    connection.await.ok();
}

async fn answer(shared: &Arc<Shared>, request: Request<Incoming>) -> Response<Full<Bytes>> {
    let (head, body) = request.into_parts();
    let Ok(body) = Limited::new(body, LARGEST_BODY).collect().await else {
        let reply = Reply::error(
            StatusCode::PAYLOAD_TOO_LARGE,
            40005,
            "Request entity too large",
        );
        return response(reply);
    };
    let body = serde_json::from_slice(&body.to_bytes()).unwrap_or(Value::Null);
    let path = head.uri.path();
    if let Some(door) = path.strip_prefix("/_fake/") {
        return response(control::answer(shared, &head.method, door, &body));
    }
    let (scripted, reply) = shared.change(|state| {
        let authorized = is_authorized(&state.setup.token, &head.headers);
        state.rest.log.push(Asking {
            method: head.method.to_string(),
            path: path.to_owned(),
            authorized,
            body: body.clone(),
        });
        match state.rest.next_scripted(path) {
            Some(Scripted::Delay(delay)) => {
                (delay, state.answer(&head.method, path, authorized, &body))
            }
            Some(scripted) => (Duration::ZERO, scripted.reply()),
            None => (
                Duration::ZERO,
                state.answer(&head.method, path, authorized, &body),
            ),
        }
    });
    if !scripted.is_zero() {
        tokio::time::sleep(scripted).await;
    }
    response(reply)
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
