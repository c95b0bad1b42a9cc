//! `discord`: what there is to set up at Discord.

use hush_discord::commands::{Registered, register};

use crate::cli::DiscordCommand;
use crate::config::Settings;
use crate::failure::Failure;
use crate::output;

pub(super) async fn run(settings: &Settings, command: &DiscordCommand) -> Result<(), Failure> {
    let discord = settings.discord.as_ref().ok_or_else(|| {
        Failure::usage(
            "there is no bot: set HUSH_DISCORD_TOKEN to its token, or HUSH_DISCORD_TOKEN_FILE to a file that holds it \
             (docs/discord.md)",
        )
    })?;
    match command {
        DiscordCommand::RegisterCommands => {
            let registered = register(&discord.client())
                .await
                .map_err(Failure::operation)?;
            output::aside(match registered {
                Registered::New => "/api is registered: Discord shows it within some minutes",
                Registered::Renewed => "/api is registered anew",
            });
            Ok(())
        }
    }
}
