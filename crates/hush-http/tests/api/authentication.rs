//! The table of the contract's section 2.

use crate::support::{ADMIN, ALL, AWAY, HOME, MEMBER, OWNER, Reply, World, get};
use hush_domain::scopes::Scope;

const UNKNOWN: &str = "hush_000000000000000000000000000000";

fn unknown() -> String {
    // A token of 30 zeros with the checksum that fits.
    let mut zeros = |bytes: &mut [u8]| -> Result<(), ()> {
        bytes.fill(0);
        Ok(())
    };
    let secret = hush_domain::secret::Secret::generate(&mut zeros).unwrap();
    assert!(secret.expose().starts_with(UNKNOWN));
    secret.expose().to_owned()
}

async fn with_header(world: &World, value: &[u8]) -> Reply {
    let mut request = get("/v1/me", "", &[]);
    let value = http::HeaderValue::from_bytes(value).unwrap();
    request.headers_mut().insert("authorization", value);
    world.send(request).await
}

#[tokio::test]
async fn without_a_token_or_with_another_scheme_one_is_asked_for() {
    let world = World::new().await;
    let token = world.token(OWNER, &[HOME], &ALL).await;
    for value in [
        "",
        "Basic dXNlcjpwYXNz",
        "Bot abc",
        &token,
        "Bearerx y",
        "hush",
    ] {
        let reply = with_header(&world, value.as_bytes()).await;
        reply.is_problem(401, "missing-token");
        assert_eq!(
            reply.header("www-authenticate"),
            r#"Bearer realm="hush""#,
            "{value}"
        );
    }
    // A token in the query is no token.
    let reply = world
        .get(&format!("/v1/me?token={token}&access_token={token}"), "")
        .await;
    reply.is_problem(401, "missing-token");
}

#[tokio::test]
async fn the_scheme_is_case_insensitive() {
    let world = World::new().await;
    let token = world.token(OWNER, &[HOME], &ALL).await;
    for scheme in ["Bearer", "bearer", "BEARER", "bEaReR"] {
        let reply = with_header(&world, format!("{scheme} {token}").as_bytes()).await;
        assert_eq!(reply.status, 200, "{scheme}");
    }
}

