//! Bodies and reasons that cannot be: the right status with the field named, and nothing changed.

use axum::body::Body;
use serde_json::{Value, json};

use crate::support::{ADMIN, ALL, HOME, OWNER, Reply, World, get, with_json, with_text};

async fn create(world: &World, token: &str, body: impl Into<Body>) -> Reply {
    world
        .send(with_text("POST", "/v1/tokens", token, &[], body))
        .await
}

async fn is_alone(world: &World, token: &str) {
    let page = world.get("/v1/tokens", token).await.json();
    assert_eq!(page["tokens"].as_array().unwrap().len(), 1);
    world.clock.advance(std::time::Duration::from_secs(60));
}

#[tokio::test]
async fn what_is_no_json_object_is_no_body() {
    let world = World::new().await;
    let token = world.token(ADMIN, &[HOME], &ALL).await;
    let deep = "[".repeat(60_000);
    for body in [
        " ",
        "name=child",
        "{",
        "{\"name\":\"child\"",
        "{\"name\":\"child\"} x",
        "{\"name\":\"child\",}",
        "{'name':'child'}",
        "[]",
        "null",
        "\"{}\"",
        "7",
        "\u{feff}{}",
        "<name/>",
        &deep,
    ] {
        create(&world, &token, body.to_owned())
            .await
            .is_problem(400, "invalid-body");
    }
    let bytes = create(&world, &token, &b"{\"name\":\"\xff\"}"[..]).await;
    assert_eq!(bytes.status, 400);
    let stopped = create(&world, &token, "{\n  \"name\": child}").await.json();
    let detail = stopped["detail"].as_str().unwrap();
    assert!(detail.contains("line 2, column 11"), "{detail}");
    is_alone(&world, &token).await;
}

#[tokio::test]
async fn a_body_says_once_that_it_is_json() {
    let world = World::new().await;
    let token = world.token(ADMIN, &[HOME], &ALL).await;
    let body = |number: usize| {
        let name = format!("child {number}");
        json!({"name": name, "server_ids": ["123456"], "scopes": ["users:read"]}).to_string()
    };
    let send = async |kinds: &[&str], number: usize| {
        let mut request = get("/v1/tokens", &token, &[]);
        *request.method_mut() = http::Method::POST;
        for kind in kinds {
            request
                .headers_mut()
                .append("content-type", kind.parse().unwrap());
        }
        *request.body_mut() = body(number).into();
        world.send(request).await
    };
    for kinds in [
        &[][..],
        &[""],
        &["text/plain"],
        &["application/x-www-form-urlencoded"],
        &["application/json-patch+json"],
        &["application/problem+json"],
        &["json"],
        &["text/plain; application/json"],
        &["application/json", "application/json"],
    ] {
        let reply = send(kinds, 0).await;
        reply.is_problem(415, "unsupported-media-type");
    }
    is_alone(&world, &token).await;
    for (number, kind) in [
        "application/json",
        "Application/JSON",
        "application/json; charset=utf-8",
        "application/json;charset=\"UTF-8\"",
    ]
    .into_iter()
    .enumerate()
    {
        assert_eq!(send(&[kind], number).await.status, 201, "{kind}");
    }
}

#[tokio::test]
async fn each_field_that_cannot_be_is_named() {
    let world = World::new().await;
    let token = world.token(ADMIN, &[HOME], &ALL).await;
    let good = json!({"name": "child", "server_ids": ["123456"], "scopes": ["users:read"]});
    let many: Vec<_> = (1..=26).map(|id| id.to_string()).collect();
    let cases = [
        (
            "name",
            vec![
                json!(""),
                json!("x".repeat(65)),
                json!("a\u{0}b"),
                json!("a\nb"),
                json!("\u{9f}"),
                json!(7),
                json!(null),
                json!(["a"]),
            ],
        ),
        (
            "server_ids",
            vec![
                json!([]),
                json!(many),
                json!("123456"),
                json!([123_456]),
                json!(["0"]),
                json!(["01"]),
                json!(["abc"]),
                json!([null]),
                json!(null),
                json!({}),
            ],
        ),
        (
            "scopes",
            vec![
                json!([]),
                json!(["everything"]),
                json!(["users:read", "USERS:READ"]),
                json!(vec!["users:read"; 9]),
                json!("users:read"),
                json!([1]),
                json!(null),
            ],
        ),
        (
            "expires_in_seconds",
            vec![
                json!(0),
                json!(-5),
                json!(31_622_401),
                json!(1.5),
                json!(-60.0),
                json!(31_622_401.0),
                json!(1e30),
                json!("60"),
                json!(null),
                json!(true),
            ],
        ),
        ("user_id", vec![json!("1")]),
        ("", vec![json!(1)]),
    ];
    for (name, values) in cases {
        for value in values {
            let mut body = good.clone();
            body[name] = value;
            create(&world, &token, body.to_string()).await.refuses(name);
        }
        is_alone(&world, &token).await;
    }
    let huge = good
        .to_string()
        .replace('}', ",\"expires_in_seconds\":99999999999999999999999}");
    create(&world, &token, huge)
        .await
        .refuses("expires_in_seconds");
    let surrogate = good.to_string().replace("child", "\\ud800");
    create(&world, &token, surrogate).await.refuses("name");
    for name in ["name", "server_ids", "scopes"] {
        let mut body = good.clone();
        body.as_object_mut().unwrap().remove(name);
        create(&world, &token, body.to_string()).await.refuses(name);
    }
    // No body is an object without fields.
    create(&world, &token, "").await.refuses("name");
    is_alone(&world, &token).await;
    let longest = "🌙".repeat(64);
    let mut body = good;
    body["name"] = json!(longest);
    let made = create(&world, &token, body.to_string()).await;
    assert_eq!(made.json()["name"], longest);
}

