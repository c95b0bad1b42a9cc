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
use http::{Method, StatusCode, header};
use tokio::time::timeout_at;
use tower::Service;

use crate::api::Api;
use crate::problem::{Code, Problem};
use crate::settings::DEADLINE;
use crate::trail::Trail;
use crate::{access, client, headers};

pub(crate) async fn respond(api: &Api, request: Request<Body>, peer: SocketAddr) -> Response {
    let shared = &*api.shared;
    let client = client::address(
        peer.ip(),
        request.headers(),
        &shared.settings.trusted_proxies,
    );
    let trail = Arc::new(Trail::new(request.headers(), client));
    let method = request.method().clone();
    let mut response = if is_preflight(&request) {
        let mut response = StatusCode::NO_CONTENT.into_response();
        headers::preflight(response.headers_mut());
        response
    } else {
        route(api, request, &trail).await
    };
    write_problem(api, &trail, &method, &mut response);
    headers::common(response.headers_mut(), &trail.request_id);
    if let Some(quota) = trail.quota.get() {
        headers::quota(response.headers_mut(), quota);
    }
    let took = trail.started.elapsed();
    shared
        .metrics
        .record(trail.route.get().copied(), response.status(), took);
    if shared.access.wants(response.status(), took) {
        access::log(
            &trail,
            &method,
            template(api, &trail),
            response.status(),
            took,
        );
    }
    response
}

/// Lets the router answer, within the deadline and whatever the handler does.
async fn route(api: &Api, mut request: Request<Body>, trail: &Arc<Trail>) -> Response {
    request.extensions_mut().insert(trail.clone());
    let mut router = api.router.clone();
    let answer = AssertUnwindSafe(async move { router.call(request).await }).catch_unwind();
    match timeout_at(trail.started + DEADLINE, answer).await {
        Ok(Ok(Ok(response))) => response,
        Ok(Ok(Err(never))) => match never {},
        // The panic hook has logged it.
        Ok(Err(_)) => Problem::new(Code::Internal).into_response(),
        Err(_) => Problem::new(Code::Unavailable).into_response(),
    }
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
    problem.write(&api.shared.docs_url, trail.request_id(), response);
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
