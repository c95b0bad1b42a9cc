//! Every answer that the document names is provoked, and every answer that can be provoked is one that it names.
//!
//! That each answer is as the document says is looked at wherever the tests read one (`support/http.rs`).

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;

use serde_json::json;

use super::place::{Asked, NOWHERE, Place, QUICK, SERVER};
use crate::commands::scene::OWNER;
use crate::support::{CONTRACT, Lock, Site, Way, get, request, send};

/// The largest body is 64 KiB.
const TOO_LARGE: &str = "Content-Length: 65537";
/// A body of which nothing comes.
const MISSING: &str = "Content-Length: 2";

/// Whoever asks for nothing.
const NOBODY: &str = "";

/// A request that is answered well, about things that are made for it.
pub(super) fn good(place: &Place<'_>, api: SocketAddr, operation: &str) -> Asked {
    let server = format!("/v1/servers/{SERVER}");
    let asked = |method: &str, path: &str| Asked::new(method, path);
    match operation {
        "getRoot" => asked("GET", "/"),
        "getApi" => asked("GET", "/v1"),
        "getApiCatalog" => asked("GET", "/.well-known/api-catalog"),
        "getDocs" => asked("GET", "/docs"),
        "getOpenApiJson" => asked("GET", "/openapi.json"),
        "getOpenApiYaml" => asked("GET", "/openapi.yaml"),
        "getOpenApi30Json" => asked("GET", "/openapi-3.0.json"),
        "getOpenApi30Yaml" => asked("GET", "/openapi-3.0.yaml"),
        "getLiveness" => asked("GET", "/livez"),
        "getReadiness" => asked("GET", "/readyz"),
        "getMe" => asked("GET", "/v1/me"),
        "getServer" => asked("GET", &server),
        "listRoles" => asked("GET", &format!("{server}/roles")),
        "listChannels" => asked("GET", &format!("{server}/channels")),
        "getServerStats" => asked("GET", &format!("{server}/stats")),
        "getServerRateLimit" => asked("GET", &format!("{server}/rate-limit")),
        "getServerSettings" => asked("GET", &format!("{server}/settings")),
        "updateServerSettings" => {
            asked("PATCH", &format!("{server}/settings")).with_body(&json!({"api_enabled": true}))
        }
        "listAuditLog" => asked("GET", &format!("{server}/audit-log?limit=1")),
        "listUsers" => asked("GET", "/v1/users?limit=1"),
        "getUser" => asked("GET", &format!("/v1/users/{OWNER}")),
        "listCommands" => asked("GET", &format!("{server}/commands?limit=1")),
        "createCommand" => place.wanted_command(QUICK),
        "getCommand" => asked("GET", &format!("{server}/commands/{}", place.ended(api))),
        "cancelCommand" => asked(
            "DELETE",
            &format!("{server}/commands/{}", place.queued(api)),
        ),
        "listTokens" => asked("GET", "/v1/tokens?limit=1"),
        "createToken" => asked("POST", "/v1/tokens")
            .with_body(&place.wanted_token())
            .with("Idempotency-Key", &place.unique()),
        "getToken" => asked("GET", &format!("/v1/tokens/{}", place.token(api))),
        "revokeToken" => asked("DELETE", &format!("/v1/tokens/{}", place.token(api))),
        "rotateToken" => asked("POST", &format!("/v1/tokens/{}/rotate", place.token(api)))
            .with_body(&json!({}))
            .with("Idempotency-Key", &place.unique()),
        "removeServerFromToken" => {
            asked("DELETE", &format!("{server}/tokens/{}", place.token(api)))
        }
        "reportLeakedToken" => asked("POST", "/v1/tokens/report-leaked")
            .with_body(&json!({"token": place.issued(api)["secret"]})),
        other => panic!("nobody knows how to ask for {other}"),
    }
}

/// The same about what nobody knows.
pub(super) fn about_nothing(mut asked: Asked) -> Asked {
    let path = asked.path.clone();
    let path = path.split('?').next().unwrap();
    asked.path = match path.split('/').collect::<Vec<_>>().as_slice() {
        ["", "v1", "users" | "tokens"] if asked.method == "GET" => {
            format!("{path}?server_id={NOWHERE}")
        }
        ["", "v1", "users", _] => format!("/v1/users/{NOWHERE}"),
        ["", "v1", "tokens", _] => format!("/v1/tokens/{NOWHERE}"),
        ["", "v1", "tokens", _, last] => format!("/v1/tokens/{NOWHERE}/{last}"),
        _ => path.replace(&SERVER.to_string(), NOWHERE),
    };
    asked.body = asked.body.replace(&SERVER.to_string(), NOWHERE);
    asked
}

