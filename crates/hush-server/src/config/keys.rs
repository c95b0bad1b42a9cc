//! Every setting there is: its name and its default.
//!
//! The one list against which files and the environment are checked. `hush.example.toml` explains each.

/// A setting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Key {
    /// Its name in a file; a dot leads into a table.
    pub name: &'static str,
    /// What holds if nobody says otherwise, as text.
    pub default: Option<&'static str>,
}

impl Key {
    /// The environment variable that sets it, such as `HUSH_RATE_LIMIT__REQUESTS`.
    pub fn variable(self) -> String {
        let name = self.name.replace('.', "__").to_ascii_uppercase();
        format!("{PREFIX}{name}")
    }
}

/// What the names of all environment variables of Hush begin with.
pub(super) const PREFIX: &str = "HUSH_";

/// Every setting, in the order of `hush.example.toml`.
pub const KEYS: &[Key] = &[
    set("listen", "127.0.0.1:8080"),
    set("admin_listen", "127.0.0.1:9464"),
    unset("public_url"),
    set("trusted_proxies", ""),
    unset("store"),
    unset("data_dir"),
    unset("database_url"),
    unset("database_url_file"),
    set("database_connections", "16"),
    set("migrate", "true"),
    unset("audit_key"),
    unset("audit_key_file"),
    unset("discord_token"),
    unset("discord_token_file"),
    set("discord_members", "true"),
    set("discord_presences", "true"),
    unset("discord_api"),
    set("log", "info"),
    unset("log_format"),
    set("access_log", "errors"),
    set("cache_max_age", "15s"),
    set("keep_alive", "75s"),
    set("max_connections", "10000"),
    set("drain_delay", "0s"),
    set("rate_limit.enabled", "true"),
    set("rate_limit.requests", "60"),
    set("rate_limit.window", "60s"),
    set("rate_limit.unknown_tokens", "300"),
    set("retention.tokens", "90d"),
    set("retention.audit", "400d"),
    set("retention.samples", "400d"),
    set("retention.commands", "90d"),
    set("retention.removed_servers", "30d"),
];

const fn set(name: &'static str, default: &'static str) -> Key {
    Key {
        name,
        default: Some(default),
    }
}

const fn unset(name: &'static str) -> Key {
    Key {
        name,
        default: None,
    }
}
