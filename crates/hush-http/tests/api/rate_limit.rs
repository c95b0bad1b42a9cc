//! What is left of a server's limit, and who spent it.

use std::time::Duration;

use serde_json::json;

use crate::support::{ADMIN, ALL, HOME, OWNER, World};

const PATH: &str = "/v1/servers/123456/rate-limit";

#[tokio::test]
async fn asking_what_is_left_costs_nothing_of_it() {
    let world = World::new().await;
    let owner = world.token(OWNER, &[HOME], &ALL).await;
    for _ in 0..3 {
        let reply = world.get(PATH, &owner).await;
        assert_eq!(reply.header("ratelimit-policy"), "\"token\";q=60;w=60");
        assert_eq!(
            reply.text(),
            r#"{"limit":60,"window_seconds":60,"remaining":60,"reset_after_seconds":0,"spent":[],"spent_since":"2027-01-15T07:01:00Z"}"#
        );
    }
}

#[tokio::test]
async fn it_shows_which_tokens_spent_how_much() {
    let world = World::new().await;
    let owner = world.token(OWNER, &[HOME], &ALL).await;
    let admin = world.token(ADMIN, &[HOME], &ALL).await;
    let ids = (world.id(&owner).await, world.id(&admin).await);
    world.get("/v1/users", &owner).await;
    world.clock.advance(Duration::from_millis(2500));
    for path in [
        "/v1/users",
        "/v1/users/1",
        "/v1/users/none",
        "/v1/servers/123456/stats",
    ] {
        world.get(path, &admin).await;
    }
    // The refusal at the end was not counted against the server.
    let shown = world.get(PATH, &owner).await.json();
    assert_eq!(
        shown,
        json!({
            "limit": 60,
            "window_seconds": 60,
            "remaining": 56,
            "reset_after_seconds": 58,
            "spent": [
                {"token_id": ids.1, "requests": 3},
                {"token_id": ids.0, "requests": 1},
            ],
            "spent_since": "2027-01-15T07:01:00Z",
        })
    );
    world.clock.advance(Duration::from_hours(1));
    let later = world.get(PATH, &owner).await.json();
    assert_eq!(later["remaining"], 60);
    assert_eq!(later["spent"], json!([]));
}

#[tokio::test]
async fn it_is_the_owners_and_open_when_the_limit_is_spent() {
    let world = World::new().await;
    let owner = world.token(OWNER, &[HOME], &ALL).await;
    let admin = world.token(ADMIN, &[HOME], &ALL).await;
    world
        .get(PATH, &admin)
        .await
        .is_problem(403, "insufficient-access");
    for _ in 0..60 {
        world.get("/v1/users/1", &admin).await;
    }
    world
        .get("/v1/users/1", &owner)
        .await
        .is_problem(429, "rate-limited");
    let shown = world.get(PATH, &owner).await.json();
    assert_eq!(
        (&shown["remaining"], &shown["reset_after_seconds"]),
        (&json!(0), &json!(60))
    );
}

#[tokio::test]
async fn without_a_limit_there_is_nothing_left_to_say() {
    let mut world = World::new().await;
    let limits = hush_app::Limits {
        requests: None,
        ..crate::support::limits()
    };
    let ports = crate::support::ports(&world.memory, &world.clock);
    world.app = std::sync::Arc::new(hush_app::App::new(&ports, limits));
    world.api = hush_http::Api::new(world.app.clone(), hush_http::HttpSettings::default());
    let owner = world.token(OWNER, &[HOME], &ALL).await;
    let shown = world.get(PATH, &owner).await.json();
    for name in [
        "limit",
        "window_seconds",
        "remaining",
        "reset_after_seconds",
    ] {
        assert!(shown[name].is_null(), "{name}");
    }
}
