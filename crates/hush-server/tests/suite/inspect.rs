//! `token rotate` and `token inspect`: secrets that follow one another, and what can be said of one.

use hush_domain::secret::Secret;
use serde_json::Value;

use crate::support::{Hush, Running, Site, get, on_each_store, send};
use crate::tokens::listed;

on_each_store! {
    a_rotated_secret_reads_for_a_while_and_changes_nothing,
    what_is_said_of_a_secret,
    names_are_unique_and_fifty_is_the_most,
}

const EVERYTHING: &str = "--scope=users:read,stats:read,tokens:read,tokens:write";

/// The secret that a command printed, alone on its line.
fn secret(hush: &Hush, arguments: &[&str]) -> String {
    let output = hush.run(arguments);
    assert!(!output.stderr.contains("hush_"), "{}", output.stderr);
    let printed = output.success();
    let secret = printed.strip_suffix('\n').unwrap().to_owned();
    assert!(
        secret.starts_with("hush_") && secret.len() == 41,
        "{secret}"
    );
    secret
}

fn created(hush: &Hush, name: &str) -> (String, String) {
    let name = format!("--name={name}");
    let create = [
        "token",
        "create",
        "--server=10",
        "--user=1",
        EVERYTHING,
        &name,
    ];
    let secret = secret(hush, &create);
    let newest = listed(hush, &[]).pop().unwrap();
    (newest["id"].as_str().unwrap().to_owned(), secret)
}

fn a_rotated_secret_reads_for_a_while_and_changes_nothing(site: &Site) {
    let hush = site.hush();
    let (id, old) = created(&hush, "laptop");
    let service = Running::start(&hush, &["serve"]);
    let body = r#"{"name":"child","server_ids":["10"],"scopes":["users:read"]}"#;
    let make = |token: &str| send(service.api, "POST", "/v1/tokens", token, &[], body);
    assert_eq!(make(&old).status, 201);

    let before = listed(&hush, &["--user=1"]);
    let new = secret(&hush, &["token", "rotate", &id, "--grace=1h"]);
    let after = listed(&hush, &["--user=1"]);
    assert_eq!(after[0]["id"], before[0]["id"]);
    assert_eq!(after[0]["expires_at"], before[0]["expires_at"]);
    assert_eq!(after[0]["hint"].as_str().unwrap(), &new[..9]);
    assert_eq!(after[1]["state"], "revoked", "its child");
    assert_eq!(after[1]["parent"], before[0]["id"]);
    assert_eq!(get(service.api, "/v1/users/1", &old).status, 200);
    assert_eq!(make(&old).status, 403);
    assert_eq!(make(&new).status, 201);

    let newer = secret(
        &hush,
        &["token", "rotate", &id, "--grace=0s", "--keep-children"],
    );
    assert_eq!(get(service.api, "/v1/users/1", &new).status, 401);
    // Without grace nobody is left in, whatever an earlier rotation gave.
    assert_eq!(get(service.api, "/v1/users/1", &old).status, 401);
    assert_eq!(get(service.api, "/v1/users/1", &newer).status, 200);
    assert_eq!(listed(&hush, &["--user=1"])[2]["state"], "live");

    for (arguments, code, said) in [
        (&["token", "rotate", "1"][..], 1, "no token 1"),
        (&["token", "rotate", &id, "--grace=25h"], 2, "more than 24h"),
    ] {
        let line = hush.run(arguments).failure(code);
        assert!(line.contains(said), "{line}");
    }
    hush.run(&["token", "revoke", &id]).success();
    let line = hush.run(&["token", "rotate", &id]).failure(1);
    assert!(line.contains("revoked or has expired"), "{line}");
}

/// What `token inspect` says of a secret: its exit code, its object and its text.
fn inspected(hush: &Hush, secret: &str, further: &[&str]) -> (i32, Value, String) {
    let run = |arguments: &[&str]| {
        let inspect = ["token", "inspect"];
        let input = format!("  {secret} \nwhat follows\n");
        hush.run_with_input(&[&inspect, arguments, further].concat(), input.as_bytes())
    };
    let (json, text) = (run(&["--json"]), run(&[]));
    assert_eq!(json.code, text.code);
    for said in [&json.stdout, &json.stderr, &text.stdout, &text.stderr] {
        assert!(!said.contains(&secret[9..]), "the secret is told: {said}");
    }
    let object = serde_json::from_str(&json.stdout).unwrap();
    (json.code, object, text.stdout + &text.stderr)
}

