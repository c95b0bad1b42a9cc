//! What the import refuses: with file, place and reason, and without having changed anything.

use crate::import::{GUILD, import};
use crate::support::Hush;

/// One way to break the guild a line: what in it is replaced, by what, and what is said of it.
const BROKEN: &str = r#"
"id": "10", "name": "Ü   => "id": "", "name": "Ü       => 2:11: id: not an id: expected a decimal number
"id": "10", "name": "Ü   => "id": "0", "name": "Ü      => 2:12: id: not an id
"id": "10", "name": "Ü   => "id": "-1", "name": "Ü     => 2:13: id: not an id
"id": "10", "name": "Ü   => "id": "01", "name": "Ü     => 2:13: id: not an id
"id": "10", "name": "Ü   => "id": "9223372036854775808", "name": "Ü => 2:30: id: not an id
"id": "10", "name": "Ü   => "id": "１", "name": "Ü     => 2:14: id: not an id
"id": "10", "name": "Ü   => "id": 10, "name": "Ü       => 2:11: id: invalid type: integer `10`, expected a string
"owner_id": "1"          => "owner_id": "x"            => 2:64: owner_id: not an id
"id": "11"               => "id": "x"                  => 6:15: roles[1].id: not an id
"id": "3", "username"    => "id": "x", "username"      => 12:24: members[2].user.id: not an id
"id": "3", "username"    => "id": 3, "username"        => 12:22: members[2].user.id: invalid type: integer `3`
["11"], "joined          => ["11", "x"], "joined       => 10:25: members[0].roles[1]: not an id
{"id": "3"}, "status"    => {"id": "x"}, "status"      => 16:24: presences[1].user.id: not an id

Ünïcode                  => \n                         => 2:40: name: must not contain control characters
Ünïcode                  => \ud800                     => 2:30: name: unexpected end of hex escape
Ünïcode                  => \ud83e\ud83e               => 2:35: name: lone leading surrogate in hex escape
Ünïcode                  => \x                         => 2:25: name: invalid escape
"Admin"                  => ""                         => 6:28: roles[1].name: must not be empty
"Admin"                  => "A\u0000"                  => 6:35: roles[1].name: must not contain control characters
"Admin"                  => null                       => 6:29: roles[1].name: invalid type: null, expected a string
"robot"                  => 3                          => 12:39: members[2].user.username: invalid type: integer `3`
"robot"                  => ""                         => 12:71: members[2]: user 3: username must not be empty
"0042"                   => 42                         => 11:65: members[1].user.discriminator: invalid type: integer
"0042"                   => "42"                       => 11:95: members[1]: user 2: discriminator must be four digits
"0042"                   => "12345"                    => 11:98: members[1]: user 2: discriminator must be four digits
"0042"                   => "+042"                     => 11:97: members[1]: user 2: discriminator must be four digits
"0042"                   => ""                         => 11:93: members[1]: user 2: discriminator must be four digits
"bot": true              => "bot": 1                   => 12:55: members[2].user.bot: invalid type: integer `1`, expected a boolean
"dnd"                    => 3                          => 15:38: presences[0].status: invalid type: integer `3`
"dnd"                    => "busy"                     => 15:43: presences[0].status: unknown status: expected online, idle, dnd

"member_count": 3        => "member_count": "3"        => 2:84: member_count: invalid type: string "3"
"member_count": 3        => "member_count": -1         => 2:84: member_count: invalid value: integer `-1`
"member_count": 3        => "member_count": 1.5        => 2:85: member_count: invalid type: floating point `1.5`
"member_count": 3        => "member_count": 4294967296 => 2:92: member_count: invalid value: integer `4294967296`
"member_count": 3        => "member_count": 1e400      => 2:87: member_count: number out of range
"position": 2            => "position": 2147483648     => 6:57: roles[1].position: invalid value: integer `2147483648`
"permissions": "8"       => "permissions": 8           => 6:66: roles[1].permissions: invalid type: integer `8`
"permissions": "8"       => "permissions": "-8"        => 6:69: roles[1].permissions: not a permission set
"permissions": "8"       => "permissions": "0x8"       => 6:70: roles[1].permissions: not a permission set
"permissions": "8"       => "permissions": "18446744073709551616" => 6:87: roles[1].permissions: not a permission set
"permissions": "8"       => "permissions": ""          => 6:67: roles[1].permissions: not a permission set
"permissions": "8"       => "managed": 1, "permissions": "8" => 6:62: roles[1].managed: invalid type: integer `1`, expected a boolean

