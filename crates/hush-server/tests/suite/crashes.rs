//! Processes that are killed for real, at any moment.

use std::io::Write;
use std::process::{Child, Stdio};

use serde_json::json;

use crate::operator::{filled, owners_token};
use crate::support::{Database, Hush, Running, get};

/// The server of the tests with so many members more.
pub(crate) fn large(members: usize, name: &str) -> String {
    let member =
        |id: usize| json!({"user": {"id": id.to_string(), "username": name}, "roles": ["11"]});
    let members: Vec<_> = (1..=members).map(member).collect();
    json!({
        "id": "10", "name": name, "owner_id": "1", "member_count": members.len(),
        "roles": [{"id": "11", "name": name, "position": 1, "permissions": "8"}],
        "members": members, "presences": [],
    })
    .to_string()
}

/// An import that has been given all of `guild` and runs.
pub(crate) fn import(hush: &Hush, guild: &str) -> Child {
    let mut import = hush
        .command(&["import", "-"])
        .stdin(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    import
        .stdin
        .take()
        .unwrap()
        .write_all(guild.as_bytes())
        .unwrap();
    import
}

#[test]
fn an_import_that_is_killed_leaves_the_old_or_the_new_state() {
    let database = Database::new();
    let hush = filled(&database).with_file("new.json", large(5000, "new"));
    let token = owners_token(&hush);
    hush.run_with_input(&["import", "-"], large(3000, "old").as_bytes())
        .success();
    let service = Running::start(&hush.with("HUSH_RATE_LIMIT__ENABLED", "false"), &["serve"]);
    let hush = Hush::new().with("HUSH_DATABASE_URL", &database.url());
    let (mut old, mut new) = (0, 0);
    for attempt in 0..10_u64 {
        let mut import = import(&hush, &large(5000, "new"));
        // Killed after another number of answers each time, so that it is hit at different moments.
        for _ in 0..attempt * 30 {
            let stats = get(service.api, "/v1/servers/10/stats", &token).body;
            let user = get(service.api, "/v1/users/2", &token).body;
            let is =
                |members: usize| stats == format!(r#"{{"members":{members},"bots":0,"online":0}}"#);
            assert!(is(3000) || is(5000), "{stats}");
            let named = |name: &str| {
                user == format!(r#"{{"id":"2","username":"{name}","roles":["{name}"]}}"#)
            };
            assert!(named("old") || named("new"), "{user}");
        }
        import.kill().unwrap();
        import.wait().unwrap();
        match get(service.api, "/v1/servers/10/stats", &token)
            .body
            .as_str()
        {
            r#"{"members":3000,"bots":0,"online":0}"# => old += 1,
            r#"{"members":5000,"bots":0,"online":0}"# => new += 1,
            other => panic!("{other}"),
        }
        hush.run(&["recount"]).success();
        hush.run_with_input(&["import", "-"], large(3000, "old").as_bytes())
            .success();
    }
    assert_eq!(old + new, 10);
    assert!(old > 0, "no import was killed in time");
}
