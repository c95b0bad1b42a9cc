//! Requests that may be sent again.

use std::sync::Arc;
use std::time::Duration;

use hush_http::HttpSettings;
use hush_ports::{CreateTokenError, IdempotencyConflict, MockTokens, Tokens};
use serde_json::{Value, json};

use crate::support::{ADMIN, ALL, HOME, Reply, World, with_json, with_text};

fn wanted(name: &str) -> Value {
    json!({"name": name, "server_ids": ["123456"], "scopes": ["users:read"]})
}

async fn create(world: &World, token: &str, key: &str, body: &Value) -> Reply {
    let headers = [("idempotency-key", key)];
    let request = with_json("POST", "/v1/tokens", token, &headers, body);
    world.send(request).await
}

async fn count(world: &World, token: &str) -> usize {
    let page = world.get("/v1/tokens", token).await.json();
    page["tokens"].as_array().unwrap().len()
}

#[tokio::test]
async fn the_same_request_is_answered_again_without_the_secret() {
    let world = World::new().await;
    let token = world.token(ADMIN, &[HOME], &ALL).await;
    let first = create(&world, &token, "one", &wanted("child")).await;
    assert_eq!(first.status, 201);
    assert_eq!(first.header("idempotent-replayed"), "");
    let mut expected = first.json();
    expected["secret"] = Value::Null;
    // Bare and quoted are one key, and what became of the token meanwhile changes nothing.
    let path = format!("/v1/tokens/{}", expected["id"].as_str().unwrap());
    for key in ["one", "\"one\""] {
        let again = create(&world, &token, key, &wanted("child")).await;
        assert_eq!(again.status, 201, "{}", again.text());
        assert_eq!(again.header("idempotent-replayed"), "true");
        assert_eq!(again.json(), expected);
        for name in ["location", "content-type", "cache-control", "vary"] {
            assert_eq!(again.header(name), first.header(name), "{name}");
        }
        assert_eq!(world.delete(&path, &token).await.status, 204);
    }
    assert_eq!(count(&world, &token).await, 2);
}

/// What would no longer fit if it were asked for now was carried out all the same.
#[tokio::test]
async fn a_request_is_answered_again_though_its_lifetime_no_longer_fits() {
    let world = World::new().await;
    let token = world.token(ADMIN, &[HOME], &ALL).await;
    // The tokens of this world live for a day.
    let mut wanted = wanted("child");
    wanted["expires_in_seconds"] = json!(86_400);
    let first = create(&world, &token, "one", &wanted).await;
    assert_eq!(first.status, 201, "{}", first.text());
    world.clock.advance(Duration::from_secs(2));
    let again = create(&world, &token, "one", &wanted).await;
    assert_eq!(
        again.header("idempotent-replayed"),
        "true",
        "{}",
        again.text()
    );
    let other = create(&world, &token, "two", &wanted).await;
    other.is_problem(400, "invalid-parameter");
    assert_eq!(other.json()["parameter"], "expires_in_seconds");
}

#[tokio::test]
async fn another_request_under_the_key_is_refused() {
    let world = World::new().await;
    let token = world.token(ADMIN, &[HOME], &ALL).await;
    create(&world, &token, "one", &wanted("child")).await;
    let other = create(&world, &token, "one", &wanted("another")).await;
    other.is_problem(422, "idempotency-key-reused");
    // The raw bytes are compared: who sends the same request again sends the same ones.
    let spaced = format!(" {}", wanted("child"));
    let headers = [("idempotency-key", "one")];
    let spaced = with_text("POST", "/v1/tokens", &token, &headers, spaced);
    world
        .send(spaced)
        .await
        .is_problem(422, "idempotency-key-reused");
    assert_eq!(count(&world, &token).await, 2);
}

#[tokio::test]
async fn another_tokens_or_routes_key_is_another_one() {
    let world = World::new().await;
    let token = world.token(ADMIN, &[HOME], &ALL).await;
    let other = world.token(ADMIN, &[HOME], &ALL).await;
    let made = create(&world, &token, "one", &wanted("child")).await.json();
    assert_eq!(
        create(&world, &other, "one", &wanted("other")).await.status,
        201
    );
    let path = format!("/v1/tokens/{}/rotate", made["id"].as_str().unwrap());
    let headers = [("idempotency-key", "one")];
    let rotate = || {
        with_json(
            "POST",
            &path,
            &token,
            &headers,
            &json!({"grace_seconds": 0}),
        )
    };
    let first = world.send(rotate()).await;
    assert_eq!(first.status, 200, "{}", first.text());
    let again = world.send(rotate()).await;
    assert_eq!(
        (again.status.as_u16(), again.header("idempotent-replayed")),
        (200, "true")
    );
    let mut expected = first.json();
    let secret = expected["secret"].take();
    assert_eq!(again.json(), expected);
    let secret = secret.as_str().unwrap();
    assert_eq!(
        world.get("/v1/users", secret).await.status,
        200,
        "it was rotated once"
    );
}

