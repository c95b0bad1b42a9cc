//! The steps of a longer task: what is being done, and how long it took.

use std::time::Instant;

use anyhow::{Context, Result};

use crate::commands;

/// Does one step in the developer's sight, with the seconds that it took, and names it if it fails.
pub(crate) fn step(name: &str, check: impl FnOnce() -> Result<()>) -> Result<()> {
    commands::say(format_args!("== {name}"));
    let start = Instant::now();
    check().with_context(|| format!("the check of {name} failed"))?;
    commands::say(format_args!("== {name}: {} s", start.elapsed().as_secs()));
    Ok(())
}
