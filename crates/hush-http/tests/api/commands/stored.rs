//! Commands as they are listed, looked at and taken back.

use std::time::Duration;

use hush_ports::{Clock, Commands, Room};
use serde_json::{Value, json};

use crate::commanding::{PATH, Running, carry_out, queue, world};
use crate::support::{ADMIN, ALL, HOME, OWNER, World, get};

fn ids(page: &Value) -> Vec<String> {
    let commands = page["commands"].as_array().unwrap().iter();
    commands
        .map(|it| it["id"].as_str().unwrap().to_owned())
        .collect()
}

/// Five commands a second apart, oldest first: the first has succeeded, the second has failed, the third was taken back.
async fn eventful(world: &World, token: &str) -> Vec<String> {
    let mut paths = Vec::new();
    for (number, body) in [
        json!({"type": "remove_timeout", "user_id": "3"}),
        json!({"type": "unban", "user_id": "4"}),
        json!({"type": "kick", "user_id": "3"}),
        json!({"type": "kick", "user_id": "3"}),
        json!({"type": "send_message", "channel_id": "100", "content": "x"}),
    ]
    .iter()
    .enumerate()
    {
        let path = queue(world, token, &format!("key {number}"), body).await;
        if number < 2 {
            carry_out(world, token, &path).await;
        }
        paths.push(path);
        world.clock.advance(Duration::from_secs(1));
    }
    assert_eq!(world.delete(&paths[2], token).await.status, 200);
    let id = |path: String| path.rsplit('/').next().unwrap().to_owned();
    paths.into_iter().map(id).collect()
}

#[tokio::test(start_paused = true)]
async fn the_list_shows_what_its_filters_say_newest_first() {
    let world = world().await;
    let token = world.token(ADMIN, &[HOME], &ALL).await;
    let made = eventful(&world, &token).await;
    for (query, expected) in [
        ("", &[4, 3, 2, 1, 0][..]),
        ("state=queued", &[4, 3]),
        ("state=running", &[]),
        ("state=succeeded", &[0]),
        ("state=failed", &[1]),
        ("state=expired", &[]),
        ("state=cancelled", &[2]),
        ("type=kick", &[3, 2]),
        ("type=bulk_ban", &[]),
        ("type=kick&state=queued", &[3]),
        ("limit=5", &[4, 3, 2, 1, 0]),
        ("later=1", &[4, 3, 2, 1, 0]),
    ] {
        let reply = world.get(&format!("{PATH}?{query}"), &token).await;
        assert_eq!(reply.status, 200, "{query}: {}", reply.text());
        let expected: Vec<_> = expected
            .iter()
            .map(|number| made[*number].clone())
            .collect();
        assert_eq!(ids(&reply.json()), expected, "{query}");
        assert_eq!(
            (reply.header("link"), &reply.json()["next"]),
            ("", &Value::Null)
        );
        assert_eq!(reply.header("cache-control"), "private, no-cache");
    }
    // A command in a list is as it is alone.
    let page = world.get(PATH, &token).await.json();
    for shown in page["commands"].as_array().unwrap() {
        let path = format!("{PATH}/{}", shown["id"].as_str().unwrap());
        assert_eq!(world.get(&path, &token).await.json(), *shown);
    }
}

#[tokio::test(start_paused = true)]
async fn a_walk_keeps_its_filters_and_shows_each_command_once() {
    let world = world().await;
    let token = world.token(ADMIN, &[HOME], &ALL).await;
    let made = eventful(&world, &token).await;
    let first = world
        .get(&format!("{PATH}?limit=1&type=kick&state=queued"), &token)
        .await;
    assert_eq!(
        (first.header("link"), ids(&first.json())),
        ("", vec![made[3].clone()])
    );
    let mut path = format!("{PATH}?limit=2");
    let mut seen = Vec::new();
    loop {
        let reply = world.get(&path, &token).await;
        seen.extend(ids(&reply.json()));
        let Some(next) = reply.json()["next"].as_str().map(str::to_owned) else {
            assert_eq!(reply.header("link"), "");
            break;
        };
        path = format!("{PATH}?limit=2&after={next}");
        assert_eq!(
            reply.header("link"),
            format!("<http://127.0.0.1:8080{path}>; rel=\"next\"")
        );
        // What is sent meanwhile is before the walk.
        let body = json!({"type": "kick", "user_id": "3"});
        queue(&world, &token, &format!("key {next}"), &body).await;
        world.clock.advance(Duration::from_secs(1));
    }
    assert_eq!(seen, made.into_iter().rev().collect::<Vec<_>>());
    let kicks = world
        .get(&format!("{PATH}?type=kick&limit=1&state=queued"), &token)
        .await;
    let next = kicks.json()["next"].as_str().unwrap().to_owned();
    let link = format!("{PATH}?state=queued&type=kick&limit=1&after={next}");
    assert_eq!(
        kicks.header("link"),
        format!("<http://127.0.0.1:8080{link}>; rel=\"next\"")
    );
}

#[tokio::test]
async fn what_a_filter_cannot_be_is_named() {
    let world = world().await;
    let token = world.token(ADMIN, &[HOME], &ALL).await;
    for (query, name) in [
        ("state=", "state"),
        ("state=Queued", "state"),
        ("state=queued,running", "state"),
        ("state=queued&state=queued", "state"),
        ("type=", "type"),
        ("type=unkick", "type"),
        ("type=kick&type=kick", "type"),
        ("limit=0", "limit"),
        ("limit=1001", "limit"),
        ("after=", "after"),
        ("after=0", "after"),
        ("after=01", "after"),
        ("after=8000000000000000", "after"),
    ] {
        world
            .get(&format!("{PATH}?{query}"), &token)
            .await
            .refuses(name);
    }
}

