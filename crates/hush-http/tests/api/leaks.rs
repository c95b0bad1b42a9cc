//! Whoever finds a token in the open may end it.

use serde_json::{Value, json};

use crate::support::{ADMIN, ALL, HOME, OWNER, Reply, World, told, with_json};

const PATH: &str = "/v1/tokens/report-leaked";

async fn report(world: &World, text: &str) -> Reply {
    world.json("POST", PATH, "", json!({"token": text})).await
}

#[tokio::test]
async fn a_reported_token_ends_at_once_with_its_children() {
    let world = World::new().await;
    let owner = world.token(OWNER, &[HOME], &ALL).await;
    let leaked = world.token(ADMIN, &[HOME], &ALL).await;
    let body = json!({"name": "child", "server_ids": ["123456"], "scopes": ["users:read"]});
    let child = world.json("POST", "/v1/tokens", &leaked, body).await.json();
    let headers = [("x-request-id", "found-1"), ("x-audit-log-reason", "%")];
    let request = with_json("POST", PATH, "", &headers, &json!({"token": leaked}));
    let reply = world.send(request).await;
    assert_eq!((reply.status.as_u16(), reply.text()), (202, ""));
    assert_eq!(reply.header("cache-control"), "no-store");
    for dead in [leaked.as_str(), child["secret"].as_str().unwrap()] {
        world
            .get("/v1/me", dead)
            .await
            .is_problem(401, "invalid-token");
    }
    assert_eq!(world.get("/v1/me", &owner).await.status, 200);
    let log = world
        .get("/v1/servers/123456/audit-log?action=token.leaked", &owner)
        .await
        .json();
    let entries = log["entries"].as_array().unwrap();
    assert!(!entries.is_empty());
    for entry in entries {
        assert_eq!(entry["request_id"], "found-1");
        assert_eq!(entry["reason"], Value::Null);
    }
}

#[tokio::test]
async fn every_report_gets_the_same_answer_and_counts_the_same() {
    let world = World::new().await;
    let live = world.token(ADMIN, &[HOME], &ALL).await;
    let unknown = "hush_0000000000000000000000000000000wSnwO";
    let longest = "🌙".repeat(200);
    let mut answers = Vec::new();
    let texts = [
        live.as_str(),
        &live,
        unknown,
        "",
        "hush_",
        "no token",
        "\0",
        &longest,
    ];
    for (spent, text) in texts.into_iter().enumerate() {
        let reply = report(&world, text).await;
        assert_eq!((reply.status.as_u16(), reply.text()), (202, ""), "{text}");
        assert_eq!(reply.header("ratelimit-policy"), "\"auth\";q=300;w=60");
        assert_eq!(
            reply.header("x-ratelimit-remaining"),
            (299 - spent).to_string()
        );
        let mut headers = reply.headers.clone();
        for name in ["x-request-id", "x-ratelimit-remaining", "ratelimit"] {
            headers.remove(name);
        }
        answers.push(headers);
    }
    assert!(answers.windows(2).all(|pair| pair[0] == pair[1]));
}

#[tokio::test]
async fn reports_are_limited_by_the_address_they_come_from() {
    let world = World::new().await;
    let live = world.token(ADMIN, &[HOME], &ALL).await;
    for _ in 0..300 {
        report(&world, "no token").await;
    }
    let refused = report(&world, &live).await;
    refused.is_problem(429, "rate-limited");
    assert_eq!(refused.header("retry-after"), "60");
    assert_eq!(
        world.get("/v1/me", &live).await.status,
        200,
        "and nothing was done"
    );
    let request = with_json("POST", PATH, "", &[], &json!({"token": live}));
    let elsewhere = world
        .send_from(request, "203.0.113.5:1".parse().unwrap())
        .await;
    assert_eq!(elsewhere.status, 202);
}

#[tokio::test]
async fn nobody_looks_at_who_reports() {
    let world = World::new().await;
    let mine = world.token(ADMIN, &[HOME], &ALL).await;
    let request = |authorization: &[&str]| {
        let headers: Vec<_> = authorization
            .iter()
            .map(|it| ("authorization", *it))
            .collect();
        with_json("POST", PATH, "", &headers, &json!({"token": "no token"}))
    };
    let bearer = format!("Bearer {mine}");
    for authorization in [&[bearer.as_str()][..], &["Bearer nonsense"], &["a", "b"]] {
        assert_eq!(world.send(request(authorization)).await.status, 202);
    }
    let listed = world
        .get(&format!("/v1/tokens/{}", world.id(&mine).await), &mine)
        .await;
    assert_eq!(listed.status, 200);
}

#[tokio::test]
async fn what_cannot_be_reported_is_named() {
    let world = World::new().await;
    for body in [
        json!({}),
        json!({"token": null}),
        json!({"token": 7}),
        json!({"token": "x".repeat(201)}),
    ] {
        let reply = world.json("POST", PATH, "", body).await;
        reply.refuses("token");
    }
    let more = json!({"token": "x", "where": "gist"});
    world.json("POST", PATH, "", more).await.refuses("where");
    let (_, body) = told(&world.json("POST", PATH, "", json!([])).await);
    assert_eq!(body["code"], "invalid-body");
}

#[tokio::test]
async fn a_reported_former_secret_ends_alone() {
    let world = World::new().await;
    let former = world.token(ADMIN, &[HOME], &ALL).await;
    let path = format!("/v1/tokens/{}/rotate", world.id(&former).await);
    let rotated = world.json("POST", &path, &former, json!({})).await.json();
    assert_eq!(report(&world, &former).await.status, 202);
    world
        .get("/v1/me", &former)
        .await
        .is_problem(401, "invalid-token");
    let newest = rotated["secret"].as_str().unwrap();
    assert_eq!(world.get("/v1/me", newest).await.status, 200);
}
