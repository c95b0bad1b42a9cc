//! Who did what in a server.

use std::time::Duration;

use hush_domain::scopes::Scope;
use serde_json::{Value, json};

use crate::support::{ADMIN, ALL, AWAY, HOME, OWNER, World, get, with_json};

const PATH: &str = "/v1/servers/123456/audit-log";

fn numbers(page: &Value) -> Vec<u64> {
    let entries = page["entries"].as_array().unwrap().iter();
    entries
        .map(|entry| entry["number"].as_u64().unwrap())
        .collect()
}

async fn log(world: &World, token: &str, query: &str) -> Value {
    let reply = world.get(&format!("{PATH}{query}"), token).await;
    assert_eq!(reply.status, 200, "{query}: {}", reply.text());
    reply.json()
}

/// A world in which the owner was given a token (1), made a child (2), changed the settings (3) and revoked the
/// child (4), with a minute before each; with the owner's token, its id, and the child's.
async fn eventful() -> (World, String, String, String) {
    let world = World::new().await;
    let minute = Duration::from_secs(60);
    let owner = world.token(OWNER, &[HOME], &ALL).await;
    let owner_id = world.id(&owner).await;
    world.clock.advance(minute);
    let body = json!({"name": "child", "server_ids": ["123456"], "scopes": ["users:read"], "expires_in_seconds": 60});
    let headers = [
        ("x-request-id", "make-1"),
        ("x-audit-log-reason", "f%C3%BCr%20%22uns%22"),
    ];
    let made = world
        .send(with_json("POST", "/v1/tokens", &owner, &headers, &body))
        .await
        .json();
    let child = made["id"].as_str().unwrap().to_owned();
    world.clock.advance(minute);
    let headers = [("x-request-id", "change-1")];
    let body = json!({"admin_role_ids": ["11"]});
    let settings = "/v1/servers/123456/settings";
    world
        .send(with_json("PATCH", settings, &owner, &headers, &body))
        .await;
    world.clock.advance(minute);
    let mut revoke = get(
        &format!("/v1/tokens/{child}"),
        &owner,
        &[("x-request-id", "end-1")],
    );
    *revoke.method_mut() = http::Method::DELETE;
    assert_eq!(world.send(revoke).await.status, 204);
    (world, owner, owner_id, child)
}

#[tokio::test]
async fn the_log_says_who_did_what_when_and_why_newest_first() {
    let (world, owner, id, child) = eventful().await;
    let by_owner = json!({"type": "token", "token_id": id, "user_id": "1"});
    let expected = json!({
        "entries": [
            {
                "number": 4, "at": "2027-01-15T08:03:00Z", "actor": by_owner, "action": "token.revoked",
                "target": {"type": "token", "id": child, "user_id": "1"},
                "before": {"revoked_at": null}, "after": {"revoked_at": "2027-01-15T08:03:00Z"},
                "request_id": "end-1", "reason": null,
            },
            {
                "number": 3, "at": "2027-01-15T08:02:00Z", "actor": by_owner, "action": "settings.updated",
                "target": {"type": "settings", "id": null, "user_id": null},
                "before": {"admin_role_ids": [], "api_enabled": true},
                "after": {"admin_role_ids": ["11"], "api_enabled": true},
                "request_id": "change-1", "reason": null,
            },
            {
                "number": 2, "at": "2027-01-15T08:01:00Z", "actor": by_owner, "action": "token.created",
                "target": {"type": "token", "id": child, "user_id": "1"},
                "before": null,
                "after": {"expires_at": "2027-01-15T08:02:00Z", "parent_id": id, "scopes": ["users:read"]},
                "request_id": "make-1", "reason": "für \"uns\"",
            },
            {
                "number": 1, "at": "2027-01-15T08:00:00Z",
                "actor": {"type": "operator", "token_id": null, "user_id": null}, "action": "token.created",
                "target": {"type": "token", "id": id, "user_id": "1"},
                "before": null,
                "after": {
                    "expires_at": "2027-01-16T08:00:00Z", "parent_id": null,
                    "scopes": Scope::ALL.map(Scope::as_str),
                },
                "request_id": null, "reason": null,
            },
        ],
        "next": null,
    });
    assert_eq!(log(&world, &owner, "").await, expected);
}

