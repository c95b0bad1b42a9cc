//! Changes that a judge takes for breaking, and that were found to break nobody, each with its reason. A release begins a
//! new list.

use std::collections::BTreeSet;
use std::fs;

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use crate::openapi;

/// The list, under `openapi/`.
pub(super) const FILE: &str = "released/accepted.json";

/// What was accepted since the last release.
pub(super) struct Accepted(Vec<String>);

impl Accepted {
    /// The list as it is committed.
    pub(super) fn read() -> Result<Self> {
        let file = openapi::file(FILE);
        let text =
            fs::read_to_string(&file).with_context(|| format!("cannot read {}", file.display()))?;
        Self::parse(&text).with_context(|| format!("{} is not as it must be", file.display()))
    }

    pub(super) fn parse(text: &str) -> Result<Self> {
        let list: Vec<Value> = serde_json::from_str(text)?;
        let mut changes = Vec::new();
        for entry in &list {
            let reason = entry["reason"].as_str().unwrap_or_default();
            ensure!(!reason.is_empty(), "an entry has no `reason`: {entry}");
            let named = entry["changes"].as_array().into_iter().flatten();
            let named: Vec<_> = named.filter_map(Value::as_str).map(str::to_owned).collect();
            ensure!(!named.is_empty(), "an entry has no `changes`: {entry}");
            changes.extend(named);
        }
        Ok(Self(changes))
    }

    /// The changes that nobody accepted.
    pub(super) fn rest(&self, found: &BTreeSet<String>) -> Vec<String> {
        let is_accepted = |change: &String| self.0.iter().any(|it| is_like(change, it));
        found
            .iter()
            .filter(|it| !is_accepted(it))
            .cloned()
            .collect()
    }

    /// What was accepted and is not found: the list must not forgive what comes later.
    pub(super) fn in_vain(&self, found: &BTreeSet<String>) -> Vec<&str> {
        let is_found = |it: &String| found.iter().any(|change| is_like(change, it));
        let vain = self.0.iter().filter(|it| !is_found(it));
        vain.map(String::as_str).collect()
    }
}

/// Whether an entry names the change: whole, or from a `*` on, which stands for any operation.
fn is_like(change: &str, entry: &str) -> bool {
    match entry.strip_prefix('*') {
        Some(end) => change.ends_with(end),
        None => change == entry,
    }
}
