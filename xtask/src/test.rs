//! Every test there is, with all that they need.

use std::process::Command;

use anyhow::{Context, Result, ensure};

use crate::commands;
use crate::postgres::Cluster;
use crate::python::Environment;

/// The features and crates that are tested, and that the lints look at.
pub(crate) const EVERYTHING: [&str; 2] = ["--workspace", "--all-features"];

/// Sets up what is missing and runs every test.
pub(crate) fn run() -> Result<()> {
    on(&Cluster::given_or_new()?)
}

/// Runs every test; those that need PostgreSQL on this cluster.
pub(crate) fn on(cluster: &Cluster) -> Result<()> {
    has_programs_of_the_samples()?;
    let python = Environment::with("tests", &["requests==2.32.5", "discord.py==2.7.1"])?;
    let prepared = |arguments: &[&str]| {
        let mut cargo = commands::cargo();
        cargo.args(arguments).args(EVERYTHING);
        cargo.env("HUSH_TEST_DATABASE_URL", cluster.url());
        cargo.env("HUSH_TEST_PYTHON", python.program("python"));
        cargo
    };
    if commands::succeeds(commands::cargo().args(["nextest", "--version"])) {
        commands::run(&mut prepared(&["nextest", "run"]))?;
    } else {
        commands::run(&mut prepared(&["test", "--all-targets", "--no-fail-fast"]))?;
    }
    commands::run(&mut prepared(&["test", "--doc"]))
}

/// The README's samples are run as a reader would run them: by curl, Node.js and Python.
fn has_programs_of_the_samples() -> Result<()> {
    commands::read(Command::new("curl").arg("--version"))
        .context("curl is needed: the README's samples are run")?;
    let version = commands::read(Command::new("node").arg("--version"))
        .context("Node.js 18 or newer is needed: the README's samples are run")?;
    ensure!(
        commands::major_version(&version).is_some_and(|major| major >= 18),
        "Node.js 18 or newer is needed, for its `fetch`; this one is {version}"
    );
    Ok(())
}
