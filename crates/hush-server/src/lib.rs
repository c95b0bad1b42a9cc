//! How Hush is put together: configuration, wiring, telemetry, shutdown and the operator's commands. It holds
//! no rule of any kind: those are further in.
//!
//! [`main`] is the whole of the binary. Follow a command from [`cli`] to [`commands`]; the settings that it
//! works with come from [`config`], and what it works on from [`stores`].

pub mod cli;
pub mod commands;
pub mod config;
pub mod demo;
pub mod failure;
pub mod import;
pub mod service;
pub mod stores;
pub mod telemetry;

mod environment;
mod given_tokens;
mod output;

use std::process::ExitCode;

use clap::Parser;

use cli::Cli;
use failure::Failure;

/// Does what the command line asks. An error is one line on the standard error output, and the exit code says
/// whose it is: 1 if the command failed, 2 if it was asked or configured wrongly.
pub fn main() -> ExitCode {
    match asked().and_then(|done| done.map_or(Ok(()), run)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            output::error(&failure);
            ExitCode::from(failure.exit_code())
        }
    }
}

/// The command line, or `None` if it only asked for help or the version, which is then printed.
fn asked() -> Result<Option<Cli>, Failure> {
    match Cli::try_parse() {
        Ok(cli) => Ok(Some(cli)),
        Err(error) if error.use_stderr() => Err(cli::usage_failure(&error)),
        Err(help) => {
            help.print().map_err(Failure::operation)?;
            Ok(None)
        }
    }
}

fn run(cli: Cli) -> Result<(), Failure> {
    let (command, sources) = cli.split();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(Failure::operation)?;
    let done = runtime.block_on(commands::run(command, &sources));
    // What is still under way, such as a look-up of a name, is waited for no longer.
    runtime.shutdown_background();
    done
}
