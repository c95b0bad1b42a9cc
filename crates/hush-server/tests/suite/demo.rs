//! `demo`: what a newcomer sees first.

use crate::support::{Hush, Running, get};

/// The tokens of owner, admin and member that the demo prints.
fn tokens(printed: &str) -> [String; 3] {
    ["server_owner", "admin", "member"].map(|level| {
        let line = printed
            .lines()
            .find(|line| line.trim_start().starts_with(level))
            .unwrap();
        line.split_whitespace().nth(1).unwrap().to_owned()
    })
}

#[test]
fn the_documented_examples_answer_exactly() {
    let mut demo = Running::start(&Hush::new(), &["demo"]);
    let printed = demo.printed_until("  curl");
    let [owner, admin, member] = tokens(&printed);
    assert!(
        printed.contains(&format!("http://{}", demo.api)),
        "{printed}"
    );
    for token in [&owner, &admin] {
        let user = get(demo.api, "/v1/users/123456", token);
        assert_eq!(user.status, 200, "{user:?}");
        assert_eq!(
            user.body,
            r#"{"id":"123456","username":"User#1234","roles":["Admin","Member"]}"#
        );
    }
    let stats = get(demo.api, "/v1/servers/123456/stats", &owner);
    assert_eq!(
        (stats.status, &*stats.body),
        (200, r#"{"members":120,"bots":5,"online":95}"#)
    );
    for (token, level) in [
        (&owner, "server_owner"),
        (&admin, "admin"),
        (&member, "member"),
    ] {
        let me = get(demo.api, "/v1/me", token);
        assert!(
            me.body.contains(&format!(r#""access_level":"{level}""#)),
            "{me:?}"
        );
    }
    assert_eq!(
        get(demo.api, "/v1/servers/123456/stats", &admin).status,
        403
    );
    assert_eq!(get(demo.api, "/v1/users/123456", &member).status, 403);
    for path in ["/v1/tokens", "/v1/servers/123456/audit-log"] {
        assert_eq!(get(demo.api, path, &owner).status, 200);
    }
}

#[test]
fn tokens_are_new_at_each_start() {
    let hush = Hush::new();
    let [one, other] = [0, 1].map(|_| {
        let mut demo = Running::start(&hush, &["demo"]);
        tokens(&demo.printed_until("  curl"))
    });
    assert!(one.iter().all(|token| !other.contains(token)));
}

#[test]
fn it_listens_on_this_machine_only() {
    for arguments in [
        ["demo", "--listen=0.0.0.0:0"],
        ["demo", "--listen=[::]:0"],
        ["demo", "--admin-listen=10.0.0.1:0"],
    ] {
        let line = Hush::new().run(&arguments).failure(2);
        assert!(line.contains("127.0.0.1"), "{line}");
    }
}

#[test]
fn it_needs_and_uses_no_configured_store() {
    let hush = Hush::new().with("HUSH_DATABASE_URL", "postgres://nobody@127.0.0.1:1/none");
    let demo = Running::start(&hush, &["demo"]);
    assert_eq!(get(demo.api, "/readyz", "").status, 200);
}
