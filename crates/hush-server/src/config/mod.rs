//! How the service is set up: defaults, then a file, then the environment, then flags.

mod keys;
mod secret;
mod sources;
mod store;
mod values;

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use hush_app::{Limits, Retention};
use hush_discord::{Privileged, SAMPLE_EVERY};
use hush_domain::audit::chain::Keyring;
use hush_domain::limits::Rule;
use hush_http::{AccessLog, HttpSettings};
use ipnet::IpNet;
use tracing_subscriber::EnvFilter;

pub use keys::{KEYS, Key};
pub use sources::{DEFAULT_FILE, Sources};
pub use store::Store;
pub use values::Values;

use crate::failure::Failure;

/// The window of the limit on unknown tokens, which only the number of requests in it changes.
const UNKNOWN_TOKENS_WINDOW: Duration = Duration::from_mins(1);

/// The shortest that anything can be kept that has ended.
const SHORTEST_RETENTION: Duration = Duration::from_hours(24);
/// The longest, but for what is kept for ever: ten years as people write them.
const LONGEST_RETENTION: Duration = Duration::from_secs(10 * 31_557_600);

/// How the service is set up. Every value was checked.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Where the API listens.
    pub listen: SocketAddr,
    /// Where metrics are served, and nothing else.
    pub admin_listen: SocketAddr,
    /// The store.
    pub store: Store,
    /// What audit logs are chained with.
    pub audit_keys: Keyring,
    /// How the bot follows Discord; `None`: it does not.
    pub discord: Option<hush_discord::Settings>,
    /// For how long what is kept that has ended.
    pub retention: Retention,
    /// Whether the database's schema is brought up to date before the store is used.
    pub migrate: bool,
    /// How often what may be asked.
    pub limits: Limits,
    /// The address under which clients reach the API, without a slash at its end, if it is not the one where
    /// it listens.
    pub public_url: Option<String>,
    /// How the API answers; its address is still to be filled in.
    http: HttpSettings,
    /// What is logged and how.
    pub logs: LogSettings,
    /// How long the service goes on answering after it said that it is not ready.
    pub drain_delay: Duration,
}

/// What is logged and how.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogSettings {
    /// Which events, in the language of `tracing_subscriber`'s `EnvFilter`.
    pub filter: String,
    /// In which form. `None`: text on a terminal, else JSON.
    pub format: Option<LogFormat>,
}

/// The form of a log line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    Text,
    /// For programs: one object a line.
    Json,
}

impl Settings {
    /// Reads and checks every setting.
    pub fn load(sources: &Sources) -> Result<Self, Failure> {
        let values = sources.collect()?;
        let audit_keys = secret::audit_keys(&values)?;
        let store = Store::from_values(&values, &audit_keys)?;
        Ok(Self {
            listen: address(&values, "listen")?,
            admin_listen: address(&values, "admin_listen")?,
            discord: discord(&values, &store)?,
            store,
            audit_keys,
            retention: retention(&values)?,
            migrate: flag(&values, "migrate")?,
            limits: limits(&values)?,
            public_url: values.get(
                "public_url",
                "an address such as https://hush.example.com",
                public_url,
            )?,
            http: http(&values)?,
            logs: logs(&values)?,
            drain_delay: duration(&values, "drain_delay")?,
        })
    }

    /// How the API answers when it listens on `bound`.
    pub fn http(&self, bound: SocketAddr) -> HttpSettings {
        let listens_on = || format!("http://{}", reachable(bound));
        HttpSettings {
            public_url: self.public_url.clone().unwrap_or_else(listens_on),
            ..self.http.clone()
        }
    }
}

/// The address under which this machine reaches what listens on `bound`: "every address" is none to call.
pub fn reachable(mut bound: SocketAddr) -> SocketAddr {
    match bound.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => bound.set_ip(Ipv4Addr::LOCALHOST.into()),
        IpAddr::V6(ip) if ip.is_unspecified() => bound.set_ip(Ipv6Addr::LOCALHOST.into()),
        _ => {}
    }
    bound
}

fn discord(values: &Values, store: &Store) -> Result<Option<hush_discord::Settings>, Failure> {
    let privileged = Privileged {
        members: flag(values, "discord_members")?,
        presences: flag(values, "discord_presences")?,
    };
    let api = values.get(
        "discord_api",
        "the address of a proxy such as http://127.0.0.1:3000",
        str::parse,
    )?;
    let token = secret::discord_token(values)?;
    Ok(token.map(|token| hush_discord::Settings {
        token,
        api,
        privileged,
        sample_every: SAMPLE_EVERY,
        // A file and a process's memory have one process that serves from them.
        alone: !matches!(store, Store::Postgres(_)),
    }))
}

