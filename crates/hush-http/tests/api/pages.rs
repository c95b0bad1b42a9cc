//! Walking the pages of a server's users.

use std::collections::BTreeSet;

use hush_domain::events::{Change, Event};
use hush_domain::users::Username;
use hush_ports::{Clock, Ingest};

use crate::support::{ADMIN, ALL, HOME, World, listed, server, user};

async fn change(world: &World, change: Change) {
    let event = Event {
        server: server(HOME),
        change,
    };
    world.memory.apply(event, world.clock.wall()).await.unwrap();
}

async fn join(world: &World, id: u64) {
    let username = Username::new(&format!("user{id}"), None).unwrap();
    change(world, Change::MemberJoined(listed(id, username, &[]))).await;
}

#[tokio::test]
async fn a_walk_while_members_come_and_go_shows_each_who_stays_once() {
    let world = World::new().await;
    for id in 1000..1200 {
        join(&world, id * 10).await;
    }
    let token = world.token(ADMIN, &[HOME], &ALL).await;
    let stay: BTreeSet<u64> = (1000..1200)
        .filter(|id| id % 3 != 0)
        .map(|id| id * 10)
        .collect();
    let mut seen = Vec::new();
    let mut path = "/v1/users?limit=7".to_owned();
    let mut step = 0;
    loop {
        let reply = world.get(&path, &token).await;
        let body = reply.json();
        for found in body["users"].as_array().unwrap() {
            seen.push(found["id"].as_str().unwrap().parse::<u64>().unwrap());
        }
        let link = reply.header("link").to_owned();
        match body["next"].as_str() {
            None => {
                assert_eq!(link, "");
                break;
            }
            Some(next) => {
                assert_eq!(body["users"].as_array().unwrap().len(), 7);
                // The header's address is the whole next page.
                path = format!("/v1/users?limit=7&after={next}");
                assert_eq!(link, format!("<http://127.0.0.1:8080{path}>; rel=\"next\""));
            }
        }
        // Some leave before and behind the cursor, and some come.
        change(&world, Change::MemberLeft(user((1002 + 3 * step) * 10))).await;
        change(&world, Change::MemberLeft(user((1197 - 3 * step) * 10))).await;
        join(&world, (1000 + step) * 10 + 5).await;
        join(&world, (1190 - step) * 10 + 5).await;
        step += 1;
        world.clock.advance(std::time::Duration::from_secs(2));
    }
    assert!(
        seen.windows(2).all(|pair| pair[0] < pair[1]),
        "ascending, and so never twice"
    );
    let seen: BTreeSet<u64> = seen.into_iter().collect();
    let missed: Vec<_> = stay.difference(&seen).collect();
    assert!(missed.is_empty(), "{missed:?}");
}

#[tokio::test]
async fn a_page_has_50_users_unless_asked_otherwise_and_1000_at_most() {
    let world = World::new().await;
    for id in 2000..3200 {
        join(&world, id).await;
    }
    let token = world.token(ADMIN, &[HOME], &ALL).await;
    for (query, count, more) in [
        ("", 50, true),
        ("?limit=1", 1, true),
        ("?limit=1000", 1000, true),
        ("?after=c7f", 1, false),
    ] {
        let body = world.get(&format!("/v1/users{query}"), &token).await.json();
        let users = body["users"].as_array().unwrap().len();
        // 0xc7f is 3199, so that only User#1234 comes after it.
        assert_eq!((users, body["next"].is_string()), (count, more), "{query}");
    }
}

#[tokio::test]
async fn the_next_page_of_an_addressed_server_addresses_it() {
    let world = World::new().await;
    let token = world
        .token(ADMIN, &[HOME, crate::support::AWAY], &ALL)
        .await;
    let reply = world.get("/v1/users?server_id=777&limit=1", &token).await;
    assert_eq!(
        reply.header("link"),
        "<http://127.0.0.1:8080/v1/users?server_id=777&limit=1&after=1>; rel=\"next\""
    );
}
