//! Who reaches which commands.

use http::Request;
use hush_domain::scopes::Scope;
use serde_json::json;

use crate::commanding::{MATE, PATH, queue, world};
use crate::support::{ADMIN, ALL, AWAY, HOME, MEMBER, OWNER, World, get, told, with_json};

/// A request for each operation on commands of the server `server`.
fn each(server: &str, command: &str, token: &str) -> Vec<Request<axum::body::Body>> {
    let list = format!("/v1/servers/{server}/commands");
    let one = format!("{list}/{command}");
    let headers = [("idempotency-key", "another")];
    let body = json!({"type": "kick", "user_id": "3"});
    let mut cancel = get(&one, token, &[]);
    *cancel.method_mut() = http::Method::DELETE;
    vec![
        get(&list, token, &[]),
        get(&one, token, &[]),
        get(&format!("{one}?wait=20"), token, &[]),
        with_json("POST", &list, token, &headers, &body),
        with_json(
            "POST",
            &format!("{list}?dry_run=true"),
            token,
            &headers,
            &body,
        ),
        cancel,
    ]
}

/// A world with a queued command, and that command's id.
async fn with_command() -> (World, String) {
    let world = world().await;
    let token = world.token(ADMIN, &[HOME], &ALL).await;
    let path = queue(
        &world,
        &token,
        "one",
        &json!({"type": "kick", "user_id": "3"}),
    )
    .await;
    let id = path.rsplit('/').next().unwrap().to_owned();
    (world, id)
}

#[tokio::test]
async fn commands_are_for_admins() {
    let (world, id) = with_command().await;
    let member = world.token(MEMBER, &[HOME], &ALL).await;
    for request in each("123456", &id, &member) {
        let refused = world.send(request).await;
        refused.is_problem(403, "insufficient-access");
        let body = refused.json();
        assert_eq!(
            (&body["required"], &body["actual"]),
            (&json!("admin"), &json!("member"))
        );
    }
    for request in each("123456", &id, "") {
        world.send(request).await.is_problem(401, "missing-token");
    }
    for who in [OWNER, MATE] {
        let token = world.token(who, &[HOME], &ALL).await;
        let found = world.get(&format!("{PATH}/{id}"), &token).await;
        assert_eq!(
            found.json()["user_id"],
            ADMIN.to_string(),
            "whoever sent it"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn reading_and_writing_take_their_scopes() {
    let (world, id) = with_command().await;
    for (missing, reads) in [(Scope::CommandsRead, true), (Scope::CommandsWrite, false)] {
        let others: Vec<_> = ALL.into_iter().filter(|scope| *scope != missing).collect();
        let narrow = world.token(OWNER, &[HOME], &others).await;
        for request in each("123456", &id, &narrow) {
            let is_reading = request.method() == http::Method::GET;
            let reply = world.send(request).await;
            if is_reading == reads {
                reply.is_problem(403, "insufficient-scope");
                assert_eq!(reply.json()["required"], missing.as_str());
            } else {
                assert!(reply.status.is_success(), "{}", reply.text());
            }
        }
    }
}

#[tokio::test]
async fn another_servers_commands_are_as_if_they_had_never_been() {
    let (world, id) = with_command().await;
    let away = world.token(OWNER, &[AWAY], &ALL).await;
    // The server is out of the token's reach, whether it is there or not.
    let foreign = each("123456", &id, &away);
    let unknown = each("999", &id, &away);
    for (foreign, unknown) in foreign.into_iter().zip(unknown) {
        let (foreign, unknown) = (world.send(foreign).await, world.send(unknown).await);
        foreign.is_problem(404, "server-not-found");
        let (mut headers, body) = told(&foreign);
        let (mut others, other) = told(&unknown);
        for headers in [&mut headers, &mut others] {
            for name in ["x-ratelimit-remaining", "ratelimit"] {
                headers.remove(name);
            }
        }
        assert_eq!((headers, body), (others, other));
    }
    // The command is in no other server, also for who reaches both.
    let both = world.token(OWNER, &[HOME, AWAY], &ALL).await;
    for here in ["", "?wait=20"] {
        let foreign = world
            .get(&format!("/v1/servers/777/commands/{id}{here}"), &both)
            .await;
        let unknown = world
            .get(&format!("/v1/servers/777/commands/4{here}"), &both)
            .await;
        foreign.is_problem(404, "command-not-found");
        assert_eq!(told(&foreign).1, told(&unknown).1);
    }
    let foreign = world
        .delete(&format!("/v1/servers/777/commands/{id}"), &both)
        .await;
    foreign.is_problem(404, "command-not-found");
    let page = world.get("/v1/servers/777/commands", &both).await;
    assert_eq!(page.text(), r#"{"commands":[],"next":null}"#);
    let kept = world.get(&format!("{PATH}/{id}"), &both).await;
    assert_eq!(kept.json()["state"], "queued");
}

#[tokio::test]
async fn a_replaced_secret_reads_commands_and_sends_none() {
    let (world, id) = with_command().await;
    let former = world.token(ADMIN, &[HOME], &ALL).await;
    let rotate = format!("/v1/tokens/{}/rotate", world.id(&former).await);
    let rotated = world
        .json("POST", &rotate, &former, json!({"grace_seconds": 60}))
        .await;
    assert_eq!(rotated.status, 200, "{}", rotated.text());
    for request in each("123456", &id, &former) {
        if request.method() == http::Method::GET && request.uri().query().is_none() {
            assert_eq!(world.send(request).await.status, 200);
        } else if request.method() != http::Method::GET {
            world.send(request).await.is_problem(403, "secret-replaced");
        }
    }
}

#[tokio::test]
async fn while_the_api_is_off_commands_are_out_of_reach() {
    let (world, id) = with_command().await;
    let (owner, admin) = (
        world.token(OWNER, &[HOME], &ALL).await,
        world.token(ADMIN, &[HOME], &ALL).await,
    );
    let off = json!({"api_enabled": false});
    let settings = "/v1/servers/123456/settings";
    assert_eq!(world.json("PATCH", settings, &owner, off).await.status, 200);
    for token in [&owner, &admin] {
        for request in each("123456", &id, token) {
            world
                .send(request)
                .await
                .is_problem(404, "server-not-found");
        }
    }
}
