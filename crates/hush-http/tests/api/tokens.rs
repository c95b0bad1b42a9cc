//! Making, showing and revoking personal tokens.

use std::time::Duration;

use hush_app::Lifetime;
use hush_domain::scopes::Scope;
use serde_json::{Value, json};

use crate::support::{ADMIN, ALL, AWAY, HOME, MEMBER, OWNER, Reply, World, get, told};

/// What a new token for the server `HOME` shall be.
fn wanted(name: &str) -> Value {
    json!({"name": name, "server_ids": ["123456"], "scopes": ["users:read"]})
}

async fn create(world: &World, token: &str, body: Value) -> Reply {
    world.json("POST", "/v1/tokens", token, body).await
}

/// The names in a page of tokens. Ids made in one millisecond have no order.
fn names(page: &Value) -> Vec<&str> {
    let tokens = page["tokens"].as_array().unwrap().iter();
    let mut names: Vec<_> = tokens
        .map(|token| token["name"].as_str().unwrap())
        .collect();
    names.sort_unstable();
    names
}

#[tokio::test]
async fn a_created_token_shows_its_secret_once_and_can_what_it_was_made_for() {
    let world = World::new().await;
    let token = world.token(ADMIN, &[HOME, AWAY], &ALL).await;
    let parent = world.id(&token).await;
    let mut body = wanted("nightly \"report\" 🌙");
    body["expires_in_seconds"] = json!(3600);
    body["scopes"] = json!(["stats:read", "users:read", "users:read"]);
    let reply = create(&world, &token, body).await;
    assert_eq!(reply.status, 201, "{}", reply.text());
    assert_eq!(reply.header("content-type"), "application/json");
    assert_eq!(reply.header("cache-control"), "no-store");
    assert_eq!(reply.header("etag"), "");
    assert_eq!(reply.header("idempotent-replayed"), "");
    assert_eq!(reply.header("ratelimit-policy"), "\"token\";q=60;w=60");
    let mut made = reply.json();
    let id = made["id"].as_str().unwrap().to_owned();
    assert_eq!(
        reply.header("location"),
        format!("http://127.0.0.1:8080/v1/tokens/{id}")
    );
    let secret = made["secret"].take().as_str().unwrap().to_owned();
    assert_eq!(
        made,
        json!({
            "id": id,
            "user_id": "123456",
            "name": "nightly \"report\" 🌙",
            "hint": &secret[..9],
            "server_ids": ["123456"],
            "scopes": ["users:read", "stats:read"],
            "created_at": "2027-01-15T08:00:00Z",
            "expires_at": "2027-01-15T09:00:00Z",
            "revoked_at": null,
            "last_used_at": null,
            "parent_id": parent,
            "secret": null,
        })
    );
    assert_eq!(world.get("/v1/users/1", &secret).await.status, 200);
    let shown = world.get(&format!("/v1/tokens/{id}"), &token).await;
    assert_eq!(shown.status, 200);
    assert_eq!(shown.header("cache-control"), "private, no-cache");
    assert!(!shown.text().contains(&secret[9..]));
    let mut expected = made;
    expected.as_object_mut().unwrap().remove("secret");
    // It was used in this minute.
    expected["last_used_at"] = json!("2027-01-15T08:00:00Z");
    assert_eq!(shown.json(), expected);
    let etag = [("if-none-match", shown.header("etag"))];
    let again = get(&format!("/v1/tokens/{id}"), &token, &etag);
    assert_eq!(world.send(again).await.status, 304);
}

#[tokio::test]
async fn a_new_token_ends_after_90_days_or_with_the_one_that_makes_it() {
    let world = World::new().await;
    let year = Lifetime::For(Duration::from_hours(366 * 24));
    let long = world.token_for(year, OWNER, &[HOME], &ALL).await;
    let made = create(&world, &long, wanted("long")).await.json();
    assert_eq!(made["expires_at"], "2027-04-15T08:00:00Z");
    let day = world.token(OWNER, &[HOME], &ALL).await;
    let made = create(&world, &day, wanted("day")).await.json();
    assert_eq!(made["expires_at"], "2027-01-16T08:00:00Z");
    let endless = world
        .token_for(Lifetime::Endless, OWNER, &[HOME], &ALL)
        .await;
    let mut longest = wanted("longest");
    longest["expires_in_seconds"] = json!(31_622_400);
    let made = create(&world, &endless, longest).await.json();
    assert_eq!(made["expires_at"], "2028-01-16T08:00:00Z");
}

