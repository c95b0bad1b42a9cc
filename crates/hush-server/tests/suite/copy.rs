//! Everything moves from an SQLite file to PostgreSQL and back, or nothing does.

mod feed;
mod filling;
mod tables;

use std::process::{Child, Stdio};

use sqlx::Connection;
use sqlx::postgres::PgConnection;

use crate::crashes::large;
use crate::import::GUILD;
use crate::support::{Database, Hush, Response, Running, get};
use filling::filled;
use tables::{Rows, all_in_database, all_in_file, in_database, in_file};

/// The binary as every test here has it.
fn configured(hush: Hush) -> Hush {
    hush.with("HUSH_RATE_LIMIT__WINDOW", "1h").with(
        "HUSH_AUDIT_KEY",
        "the key of the tests, which is long enough",
    )
}

/// The binary with a folder for its data, and nothing in there.
fn empty() -> Hush {
    let hush = configured(Hush::new());
    std::fs::create_dir(hush.path("data")).unwrap();
    hush
}

/// The address of the file from which the binary serves.
fn file(hush: &Hush) -> String {
    format!("sqlite:{}", hush.path("data/hush.db").display())
}

fn ask(service: &Running, token: &str) -> Response {
    let answer = get(service.api, "/v1/users/1", token);
    assert_eq!(answer.status, 200, "{}", answer.body);
    answer
}

fn remaining(answer: &Response) -> u64 {
    answer.header("x-ratelimit-remaining").parse().unwrap()
}

#[test]
fn all_of_it_goes_to_postgresql_and_back_row_by_row() {
    let (first, token, left) = filled();
    let before = all_in_file(&first.path("data/hush.db"));
    assert!(before.iter().all(|table| !table.is_empty()));
    let database = Database::new();
    let there = first.run(&["copy", "--from", &file(&first), "--to", &database.url()]);
    assert_eq!(
        there.stderr,
        "copied 3 servers with 5 roles and 5005 members, 4 tokens, 2501 commands, 11 audit rows and \
         8 admissions\n"
    );
    assert_eq!(there.success(), "");
    assert_eq!(all_in_database(&database), before);
    assert_eq!(all_in_file(&first.path("data/hush.db")), before);

    // What a process of an older version leaves when it takes a server in again, which is not gone then, and when it
    // removes one.
    database.execute("INSERT INTO departed_servers VALUES (10, now())");
    database.execute("INSERT INTO channels VALUES (99, 5, 'left', 0, NULL)");
    let second = empty();
    second
        .run(&["copy", "--from", &database.url(), "--to", &file(&second)])
        .success();
    assert_eq!(all_in_file(&second.path("data/hush.db")), before);
    let third = empty();
    third
        .run(&["copy", "--from", &file(&second), "--to", &file(&third)])
        .success();
    assert_eq!(all_in_file(&third.path("data/hush.db")), before);

    let on_postgresql = configured(Hush::new()).with("HUSH_DATABASE_URL", &database.url());
    let tokens = first.run(&["token", "list", "--json"]).success();
    let verified = first.run(&["audit", "verify"]).success();
    let mut answers = vec![];
    for copy in [&first, &on_postgresql, &second, &third] {
        copy.run(&["recount"]).success();
        assert_eq!(copy.run(&["audit", "verify"]).success(), verified);
        assert_eq!(copy.run(&["token", "list", "--json"]).success(), tokens);
        let service = Running::start(copy, &["serve"]);
        let answer = ask(&service, &token);
        assert_eq!(remaining(&answer), left - 1);
        let stats = get(service.api, "/v1/servers/10/stats", &token);
        let modified = stats.header("last-modified").to_owned();
        answers.push((answer.body, stats.body, modified));
    }
    answers.dedup();
    assert_eq!(answers.len(), 1, "{answers:?}");
}

