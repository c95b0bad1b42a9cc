//! Where a secret must not be: in the whole life of several tokens, every word that is said and stored is searched.

use hush_domain::secret::Secret;
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::support::{Hush, Response, Running, Site, ask_admin, hex, on_each_store, send};

on_each_store! {
    no_secret_is_said_or_stored_in_a_whole_life,
}

/// Everything that is said, and every secret that is used.
struct Ears {
    hush: Hush,
    service: Running,
    said: Vec<String>,
    secrets: Vec<String>,
}

impl Ears {
    /// What the service answers.
    fn ask(&mut self, method: &str, path: &str, token: &str, body: &str) -> Response {
        let answer = send(self.service.api, method, path, token, &[], body);
        self.hear(&answer);
        answer
    }

    fn hear(&mut self, answer: &Response) {
        self.said.extend([answer.head.clone(), answer.body.clone()]);
    }

    fn status(&mut self, token: &str) -> u16 {
        self.ask("GET", "/v1/me", token, "").status
    }

    /// An answer that tells a secret, once: the token's id and the secret.
    fn told(&mut self, answer: Response, status: u16) -> (String, String) {
        assert_eq!(answer.status, status, "{answer:?}");
        let token: Value = serde_json::from_str(&answer.body).unwrap();
        let [id, secret] = ["id", "secret"].map(|name| token[name].as_str().unwrap().to_owned());
        let around: Vec<_> = answer.body.split(&secret).map(str::to_owned).collect();
        assert_eq!(around.len(), 2, "the secret is there more than once");
        self.said.push(answer.head);
        self.said.extend(around);
        self.secrets.push(secret.clone());
        (id, secret)
    }

    /// A command that prints a secret, and nothing else, on the standard output.
    fn printed(&mut self, arguments: &[&str]) -> String {
        let output = self.hush.run(arguments);
        self.said.push(output.stderr.clone());
        let secret = output.success().trim_end().to_owned();
        self.secrets.push(secret.clone());
        secret
    }

    /// Any other command, whatever becomes of it.
    fn run(&mut self, arguments: &[&str], input: &str) {
        let output = self.hush.run_with_input(arguments, input.as_bytes());
        self.said.extend([output.stdout, output.stderr]);
    }
}

/// A secret that nobody has.
fn strange(byte: u8) -> String {
    let secret = Secret::generate(&mut |bytes: &mut [u8]| -> Result<(), ()> {
        bytes.fill(byte);
        Ok(())
    });
    secret.unwrap().expose().to_owned()
}

const CHILD: &str =
    r#"{"name":"child","server_ids":["10"],"scopes":["users:read","tokens:read","tokens:write"]}"#;

/// Made, asked for again, used and rotated; the former secret reads and is refused. Returns the newest secret.
fn make_and_rotate(ears: &mut Ears, first: &str) -> String {
    let api = ears.service.api;
    let keyed = [
        ("Idempotency-Key", "a-key"),
        ("X-Audit-Log-Reason", "why%20not"),
    ];
    let make = || send(api, "POST", "/v1/tokens", first, &keyed, CHILD);
    let (id, child) = ears.told(make(), 201);
    let replayed = make();
    assert_eq!(
        replayed.header("idempotent-replayed"),
        "true",
        "{replayed:?}"
    );
    ears.hear(&replayed);
    let rotate = format!("/v1/tokens/{id}/rotate");
    let rotated = send(
        api,
        "POST",
        &rotate,
        &child,
        &[],
        r#"{"grace_seconds":3600}"#,
    );
    let (_, newest) = ears.told(rotated, 200);
    assert_eq!(ears.status(&child), 200);
    assert_eq!(ears.ask("POST", &rotate, &child, "").status, 403);
    for path in [
        "/v1/users",
        "/v1/tokens",
        "/v1/servers/10/stats",
        "/v1/servers/11/stats",
    ] {
        ears.ask("GET", path, &newest, "");
    }
    newest
}

