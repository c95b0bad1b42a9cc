//! Live services for judges: one on PostgreSQL that follows a Discord of ours, and the demo.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;
use std::time::Instant;

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use super::process::{AGAIN, PATIENCE, Process, program};
use crate::postgres::Cluster;
use crate::test::EVERYTHING;
use crate::{bench, commands};

/// The token of the bot that the fake Discord knows.
const BOT: &str = "token-of-a-fake-bot";
/// How many members each of its servers has.
const MEMBERS: u64 = 100;
/// What a token may be used for at most: everything.
const SCOPES: &str = "users:read,stats:read,tokens:read,tokens:write,audit:read,commands:read,commands:write,\
                      settings:write";

/// The programs that serve, as the tests compile them, so that nothing is compiled twice.
pub(super) struct Binaries(PathBuf);

/// A service on an empty PostgreSQL that follows a Discord with two servers.
pub(super) struct Site {
    pub(super) url: String,
    /// The tokens of the owners of server 1 << 22 and 2 << 22, each for everything there.
    pub(super) tokens: [String; 2],
    service: Process,
    _discord: Process,
}

/// `hush-server demo`.
pub(crate) struct Demo {
    pub(crate) url: String,
    /// Tokens for its server 123456, one of its owner and one of a member.
    pub(crate) owner: String,
    pub(crate) member: String,
    process: Process,
}

impl Binaries {
    /// Builds them.
    pub(super) fn build() -> Result<Self> {
        let mut cargo = commands::cargo();
        cargo.arg("build").args(EVERYTHING);
        cargo.args(["--bin=hush-server", "--bin=hush-discord-fake"]);
        commands::run(&mut cargo)?;
        Ok(Self(bench::target_directory()?.join("debug")))
    }

    fn hush(&self) -> PathBuf {
        self.0.join("hush-server")
    }

    fn discord(&self) -> PathBuf {
        self.0.join("hush-discord-fake")
    }
}

impl Site {
    /// Lends `judge` such a service, and names its log if the judge is not content.
    pub(super) fn with<T>(
        binaries: &Binaries,
        cluster: &Cluster,
        judge: impl FnOnce(&Self) -> Result<T>,
    ) -> Result<T> {
        cluster.with_database(|database| {
            let site = Self::start(binaries, database)?;
            judge(&site)
                .with_context(|| format!("the service's log is {}", site.service.log().display()))
        })
    }

    fn start(binaries: &Binaries, database: &str) -> Result<Self> {
        let (discord, api) = discord(binaries)?;
        let mut serve = program(&binaries.hush());
        with_settings(&mut serve, database);
        serve
            .arg("serve")
            .env("HUSH_DISCORD_TOKEN", BOT)
            .env("HUSH_DISCORD_API", api)
            // What is judged is what it answers. With the usual limits it would answer 429 to nearly everything.
            .env("HUSH_RATE_LIMIT__REQUESTS", "10000")
            .env("HUSH_RATE_LIMIT__UNKNOWN_TOKENS", "10000");
        let mut service = Process::start("service", &anywhere(serve))?;
        Ok(Self {
            url: service.serving()?,
            tokens: [token(binaries, database, 1)?, token(binaries, database, 2)?],
            service,
            _discord: discord,
        })
    }
}

impl Demo {
    /// Builds it, starts it on a free port, and waits until it serves.
    pub(crate) fn start() -> Result<Self> {
        let mut demo = program(&Binaries::build()?.hush());
        demo.arg("demo").env("HUSH_LOG_FORMAT", "json");
        let mut process = Process::start("demo", &anywhere(demo))?;
        let url = process.serving()?;
        let printed = process.printed_until("  curl")?;
        let token = |level| {
            token_in(&printed, level)
                .with_context(|| format!("the demo prints no token of {level}"))
        };
        Ok(Self {
            url,
            owner: token("server_owner")?,
            member: token("member")?,
            process,
        })
    }

    /// Where it logs.
    pub(crate) fn log(&self) -> &Path {
        self.process.log()
    }
}

/// A Discord with two servers, and where its API is.
fn discord(binaries: &Binaries) -> Result<(Process, String)> {
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("addresses.json");
    let mut fake = program(&binaries.discord());
    fake.args(["--servers", "2", "--members", &MEMBERS.to_string()])
        .arg("--port-file")
        .arg(&file);
    let process = Process::start("discord", &fake)?;
    let start = Instant::now();
    while !file.exists() {
        ensure!(
            start.elapsed() < PATIENCE,
            "the fake Discord makes no world; what it logged is in {}",
            process.log().display()
        );
        thread::sleep(AGAIN);
    }
    let addresses: Value = serde_json::from_str(&fs::read_to_string(&file)?)?;
    let api = addresses["api"].as_str();
    let api = api.context("the fake Discord tells no address of its API")?;
    Ok((process, api.to_owned()))
}

/// On ports that nobody else has, on this machine only.
fn anywhere(mut command: Command) -> Command {
    command.args(["--listen=127.0.0.1:0", "--admin-listen=127.0.0.1:0"]);
    command
}

fn with_settings(command: &mut Command, database: &str) {
    command
        .env("HUSH_DATABASE_URL", database)
        .env("HUSH_LOG_FORMAT", "json");
}

/// A token of the owner of the server with this number, once the service knows that they own it.
fn token(binaries: &Binaries, database: &str, number: u64) -> Result<String> {
    // As the fake numbers them: a server's first member owns it.
    let server = number << 22;
    let user = 1_000_000_000_000 + number * (MEMBERS + 1);
    let start = Instant::now();
    loop {
        let mut create = program(&binaries.hush());
        with_settings(&mut create, database);
        create
            .args(["token", "create", "--name=judge", "--no-expiry"])
            .arg(format!("--server={server}"))
            .arg(format!("--user={user}"))
            .arg(format!("--scope={SCOPES}"));
        match commands::read(&mut create) {
            Ok(secret) => return Ok(secret.trim_end().to_owned()),
            Err(error) if start.elapsed() > PATIENCE => {
                return Err(error.context("the service does not follow the fake Discord"));
            }
            // The server or its owner is not there yet.
            Err(_) => thread::sleep(AGAIN),
        }
    }
}

/// The token of the line of this access level.
fn token_in(printed: &str, level: &str) -> Option<String> {
    let mut lines = printed.lines().map(str::split_whitespace);
    lines
        .find_map(|mut words| (words.next()? == level).then(|| words.next())?)
        .map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_access_level_has_its_token() {
        let printed = "Tokens:\n  server_owner  hush_a\n  admin         hush_b\n  member        hush_c\n\nTry:\n  curl";
        let found = ["server_owner", "admin", "member"].map(|level| token_in(printed, level));
        let found = found.each_ref().map(Option::as_deref);
        assert_eq!(found, [Some("hush_a"), Some("hush_b"), Some("hush_c")]);
        assert_eq!(token_in(printed, "owner"), None);
    }
}
