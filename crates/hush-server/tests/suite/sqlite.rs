//! An operator's life without a database server: everything in one file.

use std::process::Command;

use sqlx::{Connection, SqliteConnection};

use crate::crashes::{import, large};
use crate::import::GUILD;
use crate::operator::owners_token;
use crate::support::{Hush, Response, Running, get};

/// The binary with nothing configured, and one server in its file.
fn filled() -> Hush {
    let hush = Hush::new().with_file("guild.json", GUILD);
    hush.run(&["import", "guild.json"]).success();
    hush
}

fn ask(service: &Running, token: &str) -> Response {
    get(service.api, "/v1/users/1", token)
}

#[test]
fn with_nothing_configured_all_is_in_one_file_and_survives() {
    let hush = filled();
    let token = owners_token(&hush);
    let service = Running::start(&hush, &["serve"]);
    let stats = get(service.api, "/v1/servers/10/stats", &token);
    assert_eq!(stats.body, r#"{"members":3,"bots":1,"online":2}"#);
    let user = get(service.api, "/v1/users/2", &token);
    assert_eq!(user.body, r#"{"id":"2","username":"User#0042","roles":[]}"#);
    service.signal("TERM");
    assert!(service.ended().0.success());
    assert!(hush.path("data/hush.db").is_file());
    // What was in the log beside the file is in the file.
    let log = std::fs::metadata(hush.path("data/hush.db-wal"));
    assert!(log.map_or(0, |log| log.len()) == 0);

    let again = Running::start(&hush, &["serve"]);
    assert_eq!(ask(&again, &token).status, 200);
    hush.run(&["recount"]).success();
    hush.run(&["migrate"]).success();
}

#[test]
fn commands_beside_the_service_hold_for_the_next_request() {
    let hush = filled();
    let service = Running::start(&hush, &["serve"]);
    let token = owners_token(&hush);
    assert_eq!(ask(&service, &token).status, 200);
    let gone = GUILD.replace(r#""id": "1", "username""#, r#""id": "9", "username""#);
    hush.run_with_input(
        &["import", "-"],
        gone.replace(r#""owner_id": "1""#, r#""owner_id": "2""#)
            .as_bytes(),
    )
    .success();
    assert_eq!(ask(&service, &token).status, 404);
    hush.run(&["import", "guild.json"]).success();
    assert_eq!(ask(&service, &token).status, 200);
    let list: serde_json::Value =
        serde_json::from_str(&hush.run(&["token", "list", "--json"]).success()).unwrap();
    let id = list["id"].as_str().unwrap();
    hush.run(&["token", "revoke", id]).success();
    assert_eq!(ask(&service, &token).status, 401);
}

#[test]
fn who_waits_too_long_for_the_file_is_told_to_come_again() {
    let hush = filled();
    let token = owners_token(&hush);
    let service = Running::start(&hush, &["serve"]);
    let url = format!("sqlite:{}", hush.path("data/hush.db").display());
    crate::import::block_on(async {
        let mut other = SqliteConnection::connect(&url).await.unwrap();
        let held = other.begin_with("BEGIN IMMEDIATE").await.unwrap();
        let late = ask(&service, &token);
        assert_eq!(late.status, 503, "{}", late.body);
        assert_eq!(late.header("retry-after"), "1");
        held.rollback().await.unwrap();
    });
    assert_eq!(ask(&service, &token).status, 200);
}

#[test]
fn a_second_service_on_the_same_file_is_refused() {
    let hush = filled();
    let first = Running::start(&hush, &["serve"]);
    let anywhere = [
        "serve",
        "--listen=127.0.0.1:0",
        "--admin-listen=127.0.0.1:0",
    ];
    let refused = hush.run(&anywhere);
    assert_eq!(refused.code, 1, "{}", refused.stderr);
    assert!(
        refused.stderr.contains("another process serves from")
            && refused.stderr.contains("hush.db"),
        "{}",
        refused.stderr
    );
    // Killed, it leaves nothing behind that would have to be cleaned up.
    first.signal("KILL");
    first.ended();
    Running::start(&hush, &["serve"]);
}

#[test]
fn a_file_that_is_something_else_is_refused_in_one_line() {
    let hush = Hush::new();
    std::fs::create_dir(hush.path("data")).unwrap();
    std::fs::write(hush.path("data/hush.db"), "my notes. ".repeat(500)).unwrap();
    for command in [&["migrate"][..], &["recount"], &["token", "list"]] {
        let line = hush.run(command).failure(1);
        assert!(line.contains("hush.db is no database of Hush's"), "{line}");
    }
    let hush = Hush::new().with_file("data", "a file in the folder's place");
    let line = hush.run(&["migrate"]).failure(1);
    assert!(line.contains("HUSH_DATA_DIR"), "{line}");
}

#[test]
fn a_backup_beside_the_service_is_whole_and_goes_on() {
    let hush = filled();
    let token = owners_token(&hush);
    let service = Running::start(&hush, &["serve"]);
    // While an import writes.
    let mut import = import(&hush, &large(3000, "new"));
    for number in 0..5 {
        assert_eq!(ask(&service, &token).status, 200);
        let file = format!("backup{number}.db");
        hush.run(&["backup", &file]).success();
        let line = hush.run(&["backup", &file]).failure(1);
        assert!(line.contains("is there already"), "{line}");
        let restored = Hush::new();
        std::fs::create_dir(restored.path("data")).unwrap();
        std::fs::copy(hush.path(&file), restored.path("data/hush.db")).unwrap();
        restored.run(&["recount"]).success();
        let again = Running::start(&restored, &["serve"]);
        assert_eq!(ask(&again, &token).status, 200);
        assert!(!hush.path(&format!("{file}.part")).exists());
    }
    assert!(import.wait().unwrap().success());
    let line = hush.run(&["backup", "no/folder/backup.db"]).failure(1);
    assert!(line.contains("no/folder/backup.db"), "{line}");
    let memory = Hush::new().with("HUSH_DATABASE_URL", "postgres://hush@localhost/hush");
    let line = memory.run(&["backup", "backup.db"]).failure(2);
    assert!(line.contains("pg_dump"), "{line}");
}

/// What the limit has left, as an answer says.
fn remaining(answer: &Response) -> u64 {
    answer.header("x-ratelimit-remaining").parse().unwrap()
}

#[test]
fn killed_twenty_times_it_has_what_was_acknowledged() {
    let hush = filled()
        .with("HUSH_RATE_LIMIT__REQUESTS", "10000")
        .with("HUSH_RATE_LIMIT__WINDOW", "1h");
    let mut tokens = vec![owners_token(&hush)];
    let mut admitted = 0;
    for attempt in 0..20_usize {
        let service = Running::start(&hush, &["serve"]);
        let mut import = import(&hush, &large(500 + attempt, "new"));
        tokens.push(owners_token(&hush));
        for _ in 0..attempt * 4 {
            let answer = ask(&service, &tokens[0]);
            assert_eq!(answer.status, 200);
            admitted += 1;
            // Each of one client's requests was answered before the next, so that none is on its way at the end.
            assert_eq!(remaining(&answer), 10_000 - admitted);
        }
        import.kill().unwrap();
        service.signal("KILL");
        import.wait().unwrap();
        service.ended();
        hush.run(&["recount"]).success();
    }
    let service = Running::start(&hush, &["serve"]);
    for token in &tokens {
        let answer = ask(&service, token);
        assert_eq!(answer.status, 200, "an acknowledged token is gone");
        admitted += 1;
        assert_eq!(remaining(&answer), 10_000 - admitted);
    }
}

/// Lets a process write no file beyond `bytes`, which to it is as a disk that is full.
#[cfg(target_os = "linux")]
fn limit_files(service: &Running, bytes: &str) {
    let limit = format!("--fsize={bytes}:unlimited");
    let limited = Command::new("prlimit")
        .args(["--pid", &service.id().to_string(), &limit])
        .status();
    assert!(limited.unwrap().success());
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_503_and_room_on_it_is_noticed() {
    let hush = filled();
    let token = owners_token(&hush);
    // A process that is told of the signal for files that grow too large would be ended by it.
    let service = Running::start_through(&hush, "trap '' XFSZ; exec \"$0\" \"$@\"", &["serve"]);
    assert_eq!(ask(&service, &token).status, 200);
    limit_files(&service, "4096");
    for _ in 0..70 {
        let full = ask(&service, &token);
        assert_eq!(full.status, 503, "{}", full.body);
        assert_eq!(full.header("retry-after"), "1");
    }
    limit_files(&service, "unlimited");
    // None of the many that failed was counted.
    let answer = ask(&service, &token);
    assert_eq!((answer.status, remaining(&answer)), (200, 58));
    hush.run(&["recount"]).success();
}
