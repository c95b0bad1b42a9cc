//! Settings: their order of precedence, and how wrong ones are named.

use std::time::Duration;

use hush_app::Retention;
use hush_domain::limits::Rule;
use hush_http::AccessLog;
use hush_server::config::{KEYS, Settings, Sources, Store};

use crate::support::Hush;

fn environment(variables: &[(&str, &str)]) -> Sources {
    Sources {
        environment: variables
            .iter()
            .map(|(name, value)| (name.into(), value.into()))
            .collect(),
        ..Sources::default()
    }
}

fn from_environment(variables: &[(&str, &str)]) -> Settings {
    Settings::load(&environment(variables)).unwrap()
}

#[test]
fn defaults_are_those_that_are_documented() {
    let settings = from_environment(&[]);
    assert_eq!(settings.listen, "127.0.0.1:8080".parse().unwrap());
    assert_eq!(settings.admin_listen, "127.0.0.1:9464".parse().unwrap());
    assert!(settings.migrate);
    let Store::Sqlite(file) = &settings.store else {
        panic!("{:?}", settings.store);
    };
    assert!(file.ends_with("hush/hush.db"), "{}", file.display());
    let minute = Duration::from_secs(60);
    assert_eq!(
        settings.limits.requests,
        Some(Rule::new(60, minute).unwrap())
    );
    assert_eq!(
        settings.limits.unknown_tokens,
        Rule::new(300, minute).unwrap()
    );
    assert_eq!(settings.drain_delay, Duration::ZERO);
    assert!(settings.audit_keys.is_empty());
    assert!(settings.discord.is_none());
    let days = |days: u64| Duration::from_secs(days * 86_400);
    let retention = Retention {
        tokens: days(90),
        audit: Some(days(400)),
        commands: Duration::from_secs(90 * 86_400),
        samples: days(400),
        servers: days(30),
    };
    assert_eq!(settings.retention, retention);
    let http = settings.http("0.0.0.0:99".parse().unwrap());
    assert_eq!(http.public_url, "http://127.0.0.1:99");
    assert_eq!(http.access_log, AccessLog::Errors);
    assert_eq!(http.cache_max_age, Duration::from_secs(15));
    assert_eq!(http.keep_alive_idle, Duration::from_secs(75));
    assert!(http.trusted_proxies.is_empty());
}

#[test]
fn flags_win_over_the_environment_and_that_over_the_file() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("settings");
    std::fs::write(
        &file,
        "listen = \"127.0.0.1:1\"\nadmin_listen = \"127.0.0.1:1\"\ndrain_delay = \"1s\"\n[rate_limit]\nrequests = 5\n",
    )
    .unwrap();
    let settings = Settings::load(&Sources {
        file: Some(file),
        flags: vec![("listen", "127.0.0.1:3".to_owned(), "--listen")],
        ..environment(&[
            ("HUSH_LISTEN", "127.0.0.1:2"),
            ("HUSH_ADMIN_LISTEN", "127.0.0.1:2"),
        ])
    })
    .unwrap();
    assert_eq!(settings.listen.port(), 3);
    assert_eq!(settings.admin_listen.port(), 2);
    assert_eq!(settings.drain_delay, Duration::from_secs(1));
    // The other settings of a table that the file only touches keep their defaults.
    let minute = Duration::from_secs(60);
    assert_eq!(
        settings.limits.requests,
        Some(Rule::new(5, minute).unwrap())
    );
}

