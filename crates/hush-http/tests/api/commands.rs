//! Commands from sending them to their end.

use std::time::Duration;

use hush_ports::Clock;
use serde_json::{Value, json};

use crate::commanding::{
    CHANNEL, HELPER_ROLE, PATH, carry_out, forget_requests, queue, send, world,
};
use crate::support::{ADMIN, ALL, HOME, MEMBER, OWNER, get, with_json};

mod fields;
mod keys;
mod reach;
mod rules;
mod stored;
mod waiting;

/// One command of each type as the admin may send it, with what is shown of it.
fn of_each_type() -> Vec<(Value, Value)> {
    let (user, channel, role) = (
        MEMBER.to_string(),
        CHANNEL.to_string(),
        HELPER_ROLE.to_string(),
    );
    let same = |kind: &str, parameters: Value| {
        let mut body = parameters.clone();
        body["type"] = kind.into();
        (body, parameters)
    };
    let nobody = "4";
    vec![
        same("timeout", json!({"user_id": user, "duration_seconds": 1})),
        same(
            "timeout",
            json!({"user_id": user, "duration_seconds": 2_419_200}),
        ),
        same("remove_timeout", json!({"user_id": user})),
        same("add_role", json!({"user_id": user, "role_id": role})),
        same("remove_role", json!({"user_id": user, "role_id": role})),
        same(
            "set_nickname",
            json!({"user_id": user, "nickname": "🦀".repeat(32)}),
        ),
        same("set_nickname", json!({"user_id": user, "nickname": null})),
        same(
            "send_message",
            json!({"channel_id": channel, "content": "ä".repeat(2000)}),
        ),
        same(
            "ban",
            json!({"user_id": nobody, "delete_message_seconds": 604_800}),
        ),
        (
            json!({"type": "ban", "user_id": nobody}),
            json!({"user_id": nobody, "delete_message_seconds": 0}),
        ),
        same("unban", json!({"user_id": nobody})),
        (
            json!({"type": "bulk_ban", "user_ids": ["5", nobody]}),
            json!({"user_ids": ["5", nobody], "delete_message_seconds": 0}),
        ),
        same(
            "bulk_ban",
            json!({"user_ids": [nobody, "6"], "delete_message_seconds": 1}),
        ),
        same("kick", json!({"user_id": user})),
    ]
}

#[tokio::test]
async fn a_command_of_each_type_is_queued_and_shown() {
    let world = world().await;
    let token = world.token(ADMIN, &[HOME], &ALL).await;
    let token_id = world.id(&token).await;
    for (number, (body, parameters)) in of_each_type().into_iter().enumerate() {
        let reply = send(&world, &token, &format!("key {number}"), &body).await;
        assert_eq!(reply.status, 202, "{body}: {}", reply.text());
        let now = world.clock.wall();
        let patience = if body["type"] == "send_message" {
            60
        } else {
            600
        };
        let not_after = now.checked_add(Duration::from_secs(patience)).unwrap();
        let shown = reply.json();
        let id = shown["id"].as_str().unwrap();
        assert_eq!(
            shown,
            json!({
                "id": id, "type": body["type"], "state": "queued", "parameters": parameters,
                "token_id": token_id, "user_id": ADMIN.to_string(), "reason": null,
                "created_at": now.to_string(), "not_after": not_after.to_string(),
                "started_at": null, "ended_at": null, "attempts": 0, "failure": null, "result": null,
            })
        );
        let location = format!("http://127.0.0.1:8080{PATH}/{id}");
        for (name, expected) in [
            ("location", location.as_str()),
            ("content-type", "application/json"),
            ("cache-control", "no-store"),
            ("vary", "Authorization"),
            ("etag", ""),
            ("idempotent-replayed", ""),
            ("ratelimit-policy", "\"server\";q=60;w=60"),
        ] {
            assert_eq!(reply.header(name), expected, "{name}");
        }
        let found = world.get(&format!("{PATH}/{id}"), &token).await;
        assert_eq!(found.text(), reply.text());
        forget_requests(&world);
    }
}

#[tokio::test(start_paused = true)]
async fn a_command_of_each_type_is_carried_out() {
    let world = world().await;
    let token = world.token(ADMIN, &[HOME], &ALL).await;
    let mut results = Vec::new();
    for (number, (body, _)) in of_each_type().into_iter().enumerate() {
        let path = queue(&world, &token, &format!("key {number}"), &body).await;
        forget_requests(&world);
        let ended = carry_out(&world, &token, &path).await;
        assert_eq!(ended["state"], "succeeded", "{ended}");
        assert_eq!(
            (&ended["attempts"], &ended["failure"]),
            (&json!(1), &Value::Null)
        );
        let now = json!(world.clock.wall().to_string());
        assert_eq!((&ended["started_at"], &ended["ended_at"]), (&now, &now));
        if !ended["result"].is_null() {
            results.push(ended["result"].clone());
        }
    }
    assert_eq!(
        results,
        [
            json!({"message_id": "1"}),
            json!({"banned_user_ids": ["5", "4"], "not_banned_user_ids": []}),
            json!({"banned_user_ids": ["6"], "not_banned_user_ids": ["4"]}),
        ]
    );
    let gone = world.get(&format!("/v1/users/{MEMBER}"), &token).await;
    gone.is_problem(404, "user-not-found");
}

