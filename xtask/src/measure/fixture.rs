//! What the service is filled with: many servers with an owner each, and a token for each of these.

use std::fs::{self, File};
use std::io::{BufWriter, Write as _};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};
use hush_domain::secret::Secret;
use serde_json::json;
use tempfile::TempDir;

use super::process::{Process, free_address, on_core};
use crate::bench::Store;
use crate::commands;
use crate::postgres::{Cluster, Purpose};
use crate::workspace;

/// How many servers ask in turn. With the default settings they may ask 3,000,000 times a minute.
pub(super) const SERVERS: usize = 50_000;
/// How many more there are to be driven into their limit, one in a round.
const RESERVED: usize = 10;
/// What a store in memory takes in at its start.
const GUILDS: &str = "guilds.json";
const TOKENS: &str = "tokens.json";
/// What the tokens may be used for. The scripts say the same.
const SCOPES: [&str; 4] = [
    "users:read",
    "stats:read",
    "commands:read",
    "commands:write",
];

/// A server's owner and the token with which they ask for themselves.
pub(super) struct Key {
    pub(super) server: String,
    pub(super) user: String,
    pub(super) secret: String,
}

/// A store that holds some servers, each with its owner and a token.
pub(super) struct Filled {
    store: Store,
    imported: bool,
    files: TempDir,
    database: Option<Cluster>,
}

/// The service with its data, ready to be measured.
pub(super) struct Service {
    process: Process,
    keys: Vec<Key>,
    _store: Filled,
}

impl Filled {
    /// Fills a new store.
    pub(super) fn new(store: Store, hush: &Path, keys: &[Key]) -> Result<Self> {
        let files = tempfile::tempdir()?;
        let mut database = None;
        let mut migrate = plain(Command::new(hush));
        migrate.arg("migrate").current_dir(files.path());
        match store {
            Store::Memory => {
                write_guilds(&files.path().join(GUILDS), keys)?;
                write_tokens(&files.path().join(TOKENS), keys)?;
            }
            Store::Sqlite => {
                commands::read(migrate.env("HUSH_DATA_DIR", files.path()))?;
                fill_file(&files.path().join("hush.db"), files.path(), keys)?;
            }
            Store::Postgres => {
                let cluster = database.insert(Cluster::new(Purpose::Measuring)?);
                commands::read(migrate.env("HUSH_DATABASE_URL", cluster.url()))?;
                fill(cluster, cluster.url(), files.path(), keys)?;
            }
        }
        Ok(Self {
            store,
            imported: !keys.is_empty(),
            files,
            database,
        })
    }

    /// What serves from it at an address, with settings as they are by default.
    pub(super) fn serve(
        &self,
        program: Command,
        address: SocketAddr,
        admin: SocketAddr,
    ) -> Command {
        let mut serve = plain(program);
        serve.args(["serve", "--listen", &address.to_string()]);
        serve.args(["--admin-listen", &admin.to_string()]);
        match (self.store, &self.database) {
            (_, Some(database)) => serve.env("HUSH_DATABASE_URL", database.url()),
            (Store::Memory, None) => serve.args(["--store", "memory"]),
            (_, None) => serve.env("HUSH_DATA_DIR", self.files.path()),
        };
        if self.store == Store::Memory && self.imported {
            serve.args(["--import", GUILDS, "--tokens", TOKENS]);
        }
        serve.current_dir(self.files.path());
        serve
    }
}

impl Service {
    /// Fills a store and starts the service on it.
    pub(super) fn start(store: Store, hush: &Path, core: Option<usize>) -> Result<Self> {
        let key = |number: usize| {
            let number = number as u64;
            Key::new(
                100_000_000_000_000_000 + number,
                200_000_000_000_000_000 + number,
            )
        };
        let keys = (0..SERVERS + RESERVED)
            .map(key)
            .collect::<Result<Vec<_>>>()?;
        let store = Filled::new(store, hush, &keys)?;
        let address = free_address()?;
        let mut serve = store.serve(on_core(core, hush), address, free_address()?);
        Ok(Self {
            process: Process::start(&mut serve, address)?,
            keys,
            _store: store,
        })
    }

