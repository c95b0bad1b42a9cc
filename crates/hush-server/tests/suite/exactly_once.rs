//! Requests that are sent again because nobody knows what became of them: each is carried out once.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;

use serde_json::{Value, json};

use crate::support::{Response, Running, Site, on_each_store, try_send};
use crate::tokens::listed;

on_each_store! {
    two_hundred_creations_survive_a_service_that_is_killed_again_and_again,
}

const USERS: usize = 5;
const REQUESTS: usize = 200;
const CLIENTS: usize = 16;

/// A server with as many admins as are needed, since one user has at most 50 tokens.
fn guild() -> String {
    let member = |id: usize| {
        let id = id.to_string();
        json!({"user": {"id": id, "username": "admin"}, "roles": ["11"]})
    };
    json!({
        "id": "10", "name": "many admins", "owner_id": "1", "member_count": USERS,
        "roles": [{"id": "11", "name": "Admin", "position": 1, "permissions": "8"}],
        "members": (1..=USERS).map(member).collect::<Vec<_>>(), "presences": [],
    })
    .to_string()
}

fn create(address: SocketAddr, token: &str, number: usize) -> Option<Response> {
    let key = format!("creation-{number}");
    let body =
        format!(r#"{{"name":"child {number}","server_ids":["10"],"scopes":["users:read"]}}"#);
    let keyed = [("Idempotency-Key", key.as_str())];
    try_send(address, "POST", "/v1/tokens", token, &keyed, &body)
}

/// Sends every request, beginning with the one numbered `first`, from several clients at once. Calls `answered` with
/// each answer.
fn create_all(
    address: SocketAddr,
    tokens: &[String],
    first: usize,
    mut answered: impl FnMut(usize, Response),
) {
    let next = AtomicUsize::new(first);
    let (sender, answers) = mpsc::channel();
    std::thread::scope(|scope| {
        for _ in 0..CLIENTS {
            let (next, sender) = (&next, sender.clone());
            scope.spawn(move || {
                while let Some(number) = Some(next.fetch_add(1, Ordering::Relaxed))
                    .filter(|number| *number < first + REQUESTS)
                {
                    let number = number % REQUESTS;
                    if let Some(answer) = create(address, &tokens[number % USERS], number) {
                        sender.send((number, answer)).unwrap();
                    }
                }
            });
        }
        drop(sender);
        for (number, answer) in answers {
            answered(number, answer);
        }
    });
}

fn two_hundred_creations_survive_a_service_that_is_killed_again_and_again(site: &Site) {
    let hush = site.hush().with("HUSH_RATE_LIMIT__ENABLED", "false");
    site.import(&guild());
    let tokens: Vec<_> = (1..=USERS)
        .map(|user| {
            let user = format!("--user={user}");
            let scope = "--scope=users:read,tokens:write";
            let create = [
                "token",
                "create",
                "--server=10",
                &user,
                "--name=parent",
                scope,
            ];
            hush.run(&create).success().trim_end().to_owned()
        })
        .collect();

    // What was answered: the token's id by the request's number.
    let mut made: BTreeMap<usize, String> = BTreeMap::new();
    let mut secrets = BTreeSet::new();
    let mut take = |number: usize, answer: &Response| {
        // What a killed process began may not have ended yet, and many wait for one another on a slow machine. Either
        // way the client is told to come again.
        let later = answer.status == 409 && answer.body.contains("request-in-progress");
        if later || answer.status == 503 {
            assert_eq!(answer.header("retry-after"), "1");
            return;
        }
        assert_eq!(answer.status, 201, "{answer:?}");
        let token: Value = serde_json::from_str(&answer.body).unwrap();
        assert_eq!(token["name"], format!("child {number}"));
        let id = token["id"].as_str().unwrap().to_owned();
        let replayed = answer.header("idempotent-replayed") == "true";
        assert_eq!(token["secret"].is_null(), replayed, "{token}");
        if let Some(secret) = token["secret"].as_str() {
            assert!(secrets.insert(secret.to_owned()), "a secret was told twice");
        }
        let known = made.entry(number).or_insert_with(|| id.clone());
        assert_eq!(*known, id, "made twice");
    };
    for (first, until) in [(0, 1), (50, 30), (100, 60), (150, 110)] {
        let mut service = Running::start(&hush, &["serve"]);
        let mut answers = 0;
        create_all(service.api, &tokens, first, |number, answer| {
            take(number, &answer);
            answers += 1;
            if answers == until {
                service.kill();
            }
        });
        assert!(answers < REQUESTS, "it was killed too late to matter");
    }
    let service = Running::start(&hush, &["serve"]);
    let mut left: BTreeSet<_> = (0..REQUESTS).collect();
    while !left.is_empty() {
        create_all(service.api, &tokens, 0, |number, answer| {
            take(number, &answer);
            if answer.status == 201 {
                left.remove(&number);
            }
        });
    }
    let children: Vec<_> = listed(&hush, &[])
        .into_iter()
        .filter(|token| !token["parent"].is_null())
        .collect();
    let names: BTreeSet<_> = children
        .iter()
        .map(|token| token["name"].to_string())
        .collect();
    assert_eq!((children.len(), names.len()), (REQUESTS, REQUESTS));
    let stored: BTreeSet<_> = children
        .iter()
        .filter_map(|token| token["id"].as_str())
        .collect();
    assert_eq!(stored, made.values().map(String::as_str).collect());
    // Each has its row in the log, and no more.
    let said = hush.run(&["audit", "verify"]).success();
    let rows = format!("rows 1 to {} verified", USERS + REQUESTS);
    assert!(said.contains(&rows), "{said}");
}