#[tokio::test]
async fn each_filter_shows_what_it_says() {
    let (world, owner, id, _) = eventful().await;
    for (query, expected) in [
        ("actor=operator".to_owned(), vec![1]),
        ("actor=token".into(), vec![4, 3, 2]),
        ("actor=interaction".into(), vec![]),
        ("user_id=1".into(), vec![4, 3, 2]),
        ("user_id=2".into(), vec![]),
        (format!("token_id={id}"), vec![4, 3, 2]),
        ("token_id=5".into(), vec![]),
        ("action=token.created".into(), vec![2, 1]),
        ("action=token.leaked".into(), vec![]),
        ("since=2027-01-15T08:02:00Z".into(), vec![4, 3]),
        ("since=2027-01-15T09:02:00%2B01:00".into(), vec![4, 3]),
        ("until=2027-01-15T08:02:00Z".into(), vec![2, 1]),
        (
            "since=2027-01-15T08:01:00Z&until=2027-01-15T08:03:00Z&action=token.created".into(),
            vec![2],
        ),
    ] {
        let page = log(&world, &owner, &format!("?{query}")).await;
        assert_eq!(numbers(&page), expected, "{query}");
    }
}

#[tokio::test]
async fn a_walk_keeps_its_filters_and_shows_each_entry_once() {
    let (world, owner, ..) = eventful().await;
    let mut path = format!("{PATH}?since=2027-01-15T09:00:00%2B01:00&actor=token&limit=2");
    let first = world.get(&path, &owner).await;
    assert_eq!(numbers(&first.json()), [4, 3]);
    let next = first.json()["next"].as_str().unwrap().to_owned();
    path =
        format!("{PATH}?actor=token&since=2027-01-15T09%3A00%3A00%2B01%3A00&limit=2&after={next}");
    let link = format!("<http://127.0.0.1:8080{path}>; rel=\"next\"");
    assert_eq!(first.header("link"), link);
    // What is written meanwhile is before the walk.
    world.token(OWNER, &[HOME], &[]).await;
    let second = world.get(&path, &owner).await;
    assert_eq!(numbers(&second.json()), [2]);
    assert!(second.json()["next"].is_null());
    assert_eq!(second.header("link"), "");
}

#[tokio::test]
async fn what_a_filter_cannot_be_is_named() {
    let (world, owner, ..) = eventful().await;
    for (query, name) in [
        ("actor=user", "actor"),
        ("actor=", "actor"),
        ("user_id=me", "user_id"),
        ("token_id=0", "token_id"),
        ("action=token", "action"),
        ("since=yesterday", "since"),
        ("since=2027-01-15", "since"),
        ("since=2027-01-15T08:00:00+01:00", "since"),
        ("until=9999-12-31T23:59:59-01:00", "until"),
        ("until=", "until"),
        ("limit=0", "limit"),
        ("limit=1001", "limit"),
        ("after=", "after"),
        ("after=0", "after"),
        ("after=x", "after"),
        ("after=8000000000000000", "after"),
        ("actor=token&actor=token", "actor"),
    ] {
        world
            .get(&format!("{PATH}?{query}"), &owner)
            .await
            .refuses(name);
    }
}

#[tokio::test]
async fn the_log_is_the_owners_and_tells_of_no_other_server() {
    let world = World::new().await;
    let both = world.token(OWNER, &[HOME, AWAY], &ALL).await;
    let admin = world.token(ADMIN, &[HOME], &ALL).await;
    let entries = world.get(PATH, &both).await;
    assert_eq!(numbers(&entries.json()), [2, 1]);
    assert!(!entries.text().contains("\"777\""), "{}", entries.text());
    let refused = world.get(PATH, &admin).await;
    refused.is_problem(403, "insufficient-access");
    let blind = world.token(OWNER, &[HOME], &[Scope::UsersRead]).await;
    let refused = world.get(PATH, &blind).await;
    refused.is_problem(403, "insufficient-scope");
    assert_eq!(refused.json()["required"], "audit:read");
    let away = world.get("/v1/servers/777/audit-log", &both).await;
    assert_eq!(numbers(&away.json()), [1]);
}
