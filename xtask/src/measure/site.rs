//! A Discord of our own, a store, and the service between them.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use clap::Args;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::PATIENCE;
use super::fixture::{Filled, Key};
use super::metrics::Metrics;
use super::process::{Process, free_address, on_core};
use crate::bench::{Options, Store};

/// The token of the bot that the fake knows.
const TOKEN: &str = "token-of-a-fake-bot";
/// How often it is asked again for what is not so yet.
const AGAIN: Duration = Duration::from_millis(5);

/// What is measured, and how.
#[derive(Args)]
pub(crate) struct Arguments {
    /// The service's binary.
    #[arg(long)]
    pub(super) hush: PathBuf,
    /// The fake Discord's binary.
    #[arg(long)]
    pub(super) fake: PathBuf,
    #[command(flatten)]
    pub(super) options: Options,
}

/// A fake Discord.
pub(super) struct Discord {
    process: Process,
    owners: Vec<Key>,
    _folder: TempDir,
}

impl Discord {
    /// A Discord with so many servers of so many members each, the bot among them, and with further arguments.
    pub(super) fn start(fake: &Path, servers: u64, members: u64, more: &[&str]) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let file = folder.path().join("addresses.json");
        let address = free_address()?;
        let mut command = on_core(None, fake);
        command
            .args(["--servers", &servers.to_string()])
            .args(["--members", &(members - 1).to_string()])
            .args(["--api-port", &address.port().to_string()])
            .args(more)
            .arg("--port-file")
            .arg(&file);
        let process = Process::start(&mut command, address)?;
        let started = Instant::now();
        while !file.exists() {
            ensure!(started.elapsed() < PATIENCE, "the fake makes no world");
            std::thread::sleep(AGAIN);
        }
        // As the fake numbers them. A server's first member owns it.
        let owner = |server| Key::new(server << 22, 1_000_000_000_000 + server * members);
        Ok(Self {
            process,
            owners: (1..=servers).map(owner).collect::<Result<_>>()?,
            _folder: folder,
        })
    }

    /// A token for each server.
    pub(super) fn owners(&self) -> &[Key] {
        &self.owners
    }

    /// What is behind the fake's door at `path`.
    pub(super) fn get(&self, path: &str) -> Result<Value> {
        let found = self.find(path)?;
        found.with_context(|| format!("the fake has nothing at {path}"))
    }

    /// The same, or `None` if nothing is.
    pub(super) fn find(&self, path: &str) -> Result<Option<Value>> {
        let path = format!("/_fake/{path}");
        match ask(self.process.address(), "GET", &path, "", "")? {
            (404, _) => Ok(None),
            (200, body) => Ok(Some(serde_json::from_str(&body)?)),
            (status, body) => bail!("{path}: {status} {body}"),
        }
    }

    /// Lets the fake do something.
    pub(super) fn post(&self, path: &str, body: &Value) -> Result<()> {
        let (path, body) = (format!("/_fake/{path}"), body.to_string());
        let (status, said) = ask(self.process.address(), "POST", &path, "", &body)?;
        ensure!(status < 300, "{path}: {status} {said}");
        Ok(())
    }
}

/// The service on a store, which follows a fake Discord.
pub(super) struct Service<'a> {
    process: Process,
    admin: SocketAddr,
    started: Instant,
    discord: &'a Discord,
    _store: Filled,
}

/// What a service holds that knows and follows nobody, in kibibytes.
pub(super) fn empty_memory(store: Store, hush: &Path) -> Result<u64> {
    let filled = Filled::new(store, hush, &[])?;
    let address = free_address()?;
    let mut serve = filled.serve(on_core(None, hush), address, free_address()?);
    Process::start(&mut serve, address)?.resident_memory()
}

impl<'a> Service<'a> {
    /// Starts on a store that knows of each server no more than its owner, who may ask as often as they like.
    pub(super) fn start(store: Store, hush: &Path, discord: &'a Discord) -> Result<Self> {
        let filled = Filled::new(store, hush, discord.owners())?;
        let (address, admin) = (free_address()?, free_address()?);
        let mut serve = filled.serve(on_core(None, hush), address, admin);
        serve.env("HUSH_RATE_LIMIT__ENABLED", "false");
        serve.env("HUSH_DISCORD_TOKEN", TOKEN);
        let api = format!("http://{}", discord.process.address());
        serve.env("HUSH_DISCORD_API", api);
        let started = Instant::now();
        Ok(Self {
            process: Process::start(&mut serve, address)?,
            admin,
            started,
            discord,
            _store: filled,
        })
    }

