//! `audit`: what is found of changes that nobody should have made.

use hush_domain::audit::chain::{End, Head, Keyring};
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::support::{Hush, Site, hex, on_each_store};
use crate::tokens::{listed, made};

on_each_store! {
    every_change_past_hush_is_found_and_its_row_named,
    a_head_that_was_kept_elsewhere_shows_what_a_seal_cannot,
    writing_on_hides_nothing,
    no_plain_seal_stands_for_rows_with_a_key,
    keys_can_follow_one_another_and_none_is_forgotten,
    an_export_can_be_checked_by_whoever_reads_the_documentation,
}

const KEY: &str = "the first key of the tests, which is long enough";

/// Five rows in the log of server 10, and none in another.
fn filled(hush: &Hush) {
    for name in ["--name=a", "--name=b", "--name=c"] {
        made(hush, &["--server=10", "--user=1", name]);
    }
    let token = listed(hush, &[]).remove(0);
    let id = token["id"].as_str().unwrap();
    hush.run(&["token", "rotate", id]).success();
    hush.run(&["token", "revoke", id]).success();
}

fn verified(hush: &Hush) -> String {
    hush.run(&["audit", "verify"]).success()
}

/// The head that `verify` says.
fn head(hush: &Hush) -> String {
    let said = verified(hush);
    let head = said.trim_end().rsplit_once("; head ").unwrap().1;
    head.to_owned()
}

/// What is found, when something is.
fn found(hush: &Hush, further: &[&str]) -> String {
    let output = hush.run(&[&["audit", "verify"], further].concat());
    assert_eq!(output.code, 1, "{}{}", output.stdout, output.stderr);
    assert!(output.stderr.contains("backup"), "{}", output.stderr);
    output.stdout
}

/// What makes rows changeable, for whoever owns the database.
fn unlock(site: &Site) {
    site.execute(site.either(
        "DROP TRIGGER audit_rows_never_change",
        "DROP TRIGGER audit_rows_never_change ON audit_rows",
    ));
}

fn every_change_past_hush_is_found_and_its_row_named(site: &Site) {
    let hush = site.hush().with("HUSH_AUDIT_KEY", KEY);
    filled(&hush);
    let said = verified(&hush);
    assert!(
        said.starts_with("server 10: rows 1 to 5 verified, all of them keyed; head 10:5:"),
        "{said}"
    );
    unlock(site);
    site.execute(
        "CREATE TABLE kept_rows AS SELECT * FROM audit_rows;
         CREATE TABLE kept_heads AS SELECT * FROM audit_heads",
    );
    let rolled_back = "UPDATE audit_heads
         SET number = 4, link = (SELECT link FROM audit_rows WHERE number = 4);
         DELETE FROM audit_rows WHERE number = 5";
    for (change, finding) in [
        (
            "UPDATE audit_rows SET target_user_id = 2 WHERE number = 2",
            "row 2 was changed",
        ),
        (
            "UPDATE audit_rows SET after = NULL WHERE number = 1",
            "row 1 was changed",
        ),
        (
            "UPDATE audit_rows SET key_id = NULL WHERE number = 5",
            "row 5 was chained without a key",
        ),
        (
            "DELETE FROM audit_rows WHERE number = 3",
            "row 3 is missing: row 4 is in its place",
        ),
        (
            "DELETE FROM audit_rows WHERE number = 1",
            "row 1 is missing",
        ),
        (
            "UPDATE audit_rows SET number = 9 WHERE number = 2;
             UPDATE audit_rows SET number = 2 WHERE number = 3;
             UPDATE audit_rows SET number = 3 WHERE number = 9",
            "row 2 was changed",
        ),
        (
            "DELETE FROM audit_rows WHERE number = 5",
            "cut off: row 5 is missing",
        ),
        ("DELETE FROM audit_rows", "cut off: row 1 is missing"),
        (rolled_back, "the end of the log was changed: its seal"),
        (
            "UPDATE audit_heads SET checkpoint_number = 2,
                    checkpoint_link = (SELECT link FROM audit_rows WHERE number = 2);
             DELETE FROM audit_rows WHERE number < 3",
            "checkpoint of the log was changed",
        ),
    ] {
        site.execute(change);
        let said = found(&hush, &[]);
        assert!(
            said.starts_with("server 10: ") && said.contains(finding),
            "{change}: {said}"
        );
        assert_eq!(said.lines().count(), 1, "{said}");
        site.execute(
            "DELETE FROM audit_rows; DELETE FROM audit_heads;
             INSERT INTO audit_rows SELECT * FROM kept_rows;
             INSERT INTO audit_heads SELECT * FROM kept_heads",
        );
        assert_eq!(verified(&hush), said_before(&hush));
    }
}

/// `verify` on one server says the same as on all.
fn said_before(hush: &Hush) -> String {
    hush.run(&["audit", "verify", "--server=10"]).success()
}

