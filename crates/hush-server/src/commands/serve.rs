//! `serve`: the service itself.

use std::path::PathBuf;
use std::sync::Arc;

use hush_app::App;
use indicatif::ProgressBar;

use crate::config::{Settings, Store};
use crate::failure::Failure;
use crate::service::Service;
use crate::{import, stores};

pub(super) async fn run(settings: &Settings, files: &[PathBuf]) -> Result<(), Failure> {
    if !files.is_empty() && !matches!(settings.store, Some(Store::Memory)) {
        return Err(Failure::usage(
            "serve --import loads into the memory store only: use `hush-server import`, or add \
             --store memory",
        ));
    }
    stores::require(settings)?;
    let service = Service::prepare(settings).await?;
    let stores = stores::open(settings).await?;
    let guilds = import::check(files)?;
    let (ingest, clock) = (&*stores.ingest, &*stores.ports.clock);
    import::apply(&guilds, ingest, clock, &ProgressBar::hidden(), |guild| {
        tracing::info!("imported {}", import::summary(guild));
        Ok(())
    })
    .await?;
    let app = Arc::new(App::new(&stores.ports, settings.limits));
    service.run(settings, app, &stores).await
}
