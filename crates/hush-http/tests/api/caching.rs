//! What a cache may do.

use hush_http::HttpSettings;

use crate::support::{ADMIN, ALL, HOME, OWNER, World, get};

#[tokio::test]
async fn users_and_stats_may_be_reused_for_as_long_as_the_operator_says() {
    for (age, expected) in [(15, "private, max-age=15"), (0, "private, max-age=0")] {
        let cache_max_age = std::time::Duration::from_secs(age);
        let world = World::with(
            HttpSettings {
                cache_max_age,
                ..Default::default()
            },
            |_| {},
        )
        .await;
        let token = world.token(OWNER, &[HOME], &ALL).await;
        for path in ["/v1/users", "/v1/users/1", "/v1/servers/123456/stats"] {
            let reply = world.get(path, &token).await;
            assert_eq!(reply.header("cache-control"), expected, "{path}");
            assert_eq!(reply.header("vary"), "Authorization", "{path}");
        }
    }
}

#[tokio::test]
async fn an_answer_that_the_client_has_is_304_with_the_same_headers() {
    let world = World::new().await;
    let token = world.token(OWNER, &[HOME], &ALL).await;
    for path in [
        "/v1/users",
        "/v1/users/1",
        "/v1/servers/123456/stats",
        "/v1/me",
        "/openapi.json",
    ] {
        let whole = world.get(path, &token).await;
        let etag = whole.header("etag").to_owned();
        assert!(etag.starts_with('"') && etag.len() > 20, "{etag}");
        for condition in [
            etag.clone(),
            format!("W/{etag}"),
            format!("\"other\", {etag}"),
            format!("\"other\",W/{etag},\"more\""),
            "*".into(),
        ] {
            let reply = world
                .send(get(path, &token, &[("if-none-match", &condition)]))
                .await;
            assert_eq!(reply.status, 304, "{path} with {condition}");
            assert!(reply.body.is_empty());
            for name in ["etag", "cache-control", "vary", "last-modified"] {
                assert_eq!(reply.header(name), whole.header(name), "{path}: {name}");
            }
            let counted = path.starts_with("/v1");
            assert_eq!(!reply.header("ratelimit").is_empty(), counted, "{path}");
        }
        for condition in ["\"other\"", "W/\"other\"", "", "x"] {
            let reply = world
                .send(get(path, &token, &[("if-none-match", condition)]))
                .await;
            assert_eq!(reply.status, 200, "{path} with {condition:?}");
        }
    }
}

#[tokio::test]
async fn another_representation_has_another_tag() {
    let world = World::new().await;
    let token = world.token(ADMIN, &[HOME], &ALL).await;
    let tags = [
        world.get("/v1/users/1", &token).await,
        world.get("/v1/users/3", &token).await,
        world.get("/v1/users", &token).await,
    ]
    .map(|reply| reply.header("etag").to_owned());
    assert!(tags[0] != tags[1] && tags[1] != tags[2]);
}