/// Secrets in every place where none belongs.
fn misplace(ears: &mut Ears, first: &str) {
    for secret in [strange(1), strange(2).replacen("hush_2", "hush_3", 1)] {
        assert_eq!(ears.status(&secret), 401);
        ears.secrets.push(secret);
    }
    let at = |path: &str| path.replace("SECRET", first);
    for (method, path) in [
        ("GET", "/v1/users/SECRET"),
        ("GET", "/v1/users?after=SECRET"),
        ("GET", "/v1/me?token=SECRET"),
        ("GET", "/v1/tokens/SECRET"),
        ("DELETE", "/v1/tokens/SECRET"),
        ("DELETE", "/v1/servers/10/tokens/SECRET"),
        ("GET", "/v1/servers/10/audit-log?action=SECRET"),
        ("GET", "/SECRET"),
    ] {
        let answer = ears.ask(method, &at(path), first, "");
        assert!(
            answer.status == 200 || answer.status / 100 == 4,
            "{answer:?}"
        );
    }
    for (method, path, body) in [
        (
            "POST",
            "/v1/tokens",
            r#"{"name":"x","server_ids":["SECRET"],"scopes":["users:read"]}"#,
        ),
        (
            "POST",
            "/v1/tokens",
            r#"{"name":"x","server_ids":["10"],"scopes":["SECRET"]}"#,
        ),
        (
            "POST",
            "/v1/tokens",
            r#"{"name":"x","expires_in_seconds":"SECRET"}"#,
        ),
        ("POST", "/v1/tokens", r#"{"name":"x","secret":"SECRET"}"#),
        ("POST", "/v1/tokens", "no JSON, but SECRET"),
        (
            "POST",
            "/v1/tokens/report-leaked",
            r#"{"token":["SECRET"]}"#,
        ),
        (
            "PATCH",
            "/v1/servers/10/settings",
            r#"{"admin_role_ids":["SECRET"]}"#,
        ),
    ] {
        let answer = ears.ask(method, path, first, &at(body));
        assert_eq!(answer.status, 400, "{answer:?}");
    }
}

/// Leaked, and revoked.
fn end(ears: &mut Ears, first: &str, newest: &str) {
    let leaked = format!(r#"{{"token":"{newest}"}}"#);
    let reported = ears.ask("POST", "/v1/tokens/report-leaked", "", &leaked);
    assert_eq!(reported.status, 202, "{reported:?}");
    assert_eq!(ears.status(newest), 401);
    let made = send(ears.service.api, "POST", "/v1/tokens", first, &[], CHILD);
    let (id, other) = ears.told(made, 201);
    let revoked = ears.ask("DELETE", &format!("/v1/tokens/{id}"), first, "");
    assert_eq!(revoked.status, 204);
    assert_eq!(ears.status(&other), 401);
    let log = ears.ask("GET", "/v1/servers/10/audit-log", first, "");
    assert_eq!(log.status, 200);
}

/// All that the operator can do with secrets and tokens. Returns the newest secret of the first token, and its id.
fn operate(ears: &mut Ears, first: &str) -> (String, String) {
    let me: Value = serde_json::from_str(&ears.ask("GET", "/v1/me", first, "").body).unwrap();
    let id = me["token_id"].as_str().unwrap().to_owned();
    let newest = ears.printed(&["token", "rotate", &id]);
    assert_eq!((ears.status(&newest), ears.status(first)), (200, 200));
    for secret in ears.secrets.clone() {
        ears.run(&["token", "inspect"], &secret);
        ears.run(&["token", "inspect", "--json"], &secret);
        ears.run(&["token", "inspect", "--offline"], &secret);
        ears.run(&["token", "inspect", &secret], "");
        ears.run(&["token", "rotate", &secret], "");
    }
    for command in [["token", "list"], ["audit", "export"], ["audit", "verify"]] {
        ears.run(&command, "");
    }
    ears.run(&["token", "list", "--json"], "");
    (newest, id)
}

fn no_secret_is_said_or_stored_in_a_whole_life(site: &Site) {
    let hush = site
        .hush()
        .with("HUSH_ACCESS_LOG", "all")
        .with("HUSH_LOG", "trace");
    let mut ears = Ears {
        service: Running::start(&hush, &["serve"]),
        hush,
        said: vec![],
        secrets: vec![],
    };
    let scopes = "--scope=users:read,tokens:read,tokens:write,audit:read,settings:write";
    let create = [
        "token",
        "create",
        "--server=10",
        "--user=1",
        "--name=first",
        scopes,
    ];
    let first = ears.printed(&create);
    let child = make_and_rotate(&mut ears, &first);
    misplace(&mut ears, &first);
    end(&mut ears, &first, &child);
    let (newest, id) = operate(&mut ears, &first);

    // What is stored in a secret's place is its digest, whole.
    let digest = hex(Sha256::digest(&newest));
    let stored = site.find(site.either(
        "SELECT lower(hex(digest)) FROM tokens WHERE name = 'first'",
        "SELECT encode(digest, 'hex') FROM tokens WHERE name = 'first'",
    ));
    assert_eq!(stored, [digest.as_str()]);

    ears.run(&["token", "revoke", &id], "");
    assert_eq!(ears.status(&newest), 401);
    ears.said
        .push(ask_admin(ears.service.admin, "GET", "/metrics").body);
    ears.service.signal("TERM");
    ears.said.push(ears.service.ended().1);
    let said = ears.said.join("\n");
    for part in [
        "/v1/tokens/{id}/rotate",
        "token.leaked",
        "hush_http_requests_total",
        "DEBUG",
    ] {
        assert!(said.contains(part), "{part} was not heard");
    }
    let dump = site.dump();
    assert!(dump.contains(&digest), "the dump shows no bytes");
    let bytes = site.bytes();
    assert_eq!(ears.secrets.len(), 7);
    for secret in &ears.secrets {
        // What comes after the first characters, by which a token is recognised in a list.
        let secret = &secret[9..];
        for (place, text) in [("what was said", &said), ("the store", &dump)] {
            let found = text.find(secret).or_else(|| text.find(&hex(secret)));
            if let Some(at) = found {
                let before = text[..at].lines().next_back();
                panic!("a secret is in {place}, after {before:?}");
            }
        }
        let mut parts = bytes.windows(secret.len());
        assert!(
            !parts.any(|part| part == secret.as_bytes()),
            "a secret is in the file"
        );
    }
}
