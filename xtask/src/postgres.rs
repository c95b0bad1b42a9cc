//! A throw-away PostgreSQL: made in a temporary folder, and gone with the task that asked for it.

mod binaries;
mod owner;

use std::fmt::Write as _;
use std::fs;
use std::io::{BufRead as _, BufReader};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result, bail};
use tempfile::TempDir;

use crate::{commands, workspace};
use owner::Owner;

/// Makes the cluster, says `ready`, and holds out until its standard input closes. That pipe's other end is ours: it
/// closes when we drop it, panic, are interrupted or killed, so in no case does a server or a folder stay behind.
/// The password goes over loopback as it is: SCRAM would cost an unoptimised client a tenth of a second for each
/// connection, and the tests open many.
const LIFELINE: &str = r#"
set -e
bin=$1 folder=$2
trap 'rm -rf "$folder"' EXIT
step() { "$@" >>"$folder/log" 2>&1 || { cat "$folder/log" >&2; exit 1; }; }
step "$bin/initdb" -D "$folder/data" --username=postgres --pwfile="$folder/password" \
    --auth=password --encoding=UTF8 --locale=C --no-sync
cat "$folder/settings" >>"$folder/data/postgresql.conf"
step "$bin/pg_ctl" -D "$folder/data" -l "$folder/log" --wait start
echo ready
cat >/dev/null
step "$bin/pg_ctl" -D "$folder/data" --mode=immediate stop
"#;

/// What a cluster is for.
#[derive(Clone, Copy)]
pub(crate) enum Purpose {
    /// Tests: nothing needs to outlive a power cut.
    Tests,
    /// Measuring: as durable as PostgreSQL is by default.
    #[cfg(feature = "bench")]
    Measuring,
}

/// A PostgreSQL cluster, reachable as superuser.
pub(crate) struct Cluster {
    url: String,
    psql: PathBuf,
    _server: Option<Server>,
}

impl Cluster {
    /// The cluster that `HUSH_TEST_DATABASE_URL` names, or else a new one for tests.
    pub(crate) fn given_or_new() -> Result<Self> {
        match workspace::variable("HUSH_TEST_DATABASE_URL") {
            Some(url) => Ok(Self {
                url,
                psql: PathBuf::from("psql"),
                _server: None,
            }),
            None => Self::new(Purpose::Tests),
        }
    }

    /// A new cluster on a random loopback port, with a random password.
    pub(crate) fn new(purpose: Purpose) -> Result<Self> {
        let folder = tempfile::Builder::new()
            .prefix("hush-postgres-")
            .tempdir()?;
        let owner = Owner::find()?;
        let bin = binaries::find(folder.path(), owner.as_ref())?;
        let port = free_port()?;
        let password = password()?;
        fs::write(folder.path().join("settings"), settings(purpose, port))?;
        fs::write(folder.path().join("password"), &password)?;
        let server = Server::start(&bin, folder, owner.as_ref())
            .with_context(|| format!("PostgreSQL of {} would not start", bin.display()))?;
        Ok(Self {
            url: format!("postgres://postgres:{password}@127.0.0.1:{port}/postgres"),
            psql: bin.join("psql"),
            _server: Some(server),
        })
    }

    /// Where its superuser reaches the database `postgres`, or the one that was given.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// Lends `work` the address of a new and empty database.
    pub(crate) fn with_database<T>(&self, work: impl FnOnce(&str) -> Result<T>) -> Result<T> {
        let name = format!("hush_xtask_{}", std::process::id());
        self.execute(
            &self.url,
            &["--command", &format!("CREATE DATABASE {name}")],
        )?;
        let done = work(&of_database(&self.url, &name)?);
        self.execute(
            &self.url,
            &["--command", &format!("DROP DATABASE {name} WITH (FORCE)")],
        )?;
        done
    }

    /// Runs psql on the database at `url`; the first error ends it and is returned.
    pub(crate) fn execute(&self, url: &str, arguments: &[&str]) -> Result<()> {
        self.psql(url, arguments).map(drop)
    }