    pub(super) fn process(&self) -> &Process {
        &self.process
    }

    /// The keys to ask with in turn.
    pub(super) fn varying(&self) -> &[Key] {
        &self.keys[RESERVED..]
    }

    /// The keys of the servers that are driven into their limit.
    pub(super) fn reserved(&self) -> &[Key] {
        &self.keys[..RESERVED]
    }
}

impl Key {
    /// A new token of a server's owner.
    pub(super) fn new(server: u64, user: u64) -> Result<Self> {
        let secret = Secret::generate(&mut |bytes| getrandom::fill(bytes))?;
        Ok(Self {
            server: server.to_string(),
            user: user.to_string(),
            secret: secret.expose().to_owned(),
        })
    }
}

/// Without any settings of the developer who measures.
fn plain(mut command: Command) -> Command {
    for name in workspace::settings_of_the_service() {
        command.env_remove(name);
    }
    command
}

/// Discord's guild objects, one a line, in the shape of the contract's example: the owner is listed with two roles.
fn write_guilds(file: &Path, keys: &[Key]) -> Result<()> {
    write_lines(file, keys, |key| {
        let Key { server, user, .. } = key;
        let role = |id: &str, name, position, permissions| json!({"id": id, "name": name, "position": position, "permissions": permissions});
        json!({
            "id": server,
            "name": "Bench",
            "owner_id": user,
            "member_count": 1,
            "roles": [role(server, "@everyone", 0, "0"), role("2", "Member", 1, "0"), role("3", "Admin", 2, "8")],
            "members": [{"user": {"id": user, "username": "User", "discriminator": "1234"}, "roles": ["2", "3"]}],
            "presences": [{"user": {"id": user}, "status": "online"}],
        })
        .to_string()
    })
}

fn write_tokens(file: &Path, keys: &[Key]) -> Result<()> {
    write_lines(file, keys, |key| {
        json!({"secret": key.secret, "user": key.user, "servers": [key.server], "scopes": SCOPES})
            .to_string()
    })
}

/// Writes past the service, which takes in servers and tokens one by one. The schema is there already.
fn fill(database: &Cluster, url: &str, files: &Path, keys: &[Key]) -> Result<()> {
    let rows = write_rows(files, keys)?;
    let script = files.join("fill.sql");
    fs::write(
        &script,
        include_str!("fill.sql").replace("ROWS", &rows.to_string_lossy()),
    )?;
    database.execute(
        url,
        &["--single-transaction", "--file", &script.to_string_lossy()],
    )?;
    database.execute(url, &["--command", "VACUUM ANALYZE"])
}

/// The same for a file.
fn fill_file(database: &Path, files: &Path, keys: &[Key]) -> Result<()> {
    let rows = write_rows(files, keys)?;
    let script = files.join("fill.py");
    fs::write(&script, include_str!("fill.py"))?;
    commands::run(
        commands::program("python3")
            .arg(script)
            .arg(database)
            .arg(rows),
    )
}

fn write_rows(files: &Path, keys: &[Key]) -> Result<PathBuf> {
    let rows = files.join("rows.csv");
    let mut id = 0;
    write_lines(
        &rows,
        keys,
        |Key {
             server,
             user,
             secret,
         }| {
            id += 1;
            format!("{id},{secret},{user},{server}")
        },
    )?;
    Ok(rows)
}

fn write_lines(file: &Path, keys: &[Key], mut line: impl FnMut(&Key) -> String) -> Result<()> {
    let cannot_write = || format!("cannot write {}", file.display());
    let mut out = BufWriter::new(File::create(file).with_context(cannot_write)?);
    for key in keys {
        writeln!(out, "{}", line(key)).with_context(cannot_write)?;
    }
    out.flush().with_context(cannot_write)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::db;

    #[test]
    fn the_data_fit_the_schema() {
        let database = Cluster::given_or_new().unwrap();
        let files = tempfile::tempdir().unwrap();
        let keys = [11, 12, 13].map(|number| Key::new(number, number).unwrap());
        database
            .with_database(|url| {
                db::migrate(&database, url)?;
                fill(&database, url, files.path(), &keys)
            })
            .unwrap();
    }
}
