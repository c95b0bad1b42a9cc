//! What `/v1/me` says of each operation, against what each operation says.

use axum::body::Body;
use http::Request;
use hush_domain::operations::Operation;
use hush_domain::scopes::Scope;
use serde_json::{Value, json};

use crate::support::{ADMIN, ALL, AWAY, HOME, MEMBER, OWNER, Reply, World, get, with_json};

/// Asks for an operation in `HOME`. What it is asked about need not be there.
fn ask(operation: Operation, token: &str, own_id: &str) -> Request<Body> {
    let home = |rest: &str| format!("/v1/servers/123456/{rest}");
    let own = format!("/v1/tokens/{own_id}");
    let delete = |path: &str| {
        let mut request = get(path, token, &[]);
        *request.method_mut() = http::Method::DELETE;
        request
    };
    match operation {
        Operation::GetMe => get("/v1/me", token, &[]),
        Operation::ListUsers => get("/v1/users?server_id=123456", token, &[]),
        Operation::GetUser => get("/v1/users/1?server_id=123456", token, &[]),
        Operation::GetServer => get("/v1/servers/123456", token, &[]),
        Operation::ListRoles => get(&home("roles"), token, &[]),
        Operation::ListChannels => get(&home("channels"), token, &[]),
        Operation::GetServerStats => get(&home("stats"), token, &[]),
        Operation::GetServerSettings => get(&home("settings"), token, &[]),
        Operation::UpdateServerSettings => {
            with_json("PATCH", &home("settings"), token, &[], &json!({}))
        }
        Operation::GetServerRateLimit => get(&home("rate-limit"), token, &[]),
        Operation::ListAuditLog => get(&home("audit-log"), token, &[]),
        Operation::ListCommands => get(&home("commands"), token, &[]),
        // There is nobody to carry it out, which is no matter of the operation either.
        Operation::CreateCommand => {
            let key = [("idempotency-key", "x")];
            let body = json!({"type": "kick", "user_id": "5"});
            with_json("POST", &home("commands"), token, &key, &body)
        }
        Operation::GetCommand => get(&home("commands/5"), token, &[]),
        Operation::CancelCommand => delete(&home("commands/5")),
        Operation::ListTokens => get("/v1/tokens", token, &[]),
        Operation::ListServerTokens => get("/v1/tokens?server_id=123456", token, &[]),
        Operation::CreateToken => {
            let body = json!({"name": "x", "server_ids": ["123456"], "scopes": ["tokens:write"]});
            with_json("POST", "/v1/tokens", token, &[], &body)
        }
        Operation::GetToken => get(&own, token, &[]),
        Operation::RevokeToken => delete(&own),
        // Of no token: what stands in the way of rotating one of them is no matter of the operation.
        Operation::RotateToken => with_json("POST", "/v1/tokens/5/rotate", token, &[], &json!({})),
        Operation::RemoveServerFromToken => delete(&home("tokens/5")),
        other => panic!("nobody asks for {}", other.id()),
    }
}

/// What an answer says of whether its operation is allowed, as `/v1/me` says it.
fn said(operation: Operation, reply: &Reply) -> Value {
    let allowed = json!({"operation": operation.id(), "allowed": true});
    if reply.status.as_u16() < 400 {
        return allowed;
    }
    let body = reply.json();
    let missing = match body["code"].as_str().unwrap() {
        "token-not-found" | "command-not-found" | "no-bot" => return allowed,
        "server-not-found" => "server",
        "insufficient-scope" => "scope",
        "insufficient-access" => "access_level",
        "secret-replaced" => "newest_secret",
        other => panic!("{}: {other}", operation.id()),
    };
    let mut said = json!({"operation": operation.id(), "allowed": false, "missing": missing});
    if let Some(required) = body.get("required") {
        said["required"] = required.clone();
    }
    said
}

/// Asks for each operation, and holds what comes against what `/v1/me` said before.
async fn agrees(world: &World, token: &str) {
    let me = world.get("/v1/me", token).await.json();
    let id = me["token_id"].as_str().unwrap();
    let servers = me["servers"].as_array().unwrap();
    let home = servers.iter().find(|it| it["id"] == "123456").unwrap();
    let told = home["operations"].as_array().unwrap();
    assert_eq!(told.len(), Operation::ALL.len());
    // Whoever revokes itself can ask for nothing more.
    let (revoke, mut order): (Vec<_>, Vec<_>) = Operation::ALL
        .into_iter()
        .zip(told)
        .partition(|(operation, _)| *operation == Operation::RevokeToken);
    order.extend(revoke);
    for (operation, told) in order {
        let reply = world.send(ask(operation, token, id)).await;
        assert_eq!(said(operation, &reply), *told, "{}", reply.text());
    }
}

#[tokio::test]
async fn me_says_of_each_operation_what_it_says_itself() {
    let world = World::new().await;
    for who in [OWNER, ADMIN, MEMBER] {
        agrees(&world, &world.token(who, &[HOME], &ALL).await).await;
        agrees(&world, &world.token(who, &[HOME, AWAY], &[]).await).await;
        for scope in Scope::ALL {
            agrees(&world, &world.token(who, &[HOME], &[scope]).await).await;
            world.clock.advance(std::time::Duration::from_secs(60));
        }
    }
}

#[tokio::test]
async fn so_it_does_by_a_secret_that_was_replaced() {
    let world = World::new().await;
    for who in [OWNER, MEMBER] {
        let former = world.token(who, &[HOME], &ALL).await;
        let path = format!("/v1/tokens/{}/rotate", world.id(&former).await);
        assert_eq!(
            world.json("POST", &path, &former, json!({})).await.status,
            200
        );
        agrees(&world, &former).await;
    }
}

#[tokio::test]
async fn so_it_does_while_the_api_is_off() {
    let world = World::new().await;
    let owner = world.token(OWNER, &[HOME], &ALL).await;
    let off = json!({"api_enabled": false});
    world
        .json("PATCH", "/v1/servers/123456/settings", &owner, off)
        .await;
    agrees(&world, &world.token(OWNER, &[HOME], &ALL).await).await;
    agrees(&world, &world.token(OWNER, &[HOME], &[]).await).await;
    for who in [ADMIN, MEMBER] {
        agrees(&world, &world.token(who, &[HOME], &ALL).await).await;
    }
}