#[test]
fn every_setting_can_come_from_the_environment() {
    let settings = from_environment(&[
        ("HUSH_PUBLIC_URL", "https://hush.example.com/api/"),
        ("HUSH_TRUSTED_PROXIES", "10.0.0.0/8, ::1"),
        ("HUSH_STORE", "postgres"),
        ("HUSH_DATABASE_URL", "postgres://me:pass@db/hush"),
        ("HUSH_DATABASE_CONNECTIONS", "3"),
        ("HUSH_MIGRATE", "false"),
        ("HUSH_ACCESS_LOG", "all"),
        ("HUSH_CACHE_MAX_AGE", "1m"),
        ("HUSH_KEEP_ALIVE", "5s"),
        ("HUSH_MAX_CONNECTIONS", "7"),
        ("HUSH_RATE_LIMIT__ENABLED", "false"),
        ("HUSH_RATE_LIMIT__UNKNOWN_TOKENS", "9"),
        ("HUSH_AUDIT_KEY", "first-key-of-the-operator-0123456789"),
        ("HUSH_DISCORD_TOKEN", " Bot bot-token\n"),
        ("HUSH_DISCORD_PRESENCES", "false"),
        ("HUSH_DISCORD_API", "http://127.0.0.1:3000/"),
        ("HUSH_RETENTION__TOKENS", "1d"),
        ("HUSH_RETENTION__SAMPLES", "2d"),
        ("HUSH_RETENTION__AUDIT", "forever"),
        ("HUSH_RETENTION__REMOVED_SERVERS", "10y"),
    ]);
    assert!(!settings.migrate);
    let Store::Postgres(postgres) = &settings.store else {
        panic!("{:?}", settings.store);
    };
    assert_eq!(postgres.max_connections.get(), 3);
    assert_eq!(settings.limits.requests, None);
    assert_eq!(settings.limits.unknown_tokens.requests(), 9);
    let http = settings.http(settings.listen);
    assert_eq!(http.public_url, "https://hush.example.com/api");
    assert_eq!(http.trusted_proxies.len(), 2);
    assert_eq!(http.max_connections, 7);
    assert_eq!(settings.retention.tokens, Duration::from_secs(86_400));
    assert_eq!(settings.retention.audit, None);
    assert!(!settings.audit_keys.is_empty() && !postgres.audit_keys.is_empty());
    assert_eq!(settings.retention.samples, Duration::from_secs(172_800));
    let discord = settings.discord.as_ref().unwrap();
    assert_eq!(discord.api, Some("http://127.0.0.1:3000".parse().unwrap()));
    assert!(discord.privileged.members && !discord.privileged.presences);
    assert!(!discord.alone, "several processes may share PostgreSQL");
    for secret in ["pass", "first-key", "bot-token"] {
        assert!(
            !format!("{settings:?}").contains(secret),
            "{secret} is readable"
        );
    }
    for key in KEYS {
        assert!(key.variable().starts_with("HUSH_"), "{key:?}");
    }
}

#[test]
fn a_wrong_value_is_named_with_its_source_and_what_is_expected() {
    for (variable, value, expected) in [
        ("LISTEN", "localhost", "an IP address and a port"),
        ("STORE", "mysql", "memory, sqlite or postgres"),
        ("PUBLIC_URL", "hush.example.com", "https://hush.example.com"),
        ("PUBLIC_URL", "https://a\"b", "https://hush.example.com"),
        ("TRUSTED_PROXIES", "10.0.0.0/33", "10.0.0.0/8"),
        ("DATABASE_CONNECTIONS", "0", "1 to 1000"),
        ("MIGRATE", "maybe", "true or false"),
        ("LOG", "a=b=c", "a filter"),
        ("DISCORD_MEMBERS", "yes", "true or false"),
        (
            "DISCORD_API",
            "https://discord.example",
            "http://127.0.0.1:3000",
        ),
        ("LOG_FORMAT", "xml", "text or json"),
        ("ACCESS_LOG", "some", "errors, all or off"),
        ("CACHE_MAX_AGE", "1500ms", "whole seconds"),
        ("KEEP_ALIVE", "75", "a duration"),
        ("MAX_CONNECTIONS", "-1", "1 to 1000000"),
        ("DRAIN_DELAY", "long", "a duration"),
        ("RATE_LIMIT__ENABLED", "2", "true or false"),
        ("RATE_LIMIT__REQUESTS", "10001", "1 to 10000"),
        ("RATE_LIMIT__WINDOW", "2h", "1s to 1h"),
        ("RATE_LIMIT__UNKNOWN_TOKENS", "0", "1 to 10000"),
        ("RETENTION__TOKENS", "23h", "from 1d to 10y"),
        ("RETENTION__TOKENS", "forever", "from 1d to 10y"),
        ("RETENTION__AUDIT", "11y", "or forever"),
        ("RETENTION__REMOVED_SERVERS", "0s", "from 1d to 10y"),
    ] {
        let variable = format!("HUSH_{variable}");
        let line = Hush::new()
            .with(&variable, value)
            .run(&["serve"])
            .failure(2);
        let named = format!("wrong value \"{value}\" for ");
        let source = format!("(environment variable {variable}): expected ");
        assert!(line.starts_with(&named) && line.contains(&source), "{line}");
        assert!(line.contains(expected), "{line}");
    }
    let line = Hush::new()
        .run(&["serve", "--log-format", "xml"])
        .failure(2);
    assert!(line.contains("log_format (flag --log-format)"), "{line}");
}

