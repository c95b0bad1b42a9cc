//! What every request needs, in one layer: stacked one by one, layers for this cost more than the request.
//!
//! The edge gives a request its id, answers preflights, bounds its time, catches a panic, writes problems,
//! adds the headers that every answer carries, counts and logs.

use std::net::SocketAddr;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::Request;
use axum::response::{IntoResponse, Response};
use futures::FutureExt;
use futures::future::{Either, ready};
use http::{Method, StatusCode, header};
use tokio::time::error::Elapsed;
use tokio::time::timeout_at;
use tower::Service;

use crate::api::Api;
use crate::problem::{Code, Problem};
use crate::settings::DEADLINE;
use crate::trail::Trail;
use crate::{access, client, headers};

pub(crate) fn respond(
    api: Api,
    request: Request<Body>,
    peer: SocketAddr,
) -> impl Future<Output = Response> {
    let proxies = &api.shared.settings.trusted_proxies;
    let client = client::address(peer.ip(), request.headers(), proxies);
    let trail = Arc::new(Trail::new(request.headers(), client));
    let method = request.method().clone();
    // What a future holds is moved with it, so the request goes straight into the router's.
    let answer = if is_preflight(&request) {
        Either::Left(ready(preflight()))
    } else {
        Either::Right(route(&api, request, &trail))
    };
    async move {
        let response = answer.await;
        finish(&api, &trail, &method, response)
    }
}

/// Adds what every answer carries, counts and logs it.
fn finish(api: &Api, trail: &Trail, method: &Method, mut response: Response) -> Response {
    let shared = &*api.shared;
    write_problem(api, trail, method, &mut response);
    headers::common(response.headers_mut(), &trail.request_id);
    if let Some(quota) = trail.quota.get() {
        headers::quota(response.headers_mut(), quota);
    }
    if let Some(end) = trail.ending.get() {
        headers::ending(response.headers_mut(), *end);
    }
    let took = trail.started.elapsed();
    // Who wanted to wait was not answered slowly.
    let own = took.saturating_sub(trail.patience());
    shared
        .metrics
        .record(trail.route.get().copied(), response.status(), own);
    if shared.access.wants(response.status(), trail.started, own) {
        access::log(trail, method, template(api, trail), response.status(), took);
    }
    response
}

/// Lets the router answer, within the deadline and whatever the handler does.
fn route(
    api: &Api,
    mut request: Request<Body>,
    trail: &Arc<Trail>,
) -> impl Future<Output = Response> + use<> {
    request.extensions_mut().insert(trail.clone());
    let mut answer = AssertUnwindSafe(api.router.clone().call(request)).catch_unwind();
    let trail = trail.clone();
    async move {
        // Most answers need not be waited for, and setting a timer costs more than looking.
        let answered = match (&mut answer).now_or_never() {
            Some(answered) => Ok(answered),
            None => in_time(&trail, answer).await,
        };
        match answered {
            Ok(Ok(Ok(response))) => response,
            Ok(Ok(Err(never))) => match never {},
            // The panic hook has logged it.
            Ok(Err(_)) => Problem::new(Code::Internal).into_response(),
            Err(_) => Problem::new(Code::Unavailable).into_response(),
        }
    }
}

/// The answer, if it comes by the deadline. That is later once the handler has found that its client wants to wait.
async fn in_time<A: Future>(trail: &Trail, answer: A) -> Result<A::Output, Elapsed> {
    let mut answer = std::pin::pin!(answer);
    let first = timeout_at(trail.started + DEADLINE, &mut answer).await;
    match (first, trail.patience()) {
        (Err(_), patience) if !patience.is_zero() => {
            timeout_at(trail.started + DEADLINE + patience, answer).await
        }
        (first, _) => first,
    }
}

fn preflight() -> Response {
    let mut response = StatusCode::NO_CONTENT.into_response();
    headers::preflight(response.headers_mut());
    response
}

fn is_preflight(request: &Request<Body>) -> bool {
    request.method() == Method::OPTIONS
        && request.headers().contains_key(header::ORIGIN)
        && request
            .headers()
            .contains_key(header::ACCESS_CONTROL_REQUEST_METHOD)
}

/// Gives every answer from 400 up its body. One that came without a problem, from whatever layer, gets the
/// problem of its status.
fn write_problem(api: &Api, trail: &Trail, method: &Method, response: &mut Response) {
    let status = response.status();
    if status.as_u16() < 400 {
        return;
    }
    let problem = response
        .extensions_mut()
        .remove::<Problem>()
        .unwrap_or_else(|| {
            let same = Code::ALL.iter().rev().find(|code| code.status() == status);
            Problem::new(same.copied().unwrap_or(Code::Internal))
        });
    problem.write(&api.shared.problem_types, trail.request_id(), response);
    if method == Method::HEAD {
        *response.body_mut() = Body::empty();
    }
    if let Some(cause) = &problem.cause {
        let (request_id, route) = (trail.request_id(), template(api, trail));
        if problem.code == Code::Internal {
            tracing::error!(request_id, route, error = %cause, "a request failed");
        } else {
            tracing::warn!(request_id, route, error = %cause, "a request could not be answered");
        }
    }
}

fn template<'a>(api: &'a Api, trail: &Trail) -> &'a str {
    api.shared.metrics.template(trail.route.get().copied())
}
