//! Browsers: CORS and what goes with it.

use axum::body::Body;
use http::Request;

use crate::support::{ADMIN, ALL, HOME, World};

#[tokio::test]
async fn a_preflight_is_answered_without_a_token() {
    let world = World::new().await;
    for path in ["/v1/users", "/v1/me", "/v1/nothing"] {
        let request = Request::options(path)
            .header("origin", "https://example.com")
            .header("access-control-request-method", "GET")
            .header("access-control-request-headers", "authorization")
            .body(Body::empty())
            .unwrap();
        let reply = world.send(request).await;
        assert_eq!(reply.status, 204);
        assert_eq!(reply.header("access-control-allow-origin"), "*");
        assert_eq!(reply.header("access-control-max-age"), "86400");
        let allowed = reply.header("access-control-allow-headers").to_lowercase();
        for name in [
            "authorization",
            "content-type",
            "if-none-match",
            "idempotency-key",
            "x-audit-log-reason",
        ] {
            assert!(allowed.split(", ").any(|header| header == name), "{name}");
        }
        assert_eq!(reply.header("access-control-allow-credentials"), "");
    }
}

#[tokio::test]
async fn options_without_an_origin_is_a_method_like_any_other() {
    let world = World::new().await;
    let reply = world
        .send(Request::options("/v1/users").body(Body::empty()).unwrap())
        .await;
    reply.is_problem(405, "method-not-allowed");
    assert_eq!(reply.header("allow"), "GET,HEAD");
}

#[tokio::test]
async fn a_script_may_read_every_header_of_the_contract() {
    let world = World::new().await;
    let token = world.token(ADMIN, &[HOME], &ALL).await;
    let answers = [
        world.get("/v1/users?limit=1", &token).await,
        world.get("/v1/users/1", "").await,
        world.get("/", "").await,
        world.get("/nothing", "").await,
    ];
    for reply in answers {
        assert_eq!(reply.header("access-control-allow-origin"), "*");
        assert_eq!(reply.header("x-content-type-options"), "nosniff");
        let exposed = reply.header("access-control-expose-headers").to_lowercase();
        let exposed: Vec<_> = exposed.split(", ").collect();
        // What fetch shows without being told, and what is about the answer's transport.
        let always = [
            "content-type",
            "cache-control",
            "content-length",
            "content-language",
            "vary",
        ];
        for name in reply.headers.keys().map(http::HeaderName::as_str) {
            let own = name.starts_with("access-control") || name == "x-content-type-options";
            assert!(
                own || always.contains(&name) || exposed.contains(&name),
                "{name}"
            );
        }
    }
}