#[test]
fn a_wrong_file_is_named_with_the_place() {
    for (file, said) in [
        ("listen = 80", "wrong value \"80\" for listen (hush.toml)"),
        (
            "listen = { port = 80 }",
            "wrong value for listen (hush.toml): expected a single value",
        ),
        (
            "[rate_limit]\nrequests = 1.5",
            "wrong value \"1.5\" for rate_limit.requests (hush.toml)",
        ),
        (
            "requests = 5",
            "unknown setting requests in hush.toml: did you mean rate_limit.requests?",
        ),
        ("[limits]", "unknown setting limits in hush.toml"),
        (
            "[rate_limit]\nburst = 1",
            "unknown setting rate_limit.burst in hush.toml",
        ),
        ("rate_limit = 5", "unknown setting rate_limit in hush.toml"),
        (
            "listen = ",
            "hush.toml cannot be read: TOML parse error at line 1, column 10",
        ),
        ("store = \"memory\"\nstore = \"memory\"", "duplicate key"),
    ] {
        let line = Hush::new()
            .with_file("hush.toml", file)
            .run(&["serve"])
            .failure(2);
        assert!(line.contains(said), "{line}");
    }
    let line = Hush::new()
        .run(&["serve", "--config", "other.toml"])
        .failure(2);
    assert!(line.contains("other.toml does not exist"), "{line}");
    let line = Hush::new()
        .with("HUSH_CONFIG", "other.toml")
        .run(&["demo"])
        .failure(2);
    assert!(line.contains("other.toml does not exist"), "{line}");
}

#[test]
fn unknown_variables_stop_the_start_and_those_of_containers_do_not() {
    for unknown in [
        "HUSH_LISTENS",
        "HUSH_RATE_LIMIT",
        "HUSH_RATE_LIMIT_REQUESTS",
        "HUSH_LISTEN_PORT",
    ] {
        let line = Hush::new().with(unknown, "1").run(&["serve"]).failure(2);
        assert!(
            line.starts_with(&format!("unknown setting {unknown} in the environment")),
            "{line}"
        );
    }
    from_environment(&[
        ("HUSH_TEST_DATABASE_URL", "x"),
        ("HUSH_SERVICE_HOST", "10.0.0.1"),
        ("HUSH_SERVICE_PORT", "80"),
        ("HUSH_SERVICE_PORT_HTTP", "80"),
        ("HUSH_PORT", "tcp://10.0.0.1:80"),
        ("HUSH_PORT_80_TCP_ADDR", "10.0.0.1"),
        ("HUSH_DB_SERVICE_HOST", "10.0.0.2"),
        ("HUSH_DB_PORT", "tcp://10.0.0.2:5432"),
        ("HUSH_DB_PORT_5432_TCP_PROTO", "tcp"),
        ("HUSHED", "not ours"),
        // An empty variable is as good as none, as in shells and compose files.
        ("HUSH_LISTEN", ""),
    ]);
}

