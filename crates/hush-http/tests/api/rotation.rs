//! New secrets, and what is left of those before.

use std::time::Duration;

use hush_domain::scopes::Scope;
use serde_json::{Value, json};

use crate::support::{ADMIN, ALL, AWAY, HOME, MEMBER, OWNER, Reply, World, with_json, with_text};

async fn rotate(world: &World, token: &str, id: &str, body: Value) -> Reply {
    let path = format!("/v1/tokens/{id}/rotate");
    world.json("POST", &path, token, body).await
}

/// A child of `token` with these scopes.
async fn child(world: &World, token: &str, name: &str, scopes: &[&str]) -> Value {
    let body = json!({"name": name, "server_ids": ["123456"], "scopes": scopes});
    let made = world.json("POST", "/v1/tokens", token, body).await;
    assert_eq!(made.status, 201, "{}", made.text());
    made.json()
}

fn text<'a>(token: &'a Value, field: &str) -> &'a str {
    token[field].as_str().unwrap()
}

#[tokio::test]
async fn the_token_stays_the_same_and_gets_another_secret() {
    let world = World::new().await;
    let token = world.token(ADMIN, &[HOME], &ALL).await;
    let id = world.id(&token).await;
    let before = world.get(&format!("/v1/tokens/{id}"), &token).await.json();
    let reply = rotate(&world, &token, &id, json!({})).await;
    assert_eq!(reply.status, 200, "{}", reply.text());
    assert_eq!(reply.header("cache-control"), "no-store");
    assert_eq!(reply.header("location"), "");
    let mut after = reply.json();
    let secret = after["secret"].take().as_str().unwrap().to_owned();
    assert_ne!(secret, token);
    assert_eq!(after["hint"], secret[..9]);
    let fields = after.as_object_mut().unwrap();
    fields.remove("secret");
    for (name, value) in fields {
        if !["hint", "last_used_at"].contains(&name.as_str()) {
            assert_eq!(*value, before[name.as_str()], "{name}");
        }
    }
    assert_eq!(world.get("/v1/users", &secret).await.status, 200);
}

#[tokio::test]
async fn the_secret_before_reads_for_a_while_and_changes_nothing() {
    let world = World::new().await;
    for (body, seconds) in [
        (String::new(), 300),
        ("{}".to_owned(), 300),
        (json!({"grace_seconds": 60}).to_string(), 60),
        (json!({"grace_seconds": 86_400}).to_string(), 86_400),
    ] {
        let token = world
            .token_for(hush_app::Lifetime::Endless, OWNER, &[HOME], &ALL)
            .await;
        let id = world.id(&token).await;
        let path = format!("/v1/tokens/{id}/rotate");
        let rotated = world
            .send(with_text("POST", &path, &token, &[], body))
            .await;
        assert_eq!(rotated.status, 200, "{}", rotated.text());
        assert_eq!(world.get("/v1/users/1", &token).await.status, 200);
        let other = json!({"name": "more", "server_ids": ["123456"], "scopes": ["users:read"]});
        for reply in [
            world.json("POST", "/v1/tokens", &token, other).await,
            rotate(&world, &token, &id, json!({})).await,
            world.delete(&format!("/v1/tokens/{id}"), &token).await,
            world.delete("/v1/servers/123456/tokens/5", &token).await,
            world
                .json(
                    "PATCH",
                    "/v1/servers/123456/settings",
                    &token,
                    json!({"api_enabled": false}),
                )
                .await,
        ] {
            reply.is_problem(403, "secret-replaced");
        }
        world
            .clock
            .advance(Duration::from_micros(seconds * 1_000_000 - 1));
        assert_eq!(world.get("/v1/me", &token).await.status, 200);
        world.clock.advance(Duration::from_micros(1));
        world
            .get("/v1/me", &token)
            .await
            .is_problem(401, "invalid-token");
        let secret = rotated.json();
        assert_eq!(
            world.get("/v1/me", text(&secret, "secret")).await.status,
            200
        );
    }
}

#[tokio::test]
async fn without_grace_the_secret_before_ends_at_once() {
    let world = World::new().await;
    let token = world.token(MEMBER, &[HOME], &[Scope::TokensWrite]).await;
    let id = world.id(&token).await;
    let rotated = rotate(&world, &token, &id, json!({"grace_seconds": 0})).await;
    assert_eq!(rotated.status, 200);
    world
        .get("/v1/me", &token)
        .await
        .is_problem(401, "invalid-token");
}