"id": "3", "username"    => "id": "1", "username"      => 12:76: members[2]: user 1 is listed twice
"id": "11"               => "id": "10"                 => 6:83: roles[1]: role 10 is listed twice
["11"], "joined          => ["11", "11"], "joined      => 10:26: members[0].roles[1]: role 11 is listed twice
"large"                  => "name": "x", "large"       => 2:96: duplicate field `name`
"emojis": [              => "roles": [], "x": [        => 7:4: duplicate field `roles`

"id": "10", "name"       => "x": "10", "name"          => 19:1: missing field `id`
"name": "Ü               => "x": "Ü                    => 19:1: missing field `name`
"owner_id"               => "x"                        => 19:1: missing field `owner_id`
"member_count"           => "x"                        => 19:1: missing field `member_count`
"roles"                  => "x"                        => 19:1: missing field `roles`
"user": {"id": "3"       => "x": {"id": "3"            => 12:73: members[2]: missing field `user`
"username": "robot"      => "x": 1                     => 12:45: members[2].user: missing field `username`
"permissions": "8"       => "x": 1                     => 6:71: roles[1]: missing field `permissions`
"status": "online"       => "x": 1                     => 16:33: presences[1]: missing field `status`
"#;

/// Whole files, and what is said of them.
const NO_GUILDS: [(&str, &str); 13] = [
    ("", " there is no guild object in it"),
    (" \n", " there is no guild object in it"),
    ("[]", " there is no guild object in it"),
    (
        "5",
        "1:1: invalid type: integer `5`, expected a guild object or an array of them",
    ),
    ("\"text\"", "1:6: invalid type: string"),
    ("null", "1:4: invalid type: null"),
    (
        "[5]",
        "1:3: [0]: invalid type: integer `5`, expected a guild object",
    ),
    ("[[]]", "1:2: [0]: invalid type: sequence"),
    ("{", "1:1: EOF while parsing an object"),
    ("{\"id\": \"1\",}", "1:12: trailing comma"),
    (
        "{\"members\": [{}]}",
        "1:15: members[0]: missing field `user`",
    ),
    ("<html>", "1:1: expected value"),
    ("\u{feff}{}", "1:1: expected value"),
];

/// Asserts that the file is refused, in one line that begins like this.
#[track_caller]
fn refused(contents: &str, place_and_reason: &str) {
    let line = import(&[contents]).err().unwrap();
    let said = format!("0.json:{place_and_reason}");
    assert!(
        line.starts_with(&said),
        "\nexpected {said}\n     got {line}"
    );
    assert!(line.contains("nothing was imported"), "{line}");
    assert!(!line.contains('\n') && line.len() < 400, "{line}");
}

/// Asserts that the guild with `from` replaced by `to` is refused, in one line that begins like this.
#[track_caller]
fn refused_with(from: &str, to: &str, place_and_reason: &str) {
    let broken = GUILD.replacen(from, to, 1);
    assert_ne!(broken, GUILD, "{from} is not there");
    refused(&broken, place_and_reason);
}

#[test]
fn a_guild_that_breaks_one_rule() {
    for line in BROKEN.lines().filter(|line| !line.is_empty()) {
        let [from, to, said] = [0, 1, 2].map(|part| line.split(" => ").nth(part).unwrap().trim());
        refused_with(from, to, said);
    }
}

#[test]
fn names_that_are_too_long() {
    let long = format!("\"{}\"", "x".repeat(101));
    let said = "must have at most 100 characters";
    refused_with("\"Admin\"", &long, &format!("6:129: roles[1].name: {said}"));
    refused_with(
        "\"robot\"",
        &long,
        &format!("12:172: members[2]: user 3: username {said}"),
    );
}

#[test]
fn what_is_no_guild_json() {
    for (contents, said) in NO_GUILDS {
        refused(contents, said);
    }
    refused(&format!("{GUILD} garbage"), "19:3: expected value");
}

#[test]
fn a_file_that_was_cut_off_anywhere() {
    for length in (1..GUILD.len()).filter(|length| GUILD.is_char_boundary(*length)) {
        let line = import(&[&GUILD[..length]]).err().unwrap();
        assert!(line.contains("EOF while parsing"), "{length}: {line}");
    }
}

#[test]
fn one_server_given_twice() {
    let line = import(&[GUILD, GUILD]).err().unwrap();
    let said = "1.json: server 10 is in this import twice, first in 0.json";
    assert!(line.starts_with(said), "{line}");
    refused(
        &format!("[{GUILD},{GUILD}]"),
        " server 10 is in this import twice",
    );
}

#[test]
fn one_broken_file_among_good_ones() {
    let line = import(&[GUILD, "{}"]).err().unwrap();
    assert!(line.starts_with("1.json:1:2: missing field `id`"), "{line}");
}

#[test]
fn bytes_that_are_no_text() {
    for wrong in [0xff, 0x00, 0x1f] {
        let mut bytes = GUILD.as_bytes().to_vec();
        bytes[GUILD.find("Admin").unwrap()] = wrong;
        let hush = Hush::new()
            .with("HUSH_STORE", "memory")
            .with_file("g.json", bytes);
        let anywhere = ["--listen=127.0.0.1:0", "--admin-listen=127.0.0.1:0"];
        let line = hush
            .run(&[&["serve", "--import", "g.json"], &anywhere[..]].concat())
            .failure(1);
        assert!(
            line.starts_with("g.json:6:") && line.contains("roles[1].name: "),
            "{line}"
        );
    }
}

#[test]
fn what_would_fill_the_memory() {
    let long = "x".repeat(2 << 20);
    let said = "a string is longer than 1048576 bytes";
    refused_with(
        "\"emojis\"",
        &format!("\"{long}\": 1, \"emojis\""),
        &format!("3:1048579: {said}"),
    );
    refused_with(
        "robot",
        &long,
        &format!("12:1048614: members[2].user.username: {said}"),
    );
    refused_with(
        "false",
        &format!("\"{long}\""),
        &format!("2:1048670: large: {said}"),
    );
    let deep = "[".repeat(1 << 20);
    refused_with(
        "false",
        &deep,
        "2:192: large: nested deeper than 100 levels",
    );
    let roles = (1000..3000)
        .map(|id| format!("\"{id}\""))
        .collect::<Vec<_>>()
        .join(",");
    refused_with(
        "\"11\"], \"joined",
        &format!("{roles}], \"joined"),
        "10:7023: members[0].roles[1000]: more than 1000",
    );
}