#[tokio::test(start_paused = true)]
async fn roles_are_given_and_taken() {
    let world = world().await;
    let token = world.token(ADMIN, &[HOME], &ALL).await;
    for (kind, expected) in [
        ("add_role", json!(["Member", "Helper"])),
        ("remove_role", json!(["Member"])),
    ] {
        let role = HELPER_ROLE.to_string();
        let body = json!({"type": kind, "user_id": "3", "role_id": role});
        let path = queue(&world, &token, kind, &body).await;
        carry_out(&world, &token, &path).await;
        let user = world.get("/v1/users/3", &token).await.json();
        assert_eq!(user["roles"], expected);
    }
}

#[tokio::test(start_paused = true)]
async fn what_the_platform_refuses_has_failed_with_its_code() {
    let world = world().await;
    let token = world.token(ADMIN, &[HOME], &ALL).await;
    let path = queue(
        &world,
        &token,
        "one",
        &json!({"type": "unban", "user_id": "4"}),
    )
    .await;
    let ended = carry_out(&world, &token, &path).await;
    assert_eq!(ended["state"], "failed");
    assert_eq!(
        ended["failure"],
        json!({"code": "ban-not-found", "detail": "The user is not banned."})
    );
    assert_eq!(ended["result"], Value::Null);
}

#[tokio::test]
async fn a_reason_stands_in_the_body_or_in_the_header() {
    let world = world().await;
    let token = world.token(ADMIN, &[HOME], &ALL).await;
    let longest = "ä".repeat(512);
    for (number, (header, field, expected)) in [
        (None, None, Value::Null),
        (Some("f%C3%BCr%20uns"), None, json!("für uns")),
        (None, Some(json!("für uns")), json!("für uns")),
        (None, Some(json!(longest)), json!(longest)),
        // What stands in the body is about this command alone.
        (Some("header"), Some(json!("body")), json!("body")),
    ]
    .into_iter()
    .enumerate()
    {
        let mut body = json!({"type": "kick", "user_id": "3"});
        if let Some(reason) = field {
            body["reason"] = reason;
        }
        let key = format!("key {number}");
        let mut headers = vec![("idempotency-key", key.as_str())];
        headers.extend(header.map(|reason| ("x-audit-log-reason", reason)));
        let reply = world
            .send(with_json("POST", PATH, &token, &headers, &body))
            .await;
        assert_eq!(reply.status, 202, "{}", reply.text());
        assert_eq!(reply.json()["reason"], expected);
    }
    let headers = [("idempotency-key", "other"), ("x-audit-log-reason", "50%")];
    let body = json!({"type": "kick", "user_id": "3", "reason": "body"});
    let broken = with_json("POST", PATH, &token, &headers, &body);
    world.send(broken).await.refuses("X-Audit-Log-Reason");
}

#[tokio::test(start_paused = true)]
async fn the_audit_log_tells_of_queueing_and_of_the_end() {
    let world = world().await;
    let admin = world.token(ADMIN, &[HOME], &ALL).await;
    let owner = world.token(OWNER, &[HOME], &ALL).await;
    let headers = [("idempotency-key", "one"), ("x-request-id", "kick-1")];
    let body = json!({"type": "kick", "user_id": "3", "reason": "spam"});
    let made = world
        .send(with_json("POST", PATH, &admin, &headers, &body))
        .await
        .json();
    let id = made["id"].as_str().unwrap();
    carry_out(&world, &admin, &format!("{PATH}/{id}")).await;
    let other = json!({"type": "send_message", "channel_id": "100", "content": "a word"});
    let path = queue(&world, &admin, "two", &other).await;
    let mut cancel = get(
        &path,
        &owner,
        &[("x-request-id", "back-1"), ("x-audit-log-reason", "no")],
    );
    *cancel.method_mut() = http::Method::DELETE;
    assert_eq!(world.send(cancel).await.status, 200);
    let log = world
        .get("/v1/servers/123456/audit-log?actor=token", &owner)
        .await;
    assert!(!log.text().contains("a word"), "{}", log.text());
    let by = async |token: &str, user: u64| json!({"type": "token", "token_id": world.id(token).await, "user_id": user.to_string()});
    let (by_admin, by_owner) = (by(&admin, ADMIN).await, by(&owner, OWNER).await);
    let target = json!({"type": "command", "id": id, "user_id": "3"});
    let message = json!({"type": "command", "id": path.rsplit('/').next(), "user_id": null});
    let at = "2027-01-15T08:00:00Z";
    assert_eq!(
        log.json()["entries"],
        json!([
            {
                "number": 6, "at": at, "actor": by_owner, "action": "command.cancelled", "target": message,
                "before": null, "after": null, "request_id": "back-1", "reason": "no",
            },
            {
                "number": 5, "at": at, "actor": by_admin, "action": "command.queued", "target": message,
                "before": null,
                "after": {"type": "send_message", "channel_id": "100", "not_after": "2027-01-15T08:01:00Z"},
                "request_id": log.json()["entries"][1]["request_id"], "reason": null,
            },
            {
                "number": 4, "at": at, "actor": by_admin, "action": "command.succeeded", "target": target,
                "before": null, "after": {"attempts": 1}, "request_id": "kick-1", "reason": "spam",
            },
            {
                "number": 3, "at": at, "actor": by_admin, "action": "command.queued", "target": target,
                "before": null, "after": {"type": "kick", "not_after": "2027-01-15T08:10:00Z"},
                "request_id": "kick-1", "reason": "spam",
            },
        ])
    );
}
