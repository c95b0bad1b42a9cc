//! The documented answers, to the letter.

use hush_domain::events::{Extent, Generation};
use hush_domain::scopes::Scope;

use crate::support::{ADMIN, ALL, AWAY, HOME, MEMBER, OWNER, World};

#[tokio::test]
async fn a_user_is_as_documented() {
    let world = World::new().await;
    let token = world.token(ADMIN, &[HOME], &ALL).await;
    let reply = world.get("/v1/users/123456", &token).await;
    assert_eq!(reply.status, 200);
    assert_eq!(reply.header("content-type"), "application/json");
    assert_eq!(
        reply.text(),
        r#"{"id":"123456","username":"User#1234","roles":["Admin","Member"]}"#
    );
}

#[tokio::test]
async fn stats_are_as_documented_and_say_when_they_last_changed() {
    let world = World::new().await;
    let token = world.token(OWNER, &[HOME], &ALL).await;
    let reply = world.get("/v1/servers/123456/stats", &token).await;
    assert_eq!(reply.text(), r#"{"members":3,"bots":0,"online":3}"#);
    assert_eq!(
        reply.header("last-modified"),
        "Fri, 15 Jan 2027 08:00:00 GMT"
    );
}

#[tokio::test]
async fn what_is_not_known_is_null_and_never_0() {
    let world = World::new().await;
    let extent = Extent::Partial {
        member_count: 5000,
        generation: Generation(1),
    };
    World::fill(&world.memory, &world.clock, HOME, extent).await;
    let token = world.token(OWNER, &[HOME], &ALL).await;
    let reply = world.get("/v1/servers/123456/stats", &token).await;
    assert_eq!(
        reply.text(),
        r#"{"members":5000,"bots":null,"online":null}"#
    );
}

#[tokio::test]
async fn me_names_each_server_with_the_access_level_there() {
    let world = World::new().await;
    let token = world.token(ADMIN, &[AWAY, HOME], &[Scope::UsersRead]).await;
    let left = hush_domain::events::Event {
        server: crate::support::server(AWAY),
        change: hush_domain::events::Change::MemberLeft(crate::support::user(ADMIN)),
    };
    let now = hush_ports::Clock::wall(&*world.clock);
    hush_ports::Ingest::apply(&*world.memory, left, now)
        .await
        .unwrap();
    let reply = world.get("/v1/me", &token).await;
    assert_eq!(reply.status, 200);
    let mut body = reply.json();
    let token_id = body["token_id"].take();
    assert!(token_id.as_str().unwrap().parse::<u64>().unwrap() > 0);
    for server in body["servers"].as_array_mut().unwrap() {
        let operations = server.as_object_mut().unwrap().remove("operations");
        assert_eq!(operations.unwrap().as_array().unwrap().len(), 22);
    }
    assert_eq!(
        body,
        serde_json::json!({
            "user_id": "123456",
            "token_id": null,
            "name": "test 0",
            "scopes": ["users:read"],
            "created_at": "2027-01-15T08:00:00Z",
            "expires_at": "2027-01-16T08:00:00Z",
            "servers": [
                // Where the user is not, the server's name is nobody's business.
                {"id": "777", "name": null, "access_level": null},
                {"id": "123456", "name": "Server 123456", "access_level": "admin"},
            ],
        })
    );
    assert_eq!(reply.header("cache-control"), "private, no-cache");
}

#[tokio::test]
async fn me_is_for_any_token_without_any_scope() {
    let world = World::new().await;
    let token = world.token(MEMBER, &[HOME], &[]).await;
    let reply = world.get("/v1/me", &token).await;
    assert_eq!(reply.status, 200);
    assert_eq!(reply.json()["servers"][0]["access_level"], "member");
    assert_eq!(reply.header("ratelimit-policy"), "\"token\";q=60;w=60");
}

#[tokio::test]
async fn head_answers_as_get_without_a_body() {
    let world = World::new().await;
    let token = world.token(ADMIN, &[HOME], &ALL).await;
    for path in ["/v1/users/123456", "/v1/users/4", "/v1/nothing", "/livez"] {
        let get = world.get(path, &token).await;
        let mut request = crate::support::get(path, &token, &[]);
        *request.method_mut() = http::Method::HEAD;
        let head = world.send(request).await;
        assert_eq!(head.status, get.status, "{path}");
        assert!(head.body.is_empty(), "{path}");
        let length = get.body.len().to_string();
        for name in ["content-type", "etag", "cache-control"] {
            assert_eq!(head.header(name), get.header(name), "{path}: {name}");
        }
        // A problem's length differs with the request id only, which is as long in both.
        assert_eq!(head.header("content-length"), length, "{path}");
    }
}

#[tokio::test]
async fn public_paths_need_no_token() {
    let world = World::new().await;
    let root = world.get("/", "").await;
    assert_eq!(
        (root.status.as_u16(), root.header("location")),
        (302, "docs")
    );
    let docs = world.get("/docs", "").await;
    assert_eq!(docs.status, 200);
    // Every file that the page names is served from here, and no other host is named.
    assert!(!docs.text().contains("//"), "{}", docs.text());
    for part in docs
        .text()
        .split('"')
        .filter(|part| part.starts_with("docs/"))
    {
        assert_eq!(
            world.get(&format!("/{part}"), "").await.status,
            200,
            "{part}"
        );
    }
    for (path, kind) in [
        ("/openapi.json", "application/json"),
        ("/openapi.yaml", "application/yaml"),
        ("/docs/problems/user-not-found", "text/html; charset=utf-8"),
    ] {
        let reply = world.get(path, "").await;
        assert_eq!(
            (reply.status.as_u16(), reply.header("content-type")),
            (200, kind),
            "{path}"
        );
        assert!(!reply.header("etag").is_empty(), "{path}");
    }
    for path in ["/livez", "/readyz"] {
        let reply = world.get(path, "").await;
        assert_eq!((reply.status.as_u16(), reply.text()), (200, "ok"), "{path}");
    }
    world
        .get("/docs/nothing.js", "")
        .await
        .is_problem(404, "not-found");
    world
        .get("/docs/problems/nothing", "")
        .await
        .is_problem(404, "not-found");
}

#[tokio::test]
async fn a_draining_service_lives_and_is_not_ready() {
    let world = World::new().await;
    world.app.readiness.drain();
    world
        .get("/readyz", "")
        .await
        .is_problem(503, "unavailable");
    assert_eq!(world.get("/livez", "").await.status, 200);
}