#[tokio::test]
async fn a_whole_number_is_whole_however_it_is_written() {
    let world = World::new().await;
    let token = world.token(ADMIN, &[HOME], &ALL).await;
    let mut ends = Vec::new();
    for (place, written) in ["60", "60.0", "6e1", "0.6E2"].into_iter().enumerate() {
        let body = format!(
            r#"{{"name":"{place}","server_ids":["123456"],"scopes":["users:read"],"expires_in_seconds":{written}}}"#
        );
        let made = create(&world, &token, body).await;
        assert_eq!(made.status, 201, "{written}: {made:?}");
        ends.push(made.json()["expires_at"].clone());
    }
    assert!(ends.iter().all(|end| *end == ends[0]), "{ends:?}");
}

#[tokio::test]
async fn a_field_stands_once_however_it_is_written() {
    let world = World::new().await;
    let token = world.token(ADMIN, &[HOME], &ALL).await;
    for twice in [
        "\"name\":\"child\"",
        "\"n\\u0061me\":\"other\"",
        "\"name\":null",
    ] {
        let body = format!(
            "{{\"name\":\"child\",\"server_ids\":[\"123456\"],\"scopes\":[\"users:read\"],{twice}}}"
        );
        create(&world, &token, body).await.refuses("name");
    }
    is_alone(&world, &token).await;
}

#[tokio::test]
async fn a_name_that_the_client_made_up_is_repeated_in_part() {
    let world = World::new().await;
    let token = world.token(ADMIN, &[HOME], &ALL).await;
    let body = json!({"name": "a", "server_ids": ["123456"], "scopes": ["users:read"], "ü".repeat(5000): 1});
    let reply = create(&world, &token, body.to_string()).await;
    reply.refuses(&"ü".repeat(64));
    assert!(reply.body.len() < 1000);
    let many: Value = (0..3000)
        .map(|n| (format!("field{n}"), json!(n)))
        .collect::<serde_json::Map<_, _>>()
        .into();
    create(&world, &token, many.to_string())
        .await
        .refuses("name");
}

#[tokio::test]
async fn a_reason_is_percent_encoded_and_bounded() {
    let world = World::new().await;
    let token = world.token(OWNER, &[HOME], &ALL).await;
    let enabled = async |value: bool, reasons: &[&str]| {
        let headers: Vec<_> = reasons
            .iter()
            .map(|it| ("x-audit-log-reason", *it))
            .collect();
        let body = json!({"api_enabled": value});
        let path = "/v1/servers/123456/settings";
        world
            .send(with_json("PATCH", path, &token, &headers, &body))
            .await
    };
    let endless = "x".repeat(513);
    let wide = "%F0%9F%8C%99".repeat(513);
    for reason in [
        "", &endless, &wide, "%", "%4", "%zz", "50%20%", "%ff", "%00", "%0A", "a%7Fb", "größer",
    ] {
        enabled(false, &[reason])
            .await
            .refuses("X-Audit-Log-Reason");
    }
    enabled(false, &["a", "b"])
        .await
        .refuses("X-Audit-Log-Reason");
    let settings = world
        .get("/v1/servers/123456/settings", &token)
        .await
        .json();
    assert_eq!(settings["api_enabled"], true);
    world.clock.advance(std::time::Duration::from_secs(60));
    let widest = "%F0%9F%8C%99".repeat(512);
    let reasons = [
        ("quiet%20hours", "quiet hours"),
        ("plain words", "plain words"),
        ("100%25%20%C3%BC", "100% ü"),
        (widest.as_str(), &"🌙".repeat(512)),
    ];
    let mut value = false;
    for (sent, _) in reasons {
        assert_eq!(enabled(value, &[sent]).await.status, 200);
        value = !value;
    }
    let log = world
        .get(
            "/v1/servers/123456/audit-log?action=settings.updated",
            &token,
        )
        .await
        .json();
    let given: Vec<_> = log["entries"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| it["reason"].as_str().unwrap())
        .collect();
    let expected: Vec<_> = reasons.iter().rev().map(|(_, reason)| *reason).collect();
    assert_eq!(given, expected);
}