#[tokio::test]
async fn a_token_makes_none_that_can_more_than_itself() {
    let world = World::new().await;
    let scopes = [Scope::UsersRead, Scope::TokensWrite, Scope::TokensRead];
    let token = world.token(ADMIN, &[HOME], &scopes).await;
    let ask = async |change: &dyn Fn(&mut Value)| {
        let mut body = wanted("child");
        change(&mut body);
        create(&world, &token, body).await
    };
    let scope = ask(&|body| body["scopes"] = json!(["users:read", "audit:read"])).await;
    scope.is_problem(403, "insufficient-scope");
    assert_eq!(scope.json()["required"], "audit:read");
    // A server that it does not name, although its user is an admin there, and one that never was.
    let foreign = ask(&|body| body["server_ids"] = json!(["123456", "777"])).await;
    foreign.is_problem(404, "server-not-found");
    assert_eq!(foreign.json()["parameter"], "server_ids");
    let never = ask(&|body| body["server_ids"] = json!(["123456", "999"])).await;
    let (mut foreign, never) = (told(&foreign), told(&never));
    // Each request leaves one less.
    for name in ["ratelimit", "x-ratelimit-remaining"] {
        foreign.0.insert(name, never.0[name].clone());
    }
    assert_eq!(foreign, never);
    let longer = ask(&|body| body["expires_in_seconds"] = json!(86_401)).await;
    longer.refuses("expires_in_seconds");
    let detail = longer.json()["detail"].as_str().unwrap().to_owned();
    assert!(detail.contains("2027-01-16T08:00:00Z"), "{detail}");
    let listed = world.get("/v1/tokens", &token).await.json();
    assert_eq!(names(&listed), ["test 0"], "nothing was made");
}

#[tokio::test]
async fn making_tokens_needs_the_scope_and_an_admin_in_each_named_server() {
    let world = World::new().await;
    let member = world.token(MEMBER, &[HOME], &ALL).await;
    let reply = create(&world, &member, wanted("mine")).await;
    reply.is_problem(403, "insufficient-access");
    assert_eq!(reply.json()["required"], "admin");
    assert_eq!(reply.json()["actual"], "member");
    let reader = world.token(ADMIN, &[HOME], &[Scope::UsersRead]).await;
    let reply = create(&world, &reader, wanted("mine")).await;
    reply.is_problem(403, "insufficient-scope");
    assert_eq!(reply.json()["required"], "tokens:write");
}

#[tokio::test]
async fn a_name_is_taken_as_long_as_its_token_lives_and_there_are_50_at_most() {
    let world = World::new().await;
    let token = world.token(ADMIN, &[HOME], &ALL).await;
    let first = create(&world, &token, wanted("twin")).await.json();
    let twin = create(&world, &token, wanted("twin")).await;
    twin.is_problem(409, "token-name-taken");
    let path = format!("/v1/tokens/{}", first["id"].as_str().unwrap());
    assert_eq!(world.delete(&path, &token).await.status, 204);
    assert_eq!(create(&world, &token, wanted("twin")).await.status, 201);
    for number in 0..48 {
        world.token(ADMIN, &[HOME], &[]).await;
        if number % 24 == 0 {
            world.clock.advance(Duration::from_secs(60));
        }
    }
    let more = create(&world, &token, wanted("one more")).await;
    more.is_problem(409, "too-many-tokens");
    let others = create(
        &world,
        &world.token(OWNER, &[HOME], &ALL).await,
        wanted("twin"),
    )
    .await;
    assert_eq!(others.status, 201, "another user's names are others");
}

#[tokio::test]
async fn the_list_shows_ones_own_tokens_within_reach_of_the_one_that_asks() {
    let world = World::new().await;
    let home = world.token(ADMIN, &[HOME], &ALL).await;
    let both = world.token(ADMIN, &[HOME, AWAY], &ALL).await;
    world.token(OWNER, &[HOME], &ALL).await;
    let listed = world.get("/v1/tokens", &home).await;
    assert_eq!(names(&listed.json()), ["test 0"]);
    assert!(!listed.text().contains("\"777\""));
    assert!(listed.json()["next"].is_null());
    let listed = world.get("/v1/tokens", &both).await;
    assert_eq!(names(&listed.json()), ["test 0", "test 1"]);
    assert_eq!(listed.header("ratelimit-policy"), "\"token\";q=60;w=60");
    for secret in [&home, &both] {
        assert!(!listed.text().contains(&secret[9..]));
    }
    let blind = world.token(ADMIN, &[HOME], &[Scope::TokensWrite]).await;
    let refused = world.get("/v1/tokens", &blind).await;
    refused.is_problem(403, "insufficient-scope");
}

