//! The import of Discord's guild JSON, the objects that its gateway sends as `GUILD_CREATE`.
//!
//! A file is read twice. The first time everything in it is held against every rule, and only what is small
//! is kept: head, roles, presences, and where the members stand. Only when every file has passed does the
//! second reading deliver the members to the store, some thousands at a time, so that neither a large server
//! nor a large file is ever in memory whole.

mod bounds;
mod check;
mod each;
mod guild;
mod input;
mod members;
mod wire;

use hush_domain::events::{Extent, Generation};
use hush_ports::{Clock, Ingest, IngestError};
use indicatif::{ProgressBar, ProgressFinish, ProgressStyle};

pub use check::check;
pub use guild::Guild;

use crate::failure::Failure;

/// Applies checked servers, one after the other, each atomically. `imported` is called after each.
pub async fn apply(
    guilds: &[Guild],
    ingest: &dyn Ingest,
    clock: &dyn Clock,
    progress: &ProgressBar,
    mut imported: impl FnMut(&Guild) -> Result<(), Failure>,
) -> Result<(), Failure> {
    for guild in guilds {
        let received_at = clock.wall();
        // Whoever takes the time as generation needs no memory of earlier ones.
        let snapshot = guild.snapshot(Generation(received_at.unix_micros()));
        let members = guild
            .members(progress.clone())
            .map_err(|error| Failure::operation(format_args!("{}: {error}", guild.file())))?;
        ingest
            .apply_snapshot(snapshot, Box::new(members), received_at)
            .await
            .map_err(|error| match error {
                IngestError::Backend(error) => error.into(),
                other => Failure::operation(format_args!(
                    "{}: server {} was not imported: {other}",
                    guild.file(),
                    guild.server()
                )),
            })?;
        imported(guild)?;
    }
    Ok(())
}

/// A progress bar over all members, which shows on a terminal only and is gone from it when it is dropped.
pub fn progress(guilds: &[Guild]) -> ProgressBar {
    let style = "importing {wide_bar} {human_pos}/{human_len} members, {eta} left";
    ProgressBar::new(guilds.iter().map(Guild::listed).sum())
        .with_style(ProgressStyle::with_template(style).unwrap_or(ProgressStyle::default_bar()))
        .with_finish(ProgressFinish::AndClear)
}

/// What is said of an imported server.
pub fn summary(guild: &Guild) -> String {
    let snapshot = guild.snapshot(Generation(0));
    let extent = match snapshot.extent {
        Extent::Complete => String::new(),
        Extent::Partial { member_count, .. } | Extent::Counted { member_count } => {
            format!(" of {member_count}")
        }
    };
    let presences = if snapshot.presences_known {
        "with presences"
    } else {
        "without presences"
    };
    format!(
        "server {} ({}): {}{extent} members {presences}, {} roles",
        snapshot.server,
        snapshot.name,
        guild.listed(),
        snapshot.roles.len()
    )
}
