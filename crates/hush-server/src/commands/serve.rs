//! `serve`: the service itself.

use std::sync::Arc;

use hush_app::App;
use hush_discord::DiscordExecutor;
use indicatif::ProgressBar;

use crate::cli::ServeArgs;
use crate::config::{Settings, Store};
use crate::failure::Failure;
use crate::service::Service;
use crate::{given_tokens, import, stores};

pub(super) async fn run(settings: &Settings, args: &ServeArgs) -> Result<(), Failure> {
    let loads = !args.import.is_empty() || args.tokens.is_some();
    if loads && !matches!(settings.store, Store::Memory) {
        return Err(Failure::usage(
            "serve --import and --tokens load into the memory store only: use `hush-server import` \
             and `hush-server token create`, or add --store memory",
        ));
    }
    let service = Service::prepare(settings).await?;
    let mut stores = stores::serving(settings).await?;
    if let Some(bot) = &settings.discord {
        let clock = stores.ports.clock.clone();
        stores.ports.executor = Some(Arc::new(DiscordExecutor::new(bot, clock)));
    }
    let guilds = import::check(&args.import)?;
    let (ingest, clock) = (&*stores.ingest, &*stores.ports.clock);
    import::apply(&guilds, ingest, clock, &ProgressBar::hidden(), |guild| {
        tracing::info!("imported {}", import::summary(guild));
        Ok(())
    })
    .await?;
    let app = Arc::new(App::new(&stores.ports, settings.limits));
    if let Some(file) = &args.tokens {
        given_tokens::load(&app, file).await?;
    }
    service.run(settings, app, &stores).await
}