#[test]
fn a_target_that_holds_anything_is_refused_and_stays_as_it_is() {
    let hush = empty().with_file("guild.json", GUILD);
    hush.run(&["import", "guild.json"]).success();
    let database = Database::new();
    let to_database = ["copy", "--from", &file(&hush), "--to", &database.url()];
    hush.run(&to_database).success();
    let before = all_in_database(&database);
    let line = hush.run(&to_database).failure(1);
    let at = format!("the database at {}/", database.host());
    assert!(
        line.starts_with(&at) && line.contains("name an empty one"),
        "{line}"
    );
    assert_eq!(all_in_database(&database), before);
    let back = ["copy", "--from", &database.url(), "--to", &file(&hush)];
    let line = hush.run(&back).failure(1);
    assert!(
        line.contains("hush.db already holds data") && line.contains("name an empty one"),
        "{line}"
    );
    // What the limiter remembers is data too.
    let limited = Database::new();
    Hush::new()
        .with("HUSH_DATABASE_URL", &limited.url())
        .run(&["migrate"])
        .success();
    limited.execute("INSERT INTO rate_limit_buckets VALUES (1, 10, '{5}', 5)");
    hush.run(&["copy", "--from", &file(&hush), "--to", &limited.url()])
        .failure(1);
    assert_eq!(
        in_database(&limited, "SELECT id FROM servers"),
        Rows::default()
    );
}

#[test]
fn a_file_that_is_served_is_refused_on_either_side() {
    let hush = empty();
    let other = empty();
    other.run(&["migrate"]).success();
    let service = Running::start(&hush, &["serve"]);
    for (from, to) in [(&hush, &other), (&other, &hush)] {
        let line = hush
            .run(&["copy", "--from", &file(from), "--to", &file(to)])
            .failure(1);
        assert!(line.contains("another process serves from"), "{line}");
    }
    service.signal("TERM");
    service.ended();
    let copy = ["copy", "--from", &file(&hush), "--to", &file(&other)];
    hush.run(&copy).success();
}

#[test]
fn what_names_no_place_or_one_place_twice_is_asked_wrongly() {
    let hush = empty();
    for (url, expected) in [
        ("mysql://someone:SECRET@host/hush", "another scheme"),
        ("data/hush.db", "sqlite:PATH"),
        ("sqlite:", "no file"),
        ("sqlite::memory:", "no file"),
        (
            "postgres://someone:SECRET@host:port/hush",
            "not a database address",
        ),
    ] {
        for (from, to, flag) in [(url, "sqlite:a.db", "--from"), ("sqlite:a.db", url, "--to")] {
            let line = hush.run(&["copy", "--from", from, "--to", to]).failure(2);
            assert!(line.contains(flag) && line.contains(expected), "{line}");
            assert!(!line.contains("SECRET"), "{line}");
        }
    }
    hush.run(&["migrate"]).success();
    let absolute = format!("sqlite://{}", hush.path("data/hush.db").display());
    let twice = ["copy", "--from", "sqlite:data/hush.db", "--to", &absolute];
    let line = hush.run(&twice).failure(2);
    assert!(line.contains("both source and target"), "{line}");
    let nobody = "postgres://someone:SECRET@127.0.0.1:1/hush";
    let line = hush
        .run(&["copy", "--from", nobody, "--to", nobody])
        .failure(2);
    assert!(!line.contains("SECRET"), "{line}");
}

#[test]
fn a_source_that_is_missing_or_broken_leaves_the_target_empty() {
    let hush = empty().with_file("guild.json", GUILD);
    let database = Database::new();
    let line = hush
        .run(&[
            "copy",
            "--from",
            "sqlite:data/no.db",
            "--to",
            &database.url(),
        ])
        .failure(1);
    assert!(line.contains("data/no.db cannot be used"), "{line}");
    assert!(!hush.path("data/no.db-serving").exists());
    hush.run(&["import", "guild.json"]).success();
    let path = hush.path("data/hush.db");
    in_file(
        &path,
        "UPDATE members SET role_ids = 'broken' WHERE user_id = 3",
    );
    let line = hush
        .run(&["copy", "--from", &file(&hush), "--to", &database.url()])
        .failure(1);
    assert!(
        line.contains("reading") && line.contains("hush.db") && line.contains("nothing was copied"),
        "{line}"
    );
    assert!(all_in_database(&database).iter().all(Vec::is_empty));
}