#[tokio::test]
async fn tokens_out_of_reach_are_alike() {
    let world = World::new().await;
    let token = world.token(ADMIN, &[HOME], &ALL).await;
    let wide = world.token(ADMIN, &[HOME, AWAY], &ALL).await;
    let others = world.token(OWNER, &[HOME], &ALL).await;
    // Somebody else's, an own one that reaches further, one that never was, and paths that are no id.
    let mut ids = vec![world.id(&others).await, world.id(&wide).await, "5".into()];
    ids.extend(
        [
            "0",
            "-1",
            "007",
            "9223372036854775808",
            "٣",
            "abc",
            "%00",
            "%ff",
        ]
        .map(String::from),
    );
    for (method, after) in [("GET", ""), ("DELETE", ""), ("POST", "/rotate")] {
        let mut answers = Vec::new();
        for id in &ids {
            let mut request = get(&format!("/v1/tokens/{id}{after}"), &token, &[]);
            *request.method_mut() = method.parse().unwrap();
            let reply = world.send(request).await;
            reply.is_problem(404, "token-not-found");
            answers.push(told(&reply));
            world.clock.advance(Duration::from_secs(61));
        }
        for (headers, _) in &mut answers {
            headers.remove("x-ratelimit-reset");
        }
        for pair in answers.windows(2) {
            assert_eq!(pair[0], pair[1], "{method}");
        }
    }
    for token in [wide, others] {
        assert_eq!(world.get("/v1/me", &token).await.status, 200);
    }
}

#[tokio::test]
async fn a_revoked_token_takes_its_descendants_along_and_stays_revoked() {
    let world = World::new().await;
    let root = world.token(ADMIN, &[HOME], &ALL).await;
    let mut body = wanted("parent");
    body["scopes"] = json!(["tokens:write", "users:read"]);
    let parent = create(&world, &root, body).await.json();
    let child = create(&world, parent["secret"].as_str().unwrap(), wanted("child")).await;
    let child = child.json();
    let path = format!("/v1/tokens/{}", parent["id"].as_str().unwrap());
    let revoked = world.delete(&path, &root).await;
    assert_eq!((revoked.status.as_u16(), revoked.text()), (204, ""));
    assert_eq!(revoked.header("cache-control"), "no-store");
    for dead in [&parent, &child] {
        let reply = world.get("/v1/me", dead["secret"].as_str().unwrap()).await;
        reply.is_problem(401, "invalid-token");
    }
    let ended = world.get(&path, &root).await.json();
    assert_eq!(ended["revoked_at"], "2027-01-15T08:00:00Z");
    world.clock.advance(Duration::from_secs(5));
    assert_eq!(world.delete(&path, &root).await.status, 204);
    assert_eq!(
        world.get(&path, &root).await.json()["revoked_at"],
        ended["revoked_at"]
    );
    assert_eq!(world.get("/v1/me", &root).await.status, 200);
}

#[tokio::test]
async fn a_token_needs_no_scope_for_itself_and_one_for_others() {
    let world = World::new().await;
    let bare = world.token(ADMIN, &[HOME], &[]).await;
    let other = world.id(&world.token(ADMIN, &[HOME], &[]).await).await;
    let own = format!("/v1/tokens/{}", world.id(&bare).await);
    assert_eq!(world.get(&own, &bare).await.status, 200);
    let other = format!("/v1/tokens/{other}");
    let get = world.get(&other, &bare).await;
    get.is_problem(403, "insufficient-scope");
    assert_eq!(get.json()["required"], "tokens:read");
    let delete = world.delete(&other, &bare).await;
    delete.is_problem(403, "insufficient-scope");
    assert_eq!(delete.json()["required"], "tokens:write");
    assert_eq!(world.delete(&own, &bare).await.status, 204);
    world
        .get("/v1/me", &bare)
        .await
        .is_problem(401, "invalid-token");
}

#[tokio::test]
async fn a_token_whose_end_is_near_says_so_with_each_answer() {
    let world = World::new().await;
    let days = |days: u64| Lifetime::For(Duration::from_hours(24 * days));
    let near = world.token_for(days(15), ADMIN, &[HOME], &ALL).await;
    let endless = world
        .token_for(Lifetime::Endless, ADMIN, &[HOME], &ALL)
        .await;
    let header = "hush-token-expires";
    world.clock.advance(Duration::from_hours(24));
    assert_eq!(
        world.get("/v1/users", &near).await.header(header),
        "",
        "14 days are left"
    );
    world.clock.advance(Duration::from_micros(1));
    let end = "2027-01-30T08:00:00Z";
    for (path, status) in [
        ("/v1/users", 200),
        ("/v1/me", 200),
        ("/v1/users?limit=0", 400),
        ("/v1/users/9", 404),
        ("/v1/servers/777/stats", 404),
        ("/v1/servers/123456/stats", 403),
    ] {
        let reply = world.get(path, &near).await;
        assert_eq!(
            (reply.status.as_u16(), reply.header(header)),
            (status, end),
            "{path}"
        );
        assert_eq!(world.get(path, &endless).await.header(header), "");
    }
    for _ in 0..60 {
        world.get("/v1/me", &near).await;
    }
    let refused = world.get("/v1/me", &near).await;
    refused.is_problem(429, "rate-limited");
    assert_eq!(refused.header(header), end);
    world.clock.advance(Duration::from_hours(15 * 24));
    let ended = world.get("/v1/me", &near).await;
    ended.is_problem(401, "invalid-token");
    assert_eq!(ended.header(header), "");
}
