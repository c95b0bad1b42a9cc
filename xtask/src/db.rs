//! What sqlx's query macros knew of the database when they last saw one: kept in `.sqlx`, so that a build needs none.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::SystemTime;

use anyhow::{Context, Result, ensure};
use clap::Subcommand;

use crate::postgres::Cluster;
use crate::{commands, workspace};

/// What can be done with a throw-away PostgreSQL.
#[derive(Subcommand)]
pub(crate) enum Task {
    /// Rewrite `.sqlx` from the queries and the migrations as they are now.
    Prepare,
    /// Fail if `.sqlx` is not what `prepare` would write.
    Check,
    /// Run a command that finds a throw-away PostgreSQL in `HUSH_TEST_DATABASE_URL` and `HUSH_DATABASE_URL`.
    Run {
        /// The command and its arguments.
        #[arg(required = true, trailing_var_arg = true, allow_hyphen_values = true)]
        command: Vec<String>,
    },
}

/// Does what was asked for.
pub(crate) fn run(task: Task) -> Result<()> {
    let cluster = Cluster::given_or_new()?;
    match task {
        Task::Prepare => prepare(&cluster),
        Task::Check => check(&cluster, &mut compile_queries()),
        Task::Run { command } => {
            let mut program = commands::program(&command[0]);
            program.args(&command[1..]);
            program.env("HUSH_TEST_DATABASE_URL", cluster.url());
            commands::run(program.env("HUSH_DATABASE_URL", cluster.url()))
        }
    }
}

/// Fails if `.sqlx` is not what the macros write while `compile`, a call of cargo that compiles hush-adapters, runs.
pub(crate) fn check(cluster: &Cluster, compile: &mut Command) -> Result<()> {
    let found = regenerate(cluster, compile)?;
    let kept = contents(&kept_folder())?;
    let names = found
        .keys()
        .chain(kept.keys().filter(|name| !found.contains_key(*name)));
    let drifted: Vec<&str> = names
        .filter(|name| found.get(*name) != kept.get(*name))
        .map(String::as_str)
        .collect();
    ensure!(
        drifted.is_empty(),
        "`.sqlx` is not what the queries and the migrations make it; run `cargo xtask db prepare` and commit: {}",
        drifted.join(", ")
    );
    Ok(())
}

/// Brings an empty database to the newest schema, without the service's own record of it.
pub(crate) fn migrate(cluster: &Cluster, url: &str) -> Result<()> {
    for migration in migrations()? {
        let file = migration.to_string_lossy();
        cluster
            .execute(url, &["--single-transaction", "--file", &file])
            .with_context(|| format!("{file} fails"))?;
    }
    Ok(())
}

fn prepare(cluster: &Cluster) -> Result<()> {
    let found = regenerate(cluster, &mut compile_queries())?;
    let folder = kept_folder();
    fs::create_dir_all(&folder).with_context(|| format!("cannot create {}", folder.display()))?;
    for name in contents(&folder)?
        .keys()
        .filter(|name| !found.contains_key(*name))
    {
        fs::remove_file(folder.join(name)).with_context(|| format!("cannot remove {name}"))?;
    }
    for (name, content) in &found {
        fs::write(folder.join(name), content).with_context(|| format!("cannot write {name}"))?;
    }
    commands::say(format_args!(
        "{} queries in {}",
        found.len(),
        folder.display()
    ));
    Ok(())
}

/// What the macros write with a freshly migrated database before their eyes.
fn regenerate(cluster: &Cluster, compile: &mut Command) -> Result<BTreeMap<String, String>> {
    cluster.with_database(|url| {
        migrate(cluster, url)?;
        let folder = tempfile::tempdir()?;
        compile
            .env("DATABASE_URL", url)
            .env("SQLX_OFFLINE", "false");
        compile.env("SQLX_OFFLINE_DIR", folder.path());
        as_if_changed(
            &workspace::root().join("crates/hush-adapters/src/lib.rs"),
            || commands::run(compile),
        )?;
        let found = contents(folder.path())?;
        ensure!(
            !found.is_empty(),
            "the query macros wrote nothing: was hush-adapters not compiled?"
        );
        Ok(found)
    })
}

fn compile_queries() -> Command {
    let mut cargo = commands::cargo();
    cargo.args([
        "check",
        "--package",
        "hush-adapters",
        "--all-targets",
        "--all-features",
    ]);
    cargo
}

/// Cargo compiles what has changed, and does not know that the macros look at a database. So the file is new while
/// `work` runs, and as old as before when it has run, lest everything that depends on it is compiled again.
fn as_if_changed(source: &Path, work: impl FnOnce() -> Result<()>) -> Result<()> {
    let cannot_date = || format!("cannot set the time of {}", source.display());
    let file = File::options()
        .append(true)
        .open(source)
        .with_context(cannot_date)?;
    let before = file.metadata()?.modified()?;
    file.set_modified(SystemTime::now())
        .with_context(cannot_date)?;
    let done = work();
    file.set_modified(before).with_context(cannot_date)?;
    done
}

fn migrations() -> Result<Vec<PathBuf>> {
    let folder = workspace::root().join("migrations").join("postgres");
    let files = files(&folder)?;
    let mut migrations: Vec<_> = files
        .into_iter()
        .filter(|file| file.extension().is_some_and(|it| it == "sql"))
        .collect();
    ensure!(
        !migrations.is_empty(),
        "{} holds no migration",
        folder.display()
    );
    migrations.sort();
    Ok(migrations)
}

fn kept_folder() -> PathBuf {
    workspace::root().join(".sqlx")
}

/// Every file of the folder by its name; none if there is no such folder.
fn contents(folder: &Path) -> Result<BTreeMap<String, String>> {
    if !folder.exists() {
        return Ok(BTreeMap::new());
    }
    let read = |file: PathBuf| {
        let content =
            fs::read_to_string(&file).with_context(|| format!("cannot read {}", file.display()))?;
        let name = file
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        Ok((name, content))
    };
    files(folder)?.into_iter().map(read).collect()
}

fn files(folder: &Path) -> Result<Vec<PathBuf>> {
    let cannot_read = || format!("cannot read the folder {}", folder.display());
    let entries = fs::read_dir(folder).with_context(cannot_read)?;
    let mut files = Vec::new();
    for entry in entries {
        files.push(entry.with_context(cannot_read)?.path());
    }
    Ok(files)
}