/// Provokes each answer that needs nothing but a request, with a service that has room for all of them.
fn by_asking(place: &Place<'_>, api: SocketAddr, operation: &str) {
    let asked = good(place, api, operation);
    let token = place.owner.as_str();
    let first = place.ask(api, &asked, token);
    assert!(first.status < 400, "{first:?}");
    let etag = first.header("etag");
    if !etag.is_empty() {
        place.ask(api, &asked.clone().with("If-None-Match", etag), token);
    }
    if operation == "reportLeakedToken" {
        place.ask(
            api,
            &Asked::new("POST", &asked.path).with_body(&json!({})),
            NOBODY,
        );
        place.ask_raw(api, &asked, &asked.head(NOBODY, &[TOO_LARGE]));
    } else if asked.path.starts_with("/v1/") {
        place.ask(api, &asked, NOBODY);
        let twice = asked.clone().with("Authorization", "Bearer another");
        place.ask(api, &twice, token);
        place.ask(api, &about_nothing(good(place, api, operation)), token);
        let asked = good(place, api, operation);
        for low in [&place.member, &place.narrow] {
            place.ask(api, &asked, low);
        }
        place.ask_raw(api, &asked, &asked.head(token, &[TOO_LARGE]));
    }
    if !asked.body.is_empty() {
        let length = format!("Content-Length: {}", asked.body.len());
        let lines = ["Content-Type: text/plain", length.as_str()];
        let fresh = good(place, api, operation);
        place.ask_raw(api, &asked, &(fresh.head(token, &lines) + &fresh.body));
    }
}

/// Provokes what only one operation answers.
fn by_its_own_rules(place: &Place<'_>, api: SocketAddr) {
    let token = place.owner.as_str();
    // The same again, and another request by the same key.
    for operation in ["createToken", "rotateToken", "createCommand"] {
        let asked = good(place, api, operation);
        let [first, again] = [0, 1].map(|_| place.ask(api, &asked, token));
        assert_eq!(again.status, first.status);
        assert_eq!(again.header("idempotent-replayed"), "true", "{again:?}");
        let mut other = asked.clone();
        other.body = good(place, api, operation).body.replace(":60", ":61");
        if operation == "rotateToken" {
            other.body = json!({"grace_seconds": 1}).to_string();
        }
        assert_eq!(place.ask(api, &other, token).status, 422);
    }
    let named = Asked::new("POST", "/v1/tokens").with_body(&place.wanted_token());
    let [_, conflict] = [0, 1].map(|_| place.ask(api, &named, token));
    assert_eq!(conflict.status, 409);
    let ended = place.token(api);
    place.ask(
        api,
        &Asked::new("DELETE", &format!("/v1/tokens/{ended}")),
        token,
    );
    let rotate = Asked::new("POST", &format!("/v1/tokens/{ended}/rotate"));
    assert_eq!(place.ask(api, &rotate, token).status, 409);
    let commands = format!("/v1/servers/{SERVER}/commands");
    let late = Asked::new("DELETE", &format!("{commands}/{}", place.ended(api)));
    assert_eq!(place.ask(api, &late, token).status, 409);
    let mut trial = place.wanted_command(QUICK);
    trial.path += "?dry_run=true";
    assert_eq!(place.ask(api, &trial, token).status, 200);
    two_at_once(place, api);
}

/// A request that comes twice at once, while the database keeps whoever comes first waiting.
fn two_at_once(place: &Place<'_>, api: SocketAddr) {
    let asked = place.wanted_command(QUICK);
    let (_, key) = &asked.headers[0];
    let database = place.scene.site.database().unwrap();
    let lock = Lock::take(database, "LOCK TABLE commands IN SHARE ROW EXCLUSIVE MODE");
    let (token, path, body) = (&place.owner, &asked.path, &asked.body);
    let ask = || send(api, "POST", path, token, &[("Idempotency-Key", key)], body);
    let mut statuses = std::thread::scope(|scope| {
        let [one, other] = [0, 1].map(|_| scope.spawn(ask));
        while !one.is_finished() && !other.is_finished() {
            std::thread::yield_now();
        }
        lock.release();
        [one, other].map(|it| it.join().unwrap())
    });
    statuses.sort_by_key(|answer| answer.status);
    let [done, refused] = statuses;
    assert_eq!(
        (done.status, refused.status),
        (202, 409),
        "{done:?} {refused:?}"
    );
    place.note("POST", path, &refused);
}

