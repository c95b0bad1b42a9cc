//! A second judge of what breaks clients: specshift, which was written by others and shares no fault with our own check.

use std::collections::BTreeSet;
use std::path::Path;

use anyhow::{Context, Result};
use serde_json::Value;

use crate::contract::judges;
use crate::{commands, python};

/// What it takes for a break wherever it stands: a value that is bounded further. In an answer that breaks nobody, and our
/// own check tells the two ways apart.
const BLIND: &[&str] = &[
    "A new validation pattern has been added",
    "Constraint '",
    "Enum values removed",
];

/// specshift, set up.
pub(super) struct Specshift(python::Environment);

impl Specshift {
    pub(super) fn new() -> Result<Self> {
        Ok(Self(judges::python()?))
    }

    /// What it says that breaks clients between the two documents, each as the place and what is otherwise there.
    pub(super) fn breaking(&self, old: &Path, new: &Path) -> Result<BTreeSet<String>> {
        let program = self.0.program("specshift");
        let mut command = commands::program(&program.to_string_lossy());
        command
            .args(["diff", "--format", "json", "--fail-on", "none"])
            .args([old, new]);
        let report = commands::read(&mut command)?;
        let report: Value =
            serde_json::from_str(&report).context("what specshift reports is no JSON")?;
        let changes = report["changes"].as_array().context(
            "what specshift reports has no `changes`: has another version been installed?",
        )?;
        let breaking = changes.iter().filter(|it| it["severity"] == "breaking");
        let told = breaking.map(|it| {
            let text = |field: &str| it[field].as_str().unwrap_or_default();
            (text("location"), text("message"))
        });
        let counts = told.filter(|(place, change)| {
            !(place.contains("> response ") && BLIND.iter().any(|it| change.starts_with(it)))
        });
        Ok(counts
            .map(|(place, change)| format!("{place}: {change}"))
            .collect())
    }
}
