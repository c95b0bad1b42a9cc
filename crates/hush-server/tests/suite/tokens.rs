//! `token`: what is made, what is shown of it, and how it ends.

use serde_json::{Value, json};

use crate::import::GUILD;
use crate::operator::filled;
use crate::support::{Database, Hush};

/// Makes a token with these further arguments and returns what is told beside its secret.
pub(crate) fn made(hush: &Hush, arguments: &[&str]) -> String {
    let create = ["token", "create"];
    let output = hush.run(&[&create, arguments].concat());
    assert_eq!(output.code, 0, "{}", output.stderr);
    output.stderr
}

/// The listed tokens.
pub(crate) fn listed(hush: &Hush, arguments: &[&str]) -> Vec<Value> {
    let list = ["token", "list", "--json"];
    let lines = hush.run(&[&list, arguments].concat()).success();
    let token = |line: &str| serde_json::from_str(line).unwrap();
    lines.lines().map(token).collect()
}

#[test]
fn a_token_is_what_was_asked_for() {
    let database = Database::new();
    let hush = filled(&database);
    let told = made(&hush, &["--server=10", "--user=1", "--name=test"]);
    assert!(told.contains("users:read,stats:read"), "{told}");
    made(
        &hush,
        &[
            "--server",
            "10",
            "10",
            "--user=2",
            "--name=test",
            "--scope=audit:read",
            "--no-expiry",
        ],
    );
    made(
        &hush,
        &[
            "--server=10",
            "--user=3",
            "--name=test",
            "--scope=stats:read,users:read",
            "--expires-in=30d",
        ],
    );
    let tokens = listed(&hush, &[]);
    let scopes: Vec<_> = tokens.iter().map(|token| &token["scopes"]).collect();
    assert_eq!(
        scopes,
        [
            &json!(["users:read", "stats:read"]),
            &json!(["audit:read"]),
            &json!(["users:read", "stats:read"]),
        ]
    );
    for token in &tokens {
        assert_eq!(
            (&token["servers"], &token["state"]),
            (&json!(["10"]), &json!("live"))
        );
        assert_eq!(
            (&token["name"], &token["revoked_at"]),
            (&json!("test"), &Value::Null)
        );
        let hint = token["hint"].as_str().unwrap();
        assert!(hint.starts_with("hush_") && hint.len() == 9, "{hint}");
    }
    assert_eq!(tokens[1]["expires_at"], Value::Null);
    for (token, days) in [(&tokens[0], 90), (&tokens[2], 30)] {
        let time = |name: &str| {
            token[name]
                .as_str()
                .unwrap()
                .parse::<humantime::Timestamp>()
        };
        let [made, ends] = ["created_at", "expires_at"].map(|name| *time(name).unwrap());
        assert_eq!(ends.duration_since(made).unwrap().as_secs(), days * 86_400);
    }
}

#[test]
fn a_revoked_token_stays_revoked_and_an_unknown_one_is_an_error() {
    let database = Database::new();
    let hush = filled(&database);
    made(&hush, &["--server=10", "--user=1", "--name=test"]);
    let token = listed(&hush, &[]).remove(0);
    let id = token["id"].as_str().unwrap();
    let revoke = |id| hush.run(&["token", "revoke", id]);
    assert!(revoke(id).stderr.contains("revoked token"));
    let revoked = listed(&hush, &[]).remove(0);
    assert_eq!(revoked["state"], "revoked");
    let again = revoke(id);
    assert_eq!(again.code, 0, "{}", again.stderr);
    assert!(again.stderr.contains("before"), "{}", again.stderr);
    assert_eq!(listed(&hush, &[]), [revoked]);
    let line = revoke("1").failure(1);
    assert!(
        line.contains("no token 1") && line.contains("token list"),
        "{line}"
    );
}

#[test]
fn a_token_names_1_to_25_servers() {
    let database = Database::new();
    let hush = filled(&database);
    let many: Vec<_> = (1..=26).map(|id: u32| id.to_string()).collect();
    let create = ["token", "create", "--user=1", "--name=x", "--server"];
    let many: Vec<_> = create
        .into_iter()
        .chain(many.iter().map(String::as_str))
        .collect();
    let line = hush.run(&many).failure(2);
    assert!(line.contains("1 to 25 servers, not 26"), "{line}");
    let ever = [
        "token",
        "create",
        "--user=1",
        "--name=x",
        "--server=10",
        "--expires-in=9000y",
    ];
    let line = hush.run(&ever).failure(2);
    assert!(line.contains("--no-expiry"), "{line}");
}

#[test]
fn a_broken_file_changes_nothing_not_even_beside_a_good_one() {
    let database = Database::new();
    let hush = Hush::new()
        .with("HUSH_DATABASE_URL", &database.url())
        .with_file("good.json", GUILD)
        .with_file("broken.json", GUILD.replace("\"dnd\"", "\"gone\""));
    let line = hush.run(&["import", "good.json", "broken.json"]).failure(1);
    assert!(
        line.starts_with("broken.json:15:43: presences[0].status: unknown status"),
        "{line}"
    );
    let create = ["token", "create", "--name=x", "--server=10", "--user=1"];
    let line = hush.run(&create).failure(1);
    assert!(line.contains("not a member of server 10"), "{line}");
    let said = hush.run(&["import", "good.json"]).success();
    assert_eq!(
        said,
        "imported server 10 (Ünïcode 🤫): 3 members with presences, 2 roles\n"
    );
    let line = hush.run(&["import", "gone.json"]).failure(1);
    assert!(line.starts_with("cannot read gone.json"), "{line}");
    made(&hush, &["--server=10", "--user=1", "--name=test"]);
}