/// Provokes the answer to a body of which nothing comes, of all operations at once.
fn by_waiting(place: &Place<'_>, api: SocketAddr, operations: &[&str]) {
    let asked: Vec<_> = operations
        .iter()
        .map(|operation| good(place, api, operation))
        .collect();
    let answers = std::thread::scope(|scope| {
        let waiting: Vec<_> = asked
            .iter()
            .map(|asked| {
                let lines: &[&str] = match asked.body.as_str() {
                    "" => &[MISSING],
                    _ => &[MISSING, "Content-Type: application/json"],
                };
                let text = asked.head(&place.owner, lines);
                scope.spawn(move || request(api, &text))
            })
            .collect();
        let answers = waiting.into_iter().map(|it| it.join().unwrap());
        answers.collect::<Vec<_>>()
    });
    for (asked, answer) in asked.iter().zip(answers) {
        assert_eq!(answer.status, 408, "{answer:?}");
        place.note(&asked.method, &asked.path, &answer);
    }
}

#[test]
fn the_document_names_what_can_be_provoked_and_nothing_else() {
    let site = Site::postgres();
    let place = Place::new(&site);
    let promised: BTreeSet<(String, u16)> = CONTRACT
        .promised()
        .into_iter()
        .map(|(operation, status)| (operation.to_owned(), status))
        .collect();
    let all: BTreeSet<&str> = promised
        .iter()
        .map(|(operation, _)| operation.as_str())
        .collect();
    let with = |status: u16| {
        let with = promised.iter().filter(|(_, it)| *it == status);
        with.map(|(operation, _)| operation.as_str())
            .collect::<Vec<_>>()
    };

    let roomy = place.serve(true, &[("HUSH_RATE_LIMIT__REQUESTS", "10000")]);
    let api = roomy.api;
    for operation in &all {
        by_asking(&place, api, operation);
    }
    by_its_own_rules(&place, api);
    by_waiting(&place, api, &with(408));

    let botless = place.serve(false, &[("HUSH_RATE_LIMIT__REQUESTS", "10000")]);
    place.ask(botless.api, &place.wanted_command(QUICK), &place.owner);
    // A minute that is full refuses everybody.
    let full = place.serve(
        false,
        &[
            ("HUSH_RATE_LIMIT__REQUESTS", "1"),
            ("HUSH_RATE_LIMIT__WINDOW", "1h"),
            ("HUSH_RATE_LIMIT__UNKNOWN_TOKENS", "1"),
        ],
    );
    for operation in with(429) {
        let asked = good(&place, api, operation);
        for _ in 0..2 {
            place.ask(full.api, &asked, &place.owner);
        }
    }
    let prepared: Vec<_> = with(500)
        .into_iter()
        .chain(with(503))
        .map(|operation| good(&place, api, operation))
        .collect();
    let database = site.database().unwrap();
    database.execute("ALTER TABLE tokens RENAME TO tokens_that_are_gone");
    for asked in &prepared {
        place.ask(api, asked, &place.owner);
    }
    place.proxy.set(Way::Cut);
    while get(api, "/readyz", NOBODY).status == 200 {
        std::thread::yield_now();
    }
    for asked in &prepared {
        place.ask(api, asked, &place.owner);
    }

    let seen = place.seen();
    let provoked: BTreeSet<_> = seen.keys().cloned().collect();
    let never: Vec<_> = promised.difference(&provoked).collect();
    assert!(
        never.is_empty(),
        "the document names, and nothing provokes: {never:?}"
    );
    let unnamed: Vec<_> = provoked.difference(&promised).collect();
    assert!(unnamed.is_empty(), "{unnamed:?}");
    headers_came(&seen);
}

/// Asserts that each header that the document names for a good answer came with one.
fn headers_came(seen: &BTreeMap<(String, u16), BTreeSet<String>>) {
    let mut missing = Vec::new();
    for ((operation, status), came) in seen.iter().filter(|((_, status), _)| *status < 400) {
        let named = CONTRACT.headers(operation, *status);
        let never = named.into_iter().filter(|name| !came.contains(name));
        missing.extend(never.map(|name| format!("{operation} {status}: {name}")));
    }
    assert!(missing.is_empty(), "{missing:#?}");
}
