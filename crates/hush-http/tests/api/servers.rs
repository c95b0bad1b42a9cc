//! A server, its roles and its channels.

use hush_domain::channels::{Channel, ChannelKind};
use hush_domain::events::{Change, Event};
use hush_domain::permission::Permissions;
use hush_domain::roles::Role;
use hush_domain::scopes::Scope;
use hush_ports::{Clock, Ingest};
use serde_json::json;

use crate::support::{ADMIN, ALL, AWAY, HOME, MEMBER, OWNER, World, get, role, server};

const PATHS: [&str; 3] = [
    "/v1/servers/123456",
    "/v1/servers/123456/roles",
    "/v1/servers/123456/channels",
];

async fn change(world: &World, id: u64, change: Change) {
    let server = server(id);
    let event = Event { server, change };
    world.memory.apply(event, world.clock.wall()).await.unwrap();
}

fn channel(id: u64, name: &str, kind: u8, parent: Option<u64>) -> Change {
    Change::ChannelChanged(Channel {
        id: id.try_into().unwrap(),
        name: name.parse().unwrap(),
        kind: ChannelKind(kind),
        parent: parent.map(|id| id.try_into().unwrap()),
    })
}

#[tokio::test]
async fn a_server_is_as_documented() {
    let world = World::new().await;
    let token = world.token(ADMIN, &[HOME], &[Scope::UsersRead]).await;
    let reply = world.get("/v1/servers/123456", &token).await;
    assert_eq!(reply.status, 200);
    assert_eq!(
        reply.text(),
        r#"{"id":"123456","name":"Server 123456","owner_id":"1"}"#
    );
}

#[tokio::test]
async fn roles_come_highest_first_with_the_everyone_role() {
    let world = World::new().await;
    let bot = Role {
        managed: true,
        ..role(9, "Bot", 1, Permissions::ADMINISTRATOR)
    };
    change(&world, HOME, Change::RoleChanged(bot)).await;
    let token = world.token(ADMIN, &[HOME], &[Scope::UsersRead]).await;
    let reply = world.get("/v1/servers/123456/roles", &token).await;
    assert_eq!(
        reply.json(),
        json!({"roles": [
            {"id": "10", "name": "Admin", "position": 2, "managed": false},
            {"id": "9", "name": "Bot", "position": 1, "managed": true},
            {"id": "11", "name": "Member", "position": 1, "managed": false},
            {"id": "123456", "name": "@everyone", "position": 0, "managed": false},
        ]})
    );
    assert!(
        reply
            .text()
            .starts_with(r#"{"roles":[{"id":"10","name":"Admin","position":2,"managed":false},"#)
    );
}

#[tokio::test]
async fn channels_come_by_id_with_their_threads() {
    let world = World::new().await;
    let token = world.token(ADMIN, &[HOME], &[Scope::UsersRead]).await;
    let none = world.get("/v1/servers/123456/channels", &token).await;
    assert_eq!(none.text(), r#"{"channels":[]}"#);
    for (id, name, kind, parent) in [
        (100, "general", 0, Some(99)),
        (101, "a thread", 11, Some(100)),
        (99, "Talk", 4, None),
    ] {
        change(&world, HOME, channel(id, name, kind, parent)).await;
    }
    change(&world, AWAY, channel(5, "elsewhere", 0, None)).await;
    let reply = world.get("/v1/servers/123456/channels", &token).await;
    assert_eq!(
        reply.json(),
        json!({"channels": [
            {"id": "99", "name": "Talk", "type": 4, "parent_id": null},
            {"id": "100", "name": "general", "type": 0, "parent_id": "99"},
            {"id": "101", "name": "a thread", "type": 11, "parent_id": "100"},
        ]})
    );
}

#[tokio::test]
async fn they_are_cached_as_users_are() {
    let world = World::new().await;
    change(&world, HOME, channel(99, "general", 0, None)).await;
    let token = world.token(ADMIN, &[HOME], &ALL).await;
    for path in PATHS {
        let whole = world.get(path, &token).await;
        assert_eq!(whole.status, 200, "{path}");
        assert_eq!(whole.header("content-type"), "application/json");
        assert_eq!(whole.header("cache-control"), "private, max-age=15");
        assert_eq!(whole.header("vary"), "Authorization");
        let etag = whole.header("etag").to_owned();
        let again = get(path, &token, &[("if-none-match", &etag)]);
        let again = world.send(again).await;
        assert_eq!(again.status, 304, "{path}");
        assert!(again.body.is_empty());
        let mut head = get(path, &token, &[]);
        *head.method_mut() = http::Method::HEAD;
        let head = world.send(head).await;
        assert_eq!((head.status, head.header("etag")), (whole.status, &*etag));
        assert!(head.body.is_empty());
    }
    let renamed = Change::ServerChanged {
        name: "Renamed".parse().unwrap(),
        owner: OWNER.try_into().unwrap(),
    };
    change(&world, HOME, renamed).await;
    let reply = world.get("/v1/servers/123456", &token).await;
    assert_eq!(reply.json()["name"], "Renamed");
}

#[tokio::test]
async fn they_take_an_admin_with_the_scope_and_a_server_in_reach() {
    let world = World::new().await;
    let member = world.token(MEMBER, &[HOME], &ALL).await;
    let narrow = world.token(OWNER, &[HOME], &[Scope::StatsRead]).await;
    let away = world.token(OWNER, &[AWAY], &ALL).await;
    for path in PATHS {
        world.get(path, "").await.is_problem(401, "missing-token");
        let refused = world.get(path, &member).await;
        refused.is_problem(403, "insufficient-access");
        assert_eq!(refused.json()["required"], "admin");
        world
            .get(path, &narrow)
            .await
            .is_problem(403, "insufficient-scope");
        for path in [path.to_owned(), path.replace("123456", "01")] {
            world
                .get(&path, &away)
                .await
                .is_problem(404, "server-not-found");
        }
        let mut post = get(path, &away, &[]);
        *post.method_mut() = http::Method::POST;
        let refused = world.send(post).await;
        refused.is_problem(405, "method-not-allowed");
        assert_eq!(refused.header("allow"), "GET,HEAD");
    }
}
