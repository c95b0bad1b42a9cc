//! What the developers of Hush run: `cargo xtask --help`.
#![expect(
    clippy::disallowed_methods,
    reason = "clock and environment are ports of the service, not of what its developers run"
)]

/// The service's allocator, so that its limit has no worse one.
#[cfg(feature = "bench")]
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

mod bench;
mod ci;
mod commands;
mod contract;
mod db;
#[cfg(feature = "bench")]
mod measure;
mod node;
mod openapi;
mod postgres;
mod python;
mod registry;
mod step;
mod test;
mod walls;
mod workspace;

use clap::{Parser, Subcommand};

/// What the developers of Hush run.
#[derive(Parser)]
#[command(bin_name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Set up what the tests need (PostgreSQL, Python's requests) and run every test there is.
    Test,
    /// Run everything that must hold before a change lands: format, lints, documents, walls, tests, contract.
    Ci,
    /// Check the laws of the house that no compiler knows: who may depend on whom, file lengths, hush-domain alone.
    Walls,
    /// Hold the OpenAPI documents against their judges: all of them, or only those that are named.
    Contract(contract::Contract),
    /// Rewrite the OpenAPI documents under `openapi/` from the code.
    Openapi(openapi::Openapi),
    /// Measure the service on each store against a bare router that answers the same bytes.
    Bench(bench::Bench),
    #[cfg(feature = "bench")]
    #[command(hide = true)]
    Measure(measure::Arguments),
    #[cfg(feature = "bench")]
    #[command(hide = true)]
    MeasureFeed(measure::site::Arguments),
    #[cfg(feature = "bench")]
    #[command(hide = true)]
    MeasureCommands(measure::site::Arguments),
    #[cfg(feature = "bench")]
    #[command(hide = true)]
    Limit(measure::limit::Arguments),
    /// Work with a throw-away PostgreSQL.
    #[command(subcommand)]
    Db(db::Task),
}

fn main() -> anyhow::Result<()> {
    match Arguments::parse().task {
        Task::Test => test::run(),
        Task::Ci => ci::run(),
        Task::Walls => walls::run(),
        Task::Contract(contract) => contract::run(&contract),
        Task::Openapi(openapi) => openapi::run(&openapi),
        Task::Bench(bench) => bench::run(&bench),
        #[cfg(feature = "bench")]
        Task::Measure(arguments) => measure::run(&arguments),
        #[cfg(feature = "bench")]
        Task::MeasureFeed(arguments) => measure::feed::run(&arguments),
        #[cfg(feature = "bench")]
        Task::MeasureCommands(arguments) => measure::commands::run(&arguments),
        #[cfg(feature = "bench")]
        Task::Limit(arguments) => measure::limit::run(&arguments),
        Task::Db(task) => db::run(task),
    }
}
