//! The rate limit as a client sees it.

use std::time::Duration;

use crate::support::{ADMIN, ALL, AWAY, HOME, MEMBER, OWNER, World, get};

#[tokio::test]
async fn sixty_in_a_minute_and_the_61st_waits_for_the_first() {
    let world = World::new().await;
    let token = world.token(ADMIN, &[HOME], &ALL).await;
    for request in 0..60 {
        let reply = world.get("/v1/users/123456", &token).await;
        assert_eq!(reply.status, 200);
        let left = 59 - request;
        // The first admission leaves the window 60 s after it was made.
        let seconds = 60 - request / 2;
        assert_eq!(reply.header("ratelimit-policy"), "\"server\";q=60;w=60");
        assert_eq!(
            reply.header("ratelimit"),
            format!("\"server\";r={left};t={seconds}")
        );
        assert_eq!(reply.header("x-ratelimit-limit"), "60");
        assert_eq!(reply.header("x-ratelimit-remaining"), left.to_string());
        assert_eq!(reply.header("x-ratelimit-bucket"), "server:123456");
        world.clock.advance(Duration::from_millis(500));
    }
    // 30 s have passed since the first, so there is room in 30 s, and not a microsecond earlier.
    let refused = world.get("/v1/users/123456", &token).await;
    refused.is_problem(429, "rate-limited");
    assert_eq!(refused.header("retry-after"), "30");
    assert_eq!(refused.json()["retry_after"], 30);
    assert_eq!(refused.header("ratelimit"), "\"server\";r=0;t=30");
    assert_eq!(refused.header("x-ratelimit-reset-after"), "30");
    assert_eq!(
        refused.header("x-ratelimit-reset"),
        (1_800_000_000 + 30 + 30).to_string()
    );
    world.clock.advance(Duration::from_micros(29_999_999));
    let early = world.get("/v1/users/123456", &token).await;
    early.is_problem(429, "rate-limited");
    assert_eq!(early.header("retry-after"), "1");
    world.clock.advance(Duration::from_micros(1));
    assert_eq!(world.get("/v1/users/123456", &token).await.status, 200);
    world
        .get("/v1/users/123456", &token)
        .await
        .is_problem(429, "rate-limited");
}

#[tokio::test]
async fn whatever_comes_out_of_an_admitted_request_it_counts_once() {
    let world = World::new().await;
    let token = world.token(OWNER, &[HOME], &ALL).await;
    let etag = world
        .get("/v1/users/1", &token)
        .await
        .header("etag")
        .to_owned();
    let requests = [
        ("/v1/users/1", vec![("if-none-match", etag.as_str())], 304),
        ("/v1/users/4", vec![], 404),
        ("/v1/users/no-id", vec![], 404),
        ("/v1/users?limit=0", vec![], 400),
        ("/v1/servers/123456/stats", vec![], 200),
    ];
    for (spent, (path, headers, status)) in requests.into_iter().enumerate() {
        let reply = world.send(get(path, &token, &headers)).await;
        assert_eq!(reply.status, status, "{path}");
        assert_eq!(
            reply.header("x-ratelimit-remaining"),
            (58 - spent).to_string(),
            "{path}"
        );
    }
}

#[tokio::test]
async fn tokens_of_one_server_share_its_bucket_and_servers_share_none() {
    let world = World::new().await;
    let one = world.token(ADMIN, &[HOME], &ALL).await;
    let other = world.token(OWNER, &[HOME, AWAY], &ALL).await;
    for _ in 0..30 {
        assert_eq!(world.get("/v1/users/1", &one).await.status, 200);
        assert_eq!(
            world
                .get("/v1/users/1?server_id=123456", &other)
                .await
                .status,
            200
        );
    }
    world
        .get("/v1/users/1", &one)
        .await
        .is_problem(429, "rate-limited");
    let away = world.get("/v1/users/1?server_id=777", &other).await;
    assert_eq!(
        (away.status.as_u16(), away.header("x-ratelimit-remaining")),
        (200, "59")
    );
}

#[tokio::test]
async fn nobody_drains_a_server_from_outside() {
    let world = World::new().await;
    let member = world.token(MEMBER, &[HOME], &ALL).await;
    for _ in 0..59 {
        world
            .get("/v1/users", &member)
            .await
            .is_problem(403, "insufficient-access");
    }
    world
        .get("/v1/servers/777/stats", &member)
        .await
        .is_problem(404, "server-not-found");
    let refused = world.get("/v1/me", &member).await;
    refused.is_problem(429, "rate-limited");
    assert_eq!(refused.header("ratelimit-policy"), "\"token\";q=60;w=60");
    let admin = world.token(ADMIN, &[HOME], &ALL).await;
    let reply = world.get("/v1/users", &admin).await;
    assert_eq!(reply.header("x-ratelimit-remaining"), "59");
}

#[tokio::test]
async fn asking_too_early_has_no_penalty() {
    let world = World::new().await;
    let token = world.token(ADMIN, &[HOME], &ALL).await;
    for _ in 0..60 {
        world.get("/v1/users/1", &token).await;
    }
    for _ in 0..1000 {
        world
            .get("/v1/users/1", &token)
            .await
            .is_problem(429, "rate-limited");
    }
    world.clock.advance(Duration::from_secs(60));
    assert_eq!(
        world
            .get("/v1/users/1", &token)
            .await
            .header("x-ratelimit-remaining"),
        "59"
    );
}