    pub(super) fn discord(&self) -> &'a Discord {
        self.discord
    }

    /// When its process was started.
    pub(super) fn started(&self) -> Instant {
        self.started
    }

    pub(super) fn processor_time(&self) -> Result<Duration> {
        self.process.processor_time()
    }

    pub(super) fn resident_memory(&self) -> Result<u64> {
        self.process.resident_memory()
    }

    pub(super) fn peak_memory(&self) -> Result<u64> {
        self.process.peak_memory()
    }

    /// Where the API is.
    pub(super) fn address(&self) -> SocketAddr {
        self.process.address()
    }

    pub(super) fn log(&self) -> Result<String> {
        self.process.log()
    }

    pub(super) fn metrics(&self) -> Result<Metrics> {
        let (status, body) = ask(self.admin, "GET", "/metrics", "", "")?;
        ensure!(status == 200, "/metrics: {status} {body}");
        Ok(Metrics(body))
    }

    /// For how long the next presence of a storm is on its way that the service has not heard. `before` is what it said
    /// before the storm.
    pub(super) fn unheard_since(&self, before: &Metrics) -> Result<Duration> {
        let next = self.metrics()?.presences_since(before);
        let Some(sent) = self.discord.find(&format!("storm/{next}"))? else {
            return Ok(Duration::ZERO);
        };
        let time = |name: &str| sent[name].as_u64().context("the fake tells no time");
        Ok(Duration::from_micros(
            time("now_us")?.saturating_sub(time("sent_us")?),
        ))
    }

    /// Gives a member of one of the servers other roles, and waits until the API says so. Returns how long it took.
    pub(super) fn change_roles(&self, turn: usize) -> Result<Duration> {
        let owners = self.discord.owners();
        let key = &owners[turn % owners.len()];
        let user = (key.user.parse::<u64>()? + 1).to_string();
        let role = (key.server.parse::<u64>()? + 10).to_string();
        let path = format!("/v1/users/{user}");
        let (wanted, roles) = if self.ask(key, &path)?["roles"] == json!(["Role 1"]) {
            (json!([]), json!([]))
        } else {
            (json!(["Role 1"]), json!([role]))
        };
        let change = json!({"guild": key.server, "user": user, "roles": roles});
        let started = Instant::now();
        self.discord.post("roles", &change)?;
        while self.ask(key, &path)?["roles"] != wanted {
            ensure!(started.elapsed() < PATIENCE, "{user} keeps their roles");
            std::thread::sleep(AGAIN);
        }
        Ok(started.elapsed())
    }

    /// Waits until the API says of every server what is so. Fails if it takes longer than that.
    pub(super) fn agrees_within(&self, patience: Duration) -> Result<()> {
        let world = self.discord.get("world-counts")?;
        let started = Instant::now();
        for key in self.discord.owners() {
            let (server, so) = (&key.server, &world[&key.server]);
            loop {
                let stats = self.ask(key, &format!("/v1/servers/{server}/stats"))?;
                if stats == *so {
                    break;
                }
                ensure!(
                    started.elapsed() < patience,
                    "server {server}: {stats} instead of {so}; {}",
                    self.log()?
                );
                std::thread::sleep(AGAIN);
            }
        }
        Ok(())
    }

    /// What the API says to a server's owner.
    pub(super) fn ask(&self, key: &Key, path: &str) -> Result<Value> {
        let (status, body) = ask(self.process.address(), "GET", path, &key.secret, "")?;
        ensure!(status == 200, "{path}: {status} {body}");
        Ok(serde_json::from_str(&body)?)
    }
}

/// Sends a request on a connection of its own, and gives the status and the body of its answer.
fn ask(
    address: SocketAddr,
    method: &str,
    path: &str,
    token: &str,
    body: &str,
) -> Result<(u16, String)> {
    let mut stream = TcpStream::connect(address)?;
    write!(
        stream,
        "{method} {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\nAuthorization: Bearer {token}\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    let (head, body) = answer.split_once("\r\n\r\n").context("no answer")?;
    let status = head.split(' ').nth(1).and_then(|it| it.parse().ok());
    let status = status.context("an answer without a status")?;
    // What is sent in chunks here is one of them.
    if head
        .to_ascii_lowercase()
        .contains("transfer-encoding: chunked")
    {
        let parts: Vec<_> = body.split("\r\n").skip(1).step_by(2).collect();
        return Ok((status, parts.concat()));
    }
    Ok((status, body.to_owned()))
}