#[tokio::test]
async fn every_token_that_is_not_valid_gets_the_same_answer() {
    let world = World::new().await;
    let valid = world.token(OWNER, &[HOME], &ALL).await;
    let revoked = world.token(OWNER, &[HOME], &ALL).await;
    let id = world.get("/v1/me", &revoked).await.json()["token_id"]
        .as_str()
        .unwrap()
        .to_owned();
    let operator = world.app.admission.operator();
    world
        .app
        .tokens
        .revoke(&operator, id.parse().unwrap())
        .await
        .unwrap();
    let mut cut_off = valid.clone();
    cut_off.pop();
    let typo = format!(
        "{}{}",
        &valid[..40],
        if valid.ends_with('0') { '1' } else { '0' }
    );
    let mut answers = Vec::new();
    for token in [
        unknown(),
        revoked,
        cut_off,
        typo,
        format!("{valid}0"),
        "x".repeat(9000),
        "hush_".into(),
        "ｈush_".into(),
        format!("{valid} {valid}"),
    ] {
        let reply = with_header(&world, format!("Bearer {token}").as_bytes()).await;
        reply.is_problem(401, "invalid-token");
        let mut body = reply.json();
        body["request_id"].take();
        let challenge = reply.header("www-authenticate").to_owned();
        assert!(challenge.starts_with(r#"Bearer realm="hush", error="invalid_token", error_d"#));
        answers.push((body, challenge));
    }
    let empty = with_header(&world, b"Bearer").await;
    empty.is_problem(401, "invalid-token");
    let bytes = with_header(&world, b"Bearer \xff\xfe").await;
    bytes.is_problem(401, "invalid-token");
    assert!(answers.windows(2).all(|pair| pair[0] == pair[1]));
}

#[tokio::test]
async fn two_authorization_headers_are_refused() {
    let world = World::new().await;
    let token = world.token(OWNER, &[HOME], &ALL).await;
    let mut request = get("/v1/me", &token, &[]);
    let value = request.headers()["authorization"].clone();
    request.headers_mut().append("authorization", value);
    let reply = world.send(request).await;
    reply.is_problem(400, "invalid-request");
    let challenge = r#"Bearer realm="hush", error="invalid_request""#;
    assert_eq!(reply.header("www-authenticate"), challenge);
}

#[tokio::test]
async fn a_missing_scope_is_named() {
    let world = World::new().await;
    let token = world.token(OWNER, &[HOME], &[Scope::StatsRead]).await;
    let reply = world.get("/v1/users", &token).await;
    reply.is_problem(403, "insufficient-scope");
    assert_eq!(reply.json()["required"], "users:read");
    assert_eq!(
        reply.header("www-authenticate"),
        r#"Bearer realm="hush", error="insufficient_scope", scope="users:read""#
    );
    assert_eq!(
        reply.header("ratelimit"),
        "",
        "a refusal tells nothing of the server's limit"
    );
}

#[tokio::test]
async fn a_level_that_is_too_low_is_named_with_the_one_that_is_needed() {
    let world = World::new().await;
    let token = world.token(MEMBER, &[HOME], &ALL).await;
    let reply = world.get("/v1/users", &token).await;
    reply.is_problem(403, "insufficient-access");
    let body = reply.json();
    assert_eq!(
        (&body["required"], &body["actual"]),
        (&"admin".into(), &"member".into())
    );
    assert_eq!(reply.header("www-authenticate"), "");
}

#[tokio::test]
async fn servers_out_of_reach_are_alike() {
    let world = World::new().await;
    let token = world.token(OWNER, &[HOME], &ALL).await;
    let mut answers = Vec::new();
    // A foreign server, one that never was, and paths that are no id.
    for id in [
        "777",
        "999",
        "0",
        "-1",
        "007",
        "9223372036854775808",
        "٣",
        "abc",
        "%00",
        "%ff",
    ] {
        let reply = world.get(&format!("/v1/servers/{id}/stats"), &token).await;
        reply.is_problem(404, "server-not-found");
        let mut headers = reply.headers.clone();
        headers.remove("x-request-id");
        let mut body = reply.json();
        body["request_id"].take();
        answers.push((headers, body));
    }
    let foreign = world.get("/v1/users?server_id=777", &token).await;
    foreign.is_problem(404, "server-not-found");
    assert!(answers.windows(2).all(|pair| pair[0] == pair[1]));
}

#[tokio::test]
async fn a_token_reaches_the_servers_that_it_names() {
    let world = World::new().await;
    let both = world.token(ADMIN, &[HOME, AWAY], &ALL).await;
    let reply = world.get("/v1/users/123456", &both).await;
    reply.is_problem(400, "server-required");
    for id in [HOME, AWAY] {
        let reply = world
            .get(&format!("/v1/users/123456?server_id={id}"), &both)
            .await;
        assert_eq!(reply.status, 200);
    }
}

#[tokio::test]
async fn a_revoked_token_is_401_even_with_the_etag_in_hand() {
    let world = World::new().await;
    let token = world.token(ADMIN, &[HOME], &ALL).await;
    let first = world.get("/v1/users/123456", &token).await;
    let id = world.get("/v1/me", &token).await.json()["token_id"]
        .as_str()
        .unwrap()
        .to_owned();
    let operator = world.app.admission.operator();
    world
        .app
        .tokens
        .revoke(&operator, id.parse().unwrap())
        .await
        .unwrap();
    let condition = [("if-none-match", first.header("etag"))];
    let reply = world
        .send(get("/v1/users/123456", &token, &condition))
        .await;
    reply.is_problem(401, "invalid-token");
}

#[tokio::test]
async fn a_forwarding_header_counts_only_from_a_trusted_proxy() {
    let settings = hush_http::HttpSettings {
        trusted_proxies: vec!["10.0.0.0/8".parse().unwrap()],
        ..Default::default()
    };
    let world = World::with(settings, |_| {}).await;
    let unknown = unknown();
    let proxy = "10.0.0.1:1".parse().unwrap();
    let attempt = |forwarded: &'static str, peer| {
        let request = get("/v1/me", &unknown, &[("x-forwarded-for", forwarded)]);
        world.send_from(request, peer)
    };
    for _ in 0..300 {
        attempt("1.1.1.1, 192.0.2.7, 10.9.9.9", proxy)
            .await
            .is_problem(401, "invalid-token");
    }
    // The same client, whatever it claims to the left of the address that the proxy saw.
    let refused = attempt("8.8.8.8, 192.0.2.7", proxy).await;
    refused.is_problem(429, "rate-limited");
    assert_eq!(refused.header("ratelimit-policy"), "\"auth\";q=300;w=60");
    // Another client, and one that is no proxy but says the exhausted address.
    attempt("192.0.2.8", proxy)
        .await
        .is_problem(401, "invalid-token");
    let stranger = "203.0.113.5:1".parse().unwrap();
    attempt("192.0.2.7", stranger)
        .await
        .is_problem(401, "invalid-token");
}
