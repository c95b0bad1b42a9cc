//! Bad input: the right status with a problem body, and the service goes on.

use std::time::Duration;

use axum::body::Body;
use bytes::Bytes;
use http::{Method, Request};
use http_body_util::{StreamBody, combinators::BoxBody};

use crate::support::{ADMIN, ALL, HOME, World, get};

#[tokio::test]
async fn what_is_no_id_names_nobody() {
    let world = World::new().await;
    let token = world.token(ADMIN, &[HOME], &ALL).await;
    for id in [
        "4",
        "0",
        "+1",
        "-1",
        "01",
        "1.0",
        "1e3",
        "0x1",
        "123456789012345678901",
        "9223372036854775808",
        "18446744073709551617",
        "%EF%BC%91%EF%BC%92",
        "%00",
        "%ff%fe",
        "1%00",
        "%31%20",
        "me",
        "..%2f1",
    ] {
        world
            .get(&format!("/v1/users/{id}"), &token)
            .await
            .is_problem(404, "user-not-found");
    }
    // The largest id is one, and percent-encoded digits are digits.
    let largest = world.get("/v1/users/9223372036854775807", &token).await;
    largest.is_problem(404, "user-not-found");
    assert_eq!(world.get("/v1/users/%31", &token).await.status, 200);
}

#[tokio::test]
async fn what_is_no_id_in_a_query_is_named() {
    let world = World::new().await;
    let token = world.token(ADMIN, &[HOME], &ALL).await;
    for id in [
        "",
        "0",
        "01",
        "-1",
        "abc",
        "%EF%BC%91",
        "%00",
        "%ff",
        "9223372036854775808",
    ] {
        let reply = world
            .get(&format!("/v1/users/1?server_id={id}"), &token)
            .await;
        reply.is_problem(400, "invalid-parameter");
        assert_eq!(reply.json()["parameter"], "server_id", "{id}");
        assert_eq!(reply.header("ratelimit"), "", "it was not admitted");
    }
    let twice = world
        .get("/v1/users/1?server_id=123456&server_id=777", &token)
        .await;
    twice.is_problem(400, "invalid-parameter");
}

#[tokio::test]
async fn parameters_of_a_page_are_checked() {
    let world = World::new().await;
    let token = world.token(ADMIN, &[HOME], &ALL).await;
    for (query, name) in [
        ("limit=0", "limit"),
        ("limit=1001", "limit"),
        ("limit=-1", "limit"),
        ("limit=%2B5", "limit"),
        ("limit=", "limit"),
        ("limit=many", "limit"),
        ("limit=99999999999999999999", "limit"),
        ("limit=1&limit=2", "limit"),
        ("after=", "after"),
        ("after=%00", "after"),
        ("after=zz", "after"),
        ("after=0", "after"),
        ("after=0a", "after"),
        ("after=A", "after"),
        ("after=-1", "after"),
        ("after=ffffffffffffffff", "after"),
    ] {
        let reply = world.get(&format!("/v1/users?{query}"), &token).await;
        reply.is_problem(400, "invalid-parameter");
        assert_eq!(reply.json()["parameter"], name, "{query}");
    }
    // A parameter that nobody knows is a later version's.
    assert_eq!(world.get("/v1/users?later=1", &token).await.status, 200);
}

#[tokio::test]
async fn an_unknown_path_or_method_is_a_problem_without_a_token() {
    let world = World::new().await;
    for path in [
        "/v1/",
        "/v1/users/",
        "/v2/users",
        "/v1/users/1/2",
        "/%ff",
        "/v1/servers",
    ] {
        world.get(path, "").await.is_problem(404, "not-found");
    }
    for method in ["POST", "PUT", "PATCH", "DELETE", "TRACE", "PROPFIND", "get"] {
        let method = Method::from_bytes(method.as_bytes()).unwrap();
        let request = Request::builder().method(method).uri("/v1/users/1");
        let reply = world.send(request.body(Body::empty()).unwrap()).await;
        reply.is_problem(405, "method-not-allowed");
        assert_eq!(reply.header("allow"), "GET,HEAD");
    }
}