#[tokio::test]
async fn a_token_that_rotates_itself_is_told_so_when_it_asks_again() {
    let world = World::new().await;
    let token = world.token(ADMIN, &[HOME], &ALL).await;
    let path = format!("/v1/tokens/{}/rotate", world.id(&token).await);
    let rotate = |secret: &str| {
        let headers = [("idempotency-key", "one")];
        with_json("POST", &path, secret, &headers, &json!({}))
    };
    let first = world.send(rotate(&token)).await.json();
    let again = world.send(rotate(&token)).await;
    again.is_problem(403, "secret-replaced");
    // By the new secret it is the same token under the same key.
    let newest = first["secret"].as_str().unwrap();
    let again = world.send(rotate(newest)).await;
    assert_eq!(again.header("idempotent-replayed"), "true");
    assert_eq!(world.get("/v1/me", newest).await.status, 200);
}

#[tokio::test]
async fn a_refused_request_may_be_sent_again_otherwise() {
    let world = World::new().await;
    let token = world.token(ADMIN, &[HOME], &ALL).await;
    let refused = create(&world, &token, "one", &wanted("test 0")).await;
    refused.is_problem(409, "token-name-taken");
    create(&world, &token, "one", &wanted(""))
        .await
        .refuses("name");
    assert_eq!(
        create(&world, &token, "one", &wanted("child")).await.status,
        201
    );
}

#[tokio::test]
async fn a_key_is_forgotten_after_a_day() {
    let world = World::new().await;
    let lifetime = hush_app::Lifetime::Endless;
    let token = world.token_for(lifetime, ADMIN, &[HOME], &ALL).await;
    create(&world, &token, "one", &wanted("child")).await;
    world.clock.advance(Duration::from_hours(24));
    let later = create(&world, &token, "one", &wanted("another")).await;
    assert_eq!(
        (later.status.as_u16(), later.header("idempotent-replayed")),
        (201, "")
    );
}

#[tokio::test]
async fn what_cannot_be_a_key_is_named_and_nothing_is_made() {
    let world = World::new().await;
    let token = world.token(ADMIN, &[HOME], &ALL).await;
    let longest = "k".repeat(64);
    let long = "k".repeat(300);
    for key in [
        "",
        &format!("{longest}k"),
        &long,
        "\"",
        "\"\"",
        "\"open",
        "\"a\"b",
        "\"a\"b\"",
        "\"a\\\"",
        "\"a\\n\"",
        "\"a\";x=1",
        "a\tb",
        "schlüssel",
    ] {
        let reply = create(&world, &token, key, &wanted("child")).await;
        reply.refuses("Idempotency-Key");
    }
    let headers = [("idempotency-key", "a"), ("idempotency-key", "a")];
    let twice = with_json("POST", "/v1/tokens", &token, &headers, &wanted("child"));
    world.send(twice).await.refuses("Idempotency-Key");
    assert_eq!(count(&world, &token).await, 1);
    for (number, key) in [&longest, "a b", "\"a \\\\ \\\" b\"", "key;x=\"1\""]
        .into_iter()
        .enumerate()
    {
        let reply = create(&world, &token, key, &wanted(&format!("child {number}"))).await;
        assert_eq!(reply.status, 201, "{key}");
    }
    // The escapes stand for what they escape.
    let same = create(&world, &token, "a \\ \" b", &wanted("child 2")).await;
    assert_eq!(same.header("idempotent-replayed"), "true");
}

#[tokio::test]
async fn a_request_that_is_being_carried_out_is_a_conflict_for_now() {
    let real = World::new().await;
    let token = real.token(ADMIN, &[HOME], &ALL).await;
    let operator = real.app.admission.operator();
    let presented = real
        .app
        .tokens
        .inspect(&operator, &token.parse().unwrap())
        .await;
    let presented = presented.unwrap().unwrap();
    let memberships = real.memory.memberships(&presented.token).await.unwrap();
    let mut busy = MockTokens::new();
    busy.expect_present()
        .returning(move |_, _| Ok(Some(presented.clone())));
    busy.expect_memberships()
        .returning(move |_| Ok(memberships.clone()));
    busy.expect_create().returning(|_, _, _, _| {
        Err(CreateTokenError::Idempotency(
            IdempotencyConflict::InProgress,
        ))
    });
    let world = World::with(HttpSettings::default(), |ports| {
        ports.tokens = Arc::new(busy);
    })
    .await;
    let reply = create(&world, &token, "one", &wanted("child")).await;
    reply.is_problem(409, "request-in-progress");
    assert_eq!(reply.header("retry-after"), "1");
}
