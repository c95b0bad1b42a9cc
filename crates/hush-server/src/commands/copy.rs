//! `copy`: everything from one store into another.

use hush_adapters::transfer::{self, Copied, CopyError, Place};
use indicatif::{ProgressBar, ProgressFinish, ProgressStyle};

use crate::cli::CopyArgs;
use crate::failure::Failure;
use crate::output;

pub(super) async fn run(places: &CopyArgs) -> Result<(), Failure> {
    let from = place("--from", &places.from)?;
    let to = place("--to", &places.to)?;
    // It shows on a terminal only.
    let style = ProgressStyle::with_template("{spinner} {msg}");
    let spinner = ProgressBar::new_spinner()
        .with_style(style.unwrap_or(ProgressStyle::default_spinner()))
        .with_finish(ProgressFinish::AndClear);
    let progress = |copied: Copied| {
        spinner.set_message(summary(&copied));
        spinner.tick();
    };
    let copied = transfer::copy(&from, &to, progress)
        .await
        .map_err(|error| match error {
            CopyError::SamePlace { .. } => Failure::usage(error),
            _ => Failure::operation(error),
        })?;
    spinner.finish_and_clear();
    output::aside(&summary(&copied));
    Ok(())
}

/// The error does not repeat the address, which may carry a password.
fn place(flag: &str, url: &str) -> Result<Place, Failure> {
    url.parse()
        .map_err(|error| Failure::usage(format_args!("wrong value for {flag}: {error}")))
}

fn summary(copied: &Copied) -> String {
    format!(
        "copied {} servers with {} roles and {} members, {} tokens, {} commands, {} audit rows and {} admissions",
        copied.servers,
        copied.roles,
        copied.members,
        copied.tokens,
        copied.commands,
        copied.audit_rows,
        copied.admissions
    )
}
