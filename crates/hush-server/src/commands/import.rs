//! `import`: guild JSON into the lasting store.

use std::path::PathBuf;

use crate::config::Settings;
use crate::failure::Failure;
use crate::{import, output, stores};

pub(super) async fn run(settings: &Settings, files: &[PathBuf]) -> Result<(), Failure> {
    // What is cheap to refuse is refused before a long file is read, and a database is only asked once the
    // files are known to be right.
    stores::require_lasting(settings)?;
    let guilds = import::check(files)?;
    let stores = stores::lasting(settings).await?;
    let progress = import::progress(&guilds);
    let imported = |guild: &import::Guild| {
        progress.suspend(|| output::line(&format!("imported {}", import::summary(guild))))
    };
    import::apply(
        &guilds,
        &*stores.ingest,
        &*stores.ports.clock,
        &progress,
        imported,
    )
    .await
}