fn a_head_that_was_kept_elsewhere_shows_what_a_seal_cannot(site: &Site) {
    let hush = site.hush().with("HUSH_AUDIT_KEY", KEY);
    filled(&hush);
    let early = head(&hush);
    site.execute("CREATE TABLE kept_heads AS SELECT * FROM audit_heads");
    made(&hush, &["--server=10", "--user=2", "--name=d"]);
    let late = head(&hush);
    let both = [
        "audit",
        "verify",
        "--expect-head",
        &early,
        "--expect-head",
        &late,
    ];
    assert_eq!(hush.run(&both).success().lines().count(), 2);
    // The whole log is put back, with the seal that it had then.
    site.execute(
        "DELETE FROM audit_rows WHERE number = 6; DELETE FROM audit_heads;
         INSERT INTO audit_heads SELECT * FROM kept_heads",
    );
    verified(&hush);
    let said = found(&hush, &["--expect-head", &late]);
    assert!(
        said.contains("server 10: the log was cut off or put back: row 6 is expected"),
        "{said}"
    );
    hush.run(&["audit", "verify", "--expect-head", &early])
        .success();
    // Another log that is as long.
    made(&hush, &["--server=10", "--user=2", "--name=e"]);
    let said = found(&hush, &["--expect-head", &late]);
    assert!(
        said.contains("row 6 is another one than expected"),
        "{said}"
    );
    // No log at all.
    site.execute("DELETE FROM audit_rows; DELETE FROM audit_heads");
    assert_eq!(verified(&hush), "");
    let said = found(&hush, &["--expect-head", &late]);
    assert_eq!(said, "server 10: the log is gone: row 6 is expected\n");

    for (arguments, said) in [
        (["--expect-head", "10:6"], "not a head"),
        (
            ["--server=11", &format!("--expect-head={late}")],
            "names server 10",
        ),
    ] {
        let verify = [&["audit", "verify"], &arguments[..]].concat();
        let line = hush.run(&verify).failure(2);
        assert!(line.contains(said), "{line}");
    }
}

/// Whoever writes to a log that was tampered with does not make it right.
fn writing_on_hides_nothing(site: &Site) {
    let hush = site.hush().with("HUSH_AUDIT_KEY", KEY);
    filled(&hush);
    unlock(site);
    site.execute(
        "UPDATE audit_heads
         SET number = 4, link = (SELECT link FROM audit_rows WHERE number = 4);
         DELETE FROM audit_rows WHERE number = 5",
    );
    made(&hush, &["--server=10", "--user=2", "--name=d"]);
    let said = found(&hush, &[]);
    assert!(
        said.contains("the end of the log was changed: its seal"),
        "{said}"
    );
}

/// Whoever removes the oldest rows cannot say without the key that retention did.
fn no_plain_seal_stands_for_rows_with_a_key(site: &Site) {
    let hush = site.hush().with("HUSH_AUDIT_KEY", KEY);
    filled(&hush);
    let export = hush.run(&["audit", "export"]).success();
    let second: Value = serde_json::from_str(export.lines().nth(1).unwrap()).unwrap();
    let head = format!("10:2:{}", second["link"].as_str().unwrap());
    let head: Head = head.parse().unwrap();
    let seal = Keyring::default().seal(End::Checkpoint, head.server, head.place);
    let seal = seal.to_string();
    let (sqlite, postgres) = (format!("x'{seal}'"), format!("'\\x{seal}'"));
    let seal = site.either(&sqlite, &postgres);
    site.execute(&format!(
        "UPDATE audit_heads
         SET checkpoint_number = 2, checkpoint_seal = {seal},
             checkpoint_link = (SELECT link FROM audit_rows WHERE number = 2);
         DELETE FROM audit_rows WHERE number < 3"
    ));
    let said = found(&hush, &[]);
    assert!(said.contains("checkpoint of the log was changed"), "{said}");
}

