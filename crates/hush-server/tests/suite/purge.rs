//! `purge`: what is erased is nowhere any more, and what stays still verifies.

use crate::import::GUILD;
use crate::support::{Running, Site, hex, on_each_store, send};
use crate::tokens::listed;

on_each_store! {
    an_erased_person_is_nowhere_but_in_ids,
    an_erased_server_is_nowhere,
}

/// Whether any of `words` is in the store, be it as text or as bytes.
fn holds(site: &Site, words: &[&str]) -> Vec<String> {
    let (dump, bytes) = (site.dump(), site.bytes());
    let inside = |word: &&&str| {
        let raw = bytes
            .windows(word.len())
            .any(|part| part == word.as_bytes());
        raw || dump.contains(**word) || dump.contains(&hex(word))
    };
    words
        .iter()
        .filter(inside)
        .map(ToString::to_string)
        .collect()
}

/// The server of the tests in which a name can be told from everything else.
fn guild() -> String {
    GUILD.replace(r#""username": "robot""#, r#""username": "Marie-Luise""#)
}

fn an_erased_person_is_nowhere_but_in_ids(site: &Site) {
    let hush = site.hush();
    site.import(&guild());
    let create = |user: &str, name: &str| {
        let name = format!("--name={name}");
        let scope = "--scope=users:read,tokens:read,tokens:write";
        let create = ["token", "create", "--server=10", user, &name, scope];
        hush.run(&create).success().trim_end().to_owned()
    };
    let (own, owners) = (
        create("--user=3", "Schreibtisch"),
        create("--user=1", "Werkstatt"),
    );
    create("--user=3", "Wohnzimmer");
    let service = Running::start(&hush, &["serve"]);
    // Its answer is kept for whoever sends the request again, with the name in it.
    let child = r#"{"name":"Kinderzimmer","server_ids":["10"],"scopes":["users:read"]}"#;
    let keyed = [("Idempotency-Key", "once")];
    let made = send(service.api, "POST", "/v1/tokens", &own, &keyed, child);
    assert_eq!(made.status, 201, "{made:?}");
    let [first, second] = ["Schreibtisch", "Wohnzimmer"].map(|name| {
        let tokens = listed(&hush, &["--user=3"]);
        let token = tokens.iter().find(|token| token["name"] == name).unwrap();
        token["id"].as_str().unwrap().to_owned()
    });
    // A reason of their own, one of the owner's for what was done to their token, and one that is nobody else's affair.
    for (token, path, reason) in [
        (&own, format!("/v1/tokens/{second}"), "moved-to-Lisbon"),
        (
            &owners,
            format!("/v1/servers/10/tokens/{first}"),
            "seen-in-a-screenshot",
        ),
        (
            &owners,
            format!(
                "/v1/tokens/{}",
                listed(&hush, &["--user=1"])[0]["id"].as_str().unwrap()
            ),
            "spring-cleaning",
        ),
    ] {
        let answer = send(
            service.api,
            "DELETE",
            &path,
            token,
            &[("X-Audit-Log-Reason", reason)],
            "",
        );
        assert_eq!(answer.status, 204, "{answer:?}");
    }
    service.signal("TERM");
    service.ended();
    let words = [
        "Marie-Luise",
        "Schreibtisch",
        "Wohnzimmer",
        "Kinderzimmer",
        "moved-to-Lisbon",
        "seen-in-a-screenshot",
    ];
    assert_eq!(holds(site, &words), words, "nothing to erase");
    let export = hush.run(&["audit", "export"]).success();

    let erased = hush.run(&["purge", "--user=3"]);
    assert_eq!(erased.code, 0, "{}", erased.stderr);
    assert_eq!(
        erased.stderr,
        "erased user 3: 1 memberships, 3 tokens, 0 commands, 3 reasons and 0 rows of audit logs\n"
    );
    assert_eq!(holds(site, &words), [""; 0]);
    assert_eq!(holds(site, &["Werkstatt", "spring-cleaning"]).len(), 2);
    assert_eq!(listed(&hush, &["--user=3"]).len(), 0);
    hush.run(&["recount"]).success();
    // The rows are the same but for the reasons, and verify.
    hush.run(&["audit", "verify"]).success();
    let after = hush.run(&["audit", "export"]).success();
    let links = |export: &str| -> Vec<String> {
        let rows = export.lines().filter(|line| line.contains("\"number\""));
        rows.map(|line| line.rsplit_once("\"link\"").unwrap().1.to_owned())
            .collect()
    };
    assert_eq!(links(&after)[..links(&export).len()], links(&export));
    assert!(after.contains("\"user_id\":\"3\""), "{after}");

    let again = hush.run(&["purge", "--user=3"]);
    assert!(
        again
            .stderr
            .contains("0 memberships, 0 tokens, 0 commands, 0 reasons"),
        "{}",
        again.stderr
    );
    site.import(&guild());
    assert_eq!(holds(site, &words), ["Marie-Luise"]);
}

fn an_erased_server_is_nowhere(site: &Site) {
    let hush = site.hush();
    let other = GUILD
        .replacen("\"id\": \"10\"", "\"id\": \"20\"", 1)
        .replace("Ünïcode \\ud83e\\udd2b", "Gartenverein")
        .replace("\"Admin\"", "\"Vorstand\"")
        .replace("\"anna\"", "\"Frieda\"");
    site.import(&other);
    for (servers, name) in [("20", "only"), ("10,20", "both"), ("10", "neither")] {
        let name = format!("--name={name}");
        let create = ["token", "create", "--user=1", "--server", servers, &name];
        hush.run(&create).success();
    }
    let words = ["Gartenverein", "Vorstand", "Frieda", "only"];
    assert_eq!(holds(site, &words), words);
    let erased = hush.run(&["purge", "--server=20"]);
    assert_eq!(
        erased.stderr,
        "erased server 20: 3 memberships, 1 tokens, 0 commands, 0 reasons and 2 rows of audit logs\n"
    );
    assert_eq!(holds(site, &words[..3]), [""; 0]);
    let tokens = listed(&hush, &[]);
    assert_eq!(tokens.len(), 2);
    for token in &tokens {
        assert_eq!(token["servers"], serde_json::json!(["10"]));
    }
    let export = hush.run(&["audit", "export"]).success();
    // As a server, and at the head of a log. The hour may be 20 as well.
    assert!(!export.contains("\"20\"") && !export.contains("\"20:"));
    hush.run(&["audit", "verify"]).success();
    hush.run(&["recount"]).success();
}
