//! The lead of the feed and its sessions belong to a place, not to its data.

use crate::import::GUILD;
use crate::support::{Database, Hush};

use super::tables::{Rows, in_database, in_file};
use super::{empty, file};

/// Who leads, and where the sessions stand.
const FEED: &str =
    "SELECT epoch, beat, session_id, sequence FROM feed_lease LEFT JOIN feed_sessions ON true";

const SESSION: &str =
    "INSERT INTO feed_sessions (shard_number, shard_total, intents, session_id, sequence, resume_url)
     VALUES (0, 1, 259, 'known only here', 5, 'wss://there')";
/// That a session was begun, of which nothing else is known.
const BEGUN: &str = "INSERT INTO feed_sessions (shard_number, shard_total) VALUES (0, 1)";
const EPOCH: &str = "UPDATE feed_lease SET epoch = 3, beat = 4";

/// What [`FEED`] finds.
fn feed(epoch: &str, beat: &str, session: Option<(&str, &str)>) -> Rows {
    let (id, sequence) = session.unzip();
    let row = [Some(epoch), Some(beat), id, sequence];
    vec![row.map(|cell| cell.map(str::to_owned)).to_vec()]
}

/// A file with a server and a session.
fn followed() -> Hush {
    let hush = empty().with_file("guild.json", GUILD);
    hush.run(&["import", "guild.json"]).success();
    let path = hush.path("data/hush.db");
    for statement in [
        SESSION,
        "UPDATE feed_lease SET epoch = 7, beat = 70, held = 1",
    ] {
        in_file(&path, statement);
    }
    hush
}

/// A database with the newest schema, and what `statements` put there.
fn holding(statements: &[&'static str]) -> Database {
    let database = Database::new();
    let hush = Hush::new().with("HUSH_DATABASE_URL", &database.url());
    hush.run(&["migrate"]).success();
    for statement in statements {
        database.execute(statement);
    }
    database
}

#[test]
fn a_copy_neither_takes_nor_changes_who_leads_and_what_was_begun() {
    let first = followed();
    let database = holding(&[EPOCH, BEGUN]);
    let there = ["copy", "--from", &file(&first), "--to", &database.url()];
    first.run(&there).success();
    assert_eq!(in_database(&database, FEED), feed("3", "4", None));

    database.execute("DELETE FROM feed_sessions");
    database.execute(SESSION);
    let second = empty();
    second.run(&["migrate"]).success();
    let path = second.path("data/hush.db");
    for statement in [EPOCH, BEGUN] {
        in_file(&path, statement);
    }
    let back = ["copy", "--from", &database.url(), "--to", &file(&second)];
    second.run(&back).success();
    assert_eq!(in_file(&path, FEED), feed("3", "4", None));
    let known = Some(("known only here", "5"));
    let path = first.path("data/hush.db");
    assert_eq!(in_file(&path, FEED), feed("7", "70", known));
}

/// Whoever went on with it would not hear what the copied servers missed.
#[test]
fn a_target_with_a_session_is_refused() {
    let source = followed();
    let database = holding(&[SESSION]);
    let second = empty();
    second.run(&["migrate"]).success();
    in_file(&second.path("data/hush.db"), SESSION);
    for target in [database.url(), file(&second)] {
        let copy = ["copy", "--from", &file(&source), "--to", &target];
        let line = source.run(&copy).failure(1);
        assert!(line.contains("name an empty one"), "{line}");
    }
}
