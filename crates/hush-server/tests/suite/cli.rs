//! Command lines: what they teach, and how they fail.

use crate::support::Hush;

#[test]
fn help_teaches_every_command_with_examples() {
    let help = Hush::new().run(&["--help"]).success();
    for word in [
        "serve",
        "demo",
        "backup",
        "migrate",
        "import",
        "token",
        "audit",
        "purge",
        "recount",
        "openapi",
        "healthcheck",
        "HUSH_DATABASE_URL=",
        "hush-server token create --server",
        "hush.example.toml",
        "Exit codes",
    ] {
        assert!(help.contains(word), "{word} is missing in:\n{help}");
    }
    assert!(!help.contains('\u{1b}'), "colours into a file");
    for command in [
        &["serve"][..],
        &["demo"],
        &["backup"],
        &["migrate"],
        &["import"],
        &["token"],
        &["token", "create"],
        &["token", "list"],
        &["token", "rotate"],
        &["token", "inspect"],
        &["token", "revoke"],
        &["audit"],
        &["audit", "verify"],
        &["audit", "export"],
        &["purge"],
        &["recount"],
        &["openapi"],
        &["healthcheck"],
    ] {
        let help = Hush::new().run(&[command, &["--help"]].concat()).success();
        assert!(help.contains("Usage: hush-server"), "{help}");
    }
}

#[test]
fn the_version_is_that_of_the_package() {
    let version = Hush::new().run(&["--version"]).success();
    assert_eq!(
        version,
        concat!("hush-server ", env!("CARGO_PKG_VERSION"), "\n")
    );
}

#[test]
fn a_wrong_command_line_is_one_line_that_says_what_is_wrong() {
    for (arguments, said) in [
        (&["tokken"][..], "unrecognized subcommand 'tokken'"),
        (&["--colour"], "unexpected argument '--colour'"),
        (&["import"], "not provided: <FILE>"),
        (
            &["token", "create", "--server", "1"],
            "--user <ID> --name <NAME>",
        ),
        (
            &[
                "token", "create", "--server", "01", "--user", "1", "--name", "x",
            ],
            "without sign or leading zero",
        ),
        (
            &[
                "token", "create", "--server", "1", "--user", "1", "--name", "x", "--scope", "all",
            ],
            "users:read",
        ),
        (
            &[
                "token",
                "create",
                "--server",
                "1",
                "--user",
                "1",
                "--name",
                "x",
                "--expires-in",
                "soon",
            ],
            "--expires-in",
        ),
        (
            &[
                "token",
                "create",
                "--server",
                "1",
                "--user",
                "1",
                "--name",
                "x",
                "--expires-in",
                "0s",
            ],
            "expired",
        ),
        (
            &[
                "token",
                "create",
                "--server",
                "1",
                "--user",
                "1",
                "--name",
                "x",
                "--expires-in",
                "1d",
                "--no-expiry",
            ],
            "cannot be used with",
        ),
        (&["token", "revoke", "99999999999999999999"], "not an id"),
        (&["audit", "verify", "--expect-head", "1:2"], "not a head"),
        (&["purge"], "--user <ID>|--server <ID>"),
        (
            &["purge", "--user", "1", "--server", "2"],
            "cannot be used with",
        ),
    ] {
        let line = Hush::new().run(arguments).failure(2);
        assert!(line.contains(said), "{arguments:?}: {line}");
        assert!(line.contains("--help"), "{line}");
    }
}

#[test]
fn commands_that_need_a_lasting_store_refuse_memory() {
    for command in [
        &["migrate"][..],
        &["import", "-"],
        &["token", "list"],
        &["token", "revoke", "1"],
        &["token", "rotate", "1"],
        &["audit", "verify"],
        &["audit", "export"],
        &["purge", "--user", "1"],
        &["recount"],
        &[
            "token", "create", "--server", "1", "--user", "1", "--name", "x",
        ],
    ] {
        let line = Hush::new()
            .with("HUSH_STORE", "memory")
            .run(command)
            .failure(2);
        assert!(
            line.contains("needs a store that lasts"),
            "{command:?}: {line}"
        );
        assert!(line.contains("HUSH_STORE=sqlite"), "{line}");
    }
}

#[test]
fn serve_loads_files_into_memory_only() {
    let database = "postgres://hush@localhost/hush";
    let hush = Hush::new().with("HUSH_DATABASE_URL", database);
    let line = hush.run(&["serve", "--import", "guild.json"]).failure(2);
    assert!(line.contains("hush-server import"), "{line}");
}

#[test]
fn the_document_is_printed_without_any_settings() {
    let hush = Hush::new().with("HUSH_LISTEN", "nowhere");
    let json = |arguments: &[&str]| -> serde_json::Value {
        serde_json::from_str(&hush.run(arguments).success()).unwrap()
    };
    assert_eq!(json(&["openapi"])["openapi"], "3.1.0");
    assert_eq!(json(&["openapi", "--3.0"])["openapi"], "3.0.3");
    for (arguments, start) in [
        (&["openapi", "--yaml"][..], "openapi: 3.1.0\n"),
        (&["openapi", "--3.0", "--yaml"], "openapi: 3.0.3\n"),
    ] {
        let yaml = hush.run(arguments).success();
        assert!(yaml.starts_with(start), "{yaml}");
    }
}

#[test]
fn healthcheck_fails_where_nothing_listens() {
    // A port that was just free: nobody else is told about it.
    let free = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let line = Hush::new()
        .run(&["healthcheck", "--listen", &free.to_string()])
        .failure(1);
    assert!(
        line.contains(&free.to_string()) && line.contains("HUSH_LISTEN"),
        "{line}"
    );
}
