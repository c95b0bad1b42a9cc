//! A Discord of our own, a store, and the service between them.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use tempfile::TempDir;

use super::metrics::Metrics;
use crate::bench::Store;
use crate::commands;
use crate::measure::fixture::plain;
use crate::measure::process::{Process, free_address};
use crate::postgres::{Cluster, Purpose};

/// The token of the bot that the fake knows.
const TOKEN: &str = "token-of-a-fake-bot";
/// How long the fake may take to make its world.
const PATIENCE: Duration = Duration::from_mins(2);
/// Of how many servers it is looked at the end whether the API says what is so.
const COMPARED: u64 = 20;

/// A fake Discord; it ends with this value.
pub(super) struct Discord {
    child: Child,
    api: SocketAddr,
    _folder: TempDir,
}

impl Discord {
    /// A Discord with so many servers of so many members each, beside the bot.
    pub(super) fn start(fake: &Path, servers: u64, members: u64) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let file = folder.path().join("addresses.json");
        let child = Command::new(fake)
            .args(["--servers", &servers.to_string()])
            .args(["--members", &members.to_string()])
            .arg("--port-file")
            .arg(&file)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::inherit())
            .spawn()
            .context("cannot start the fake Discord")?;
        let started = Instant::now();
        while !file.exists() {
            ensure!(
                started.elapsed() < PATIENCE,
                "the fake Discord does not start"
            );
            std::thread::sleep(Duration::from_millis(50));
        }
        let addresses: Value = serde_json::from_slice(&fs::read(&file)?)?;
        let api = addresses["api"].as_str().unwrap_or_default();
        let api = api.trim_start_matches("http://").parse()?;
        Ok(Self {
            child,
            api,
            _folder: folder,
        })
    }

    pub(super) fn get(&self, path: &str) -> Result<Value> {
        Ok(serde_json::from_str(&ask(
            self.api,
            "GET",
            &format!("/_fake/{path}"),
            "",
            "",
        )?)?)
    }

    pub(super) fn post(&self, path: &str, body: &Value) -> Result<()> {
        ask(
            self.api,
            "POST",
            &format!("/_fake/{path}"),
            "",
            &body.to_string(),
        )
        .map(drop)
    }
}

impl Drop for Discord {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// An empty store.
pub(super) struct Site {
    store: Store,
    files: TempDir,
    database: Option<Cluster>,
}

impl Site {
    pub(super) fn new(store: Store) -> Result<Self> {
        let database = match store {
            Store::Postgres => Some(Cluster::new(Purpose::Measuring)?),
            Store::Memory | Store::Sqlite => None,
        };
        Ok(Self {
            store,
            files: tempfile::tempdir()?,
            database,
        })
    }

    /// Starts the service on the store, which follows `discord` if there is one.
    pub(super) fn serve(&self, hush: &Path, discord: Option<&Discord>) -> Result<Service> {
        let (address, admin) = (free_address()?, free_address()?);
        let mut serve = self.command(hush);
        serve.args(["serve", "--listen", &address.to_string()]);
        serve.args(["--admin-listen", &admin.to_string()]);
        if let Some(discord) = discord {
            serve.env("HUSH_DISCORD_TOKEN", TOKEN);
            serve.env("HUSH_DISCORD_API", format!("http://{}", discord.api));
        }
        Ok(Service {
            process: Process::start(&mut serve, address)?,
            admin,
        })
    }

    /// Looks whether the API says of some servers what is so. A store in memory takes no tokens from the command line.
    pub(super) fn compare(
        &self,
        hush: &Path,
        service: &Service,
        discord: &Discord,
        members: u64,
    ) -> Result<()> {
        if self.store == Store::Memory {
            return Ok(());
        }
        let world = discord.get("world-counts")?;
        for number in 1..=COMPARED {
            let (server, owner) = (number << 22, 1_000_000_000_000 + number * members);
            let (server, owner) = (server.to_string(), owner.to_string());
            let mut create = self.command(hush);
            create.args(["token", "create", "--name=compare"]);
            create.args(["--server", &server, "--user", &owner]);
            let token = commands::read(&mut create)?;
            let path = format!("/v1/servers/{server}/stats");
            let stats = ask(service.process.address(), "GET", &path, token.trim(), "")?;
            let stats: Value = serde_json::from_str(&stats)?;
            ensure!(
                stats == world[&server],
                "server {server}: {stats} instead of {}",
                world[&server]
            );
        }
        Ok(())
    }

    fn command(&self, hush: &Path) -> Command {
        let mut command = plain(Command::new(hush));
        match (self.store, &self.database) {
            (_, Some(database)) => command.env("HUSH_DATABASE_URL", database.url()),
            (Store::Memory, None) => command.env("HUSH_STORE", "memory"),
            (_, None) => command.env("HUSH_DATA_DIR", self.data()),
        };
        command.current_dir(self.files.path());
        command
    }

    fn data(&self) -> PathBuf {
        self.files.path().join("data")
    }
}

/// The service.
pub(super) struct Service {
    process: Process,
    admin: SocketAddr,
}

impl Service {
    pub(super) fn metrics(&self) -> Result<Metrics> {
        ask(self.admin, "GET", "/metrics", "", "").map(Metrics)
    }

    pub(super) fn processor_time(&self) -> Result<Duration> {
        self.process.processor_time()
    }

    pub(super) fn resident_memory(&self) -> Result<u64> {
        self.process.resident_memory()
    }

    pub(super) fn log(&self) -> Result<String> {
        self.process.log()
    }
}

/// Sends a request on a connection of its own, and gives the body of its answer, which has to be a success.
fn ask(address: SocketAddr, method: &str, path: &str, token: &str, body: &str) -> Result<String> {
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
    ensure!(head.starts_with("HTTP/1.1 2"), "{method} {path}: {answer}");
    // What is sent in chunks here is one of them.
    if head
        .to_ascii_lowercase()
        .contains("transfer-encoding: chunked")
    {
        let parts: Vec<_> = body.split("\r\n").skip(1).step_by(2).collect();
        return Ok(parts.concat());
    }
    Ok(body.to_owned())
}
