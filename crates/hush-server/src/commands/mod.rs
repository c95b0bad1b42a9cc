//! The operator's commands, one file each.

mod audit;
#[cfg(feature = "sqlite")]
mod copy;
mod demo;
mod discord;
mod healthcheck;
mod import;
mod openapi;
mod purge;
mod recount;
mod serve;
mod token;

use crate::cli::Command;
use crate::config::{Settings, Sources};
use crate::failure::Failure;
use crate::output;
use crate::stores;

/// Carries out a command.
pub async fn run(command: Command, sources: &Sources) -> Result<(), Failure> {
    if let Command::Openapi { yaml, v3_0 } = command {
        return openapi::print(yaml, v3_0);
    }
    #[cfg(feature = "sqlite")]
    if let Command::Copy(places) = command {
        return copy::run(&places).await;
    }
    let settings = Settings::load(sources)?;
    match command {
        Command::Serve(serve) => serve::run(&settings, &serve).await,
        Command::Demo => demo::run(&settings).await,
        Command::Migrate => {
            stores::migrate(&settings).await?;
            output::aside("the database's schema is up to date");
            Ok(())
        }
        Command::Backup { file } => {
            stores::backup(&settings, &file).await?;
            output::aside(&format!("backed up into {}", file.display()));
            Ok(())
        }
        Command::Import(import) => import::run(&settings, &import.files).await,
        Command::Token(token) => token::run(&settings, token).await,
        Command::Audit(audit) => audit::run(&settings, audit).await,
        Command::Purge(purge) => purge::run(&settings, &purge).await,
        Command::Recount { repair } => recount::run(&settings, repair).await,
        #[cfg(feature = "sqlite")]
        Command::Copy(places) => copy::run(&places).await,
        Command::Openapi { yaml, v3_0 } => openapi::print(yaml, v3_0),
        Command::Healthcheck { verbose } => healthcheck::run(&settings, verbose),
        Command::Discord(command) => discord::run(&settings, &command).await,
    }
}
