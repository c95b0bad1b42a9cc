//! The laws of the house that no compiler knows. ARCHITECTURE.md gives the reasons.

mod dependencies;
mod package;
mod sources;

use anyhow::{Result, bail};

use crate::commands;

/// Checks every law and names each place that breaks one.
pub(crate) fn run() -> Result<()> {
    let mut broken = dependencies::broken()?;
    broken.extend(sources::broken()?);
    for place in &broken {
        commands::say(place);
    }
    if !broken.is_empty() {
        bail!(
            "the house's laws are broken in {} places, named above",
            broken.len()
        );
    }
    package::stands_alone()
}
