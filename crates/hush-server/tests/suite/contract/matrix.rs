//! Every operation, asked by everybody: what each caller gets, over the wire and with things of their own and of others.
//!
//! The table is written by hand, so that a right that somebody gains is a line that somebody changes.

use std::collections::BTreeSet;

use serde_json::Value;

use super::answers::{about_nothing, good};
use super::place::{Asked, NOWHERE, Place, SERVER};
use crate::support::{CONTRACT, Response, Site};

/// The callers, in the order of the columns: nobody; a token that was revoked; a member, an admin and the owner of the
/// addressed server; the owner of another server. Each has every scope.
const CALLERS: [&str; 6] = ["nobody", "revoked", "member", "admin", "owner", "stranger"];

/// The statuses. Tokens are each caller's own to ask for; those of the table belong to the owner of the addressed server.
const TABLE: &[(&str, [u16; 6])] = &[
    ("getRoot", [302; 6]),
    ("getApi", [200; 6]),
    ("getApiCatalog", [200; 6]),
    ("getDocs", [200; 6]),
    ("getOpenApiJson", [200; 6]),
    ("getOpenApiYaml", [200; 6]),
    ("getOpenApi30Json", [200; 6]),
    ("getOpenApi30Yaml", [200; 6]),
    ("getLiveness", [200; 6]),
    ("getReadiness", [200; 6]),
    ("reportLeakedToken", [202; 6]),
    ("getMe", [401, 401, 200, 200, 200, 200]),
    ("getServer", [401, 401, 403, 200, 200, 404]),
    ("listRoles", [401, 401, 403, 200, 200, 404]),
    ("listChannels", [401, 401, 403, 200, 200, 404]),
    ("getServerStats", [401, 401, 403, 403, 200, 404]),
    ("getServerRateLimit", [401, 401, 403, 403, 200, 404]),
    ("getServerSettings", [401, 401, 403, 403, 200, 404]),
    ("updateServerSettings", [401, 401, 403, 403, 200, 404]),
    ("listAuditLog", [401, 401, 403, 403, 200, 404]),
    ("listUsers", [401, 401, 403, 200, 200, 404]),
    ("getUser", [401, 401, 403, 200, 200, 404]),
    ("listCommands", [401, 401, 403, 200, 200, 404]),
    ("createCommand", [401, 401, 403, 202, 202, 404]),
    ("getCommand", [401, 401, 403, 200, 200, 404]),
    ("cancelCommand", [401, 401, 403, 200, 200, 404]),
    ("listTokens", [401, 401, 200, 200, 200, 200]),
    ("createToken", [401, 401, 403, 201, 201, 404]),
    ("getToken", [401, 401, 404, 404, 200, 404]),
    ("revokeToken", [401, 401, 404, 404, 204, 404]),
    ("rotateToken", [401, 401, 404, 404, 200, 404]),
    ("removeServerFromToken", [401, 401, 403, 403, 204, 404]),
];

/// An answer, as far as it may tell the caller anything: without what differs between any two.
fn told(answer: &Response) -> String {
    let mut body: Value = serde_json::from_str(&answer.body).unwrap();
    body["request_id"].take();
    // How many requests the caller's own token has left is no secret to it.
    let differs = [
        "x-request-id",
        "date",
        "content-length",
        "ratelimit:",
        "x-ratelimit-re",
    ];
    let head = answer.head.lines().filter(|line| {
        let line = line.to_ascii_lowercase();
        !differs.iter().any(|name| line.starts_with(name))
    });
    format!("{}\n{body}", head.collect::<Vec<_>>().join("\n"))
}

/// The request as whoever has a token for several servers sends it: it says which one is meant.
fn addressed(mut asked: Asked) -> Asked {
    if asked.path.starts_with("/v1/users") {
        let mark = if asked.path.contains('?') { '&' } else { '?' };
        asked.path = format!("{}{mark}server_id={SERVER}", asked.path);
    }
    asked
}

/// The same about a server that nobody knows, or else about a thing that nobody knows.
fn elsewhere(mut asked: Asked) -> Asked {
    let server = SERVER.to_string();
    if !asked.path.contains(&server) {
        return about_nothing(asked);
    }
    asked.path = asked.path.replace(&server, NOWHERE);
    asked
}

#[test]
fn everybody_gets_what_the_table_says() {
    let site = Site::postgres();
    let place = Place::new(&site);
    let service = place.serve(true, &[("HUSH_RATE_LIMIT__REQUESTS", "10000")]);
    let api = service.api;
    let everybody = place.everybody();
    let documented: BTreeSet<_> = CONTRACT.promised().into_iter().map(|(id, _)| id).collect();
    let listed: BTreeSet<_> = TABLE.iter().map(|(id, _)| *id).collect();
    assert_eq!(listed, documented);
    let mut wrong = Vec::new();
    for (operation, expected) in TABLE {
        let asked = || addressed(good(&place, api, operation));
        let found = everybody
            .each_ref()
            .map(|token| place.ask(api, &asked(), token));
        let statuses = found.each_ref().map(|answer| answer.status);
        if statuses != *expected {
            wrong.push(format!(
                "{operation}: {statuses:?}, and the table says {expected:?}"
            ));
        }
        // Who has no place here learns nothing by asking: it is as if nothing of it were.
        let [nobody, revoked, ..] = &found;
        if nobody.status == 401 {
            assert_ne!(told(nobody), told(revoked), "{operation}");
        }
        let stranger = &found[5];
        if stranger.status == 404 {
            let nothing = elsewhere(asked());
            let nothing = place.ask(api, &nothing, &everybody[5]);
            assert_eq!(told(stranger), told(&nothing), "{operation}");
        }
    }
    assert!(wrong.is_empty(), "{CALLERS:?}\n{}", wrong.join("\n"));
}
