//! `token list`: what people and programs see.

use std::ffi::OsStr;
use std::process::{Command, Stdio};

use crate::import::GUILD;
use crate::support::{Hush, Site, on_each_store};
use crate::tokens::{listed, made};

on_each_store! {
    a_list_shows_what_is_asked_for_and_no_secret,
    whoever_has_seen_enough_is_no_failure,
}

/// Five tokens of three users in two servers, one of them revoked.
fn filled(site: &Site) -> Hush {
    let hush = site.hush();
    site.import(&GUILD.replacen("\"id\": \"10\"", "\"id\": \"20\"", 1));
    for (server, user, name) in [
        ("10", "1", "laptop"),
        ("20", "1", "phone"),
        ("20", "2", "a name, with words"),
        ("10,20", "1", "both"),
    ] {
        let name = format!("--name={name}");
        made(&hush, &["--server", server, "--user", user, &name]);
    }
    hush
}

fn a_list_shows_what_is_asked_for_and_no_secret(site: &Site) {
    let hush = filled(site);
    assert_eq!(listed(&hush, &[]).len(), 4);
    assert_eq!(listed(&hush, &["--user=1"]).len(), 3);
    assert_eq!(listed(&hush, &["--server=20"]).len(), 3);
    assert_eq!(listed(&hush, &["--server=20", "--user=2"]).len(), 1);
    assert_eq!(listed(&hush, &["--user=9"]).len(), 0);
    let tokens = listed(&hush, &["--user=2"]);
    let token = tokens[0].as_object().unwrap();
    let names: Vec<_> = token.keys().map(String::as_str).collect();
    assert_eq!(
        names,
        [
            "created_at",
            "expires_at",
            "hint",
            "id",
            "last_used_at",
            "name",
            "parent",
            "revoked_at",
            "scopes",
            "servers",
            "state",
            "user"
        ]
    );
    // A line of text has the same, for `cut` and `awk`.
    let text = hush.run(&["token", "list", "--user=2"]).success();
    let line: Vec<_> = text.trim_end().split('\t').collect();
    let field = |name: &str| token[name].as_str().unwrap();
    assert_eq!(
        line,
        [
            field("id"),
            field("hint"),
            "2",
            "20",
            "users:read,stats:read",
            "live",
            field("expires_at"),
            "-",
            "a name, with words"
        ]
    );
    hush.run(&["token", "revoke", field("id")]).success();
    let text = hush.run(&["token", "list", "--user=2"]).success();
    let revoked = listed(&hush, &["--user=2"]).remove(0);
    let line: Vec<_> = text.split('\t').collect();
    assert_eq!(
        line[5..7],
        ["revoked", revoked["revoked_at"].as_str().unwrap()]
    );
}

fn whoever_has_seen_enough_is_no_failure(site: &Site) {
    let hush = filled(site);
    for arguments in [&["token", "list"][..], &["audit", "export"]] {
        let mut child = hush
            .command(arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        drop(child.stdout.take());
        let ended = child.wait_with_output().unwrap();
        let said = String::from_utf8(ended.stderr).unwrap();
        assert!(ended.status.success() && said.is_empty(), "{said}");
    }
}

/// What a command shows on a terminal of that many columns, which Python can make.
fn on_terminal(hush: &Hush, columns: u16, arguments: &[&str]) -> String {
    const TERMINAL: &str = r#"
import fcntl, json, os, pty, struct, sys, termios
child, terminal = pty.fork()
if child == 0:
    fcntl.ioctl(1, termios.TIOCSWINSZ, struct.pack("HHHH", 40, int(sys.argv[1]), 0, 0))
    os.execve(sys.argv[3], sys.argv[3:], json.loads(sys.argv[2]))
shown = b""
while True:
    try:
        part = os.read(terminal, 65536)
    except OSError:
        break
    if not part:
        break
    shown += part
os.waitpid(child, 0)
sys.stdout.buffer.write(shown.replace(b"\r\n", b"\n"))
"#;
    let binary = hush.command(arguments);
    let text = |text: &OsStr| text.to_str().unwrap().to_owned();
    let environment = binary.get_envs();
    let environment: serde_json::Value = environment
        .filter_map(|(name, value)| Some((text(name), text(value?))))
        .collect();
    let mut python = Command::new("python3");
    python.args(["-c", TERMINAL, &columns.to_string()]);
    python.arg(environment.to_string());
    python.arg(binary.get_program()).args(binary.get_args());
    python.current_dir(binary.get_current_dir().unwrap());
    let shown = python.output().unwrap();
    assert!(shown.status.success(), "{shown:?}");
    String::from_utf8(shown.stdout).unwrap()
}

#[test]
fn a_terminal_shows_a_table_that_fits_and_has_no_colours() {
    let site = Site::sqlite();
    let hush = filled(&site);
    let tokens = listed(&hush, &[]);
    for columns in [200, 120, 80] {
        let table = on_terminal(&hush, columns, &["token", "list"]);
        assert!(!table.contains('\u{1b}'), "colours: {table}");
        for line in table.lines() {
            assert!(
                line.chars().count() <= usize::from(columns),
                "{columns}: {line}"
            );
        }
        assert!(table.starts_with(" ID "), "{table}");
        for token in &tokens {
            // Whole, so that it can be copied.
            assert!(table.contains(token["id"].as_str().unwrap()), "{table}");
        }
    }
    let wide = on_terminal(&hush, 200, &["token", "list", "--server=10"]);
    let heads: Vec<_> = wide.lines().next().unwrap().split_whitespace().collect();
    assert_eq!(
        heads.join(" "),
        "ID BEGINS USER SERVERS SCOPES STATE END LAST USED NAME"
    );
    assert_eq!(wide.lines().count(), 3, "{wide}");
    let none = on_terminal(&hush, 80, &["token", "list", "--user=9"]);
    assert_eq!(none, "there is no such token\n");
    let json = on_terminal(&hush, 80, &["token", "list", "--json"]);
    assert_eq!(json.lines().count(), 4);
}
