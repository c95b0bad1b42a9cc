//! The documentation page as a reader sees it: in Chromium, with axe and with a keyboard.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result, ensure};

use super::site::Demo;
use crate::{commands, node, workspace};

const INPUTS: &str = "xtask/contract/browser";
/// What the browser is called, by those who package it.
const NAMES: [&str; 4] = [
    "chromium",
    "chromium-browser",
    "google-chrome-stable",
    "google-chrome",
];

/// Looks at the page of a demo. What it looked like is in `target/xtask/screenshots`.
pub(super) fn check() -> Result<()> {
    let chromium = chromium()?;
    let screenshots = workspace::kept("screenshots")?;
    let node = node::Environment::with("browser", INPUTS)?;
    let script = node.folder().join("check.mjs");
    fs::copy(workspace::root().join(INPUTS).join("check.mjs"), &script)
        .with_context(|| format!("cannot write {}", script.display()))?;
    let demo = Demo::start()?;
    commands::run(
        commands::program("node")
            .arg(&script)
            .env("HUSH_URL", &demo.url)
            .env("HUSH_OWNER", &demo.owner)
            .env("HUSH_MEMBER", &demo.member)
            .env("HUSH_VERSIONS", versions()?)
            .env("HUSH_CHROMIUM", chromium)
            .env("HUSH_SCREENSHOTS", screenshots),
    )
    .with_context(|| {
        format!(
            "the page is not as it shall be, see above; the service's log is {}",
            demo.log().display()
        )
    })
}

/// The versions of the changelog, as JSON.
fn versions() -> Result<String> {
    let file = workspace::root().join("CHANGELOG.md");
    let changelog =
        fs::read_to_string(&file).with_context(|| format!("cannot read {}", file.display()))?;
    let versions = changelog
        .lines()
        .filter_map(|line| line.strip_prefix("## "));
    let versions: Vec<_> = versions.collect();
    ensure!(!versions.is_empty(), "{} has no version", file.display());
    Ok(serde_json::to_string(&versions)?)
}

fn chromium() -> Result<PathBuf> {
    let folders = workspace::program_folders();
    let mut places = NAMES
        .iter()
        .flat_map(|name| folders.iter().map(move |it| it.join(name)));
    places
        .find(|place| place.is_file())
        .context("Chromium is needed; on Debian: apt-get install chromium")
}