fn what_is_said_of_a_secret(site: &Site) {
    let hush = site.hush();
    let (id, first) = created(&hush, "laptop");
    let (code, object, text) = inspected(&hush, &first, &[]);
    assert_eq!((code, &object["works"]), (0, &true.into()));
    assert_eq!(object["token"]["id"], *id);
    assert_eq!(object["token"]["secret"]["newest"], true);
    for word in [
        &*id,
        "laptop",
        "live, ends",
        "never",
        "the newest",
        "checksum",
    ] {
        assert!(text.contains(word), "{word} is missing in {text}");
    }

    let newest = secret(&hush, &["token", "rotate", &id, "--grace=1h"]);
    let (code, object, text) = inspected(&hush, &first, &[]);
    assert_eq!(
        (code, &object["token"]["secret"]["newest"]),
        (0, &false.into())
    );
    assert!(object["token"]["secret"]["reads_until"].is_string());
    assert!(
        text.contains("replaced by a newer one, reads until"),
        "{text}"
    );
    site.execute(site.either(
        "UPDATE former_secrets SET until = 1",
        "UPDATE former_secrets SET until = '2020-01-01'",
    ));
    let (code, _, text) = inspected(&hush, &first, &[]);
    assert!(
        code == 1 && text.contains("a newer one has replaced it"),
        "{text}"
    );

    hush.run(&["token", "revoke", &id]).success();
    let (code, object, text) = inspected(&hush, &newest, &[]);
    assert_eq!((code, &object["works"]), (1, &false.into()));
    assert_eq!(object["token"]["state"], "revoked");
    assert!(text.contains("its token was revoked"), "{text}");

    let (_, expired) = created(&hush, "short");
    site.execute(site.either(
        "UPDATE tokens SET expires_at = 1",
        "UPDATE tokens SET expires_at = '2020-01-01'",
    ));
    let (code, _, text) = inspected(&hush, &expired, &[]);
    assert!(
        code == 1 && text.contains("its token has expired"),
        "{text}"
    );

    let unknown = Secret::generate(&mut |bytes| -> Result<(), ()> {
        bytes.fill(3);
        Ok(())
    })
    .unwrap();
    let (code, object, text) = inspected(&hush, unknown.expose(), &[]);
    assert_eq!((code, &object["token"]), (1, &Value::Null));
    assert!(text.contains("no token has it"), "{text}");
}

#[test]
fn a_checksum_is_checked_without_any_store() {
    let hush = Hush::new().with("HUSH_DATABASE_URL", "postgres://hush@127.0.0.1:1/none");
    let whole = Secret::generate(&mut |bytes| -> Result<(), ()> {
        bytes.fill(5);
        Ok(())
    })
    .unwrap();
    let whole = whole.expose();
    let (code, object, _) = inspected(&hush, whole, &["--offline"]);
    assert_eq!((code, &object["well_formed"]), (0, &true.into()));
    let mistyped = whole.replacen("hush_5", "hush_6", 1);
    let long = whole.repeat(10);
    for broken in [&mistyped, &whole[..40], &whole.replace('_', "-"), &long] {
        for offline in [&["--offline"][..], &[]] {
            let (code, object, text) = inspected(&hush, broken, offline);
            assert_eq!(
                (code, &object["well_formed"]),
                (1, &false.into()),
                "{broken}"
            );
            assert!(text.contains("typo"), "{text}");
        }
    }
    let line = hush.run(&["token", "inspect"]).failure(2);
    assert!(line.contains("token inspect <"), "{line}");
    // A secret in the wrong place is not repeated, not even by the parser of the command line.
    for arguments in [
        ["token", "inspect", whole],
        ["token", "revoke", whole],
        ["import", "--secret", whole],
        ["token", whole, "list"],
    ] {
        let output = hush.run(&arguments);
        let said = output.stdout + &output.stderr;
        assert!(output.code != 0 && !said.contains(&whole[9..]), "{said}");
    }
}

fn names_are_unique_and_fifty_is_the_most(site: &Site) {
    let hush = site.hush();
    let create = |name: usize| {
        let name = format!("--name=number {name}");
        hush.run(&["token", "create", "--server=10", "--user=1", &name])
    };
    create(0).success();
    let line = create(0).failure(1);
    assert!(
        line.contains("number 0") && line.contains("--name"),
        "{line}"
    );
    // Another user's may have the name.
    let other = [
        "token",
        "create",
        "--server=10",
        "--user=2",
        "--name=number 0",
    ];
    hush.run(&other).success();
    // Making 50 takes a while; one and the others that are like it are as good.
    site.execute(site.either(
        "WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 49)
         INSERT INTO tokens (id, digest, user_id, name, hint, scopes, created_at)
         SELECT n, randomblob(32), 1, 'number ' || n, 'hush_0000', '[]', 0 FROM n",
        "INSERT INTO tokens (id, digest, user_id, name, hint, server_ids, scopes, created_at)
         SELECT n, sha256(n::text::bytea), 1, 'number ' || n, 'hush_0000', '{10}', '{}', now()
         FROM generate_series(1, 49) AS n",
    ));
    if site.either("sqlite", "postgres") == "sqlite" {
        site.execute("INSERT INTO token_servers SELECT id, 10 FROM tokens WHERE id < 50");
    }
    let line = create(50).failure(1);
    assert!(
        line.contains("50 live tokens") && line.contains("revoke"),
        "{line}"
    );
    // Whoever gives one up has room, and its name is free.
    hush.run(&["token", "revoke", "7"]).success();
    create(7).success();
    assert_eq!(create(51).code, 1);
}
