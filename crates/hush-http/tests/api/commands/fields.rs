//! What the body of a command can hold.

use std::time::Duration;

use hush_ports::Clock;
use serde_json::{Value, json};

use super::of_each_type;
use crate::commanding::{PATH, forget_requests, send, world};
use crate::support::{ADMIN, ALL, HOME, World, with_text};

/// What some field cannot be, whichever type has it.
fn wrong() -> Vec<(&'static str, Vec<Value>)> {
    let many: Vec<_> = (1..=201).map(|id| id.to_string()).collect();
    let not_ids = vec![
        Value::Null,
        json!(3),
        json!(""),
        json!("0"),
        json!("03"),
        json!("+3"),
        json!("x"),
        json!("9223372036854775808"),
        json!(["3"]),
    ];
    vec![
        ("user_id", not_ids.clone()),
        ("role_id", not_ids.clone()),
        ("channel_id", not_ids),
        (
            "user_ids",
            vec![
                Value::Null,
                json!("3"),
                json!([]),
                json!([3]),
                json!(["0"]),
                json!(["3", "3"]),
                json!(many),
            ],
        ),
        (
            "duration_seconds",
            vec![
                Value::Null,
                json!(0),
                json!(-1),
                json!(1.5),
                json!("60"),
                json!(2_419_201),
            ],
        ),
        (
            "delete_message_seconds",
            vec![
                Value::Null,
                json!(-1),
                json!(1.5),
                json!("0"),
                json!(604_801),
            ],
        ),
        (
            "nickname",
            vec![json!(""), json!(7), json!("a\nb"), json!("x".repeat(33))],
        ),
        (
            "content",
            vec![
                Value::Null,
                json!(7),
                json!(""),
                json!(" \n"),
                json!("a\0b"),
                json!("x".repeat(2001)),
            ],
        ),
        (
            "reason",
            vec![
                Value::Null,
                json!(7),
                json!(""),
                json!("a\nb"),
                json!("x".repeat(513)),
            ],
        ),
        (
            "not_after",
            vec![
                Value::Null,
                json!(7),
                json!(""),
                json!("tomorrow"),
                json!("2027-01-15"),
            ],
        ),
    ]
}

/// Asserts that a command is refused for its field `name`, whether or not it is to be queued.
async fn refused(world: &World, token: &str, body: &Value, name: &str) {
    send(world, token, "key", body).await.refuses(name);
    let dry = format!("{PATH}?dry_run=true");
    let reply = world.json("POST", &dry, token, body.clone()).await;
    reply.refuses(name);
    forget_requests(world);
    forget_requests(world);
}

#[tokio::test]
async fn a_field_that_is_missing_wrong_or_of_another_type_is_named() {
    let world = world().await;
    let token = world.token(ADMIN, &[HOME], &ALL).await;
    for (body, _) in of_each_type() {
        let has = |name: &str| body.get(name).is_some();
        for (name, values) in wrong() {
            let common = matches!(name, "reason" | "not_after");
            let optional = name == "delete_message_seconds";
            let mut changed = body.clone();
            if has(name) && !optional {
                changed.as_object_mut().unwrap().remove(name);
                refused(&world, &token, &changed, name).await;
            }
            // Each of them is wrong where the type has the field, and out of place where it has not.
            let of_type = common || has(name);
            for value in values.into_iter().take(if of_type { 99 } else { 1 }) {
                changed[name] = value;
                refused(&world, &token, &changed, name).await;
            }
        }
        let mut unknown = body.clone();
        unknown["silent"] = json!(true);
        refused(&world, &token, &unknown, "silent").await;
    }
    let page = world.get(PATH, &token).await;
    assert_eq!(page.text(), r#"{"commands":[],"next":null}"#);
}

#[tokio::test]
async fn a_field_of_another_type_is_no_field_of_this_one() {
    let world = world().await;
    let token = world.token(ADMIN, &[HOME], &ALL).await;
    let given: Vec<_> = of_each_type()
        .into_iter()
        .map(|(_, parameters)| parameters)
        .collect();
    for (body, parameters) in of_each_type() {
        for (name, value) in given.iter().flat_map(|other| other.as_object().unwrap()) {
            if parameters.get(name).is_none() {
                let mut changed = body.clone();
                changed[name] = value.clone();
                refused(&world, &token, &changed, name).await;
            }
        }
    }
}

#[tokio::test]
async fn a_command_has_a_type_of_the_list() {
    let world = world().await;
    let token = world.token(ADMIN, &[HOME], &ALL).await;
    for kind in [
        Value::Null,
        json!(7),
        json!(""),
        json!("Kick"),
        json!("unkick"),
    ] {
        refused(
            &world,
            &token,
            &json!({"type": kind, "user_id": "3"}),
            "type",
        )
        .await;
    }
    refused(&world, &token, &json!({"user_id": "3"}), "type").await;
    refused(&world, &token, &json!({}), "type").await;
    let headers = [("idempotency-key", "key")];
    let reply = world
        .send(with_text("POST", PATH, &token, &headers, ""))
        .await;
    reply.refuses("type");
    let twice = r#"{"type":"kick","user_id":"3","user_id":"3"}"#;
    let reply = world
        .send(with_text("POST", PATH, &token, &headers, twice))
        .await;
    reply.refuses("user_id");
    for no_object in ["[]", "null", "{", "\"kick\""] {
        let reply = world
            .send(with_text("POST", PATH, &token, &headers, no_object))
            .await;
        reply.is_problem(400, "invalid-body");
    }
}

#[tokio::test]
async fn dry_run_is_true_or_false() {
    let world = world().await;
    let token = world.token(ADMIN, &[HOME], &ALL).await;
    let body = json!({"type": "kick", "user_id": "3"});
    for value in ["", "1", "yes", "True", "true&dry_run=true"] {
        let path = format!("{PATH}?dry_run={value}");
        let reply = world.json("POST", &path, &token, body.clone()).await;
        reply.refuses("dry_run");
    }
}

#[tokio::test]
async fn a_deadline_lies_within_the_next_24_hours() {
    let world = world().await;
    let token = world.token(ADMIN, &[HOME], &ALL).await;
    let day = Duration::from_hours(24);
    let after = |time: Duration| world.clock.wall().checked_add(time).unwrap().to_string();
    for (number, time) in [Duration::from_micros(1), day].into_iter().enumerate() {
        let not_after = after(time);
        let body = json!({"type": "kick", "user_id": "3", "not_after": not_after});
        let reply = send(&world, &token, &format!("key {number}"), &body).await;
        assert_eq!(reply.status, 202, "{}", reply.text());
        assert_eq!(reply.json()["not_after"], not_after);
    }
    // What is said in another offset is shown in UTC.
    let body = json!({"type": "kick", "user_id": "3", "not_after": "2027-01-15T10:00:00.5+01:00"});
    let shown = send(&world, &token, "offset", &body).await.json();
    assert_eq!(shown["not_after"], "2027-01-15T09:00:00.5Z");
    let past = "2027-01-15T07:59:59.999999Z".to_owned();
    for time in [
        after(Duration::ZERO),
        after(day + Duration::from_micros(1)),
        past,
    ] {
        let body = json!({"type": "kick", "user_id": "3", "not_after": time});
        send(&world, &token, "other", &body)
            .await
            .refuses("not_after");
        let dry = format!("{PATH}?dry_run=true");
        world
            .json("POST", &dry, &token, body)
            .await
            .refuses("not_after");
    }
}