#[tokio::test]
async fn children_are_revoked_unless_they_are_kept() {
    let world = World::new().await;
    let token = world.token(ADMIN, &[HOME], &ALL).await;
    let id = world.id(&token).await;
    let kept = child(&world, &token, "kept", &["users:read"]).await;
    let rotated = rotate(&world, &token, &id, json!({"keep_children": true}))
        .await
        .json();
    assert_eq!(
        world.get("/v1/users", text(&kept, "secret")).await.status,
        200
    );
    let token = text(&rotated, "secret");
    assert_eq!(
        rotate(&world, token, &id, json!({"keep_children": false}))
            .await
            .status,
        200
    );
    let ended = world.get("/v1/users", text(&kept, "secret")).await;
    ended.is_problem(401, "invalid-token");
}

#[tokio::test]
async fn a_token_gets_no_secret_of_one_that_can_more_or_made_it() {
    let world = World::new().await;
    let root = world.token(ADMIN, &[HOME], &ALL).await;
    let root_id = world.id(&root).await;
    let narrow = child(&world, &root, "narrow", &["tokens:write"]).await;
    let sibling = child(&world, &root, "sibling", &["tokens:write", "users:read"]).await;
    let by_narrow = text(&narrow, "secret");
    for id in [&root_id, text(&sibling, "id")] {
        let reply = rotate(&world, by_narrow, id, json!({})).await;
        reply.is_problem(403, "token-out-of-reach");
    }
    // A twin of its parent's power that the parent made is still not its parent.
    let twin = child(&world, &root, "twin", &Scope::ALL.map(Scope::as_str)).await;
    let reply = rotate(&world, text(&twin, "secret"), &root_id, json!({})).await;
    reply.is_problem(403, "token-out-of-reach");
    assert_eq!(world.get("/v1/me", &root).await.status, 200);
    let downwards = rotate(&world, &root, text(&narrow, "id"), json!({})).await;
    assert_eq!(downwards.status, 200);
    let wide = world.token(ADMIN, &[HOME, AWAY], &ALL).await;
    let wide = world.id(&wide).await;
    rotate(&world, &root, &wide, json!({}))
        .await
        .is_problem(404, "token-not-found");
}

#[tokio::test]
async fn a_token_that_has_ended_gets_no_new_secret() {
    let world = World::new().await;
    let root = world.token(ADMIN, &[HOME], &ALL).await;
    let made = child(&world, &root, "made", &["users:read"]).await;
    let id = text(&made, "id");
    assert_eq!(
        world
            .delete(&format!("/v1/tokens/{id}"), &root)
            .await
            .status,
        204
    );
    rotate(&world, &root, id, json!({}))
        .await
        .is_problem(409, "token-ended");
}

#[tokio::test]
async fn rotating_needs_the_scope_even_for_itself() {
    let world = World::new().await;
    let token = world.token(ADMIN, &[HOME], &[Scope::TokensRead]).await;
    let id = world.id(&token).await;
    let reply = rotate(&world, &token, &id, json!({})).await;
    reply.is_problem(403, "insufficient-scope");
    assert_eq!(reply.json()["required"], "tokens:write");
}

#[tokio::test]
async fn what_a_rotation_cannot_leave_is_named_and_nothing_is_changed() {
    let world = World::new().await;
    let token = world.token(ADMIN, &[HOME], &ALL).await;
    let id = world.id(&token).await;
    let path = format!("/v1/tokens/{id}/rotate");
    for (body, name) in [
        (json!({"grace_seconds": 86_401}), "grace_seconds"),
        (json!({"grace_seconds": -1}), "grace_seconds"),
        (json!({"grace_seconds": 1.5}), "grace_seconds"),
        (json!({"grace_seconds": "300"}), "grace_seconds"),
        (json!({"grace_seconds": null}), "grace_seconds"),
        (json!({"keep_children": 1}), "keep_children"),
        (json!({"keep_children": null}), "keep_children"),
        (json!({"secret": "hush_"}), "secret"),
    ] {
        let reply = world
            .send(with_json("POST", &path, &token, &[], &body))
            .await;
        reply.refuses(name);
    }
    let shown = world.get(&format!("/v1/tokens/{id}"), &token).await.json();
    assert_eq!(shown["hint"], token[..9]);
    let created = json!({"name": "still", "server_ids": ["123456"], "scopes": ["users:read"]});
    assert_eq!(
        world
            .json("POST", "/v1/tokens", &token, created)
            .await
            .status,
        201
    );
}