#[test]
fn a_bucket_keeps_as_many_admissions_as_a_limit_can_ask_about() {
    let hush = empty();
    hush.run(&["migrate"]).success();
    in_file(
        &hush.path("data/hush.db"),
        "WITH RECURSIVE times (at) AS (SELECT 1 UNION ALL SELECT at + 1 FROM times WHERE at < 10005)
         INSERT INTO admissions (kind, key, at) SELECT 4, -9223372036854775808, at FROM times",
    );
    let database = Database::new();
    hush.run(&["copy", "--from", &file(&hush), "--to", &database.url()])
        .success();
    let kept = in_database(
        &database,
        "SELECT kind, key, cardinality(times), times[1], times[10000], last FROM rate_limit_buckets",
    );
    let expected = ["4", "-9223372036854775808", "10000", "6", "10005", "10005"];
    assert_eq!(kept, [expected.map(|cell| Some(cell.to_owned()))]);
}

/// Starts to copy, and waits until it has come to what somebody else has locked in `database`.
fn copy_until_locked(hush: &Hush, from: &str, to: &str, database: &Database) -> Child {
    let mut copy = hush
        .command(&["copy", "--from", from, "--to", to])
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    while !database.is_waiting_for_a_lock() {
        assert!(copy.try_wait().unwrap().is_none(), "it came to its end");
    }
    copy
}

/// Carries out `work` while a transaction holds the lock that `statement` takes.
fn during(database: &Database, statement: &'static str, work: impl FnOnce()) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let connection = runtime.block_on(async {
        let mut connection = PgConnection::connect(&database.url()).await.unwrap();
        for statement in ["BEGIN", statement] {
            let done = sqlx::raw_sql(statement).execute(&mut connection).await;
            done.unwrap();
        }
        connection
    });
    work();
    runtime.block_on(connection.close()).unwrap();
}

#[test]
fn a_copy_that_is_killed_midway_leaves_an_empty_target() {
    let hush = empty();
    hush.run_with_input(&["import", "-"], large(5000, "x").as_bytes())
        .success();
    let before = all_in_file(&hush.path("data/hush.db"));
    let database = Database::new();
    Hush::new()
        .with("HUSH_DATABASE_URL", &database.url())
        .run(&["migrate"])
        .success();
    // Its server and its roles are there when it comes to the last page of its members.
    database.execute(
        "CREATE FUNCTION hold() RETURNS trigger LANGUAGE plpgsql AS $$
         BEGIN PERFORM pg_advisory_xact_lock(1); RETURN NULL; END $$;
         CREATE TRIGGER hold AFTER INSERT ON members FOR EACH ROW WHEN (new.user_id = 5000)
         EXECUTE FUNCTION hold()",
    );
    let (sqlite, postgres) = (file(&hush), database.url());
    during(&database, "SELECT pg_advisory_xact_lock(1)", || {
        let mut copy = copy_until_locked(&hush, &sqlite, &postgres, &database);
        copy.kill().unwrap();
        copy.wait().unwrap();
    });
    assert!(all_in_database(&database).iter().all(Vec::is_empty));
    hush.run(&["copy", "--from", &sqlite, "--to", &postgres])
        .success();
    assert_eq!(all_in_database(&database), before);

    let back = empty();
    let sqlite = file(&back);
    // The file has its server and its roles when the members cannot be read.
    during(&database, "LOCK TABLE members", || {
        let mut copy = copy_until_locked(&back, &postgres, &sqlite, &database);
        copy.kill().unwrap();
        copy.wait().unwrap();
    });
    let path = back.path("data/hush.db");
    assert!(all_in_file(&path).iter().all(Vec::is_empty));
    back.run(&["copy", "--from", &postgres, "--to", &sqlite])
        .success();
    assert_eq!(all_in_file(&path), before);
}