#[tokio::test(start_paused = true)]
async fn a_command_is_taken_back_while_it_is_queued() {
    let world = world().await;
    let token = world.token(ADMIN, &[HOME], &ALL).await;
    let body = json!({"type": "kick", "user_id": "3"});
    let path = queue(&world, &token, "one", &body).await;
    world.clock.advance(Duration::from_secs(1));
    let mut expected = world.get(&path, &token).await.json();
    expected["state"] = "cancelled".into();
    expected["ended_at"] = "2027-01-15T08:00:01Z".into();
    for _ in 0..2 {
        let cancelled = world.delete(&path, &token).await;
        assert_eq!(
            (cancelled.status.as_u16(), cancelled.json()),
            (200, expected.clone())
        );
        assert_eq!(cancelled.header("cache-control"), "no-store");
        assert_eq!(cancelled.header("etag"), "");
        world.clock.advance(Duration::from_secs(1));
    }
    assert_eq!(world.get(&path, &token).await.json(), expected);
    // It is never carried out.
    carry_out(&world, &token, &path).await;
    assert_eq!(world.get("/v1/users/3", &token).await.status, 200);
    let owner = world.token(OWNER, &[HOME], &ALL).await;
    let log = "/v1/servers/123456/audit-log?action=command.cancelled";
    let log = world.get(log, &owner).await.json();
    assert_eq!(log["entries"].as_array().unwrap().len(), 1, "{log}");
}

#[tokio::test(start_paused = true)]
async fn a_command_that_was_begun_is_not_taken_back() {
    let world = world().await;
    let token = world.token(ADMIN, &[HOME], &ALL).await;
    let body = json!({"type": "kick", "user_id": "3"});
    let path = queue(&world, &token, "one", &body).await;
    let worker = world.memory.enlist().await.unwrap();
    let room = Room {
        commands: 9,
        messages: 9,
    };
    let claimed = world
        .memory
        .claim(worker, world.clock.wall(), room)
        .await
        .unwrap();
    assert_eq!(claimed.len(), 1);
    let begun = world.get(&path, &token).await.json();
    assert_eq!(
        (&begun["state"], &begun["attempts"]),
        (&json!("running"), &json!(1))
    );
    assert_eq!(begun["started_at"], "2027-01-15T08:00:00Z");
    world
        .delete(&path, &token)
        .await
        .is_problem(409, "command-started");
    // Who comes next takes it over; whether it was done nobody knows.
    let ended = carry_out(&world, &token, &path).await;
    assert_eq!(ended["failure"]["code"], "outcome-unknown");
    world
        .delete(&path, &token)
        .await
        .is_problem(409, "command-started");
    assert_eq!(world.get(&path, &token).await.json(), ended);
}

#[tokio::test(start_paused = true)]
async fn a_command_that_nobody_carries_out_expires() {
    let world = world().await;
    let token = world.token(ADMIN, &[HOME], &ALL).await;
    let body = json!({"type": "send_message", "channel_id": "100", "content": "x"});
    let path = queue(&world, &token, "one", &body).await;
    world.clock.advance(Duration::from_secs(60));
    let running = Running::start(&world);
    let ended = world.get(&format!("{path}?wait=20"), &token).await.json();
    running.end().await;
    assert_eq!(
        (&ended["state"], &ended["attempts"]),
        (&json!("expired"), &json!(0))
    );
    assert_eq!(
        (&ended["started_at"], &ended["failure"]),
        (&Value::Null, &Value::Null)
    );
    assert_eq!(ended["ended_at"], "2027-01-15T08:01:00Z");
    world
        .delete(&path, &token)
        .await
        .is_problem(409, "command-started");
}

#[tokio::test]
async fn what_is_no_command_is_not_found() {
    let world = world().await;
    let token = world.token(ADMIN, &[HOME], &ALL).await;
    for id in ["4", "0", "04", "x", "%ff", "9223372036854775808"] {
        let path = format!("{PATH}/{id}");
        for reply in [
            world.get(&path, &token).await,
            world.get(&format!("{path}?wait=20"), &token).await,
            world.delete(&path, &token).await,
        ] {
            reply.is_problem(404, "command-not-found");
        }
    }
}

#[tokio::test]
async fn what_the_client_has_is_not_sent_again() {
    let world = world().await;
    let token = world.token(ADMIN, &[HOME], &ALL).await;
    let body = json!({"type": "kick", "user_id": "3"});
    let path = queue(&world, &token, "one", &body).await;
    for path in [path.as_str(), PATH] {
        let whole = world.get(path, &token).await;
        assert_eq!(whole.header("vary"), "Authorization");
        let etag = whole.header("etag").to_owned();
        let known = get(path, &token, &[("if-none-match", &etag)]);
        let again = world.send(known).await;
        assert_eq!((again.status.as_u16(), again.text()), (304, ""));
        assert_eq!(again.header("etag"), etag);
        let mut head = get(path, &token, &[]);
        *head.method_mut() = http::Method::HEAD;
        let head = world.send(head).await;
        assert_eq!((head.status.as_u16(), head.text()), (200, ""));
        assert_eq!(head.header("etag"), etag);
        assert_eq!(head.header("cache-control"), whole.header("cache-control"));
    }
    let before = world.get(&path, &token).await.header("etag").to_owned();
    world.delete(&path, &token).await;
    let known = get(&path, &token, &[("if-none-match", &before)]);
    assert_eq!(world.send(known).await.status, 200);
}