#[tokio::test]
async fn the_callers_request_id_is_taken_if_it_is_one() {
    let world = World::new().await;
    let longest = "x".repeat(64);
    for id in ["a", "A.b_c-9", &longest] {
        let reply = world
            .send(get("/nothing", "", &[("x-request-id", id)]))
            .await;
        assert_eq!(reply.header("x-request-id"), id);
        assert_eq!(reply.json()["request_id"], id);
    }
    let mut made = std::collections::HashSet::new();
    for id in ["", "a b", "é", "a\"b", &"x".repeat(65), "{}"] {
        let reply = world
            .send(get("/nothing", "", &[("x-request-id", id)]))
            .await;
        let own = reply.header("x-request-id").to_owned();
        assert_ne!(own, id);
        assert!(own.len() <= 64 && made.insert(own));
    }
}

fn with_body(body: Body, token: &str) -> Request<Body> {
    let mut request = get("/v1/users/1", token, &[]);
    *request.body_mut() = body;
    request
}

#[tokio::test]
async fn a_body_is_64_kib_at_most_once_one_is_admitted() {
    let world = World::new().await;
    let token = world.token(ADMIN, &[HOME], &ALL).await;
    let sized = |size| Body::from(vec![b'x'; size]);
    assert_eq!(
        world.send(with_body(sized(64 * 1024), &token)).await.status,
        200
    );
    let whole = world.send(with_body(sized(64 * 1024 + 1), &token)).await;
    whole.is_problem(413, "payload-too-large");
    assert_eq!(
        whole.header("x-ratelimit-remaining"),
        "58",
        "it was admitted, so it counts"
    );
    let pieces = futures::stream::iter((0..70).map(|_| {
        Ok::<_, std::convert::Infallible>(http_body::Frame::data(Bytes::from(vec![b'x'; 1024])))
    }));
    let chunked = Body::new(BoxBody::new(StreamBody::new(pieces)));
    world
        .send(with_body(chunked, &token))
        .await
        .is_problem(413, "payload-too-large");
    // Who has no token is told so before anybody waits for a body.
    let stranger = world.send(with_body(sized(10_000_000), "")).await;
    stranger.is_problem(401, "missing-token");
}

/// What was found when the head of a request came is looked at again when its body has come late.
#[tokio::test(start_paused = true)]
async fn a_late_body_finds_that_the_token_has_ended() {
    let world = World::new().await;
    let token = world.token(ADMIN, &[HOME], &ALL).await;
    let app = world.app.clone();
    let secret = token.parse().unwrap();
    let late = futures::stream::once(async move {
        let operator = app.admission.operator();
        let found = app.tokens.inspect(&operator, &secret).await.unwrap();
        let id = found.unwrap().token.id;
        app.tokens.revoke(&operator, id).await.unwrap();
        tokio::time::advance(Duration::from_secs(1)).await;
        Ok::<_, std::io::Error>(http_body::Frame::data(Bytes::from_static(b"{}")))
    });
    let late = Body::new(StreamBody::new(Box::pin(late)));
    let reply = world.send(with_body(late, &token)).await;
    reply.is_problem(401, "invalid-token");
}

#[tokio::test]
async fn a_request_id_that_may_hold_a_token_is_not_taken() {
    let world = World::new().await;
    let token = world.token(ADMIN, &[HOME], &ALL).await;
    for (given, is_taken) in [(&*token, false), ("x.hush_", false), ("hush-1", true)] {
        let headers = [("x-request-id", given)];
        let reply = world.send(get("/v1/me", &token, &headers)).await;
        assert_eq!(reply.header("x-request-id") == given, is_taken, "{given}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_body_that_does_not_come_is_a_408_after_ten_seconds() {
    let world = World::new().await;
    let token = world.token(ADMIN, &[HOME], &ALL).await;
    let silent = || {
        let never = futures::stream::pending::<Result<http_body::Frame<Bytes>, std::io::Error>>();
        Body::new(StreamBody::new(never))
    };
    let began = tokio::time::Instant::now();
    let reply = world.send(with_body(silent(), &token)).await;
    reply.is_problem(408, "request-timeout");
    assert_eq!(began.elapsed().as_secs(), Duration::from_secs(10).as_secs());
    world
        .send(with_body(silent(), ""))
        .await
        .is_problem(401, "missing-token");
}