#[test]
fn the_database_address_can_come_from_a_file_and_is_never_repeated() {
    let hush = Hush::new().with_file("secret", "postgres://me:pass@db/hush\n");
    let file = hush.path("secret").display().to_string();
    let settings = from_environment(&[("HUSH_DATABASE_URL_FILE", &file)]);
    assert!(matches!(settings.store, Store::Postgres(_)));

    let both = hush
        .with("HUSH_DATABASE_URL_FILE", &file)
        .with("HUSH_DATABASE_URL", "postgres://a/b");
    let line = both.run(&["serve"]).failure(2);
    assert!(
        line.contains("HUSH_DATABASE_URL") && line.contains("HUSH_DATABASE_URL_FILE"),
        "{line}"
    );

    let line = Hush::new()
        .with("HUSH_DATABASE_URL_FILE", "gone")
        .run(&["serve"])
        .failure(2);
    assert!(line.contains("cannot read gone"), "{line}");
    let line = Hush::new()
        .with("HUSH_DATABASE_URL", "mysql://me:pass@db/hush")
        .run(&["serve"])
        .failure(2);
    assert!(
        line.contains("HUSH_DATABASE_URL") && line.contains("postgres://"),
        "{line}"
    );
    assert!(!line.contains("pass@"), "{line}");
    let line = Hush::new()
        .with("HUSH_STORE", "postgres")
        .run(&["serve"])
        .failure(2);
    assert!(line.contains("HUSH_DATABASE_URL="), "{line}");
}

#[test]
fn audit_keys_can_come_from_a_file_and_are_never_repeated() {
    let (old, new) = ("old-key-".repeat(5), "new-key-".repeat(5));
    let hush = Hush::new().with_file("keys", format!("{old}\n\n  {new}\n"));
    let file = hush.path("keys").display().to_string();
    let settings = from_environment(&[("HUSH_AUDIT_KEY_FILE", &file)]);
    assert!(!settings.audit_keys.is_empty());

    let both = hush
        .with("HUSH_AUDIT_KEY_FILE", &file)
        .with("HUSH_AUDIT_KEY", &old);
    let line = both.run(&["serve"]).failure(2);
    assert!(
        line.contains("both audit_key (") && line.contains("HUSH_AUDIT_KEY_FILE"),
        "{line}"
    );
    let file = |contents: &str| {
        Hush::new()
            .with_file("keys", contents)
            .with("HUSH_AUDIT_KEY_FILE", "keys")
    };
    for (hush, said) in [
        (
            file("\n \n"),
            "keys, which audit_key_file (environment variable HUSH_AUDIT_KEY_FILE) names: there is no key",
        ),
        (
            file(&format!("{old}\ntoo-short-a-key\n")),
            "at least 32 characters",
        ),
        (
            Hush::new().with("HUSH_AUDIT_KEY", "too-short-a-key"),
            "audit_key (environment variable HUSH_AUDIT_KEY)",
        ),
        (
            Hush::new().with("HUSH_AUDIT_KEY_FILE", "gone"),
            "cannot read gone",
        ),
    ] {
        let line = hush.run(&["serve"]).failure(2);
        assert!(line.contains(said), "{line}");
        assert!(
            !line.contains("-key-") && !line.contains("too-short"),
            "{line}"
        );
    }
}

#[test]
fn the_bots_token_can_come_from_a_file_and_is_never_repeated() {
    let hush = Hush::new().with_file("token", "bot-token\n");
    let file = hush.path("token").display().to_string();
    let settings = from_environment(&[("HUSH_DISCORD_TOKEN_FILE", &file)]);
    assert!(settings.discord.unwrap().alone, "one process has a file");

    for (token, said) in [
        ("secret token", "not a bot's token"),
        ("\u{e9}", "not a bot's token"),
        ("Bot  ", "not a bot's token"),
    ] {
        let hush = Hush::new().with("HUSH_DISCORD_TOKEN", token);
        let line = hush.run(&["serve"]).failure(2);
        assert!(
            line.contains(said) && line.contains("HUSH_DISCORD_TOKEN"),
            "{line}"
        );
        assert!(!line.contains("secret token"), "{line}");
    }
    let both = hush
        .with("HUSH_DISCORD_TOKEN_FILE", &file)
        .with("HUSH_DISCORD_TOKEN", "bot-token");
    let line = both.run(&["serve"]).failure(2);
    assert!(line.contains("both discord_token ("), "{line}");
    assert!(!line.contains("bot-token"), "{line}");
}