fn keys_can_follow_one_another_and_none_is_forgotten(site: &Site) {
    let plain = site.hush();
    filled(&plain);
    let output = plain.run(&["audit", "verify"]);
    assert!(
        output.stderr.contains("no audit key is configured"),
        "{}",
        output.stderr
    );
    assert!(
        output
            .stdout
            .contains("5 verified, none of them keyed; head"),
        "{}",
        output.stdout
    );

    let one = site.hush().with_file("keys", format!("{KEY}\n"));
    let one = one.with("HUSH_AUDIT_KEY_FILE", "keys");
    let said = found(&one, &[]);
    assert!(
        said.contains("none of them keyed although a key is configured"),
        "{said}"
    );
    let older = one.run(&["audit", "verify", "--allow-unkeyed"]).success();
    assert_eq!(older, said);
    made(&one, &["--server=10", "--user=2", "--name=d"]);
    let said = verified(&one);
    assert!(
        said.contains("rows 1 to 6 verified, 1 of them keyed"),
        "{said}"
    );

    // From then on nobody goes on without a key, who would break the chain for good.
    for command in [&["serve"][..], &["token", "list"], &["audit", "verify"]] {
        let line = plain.run(command).failure(2);
        assert!(line.contains("HUSH_AUDIT_KEY_FILE"), "{line}");
    }
    let newer = "a newer key, which is at least as long as it must be";
    let both = site
        .hush()
        .with("HUSH_AUDIT_KEY", &format!("{KEY}\n{newer}"));
    made(&both, &["--server=10", "--user=3", "--name=e"]);
    let said = verified(&both);
    assert!(
        said.contains("rows 1 to 7 verified, 2 of them keyed"),
        "{said}"
    );
    let said = found(&site.hush().with("HUSH_AUDIT_KEY", newer), &[]);
    assert!(said.contains("row 6 was chained with the key"), "{said}");
    let export = both.run(&["audit", "export"]).success();
    for key in [KEY, newer] {
        assert!(
            !export.contains(key) && !site.dump().contains(key),
            "a key is stored"
        );
    }
}

/// What `docs/audit.md` says of a row, and nothing of Hush.
fn link(before: &[u8], row: &Value) -> [u8; 32] {
    let mut text = Vec::new();
    let mut put = |part: Option<&[u8]>| {
        let length = part.map_or(u32::MAX, |part| u32::try_from(part.len()).unwrap());
        text.extend(length.to_be_bytes());
        text.extend(part.unwrap_or_default());
    };
    let number = |value: &Value| -> Option<[u8; 8]> {
        let number = value.as_u64().or_else(|| value.as_str()?.parse().ok());
        number.map(u64::to_be_bytes)
    };
    let at = humantime::parse_rfc3339(row["at"].as_str().unwrap()).unwrap();
    let micros = at
        .duration_since(std::time::UNIX_EPOCH)
        .unwrap()
        .as_micros();
    let micros = u64::try_from(micros).unwrap().to_be_bytes();
    put(Some(b"hush audit row 1"));
    put(Some(before));
    put(number(&row["server"]).as_ref().map(<[u8; 8]>::as_slice));
    put(number(&row["number"]).as_ref().map(<[u8; 8]>::as_slice));
    put(Some(&micros));
    put(row["actor"]["type"].as_str().map(str::as_bytes));
    put(number(&row["actor"]["token_id"])
        .as_ref()
        .map(<[u8; 8]>::as_slice));
    put(number(&row["actor"]["user_id"])
        .as_ref()
        .map(<[u8; 8]>::as_slice));
    put(row["action"].as_str().map(str::as_bytes));
    put(number(&row["target"]["id"])
        .as_ref()
        .map(<[u8; 8]>::as_slice));
    put(number(&row["target"]["user_id"])
        .as_ref()
        .map(<[u8; 8]>::as_slice));
    for name in ["before", "after"] {
        let details = (!row[name].is_null()).then(|| row[name].to_string());
        put(details.as_ref().map(String::as_bytes));
    }
    put(row["request_id"].as_str().map(str::as_bytes));
    // No reason was given, and no key is configured.
    assert!(row["commitment"].is_null() && row["key"].is_null());
    put(None);
    put(None);
    Sha256::digest(text).into()
}

fn an_export_can_be_checked_by_whoever_reads_the_documentation(site: &Site) {
    let hush = site.hush();
    filled(&hush);
    let several = ["--server", "10", "20", "--user=1", "--name=f"];
    site.import(&crate::import::GUILD.replacen("\"id\": \"10\"", "\"id\": \"20\"", 1));
    made(&hush, &several);
    let export = hush.run(&["audit", "export"]).success();
    let lines = export
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap());
    let (mut before, mut numbers, mut heads) = ([0; 32], Vec::new(), Vec::new());
    for line in lines {
        if let Some(head) = line["head"].as_str() {
            assert!(head.ends_with(&hex(before)), "{head}");
            heads.push(head.to_owned());
            before = [0; 32];
            continue;
        }
        before = link(&before, &line);
        assert_eq!(line["link"], hex(before), "{line}");
        numbers.push(line["number"].as_u64().unwrap());
    }
    assert_eq!(numbers, [1, 2, 3, 4, 5, 6, 1]);
    assert!(
        heads[0].starts_with("10:6:") && heads[1].starts_with("20:1:"),
        "{heads:?}"
    );
    let said = verified(&hush);
    assert!(heads.iter().all(|head| said.contains(head)), "{said}");
    let one = hush.run(&["audit", "export", "--server=20"]).success();
    assert_eq!(one.lines().count(), 2, "{one}");
    assert!(!one.contains("\"10\""), "another server is told: {one}");
}
