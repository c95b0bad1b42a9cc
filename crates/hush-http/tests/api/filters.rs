//! Which users are listed, and what they are shown with.

use hush_domain::events::{Change, Event};
use hush_domain::users::Username;
use hush_ports::{Clock, Ingest};
use serde_json::{Value, json};

use crate::support::{ADMIN, ALL, AWAY, HOME, World, get, listed, server};

const BOT: u64 = 50;

/// The small world with a bot in it who holds the role of members, and one that the server does not have.
async fn world() -> World {
    let world = World::new().await;
    let username = Username::new("robot", None).unwrap();
    let mut bot = listed(BOT, username, &[11, 12]);
    bot.user.bot = true;
    let event = Event {
        server: server(HOME),
        change: Change::MemberJoined(bot),
    };
    world.memory.apply(event, world.clock.wall()).await.unwrap();
    world
}

fn ids(page: &Value) -> Vec<&str> {
    let users = page["users"].as_array().unwrap().iter();
    users.map(|user| user["id"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn each_filter_leaves_those_who_fit() {
    let world = world().await;
    let token = world.token(ADMIN, &[HOME], &ALL).await;
    for (query, expected) in [
        ("role_id=11", &["3", "50", "123456"][..]),
        ("role_id=10", &["123456"]),
        ("role_id=123456", &["1", "3", "50", "123456"]),
        ("role_id=12", &[]),
        ("role_id=777", &[]),
        ("bot=true", &["50"]),
        ("bot=false", &["1", "3", "123456"]),
        ("ids=50,1", &["1", "50"]),
        ("ids=3", &["3"]),
        ("ids=50%2C1", &["1", "50"]),
        ("ids=4,5", &[]),
        ("role_id=11&bot=false", &["3", "123456"]),
        ("role_id=11&bot=false&ids=1,3,50", &["3"]),
        ("bot=true&ids=1,3", &[]),
        ("ids=1,3,50&after=1", &["3", "50"]),
        ("later=1", &["1", "3", "50", "123456"]),
    ] {
        let reply = world.get(&format!("/v1/users?{query}"), &token).await;
        assert_eq!(reply.status, 200, "{query}");
        let page = reply.json();
        assert_eq!(ids(&page), expected, "{query}");
        assert_eq!((&page["next"], reply.header("link")), (&Value::Null, ""));
        world.clock.advance(std::time::Duration::from_secs(2));
    }
}

#[tokio::test]
async fn the_next_page_has_the_same_filters() {
    let world = world().await;
    let token = world.token(ADMIN, &[AWAY, HOME], &ALL).await;
    let kept = "server_id=123456&role_id=11&bot=false&ids=3%2C50%2C123456&expand=bot";
    let path = format!("/v1/users?limit=1&{kept}");
    let first = world.get(&path, &token).await;
    assert_eq!(ids(&first.json()), ["3"]);
    let next = format!("/v1/users?{kept}&limit=1&after=3");
    assert_eq!(
        first.header("link"),
        format!("<http://127.0.0.1:8080{next}>; rel=\"next\"")
    );
    let second = world.get(&next, &token).await;
    assert_eq!(
        second.json(),
        json!({
            "users": [{
                "id": "123456", "username": "User#1234", "roles": ["Admin", "Member"], "bot": false,
            }],
            "next": null,
        })
    );
}

#[tokio::test]
async fn a_hundred_users_can_be_named_at_once() {
    let world = world().await;
    let token = world.token(ADMIN, &[HOME], &ALL).await;
    let numbers: Vec<_> = (1..=101_u64).map(|number| number.to_string()).collect();
    let hundred = format!("/v1/users?ids={}", numbers[..100].join(","));
    let page = world.get(&hundred, &token).await.json();
    assert_eq!(ids(&page), ["1", "3", "50"]);
    let more = format!("/v1/users?ids={}", numbers.join(","));
    world.get(&more, &token).await.refuses("ids");
}

#[tokio::test]
async fn users_are_shown_with_what_is_asked_for() {
    let world = world().await;
    let token = world.token(ADMIN, &[HOME], &ALL).await;
    let plain = r#""id":"50","username":"robot","roles":["Member"]"#;
    for (query, more) in [
        ("", ""),
        ("?expand=bot", r#","bot":true"#),
        ("?expand=role_ids", r#","role_ids":["11"]"#),
        ("?expand=role_ids,bot", r#","role_ids":["11"],"bot":true"#),
        ("?expand=bot%2Crole_ids", r#","role_ids":["11"],"bot":true"#),
    ] {
        let one = world.get(&format!("/v1/users/50{query}"), &token).await;
        assert_eq!(one.text(), format!("{{{plain}{more}}}"));
        assert_eq!(one.header("cache-control"), "private, max-age=15");
        let page = format!(
            "/v1/users{query}{}",
            if query.is_empty() { "?" } else { "&" }
        );
        let page = world.get(&format!("{page}ids=50"), &token).await;
        let expected = format!(r#"{{"users":[{{{plain}{more}}}],"next":null}}"#);
        assert_eq!(page.text(), expected);
    }
    let admin = world
        .get("/v1/users/123456?expand=bot,role_ids", &token)
        .await;
    assert_eq!(
        admin.text(),
        r#"{"id":"123456","username":"User#1234","roles":["Admin","Member"],"role_ids":["10","11"],"bot":false}"#
    );
    let owner = world.get("/v1/users/1?expand=role_ids", &token).await;
    assert_eq!(owner.json()["role_ids"], json!([]));
    // Another representation has another tag.
    let etag = owner.header("etag").to_owned();
    let other = get("/v1/users/1", &token, &[("if-none-match", &etag)]);
    assert_eq!(world.send(other).await.status, 200);
}

#[tokio::test]
async fn what_is_no_filter_is_named() {
    let world = world().await;
    let token = world.token(ADMIN, &[HOME], &ALL).await;
    for (name, values) in [
        (
            "role_id",
            &["", "0", "01", "x", "1,2", "9223372036854775808"][..],
        ),
        ("bot", &["", "1", "yes", "True", "true,false"]),
        (
            "ids",
            &[
                "", "0", "1,", ",1", "1,,3", "1,1", "1, 3", "1;3", "01", "me",
            ],
        ),
        (
            "expand",
            &[
                "",
                "id",
                "bot,",
                "bot,bot",
                "role_ids,id",
                "Bot",
                "bot role_ids",
            ],
        ),
    ] {
        for value in values {
            let value: String = form_urlencoded::byte_serialize(value.as_bytes()).collect();
            let path = format!("/v1/users?{name}={value}");
            world.get(&path, &token).await.refuses(name);
            world.clock.advance(std::time::Duration::from_secs(2));
        }
        let path = format!("/v1/users?{name}=1&{name}=1");
        world.get(&path, &token).await.refuses(name);
    }
    for value in ["", "id", "bot,bot"] {
        // It is told before anybody is looked for.
        let path = format!("/v1/users/4?expand={value}");
        world.get(&path, &token).await.refuses("expand");
    }
    let words = world.get("/v1/users?expand=x", &token).await.json();
    let detail = words["detail"].as_str().unwrap();
    assert!(detail.contains("role_ids and bot"), "{detail}");
}
