//! A file that holds some of everything that there can be.

use serde_json::Value;

use super::tables::in_file;
use super::{ask, empty, remaining};
use crate::crashes::large;
use crate::import::GUILD;
use crate::operator::owners_token;
use crate::support::{Hush, Running, send};

/// A server of which only a part of the members is known, with names and permissions of every kind.
const PARTIAL: &str = r#"{
  "id": "9223372036854775807", "name": "it's \"quoted\" \\ {1,2} [x] \ud83e\udd2b", "owner_id": "1",
  "member_count": 700,
  "roles": [
    {"id": "9223372036854775807", "name": "@everyone", "position": 0, "permissions": "9223372036854775808"},
    {"id": "20", "name": "a \"b\" \\n 'c' \ud83e\udd2b", "position": -3, "permissions": "18446744073709551615", "managed": true}
  ],
  "members": [
    {"user": {"id": "1", "username": "o'brien \\ \"x\" \ud83e\udd2b"}, "roles": ["20", "9223372036854775807", "77"]},
    {"user": {"id": "9223372036854775807", "username": "null", "bot": true}, "roles": []}
  ]
}"#;

/// What comes about in time: texts of every kind, the highest numbers, and more than a page of what is numbered on its
/// way.
const IN_TIME: [&str; 17] = [
    "INSERT INTO former_secrets SELECT zeroblob(32), min(id), 1764000000000001 FROM tokens",
    "WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 2500)
     INSERT INTO former_secrets
     SELECT unhex(printf('%064x', n * 7919 % 2503)), (SELECT max(id) FROM tokens), n FROM n",
    r#"INSERT INTO idempotency_records VALUES
     (9223372036854775807, 'it''s "quoted" \ 🤫', ' ~', zeroblob(32), x'', 1764000000000002)"#,
    "INSERT INTO idempotency_records
     SELECT 5, 'POST /v1/tokens', until, digest, digest, until FROM former_secrets",
    "INSERT INTO token_usage SELECT 10, until % 50 * 60000000, until, 60 FROM former_secrets",
    "INSERT INTO token_usage VALUES (9223372036854775807, 0, 1, 9223372036854775807)",
    "INSERT INTO server_settings VALUES (98, 1, '[]'), (99, 0, '[20,9223372036854775807]')",
    "INSERT INTO departed_servers VALUES (99, 1764000000000003)",
    "UPDATE servers SET following = iif(id = 12, 1, 2) WHERE id > 10",
    r#"INSERT INTO channels VALUES
     (10, 4, 'a "b" \ ''c'' 🤫', 255, NULL), (10, 9223372036854775807, '# thread', 11, 4)"#,
    "WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 2500)
     INSERT INTO channels SELECT 12, n, 'c', n % 16, nullif(n / 100, 0) FROM n",
    // Of the hours of one server there are more than a page, the first of them before there was any clock.
    "WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 2500)
     INSERT INTO hourly_samples
     SELECT 12, (n - 9) * 3600000000, n, n, n + 2, n + 1, 0, NULL, NULL, NULL, 1, 0, 0, 0 FROM n",
    // Samples outlive their server.
    "INSERT INTO hourly_samples VALUES
     (99, 1764000000000000, 2147483647, 0, 9223372036854775807, 5, 1, 2, 2, 2, 0, NULL, NULL, NULL)",
    r#"INSERT INTO commands VALUES
     (7, 9223372036854775807, 10, 'send_message', '{"channel_id":4,"content":"it''s \"x\" \\ 🤫"}', 5, 1, 'a-1',
      'it''s "why" \ 🤫', zeroblob(16), 1764000000000001, 1764000000000009, 1764000000000003, NULL, 2147483647,
      'running', NULL, NULL, 3, 1764000000000004, 0)"#,
    "WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 2500)
     INSERT INTO commands
     SELECT 10000 - n, n, 12, 'bulk_ban', '{\"user_ids\":[3,4],\"seconds\":0}', 5, 1, NULL, NULL, NULL, n, n + 9, NULL,
            iif(n > 9, n, NULL), 0, iif(n > 9, 'succeeded', 'queued'), NULL,
            iif(n > 9, '{\"banned\":[3],\"not_banned\":[4]}', NULL), NULL, n, n % 2
     FROM n ORDER BY n",
    "INSERT INTO command_targets
     SELECT server_id, 0, user.value, position FROM commands, (SELECT 3 AS value UNION SELECT 4) AS user
     WHERE ended_at IS NULL AND server_id = 12
     UNION ALL SELECT 10, 1, 4, 7",
    "UPDATE feed_lease SET epoch = 7, beat = 70, held = 1",
];

/// The binary with some of everything in its file, the owner's token, and what the limit has left.
pub(super) fn filled() -> (Hush, String, u64) {
    let hush = empty();
    let many = large(5000, "many").replacen(r#""id":"10""#, r#""id":"12""#, 1);
    let guilds = [GUILD, PARTIAL, &many].concat();
    hush.run_with_input(&["import", "-"], guilds.as_bytes())
        .success();
    let token = owners_token(&hush);
    let several = [
        "token",
        "create",
        "--server=12,9223372036854775807,10",
        "--user=1",
        "--name=it's \"mine\" \\ \u{1f92b}",
        "--scope=users:read",
        "--no-expiry",
    ];
    hush.run(&several).success();
    let list = hush
        .run(&["token", "list", "--server=12", "--json"])
        .success();
    let list: Value = serde_json::from_str(&list).unwrap();
    hush.run(&["token", "revoke", list["id"].as_str().unwrap()])
        .success();
    let changing = [
        "token",
        "create",
        "--server=10",
        "--user=1",
        "--name=changes",
        "--scope=users:read,tokens:write,settings:write",
    ];
    let changing = hush.run(&changing).success();
    let service = Running::start(&hush, &["serve"]);
    change(&service, changing.trim_end());
    let mut left = 0;
    for _ in 0..5 {
        left = remaining(&ask(&service, &token));
    }
    service.signal("TERM");
    assert!(service.ended().0.success());
    for statement in IN_TIME {
        in_file(&hush.path("data/hush.db"), statement);
    }
    (hush, token, left)
}

/// Makes a token, gives it another secret and changes the server's settings, each for a reason.
fn change(service: &Running, token: &str) {
    let reason = (
        "X-Audit-Log-Reason",
        "it%27s%20%22why%22%20%5C%20%F0%9F%A4%AB",
    );
    let keyed = [reason, ("Idempotency-Key", "once")];
    let child = r#"{"name":"child","server_ids":["10"],"scopes":["users:read"]}"#;
    let made = send(service.api, "POST", "/v1/tokens", token, &keyed, child);
    assert_eq!(made.status, 201, "{}", made.body);
    let made: Value = serde_json::from_str(&made.body).unwrap();
    let rotate = format!("/v1/tokens/{}/rotate", made["id"].as_str().unwrap());
    let appoint = r#"{"admin_role_ids":["11"]}"#;
    for (method, path, body) in [
        ("POST", &*rotate, r#"{"grace_seconds":3600}"#),
        ("PATCH", "/v1/servers/10/settings", appoint),
    ] {
        let changed = send(service.api, method, path, token, &[reason], body);
        assert_eq!(changed.status, 200, "{}", changed.body);
    }
}