fn limits(values: &Values) -> Result<Limits, Failure> {
    let requests = values.require("rate_limit.requests", "1 to 10000", |text| {
        let second = Duration::from_secs(1);
        rule(text, second).map(Rule::requests)
    })?;
    let requests = values.require(
        "rate_limit.window",
        "whole seconds from 1s to 1h, such as 60s",
        |text| {
            let window = humantime::parse_duration(text).map_err(drop)?;
            Rule::new(requests, window).map_err(drop)
        },
    )?;
    let unknown_tokens = values.require("rate_limit.unknown_tokens", "1 to 10000", |text| {
        rule(text, UNKNOWN_TOKENS_WINDOW)
    })?;
    Ok(Limits {
        requests: flag(values, "rate_limit.enabled")?.then_some(requests),
        unknown_tokens,
    })
}

fn rule(requests: &str, window: Duration) -> Result<Rule, ()> {
    Rule::new(requests.parse().map_err(drop)?, window).map_err(drop)
}

fn retention(values: &Values) -> Result<Retention, Failure> {
    let days = "a duration from 1d to 10y, such as 90d";
    Ok(Retention {
        tokens: values.require("retention.tokens", days, kept)?,
        audit: values.require(
            "retention.audit",
            "a duration from 1d to 10y, such as 400d, or forever",
            |text| match text {
                "forever" => Ok(None),
                text => kept(text).map(Some),
            },
        )?,
        samples: values.require("retention.samples", days, kept)?,
        commands: values.require("retention.commands", days, kept)?,
        servers: values.require("retention.removed_servers", days, kept)?,
    })
}

fn kept(text: &str) -> Result<Duration, ()> {
    let kept = humantime::parse_duration(text).map_err(drop)?;
    (SHORTEST_RETENTION..=LONGEST_RETENTION)
        .contains(&kept)
        .then_some(kept)
        .ok_or(())
}

fn http(values: &Values) -> Result<HttpSettings, Failure> {
    Ok(HttpSettings {
        trusted_proxies: values.require(
            "trusted_proxies",
            "addresses or networks such as 127.0.0.1 or 10.0.0.0/8",
            networks,
        )?,
        cache_max_age: values.require("cache_max_age", "whole seconds such as 15s", |text| {
            let age = humantime::parse_duration(text).map_err(drop)?;
            (age.subsec_nanos() == 0).then_some(age).ok_or(())
        })?,
        keep_alive_idle: duration(values, "keep_alive")?,
        max_connections: values.require("max_connections", "1 to 1000000", |text| {
            let number: usize = text.parse().map_err(drop)?;
            (1..=1_000_000)
                .contains(&number)
                .then_some(number)
                .ok_or(())
        })?,
        access_log: values.require("access_log", "errors, all or off", |text| match text {
            "errors" => Ok(AccessLog::Errors),
            "all" => Ok(AccessLog::All),
            "off" => Ok(AccessLog::Off),
            _ => Err(()),
        })?,
        ..HttpSettings::default()
    })
}

fn logs(values: &Values) -> Result<LogSettings, Failure> {
    let filter = |text: &str| EnvFilter::try_new(text).map(|_| text.to_owned());
    Ok(LogSettings {
        filter: values.require(
            "log",
            "a filter such as info or info,hush_http=debug",
            filter,
        )?,
        format: values.get("log_format", "text or json", |text| match text {
            "text" => Ok(LogFormat::Text),
            "json" => Ok(LogFormat::Json),
            _ => Err(()),
        })?,
    })
}

fn address(values: &Values, name: &'static str) -> Result<SocketAddr, Failure> {
    values.require(
        name,
        "an IP address and a port such as 127.0.0.1:8080",
        str::parse,
    )
}

fn flag(values: &Values, name: &'static str) -> Result<bool, Failure> {
    values.require(name, "true or false", str::parse)
}

fn duration(values: &Values, name: &'static str) -> Result<Duration, Failure> {
    values.require(
        name,
        "a duration such as 60s or 1h",
        humantime::parse_duration,
    )
}

fn public_url(text: &str) -> Result<String, ()> {
    let base = text.strip_suffix('/').unwrap_or(text);
    let rest = base
        .strip_prefix("https://")
        .or_else(|| base.strip_prefix("http://"))
        .ok_or(())?;
    // What follows is put between quotes into headers and documents.
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~:/[]%".contains(&byte);
    let has_host = !rest.starts_with(['/', ':']) && !rest.is_empty();
    (has_host && rest.bytes().all(plain))
        .then(|| base.to_owned())
        .ok_or(())
}

fn networks(text: &str) -> Result<Vec<IpNet>, ()> {
    let listed = text.split(',').map(str::trim);
    listed
        .filter(|element| !element.is_empty())
        .map(|element| match element.parse() {
            Ok(network) => Ok(network),
            Err(_) => element.parse::<IpAddr>().map(IpNet::from).map_err(drop),
        })
        .collect()
}
