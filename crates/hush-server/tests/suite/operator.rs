//! An operator's day, on PostgreSQL: migrate, import, make tokens, serve, revoke, recount.

use std::sync::atomic::{AtomicU32, Ordering};

use crate::import::GUILD;
use crate::support::{Database, Hush, Running, get};

/// The binary with a database of its own, filled with one server.
pub(crate) fn filled(database: &Database) -> Hush {
    let hush = Hush::new()
        .with("HUSH_DATABASE_URL", &database.url())
        .with_file("guild.json", GUILD);
    hush.run(&["import", "guild.json"]).success();
    hush
}

/// A new token of the owner, whose server is 10, by a name that no other has.
pub(crate) fn owners_token(hush: &Hush) -> String {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let name = format!("--name=test {}", COUNT.fetch_add(1, Ordering::Relaxed));
    let create = ["token", "create", "--server=10", "--user=1", &name];
    hush.run(&create).success().trim_end().to_owned()
}

#[test]
fn from_an_empty_database_to_an_answer() {
    let database = Database::new();
    let hush = Hush::new()
        .with("HUSH_DATABASE_URL", &database.url())
        .with_file("guild.json", GUILD);
    hush.run(&["migrate"]).success();
    hush.run(&["migrate"]).success();
    hush.run(&["import", "guild.json"]).success();
    let create = [
        "token", "create", "--server", "10", "--user", "1", "--name", "nightly",
    ];
    let made = hush.run(&create);
    assert!(!made.stderr.contains("hush_"), "{}", made.stderr);
    let secret = made.success();
    // The secret alone, so that a script can take it.
    let token = secret.strip_suffix('\n').unwrap();
    assert!(token.starts_with("hush_") && token.len() == 41, "{token}");
    let service = Running::start(&hush, &["serve"]);
    let user = get(service.api, "/v1/users/2", token);
    assert_eq!(user.body, r#"{"id":"2","username":"User#0042","roles":[]}"#);
    let stats = get(service.api, "/v1/servers/10/stats", token);
    assert_eq!(stats.body, r#"{"members":3,"bots":1,"online":2}"#);
    assert!(!stats.header("last-modified").is_empty());
    let page = get(service.api, "/v1/users?limit=2", token);
    assert!(page.body.ends_with(r#""next":"2"}"#), "{}", page.body);

    // Revoked by another process, it is unknown to the next request.
    let list: serde_json::Value =
        serde_json::from_str(&hush.run(&["token", "list", "--json"]).success()).unwrap();
    let id = list["id"].as_str().unwrap();
    hush.run(&["token", "revoke", id]).success();
    assert_eq!(get(service.api, "/v1/me", token).status, 401);
    hush.run(&["recount"]).success();
    service.signal("TERM");
    assert!(service.ended().0.success());
}

#[test]
fn who_is_no_member_gets_no_token() {
    let database = Database::new();
    let hush = filled(&database);
    for (server, user) in [("10", "9"), ("11", "1")] {
        let create = [
            "token", "create", "--server", server, "--user", user, "--name=x",
        ];
        let line = hush.run(&create).failure(1);
        assert!(line.contains("member") && line.contains(server), "{line}");
    }
    assert_eq!(hush.run(&["token", "list", "--json"]).success(), "");
}

#[test]
fn an_import_beside_the_service_holds_at_once_and_touches_no_token() {
    let database = Database::new();
    let hush = filled(&database);
    let create = ["token", "create", "--server=10", "--user=3", "--name=bot"];
    let token = hush.run(&create).success().trim_end().to_owned();
    let service = Running::start(&hush, &["serve"]);
    assert_eq!(get(service.api, "/v1/users", &token).status, 200);
    // The admin role goes, then the member, then the member is back.
    let member = r#",
    {"user": {"id": "3", "username": "robot", "bot": true}, "roles": ["11"]}"#;
    assert!(GUILD.contains(member));
    let demoted = GUILD.replace(r#""permissions": "8""#, r#""permissions": "0""#);
    let gone = GUILD
        .replace(member, "")
        .replace(r#""member_count": 3"#, r#""member_count": 2"#);
    for (guild, status) in [(demoted.as_str(), 403), (&gone, 404), (GUILD, 200)] {
        hush.run_with_input(&["import", "-"], guild.as_bytes())
            .success();
        assert_eq!(get(service.api, "/v1/users", &token).status, status);
    }
}

#[test]
fn the_counts_are_checked_and_repaired() {
    let database = Database::new();
    let hush = filled(&database);
    database.execute("UPDATE servers SET bots = 0, online = 3 WHERE id = 10");
    let drifted = hush.run(&["recount"]);
    assert_eq!(drifted.code, 1, "{}", drifted.stderr);
    for word in ["10", "bots", "online"] {
        assert!(drifted.stdout.contains(word), "{}", drifted.stdout);
    }
    hush.run(&["recount", "--repair"]).success();
    hush.run(&["recount"]).success();
}

#[test]
fn several_processes_start_at_once_on_an_empty_database() {
    let database = Database::new();
    let hush = Hush::new().with("HUSH_DATABASE_URL", &database.url());
    let services: Vec<_> = std::thread::scope(|scope| {
        let starting: Vec<_> = (0..4)
            .map(|_| scope.spawn(|| Running::start(&hush, &["serve"])))
            .collect();
        starting
            .into_iter()
            .map(|started| started.join().unwrap())
            .collect()
    });
    for service in &services {
        assert_eq!(get(service.api, "/readyz", "").status, 200);
    }
}

#[test]
fn an_older_binary_runs_on_a_newer_schema_and_an_older_schema_is_refused() {
    let database = Database::new();
    let hush = filled(&database);
    database.execute(
        "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time)
         VALUES (9999, 'of a later version', true, '\\x00', 0)",
    );
    let service = Running::start(&hush, &["serve"]);
    assert_eq!(get(service.api, "/readyz", "").status, 200);
    let empty = Database::new();
    let hush = Hush::new().with("HUSH_DATABASE_URL", &empty.url());
    let arguments = [
        "serve",
        "--no-migrate",
        "--listen=127.0.0.1:0",
        "--admin-listen=127.0.0.1:0",
    ];
    let refused = hush.run(&arguments);
    assert_eq!(refused.code, 1, "{}", refused.stderr);
    assert!(
        refused.stderr.contains("hush-server migrate"),
        "{}",
        refused.stderr
    );
}

#[test]
fn the_password_of_the_database_is_not_told() {
    let password = "PASSWORD-OF-THE-DATABASE";
    let url = format!("postgres://someone:{password}@127.0.0.1:1/none");
    let refused = Hush::new()
        .with("HUSH_DATABASE_URL", &url)
        .run(&["migrate"]);
    assert_eq!(refused.code, 1);
    assert!(!refused.stderr.contains(password), "{}", refused.stderr);
}
