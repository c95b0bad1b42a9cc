//! What a server's owner decides about the API.

use hush_domain::scopes::Scope;
use serde_json::{Value, json};

use crate::support::{ADMIN, ALL, AWAY, HOME, MEMBER, OWNER, Reply, World, get, told};

const PATH: &str = "/v1/servers/123456/settings";

async fn change(world: &World, token: &str, body: Value) -> Reply {
    world.json("PATCH", PATH, token, body).await
}

#[tokio::test]
async fn settings_begin_open_and_change_field_by_field() {
    let world = World::new().await;
    let owner = world.token(OWNER, &[HOME], &ALL).await;
    let first = world.get(PATH, &owner).await;
    assert_eq!(first.text(), r#"{"api_enabled":true,"admin_role_ids":[]}"#);
    assert_eq!(first.header("cache-control"), "private, no-cache");
    for (body, after) in [
        (
            json!({"admin_role_ids": ["11", "10", "11"]}),
            json!({"api_enabled": true, "admin_role_ids": ["10", "11"]}),
        ),
        (
            json!({"api_enabled": false}),
            json!({"api_enabled": false, "admin_role_ids": ["10", "11"]}),
        ),
        (
            json!({}),
            json!({"api_enabled": false, "admin_role_ids": ["10", "11"]}),
        ),
        (
            json!({"api_enabled": true, "admin_role_ids": []}),
            json!({"api_enabled": true, "admin_role_ids": []}),
        ),
    ] {
        let changed = change(&world, &owner, body).await;
        assert_eq!(changed.status, 200, "{}", changed.text());
        assert_eq!(changed.header("cache-control"), "no-store");
        assert_eq!(changed.header("etag"), "");
        assert_eq!(changed.json(), after);
        assert_eq!(world.get(PATH, &owner).await.json(), after);
    }
    let etag = first.header("etag");
    let again = world
        .send(get(PATH, &owner, &[("if-none-match", etag)]))
        .await;
    assert_eq!(again.status, 304);
}

#[tokio::test]
async fn an_appointed_role_makes_admins_at_once() {
    let world = World::new().await;
    let owner = world.token(OWNER, &[HOME], &ALL).await;
    let member = world.token(MEMBER, &[HOME], &ALL).await;
    let refused = world.get("/v1/users", &member).await;
    refused.is_problem(403, "insufficient-access");
    change(&world, &owner, json!({"admin_role_ids": ["11"]})).await;
    assert_eq!(world.get("/v1/users", &member).await.status, 200);
    change(&world, &owner, json!({"admin_role_ids": []})).await;
    let refused = world.get("/v1/users", &member).await;
    refused.is_problem(403, "insufficient-access");
}

#[tokio::test]
async fn what_settings_cannot_be_is_named_and_nothing_is_changed() {
    let world = World::new().await;
    let owner = world.token(OWNER, &[HOME], &ALL).await;
    let many: Vec<_> = (1..=26).map(|id| id.to_string()).collect();
    for (body, name) in [
        (json!({"api_enabled": null}), "api_enabled"),
        (json!({"api_enabled": "false"}), "api_enabled"),
        (json!({"api_enabled": 0}), "api_enabled"),
        (json!({"admin_role_ids": null}), "admin_role_ids"),
        (json!({"admin_role_ids": "10"}), "admin_role_ids"),
        (json!({"admin_role_ids": [10]}), "admin_role_ids"),
        (json!({"admin_role_ids": ["0"]}), "admin_role_ids"),
        (json!({"admin_role_ids": many}), "admin_role_ids"),
        // A role of no server, and the everyone-role.
        (json!({"admin_role_ids": ["10", "99"]}), "admin_role_ids"),
        (json!({"admin_role_ids": ["123456"]}), "admin_role_ids"),
        (json!({"api_enabled": false, "owner": "1"}), "owner"),
        (
            json!({"api_enabled": false, "admin_role_ids": ["99"]}),
            "admin_role_ids",
        ),
    ] {
        change(&world, &owner, body).await.refuses(name);
    }
    let unknown = change(&world, &owner, json!({"admin_role_ids": ["99"]}))
        .await
        .json();
    assert!(unknown["detail"].as_str().unwrap().contains("no role 99"));
    let settings = world.get(PATH, &owner).await;
    assert_eq!(
        settings.text(),
        r#"{"api_enabled":true,"admin_role_ids":[]}"#
    );
}

#[tokio::test]
async fn settings_are_the_owners() {
    let world = World::new().await;
    let admin = world.token(ADMIN, &[HOME], &ALL).await;
    for reply in [
        world.get(PATH, &admin).await,
        change(&world, &admin, json!({})).await,
    ] {
        reply.is_problem(403, "insufficient-access");
        assert_eq!(reply.json()["required"], "server_owner");
    }
    let reader = world.token(OWNER, &[HOME], &[]).await;
    assert_eq!(world.get(PATH, &reader).await.status, 200);
    let refused = change(&world, &reader, json!({})).await;
    refused.is_problem(403, "insufficient-scope");
    assert_eq!(refused.json()["required"], Scope::SettingsWrite.as_str());
}

#[tokio::test]
async fn while_its_api_is_off_a_server_is_nowhere_but_in_its_owners_settings() {
    let world = World::new().await;
    let owner = world.token(OWNER, &[HOME, AWAY], &ALL).await;
    let admin = world.token(ADMIN, &[HOME, AWAY], &ALL).await;
    assert_eq!(
        change(&world, &owner, json!({"api_enabled": false}))
            .await
            .status,
        200
    );
    let paths = [
        "/v1/users?server_id=123456",
        "/v1/users/1?server_id=123456",
        "/v1/servers/123456/stats",
        "/v1/servers/123456/rate-limit",
        "/v1/servers/123456/audit-log",
        "/v1/tokens?server_id=123456",
    ];
    for (token, more) in [(&owner, None), (&admin, Some(PATH))] {
        for path in paths.into_iter().chain(more) {
            let off = world.get(path, token).await;
            off.is_problem(404, "server-not-found");
            let never = world.get(&path.replace("123456", "999"), token).await;
            assert_eq!(told(&off), told(&never), "{path}");
        }
        let removal = world.delete("/v1/servers/123456/tokens/5", token).await;
        removal.is_problem(404, "server-not-found");
        let body = json!({"name": "child", "server_ids": ["123456"], "scopes": ["users:read"]});
        let made = world.json("POST", "/v1/tokens", token, body).await;
        made.is_problem(404, "server-not-found");
        assert_eq!(
            world.get("/v1/users?server_id=777", token).await.status,
            200
        );
    }
    let me = world.get("/v1/me", &admin).await.json();
    assert_eq!(me["servers"][1]["name"], Value::Null);
    assert_eq!(world.get(PATH, &owner).await.json()["api_enabled"], false);
    change(&world, &owner, json!({"api_enabled": true})).await;
    assert_eq!(
        world.get("/v1/users?server_id=123456", &admin).await.status,
        200
    );
}