    fn psql(&self, url: &str, arguments: &[&str]) -> Result<String> {
        let mut psql = Command::new(&self.psql);
        psql.args([
            "--no-psqlrc",
            "--quiet",
            "--set=ON_ERROR_STOP=1",
            "--dbname",
            url,
        ]);
        commands::read(psql.args(arguments))
    }
}

struct Server {
    lifeline: Child,
    folder: TempDir,
}

impl Server {
    fn start(bin: &Path, folder: TempDir, owner: Option<&Owner>) -> Result<Self> {
        let mut shell = Command::new("sh");
        shell
            .args(["-c", LIFELINE, "lifeline"])
            .arg(bin)
            .arg(folder.path())
            .current_dir(folder.path());
        shell.stdin(Stdio::piped()).stdout(Stdio::piped());
        owner::detach(&mut shell);
        if let Some(owner) = owner {
            owner.take_over(folder.path())?;
            owner.start(&mut shell);
        }
        let lifeline = shell.spawn().context("cannot start `sh`")?;
        let mut server = Self { lifeline, folder };
        let mut said = String::new();
        if let Some(output) = server.lifeline.stdout.take() {
            BufReader::new(output).read_line(&mut said)?;
        }
        if said != "ready\n" {
            bail!("its own words stand above");
        }
        Ok(server)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.lifeline.stdin.take());
        if let Err(error) = self.lifeline.wait() {
            let folder = self.folder.path().display();
            commands::say(format_args!(
                "the PostgreSQL in {folder} may still run: {error}"
            ));
        }
    }
}

fn settings(purpose: Purpose, port: u16) -> String {
    let durability = match purpose {
        Purpose::Tests => "fsync = off\nfull_page_writes = off\n",
        #[cfg(feature = "bench")]
        Purpose::Measuring => "",
    };
    format!(
        "listen_addresses = '127.0.0.1'\nport = {port}\nunix_socket_directories = ''\n\
         max_connections = 300\n{durability}"
    )
}

fn password() -> Result<String> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).context("the system gives no random bytes")?;
    Ok(bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    }))
}

/// A port that nobody had a moment ago.
fn free_port() -> Result<u16> {
    let listener = TcpListener::bind(("127.0.0.1", 0)).context("no loopback port is free")?;
    Ok(listener.local_addr()?.port())
}

/// The address of another database of the same cluster.
fn of_database(url: &str, name: &str) -> Result<String> {
    let start = url
        .find("://")
        .map(|at| at + 3)
        .context("a database address has a scheme")?;
    let end = url[start..].find('?').map_or(url.len(), |at| start + at);
    let authority = url[start..end].find('/').map_or(end, |at| start + at);
    Ok(format!("{}/{name}{}", &url[..authority], &url[end..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_database_keeps_the_rest_of_the_address() {
        for (url, expected) in [
            ("postgres://a:b@h:5/postgres", "postgres://a:b@h:5/other"),
            ("postgres://h", "postgres://h/other"),
            (
                "postgres://h?sslmode=require",
                "postgres://h/other?sslmode=require",
            ),
            ("postgres://h/db?host=/tmp", "postgres://h/other?host=/tmp"),
        ] {
            assert_eq!(of_database(url, "other").unwrap(), expected);
        }
        assert!(of_database("nowhere", "other").is_err());
    }

    #[test]
    fn a_cluster_answers_and_leaves_nothing_behind() {
        let cluster = Cluster::new(Purpose::Tests).unwrap();
        let show = [
            "--tuples-only",
            "--no-align",
            "--command=SHOW data_directory",
        ];
        let shown = cluster.psql(cluster.url(), &show).unwrap();
        let folder = Path::new(shown.trim_end()).parent().unwrap();
        assert!(folder.exists());
        cluster
            .with_database(|url| cluster.execute(url, &["--command", "CREATE TABLE t (n int)"]))
            .unwrap();
        let url = cluster.url().to_owned();
        let psql = cluster.psql.clone();
        drop(cluster);
        assert!(!folder.exists());
        let gone = Cluster {
            url,
            psql,
            _server: None,
        };
        assert!(
            gone.execute(gone.url(), &["--command", "SELECT 1"])
                .is_err()
        );
    }
}
