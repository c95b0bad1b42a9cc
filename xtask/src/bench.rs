//! How fast the service is: against a bare axum router that answers the same bytes, in the same run.

use std::path::PathBuf;
use std::process::Command;
use std::{fmt, fs};

use anyhow::{Context, Result};
use clap::{Args, Subcommand, ValueEnum};
use serde_json::Value;

use crate::commands;

/// What is measured.
#[derive(Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct Bench {
    #[command(flatten)]
    options: Options,
    #[command(subcommand)]
    what: Option<What>,
}

/// What else is measured.
#[derive(Subcommand)]
enum What {
    /// The live feed instead of requests: how far behind a Discord of our own it is in a storm.
    Feed(Options),
    /// Commands: how soon a storm of them is done on a Discord of our own that has limits and fails now and then.
    Commands(Options),
}

/// How much is measured.
#[derive(Args)]
pub(crate) struct Options {
    /// A short look instead of a measurement.
    #[arg(long)]
    pub(crate) quick: bool,
    /// Only this store instead of all.
    #[arg(long)]
    store: Option<Store>,
}

/// Where the service keeps its data.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Store {
    /// In its own memory.
    Memory,
    /// In a file, as durable as it is by default.
    Sqlite,
    /// In a PostgreSQL of its own, as durable as it is by default.
    Postgres,
}

impl fmt::Display for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Memory => "memory",
            Self::Sqlite => "SQLite",
            Self::Postgres => "PostgreSQL",
        })
    }
}

/// Builds what is measured and what measures, and measures.
pub(crate) fn run(bench: &Bench) -> Result<()> {
    let options = &bench.options;
    match &bench.what {
        None => requests(options),
        Some(What::Feed(options)) => beside_discord("measure-feed", options),
        Some(What::Commands(options)) => beside_discord("measure-commands", options),
    }
}

fn build(packages: &[&str]) -> Result<PathBuf> {
    let mut cargo = commands::cargo();
    cargo.args([
        "build",
        "--release",
        "--package=xtask",
        "--features=xtask/bench",
    ]);
    commands::run(cargo.args(packages))?;
    Ok(target_directory()?.join("release"))
}

/// What measures, and ends with us, also if we are killed.
fn measuring() -> Command {
    let mut command = commands::program("setpriv");
    command.args(["--pdeathsig", "TERM"]);
    command
}

/// What needs a Discord has the whole machine, as the service and Discord would have one each.
fn beside_discord(task: &str, options: &Options) -> Result<()> {
    let binaries = build(&["--package=hush-server", "--package=hush-discord-fake"])?;
    let mut measure = measuring();
    measure.arg(binaries.join("xtask")).arg(task);
    measure.arg("--hush").arg(binaries.join("hush-server"));
    measure
        .arg("--fake")
        .arg(binaries.join("hush-discord-fake"));
    options.pass_on(&mut measure)?;
    commands::run(&mut measure)
}

/// Lets what measures run on a core of its own, where there are two.
fn requests(options: &Options) -> Result<()> {
    let binaries = build(&["--package=hush-server"])?;
    let mut measure = measuring();
    if let [server, .., load] = cores()?.as_slice() {
        measure.args(["taskset", "--cpu-list", load]);
        measure.arg(binaries.join("xtask"));
        measure.args(["measure", "--server-core", server]);
    } else {
        commands::say("one core: the load takes time from the server, and latencies mean little");
        measure.arg(binaries.join("xtask")).arg("measure");
    }
    measure.arg("--hush").arg(binaries.join("hush-server"));
    options.pass_on(&mut measure)?;
    commands::run(&mut measure)
}

impl Options {
    /// The stores to measure.
    #[cfg(feature = "bench")]
    pub(crate) fn stores(&self) -> impl Iterator<Item = Store> {
        let only = self.store;
        let all = Store::value_variants().iter().copied();
        all.filter(move |store| only.is_none_or(|only| only == *store))
    }

    /// Says the same to what measures.
    fn pass_on(&self, measure: &mut Command) -> Result<()> {
        if self.quick {
            measure.arg("--quick");
        }
        if let Some(store) = self.store {
            let name = store.to_possible_value().context("a store has no name")?;
            measure.args(["--store", name.get_name()]);
        }
        Ok(())
    }
}

/// Where cargo puts what it builds.
pub(crate) fn target_directory() -> Result<PathBuf> {
    let metadata =
        commands::read(commands::cargo().args(["metadata", "--format-version=1", "--no-deps"]))?;
    let metadata: Value = serde_json::from_str(&metadata).context("cargo wrote no JSON")?;
    let folder = metadata["target_directory"]
        .as_str()
        .context("cargo names no target folder")?;
    Ok(PathBuf::from(folder))
}

/// The cores that this process may run on.
fn cores() -> Result<Vec<String>> {
    let status = fs::read_to_string("/proc/self/status")
        .context("measuring needs Linux's /proc, for the processor time of a process")?;
    let list = status
        .lines()
        .find_map(|line| line.strip_prefix("Cpus_allowed_list:"));
    Ok(numbers(list.unwrap_or_default().trim()))
}

/// The 0, 2, 3, 4 of `0,2-4`.
fn numbers(list: &str) -> Vec<String> {
    let bounds = |range: &str| -> Option<(u32, u32)> {
        let (low, high) = range.split_once('-').unwrap_or((range, range));
        Some((low.parse().ok()?, high.parse().ok()?))
    };
    let ranges = list.split(',').filter_map(bounds);
    ranges
        .flat_map(|(low, high)| low..=high)
        .map(|core| core.to_string())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_of_cores_are_counted_out() {
        assert_eq!(numbers("0,2-4"), ["0", "2", "3", "4"]);
        assert_eq!(numbers("1"), ["1"]);
    }
}
