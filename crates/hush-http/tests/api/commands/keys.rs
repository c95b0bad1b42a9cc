//! Commands are sent under a key, and each is queued once.

use std::time::Duration;

use serde_json::json;

use crate::commanding::{MATE, PATH, carry_out, forget_requests, queue, send, world};
use crate::support::{ADMIN, ALL, AWAY, HOME, World, with_json, with_text};

async fn count(world: &World, token: &str) -> usize {
    let page = world.get(PATH, token).await.json();
    page["commands"].as_array().unwrap().len()
}

#[tokio::test]
async fn a_command_without_a_key_is_refused() {
    let world = world().await;
    let token = world.token(ADMIN, &[HOME], &ALL).await;
    let body = json!({"type": "kick", "user_id": "3"});
    let reply = world.json("POST", PATH, &token, body.clone()).await;
    reply.is_problem(400, "idempotency-key-required");
    let dry = format!("{PATH}?dry_run=false");
    let reply = world.json("POST", &dry, &token, body.clone()).await;
    reply.is_problem(400, "idempotency-key-required");
    send(&world, &token, "", &body)
        .await
        .refuses("Idempotency-Key");
    assert_eq!(count(&world, &token).await, 0);
}

#[tokio::test]
async fn the_same_command_is_queued_once_and_answered_again() {
    let world = world().await;
    let token = world.token(ADMIN, &[HOME], &ALL).await;
    let body = json!({"type": "kick", "user_id": "3"});
    let first = send(&world, &token, "one", &body).await;
    assert_eq!(first.status, 202);
    world.clock.advance(Duration::from_secs(1));
    for key in ["one", "\"one\""] {
        let again = send(&world, &token, key, &body).await;
        assert_eq!(again.status, 202);
        assert_eq!(again.header("idempotent-replayed"), "true");
        assert_eq!(again.text(), first.text());
        for name in ["location", "content-type", "cache-control", "vary", "etag"] {
            assert_eq!(again.header(name), first.header(name), "{name}");
        }
    }
    assert_eq!(count(&world, &token).await, 1);
    // Another key is another command, though it says the same.
    queue(&world, &token, "two", &body).await;
    assert_eq!(count(&world, &token).await, 2);
}

/// The user is no longer there, the deadline is over, and who sent it is no longer above anybody.
#[tokio::test(start_paused = true)]
async fn it_is_answered_again_when_it_could_not_be_queued_any_more() {
    let world = world().await;
    let token = world.token(ADMIN, &[HOME], &ALL).await;
    let soon = "2027-01-15T08:00:10Z";
    let body = json!({"type": "kick", "user_id": "3", "not_after": soon});
    let first = send(&world, &token, "one", &body).await;
    let path = format!("{PATH}/{}", first.json()["id"].as_str().unwrap());
    let ended = carry_out(&world, &token, &path).await;
    assert_eq!(ended["state"], "succeeded");
    world.clock.advance(Duration::from_secs(10));
    let again = send(&world, &token, "one", &body).await;
    assert_eq!((again.status, again.text()), (first.status, first.text()));
    send(&world, &token, "two", &body)
        .await
        .refuses("not_after");
    let body = json!({"type": "kick", "user_id": "3"});
    let gone = send(&world, &token, "three", &body).await;
    gone.is_problem(404, "user-not-found");
}

#[tokio::test]
async fn another_command_under_the_key_is_refused() {
    let world = world().await;
    let token = world.token(ADMIN, &[HOME], &ALL).await;
    let body = json!({"type": "kick", "user_id": "3"});
    queue(&world, &token, "one", &body).await;
    let other = json!({"type": "remove_timeout", "user_id": "3"});
    let refused = send(&world, &token, "one", &other).await;
    refused.is_problem(422, "idempotency-key-reused");
    let headers = [("idempotency-key", "one")];
    let spaced = with_text("POST", PATH, &token, &headers, format!("{body} "));
    let refused = world.send(spaced).await;
    refused.is_problem(422, "idempotency-key-reused");
    assert_eq!(count(&world, &token).await, 1);
}

#[tokio::test]
async fn another_tokens_or_servers_key_is_another_one() {
    let world = world().await;
    let token = world.token(ADMIN, &[HOME, AWAY], &ALL).await;
    let mate = world.token(MATE, &[HOME], &ALL).await;
    let body = json!({"type": "kick", "user_id": "3"});
    queue(&world, &token, "one", &body).await;
    queue(&world, &mate, "one", &body).await;
    let headers = [("idempotency-key", "one")];
    let away = "/v1/servers/777/commands";
    let reply = world
        .send(with_json("POST", away, &token, &headers, &body))
        .await;
    assert_eq!(
        (reply.status.as_u16(), reply.header("idempotent-replayed")),
        (202, "")
    );
    assert_eq!(count(&world, &token).await, 2);
}

#[tokio::test]
async fn a_refused_command_leaves_its_key_free() {
    let world = world().await;
    let token = world.token(ADMIN, &[HOME], &ALL).await;
    let forbidden = json!({"type": "kick", "user_id": "1"});
    let refused = send(&world, &token, "one", &forbidden).await;
    refused.is_problem(403, "command-forbidden");
    queue(
        &world,
        &token,
        "one",
        &json!({"type": "kick", "user_id": "3"}),
    )
    .await;
}

#[tokio::test]
async fn a_trial_neither_takes_a_key_nor_spends_one() {
    let world = world().await;
    let token = world.token(ADMIN, &[HOME], &ALL).await;
    let body = json!({"type": "kick", "user_id": "3"});
    let headers = [("idempotency-key", "one")];
    let dry = format!("{PATH}?dry_run=true");
    let trial = || with_json("POST", &dry, &token, &headers, &body);
    assert_eq!(world.send(trial()).await.status, 200);
    queue(&world, &token, "one", &body).await;
    let again = world.send(trial()).await;
    assert_eq!(
        (again.status.as_u16(), again.header("idempotent-replayed")),
        (200, "")
    );
    assert_eq!(again.json()["allowed"], true);
    assert_eq!(count(&world, &token).await, 1);
}

#[tokio::test]
async fn a_thousand_commands_of_a_server_can_wait() {
    let world = world().await;
    let token = world.token(ADMIN, &[HOME], &ALL).await;
    let message =
        |number: usize| json!({"type": "kick", "user_id": "3", "reason": format!("{number}")});
    let mut last = String::new();
    for number in 0..1000 {
        last = queue(&world, &token, &format!("key {number}"), &message(number)).await;
        forget_requests(&world);
    }
    let refused = send(&world, &token, "more", &message(1000)).await;
    refused.is_problem(409, "too-many-commands");
    assert_eq!(world.delete(&last, &token).await.status, 200);
    queue(&world, &token, "more", &message(1000)).await;
}
