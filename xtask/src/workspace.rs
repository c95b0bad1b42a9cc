//! Where the workspace lies, what its build folder keeps for these tasks, and what the caller's environment asks for.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

/// The folder of the workspace's Cargo.toml.
pub(crate) fn root() -> &'static Path {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR"));
    manifest.parent().unwrap_or(manifest)
}

/// A folder under `target/` that outlives a run: for virtual environments and builds apart from the workspace's.
pub(crate) fn kept(name: &str) -> Result<PathBuf> {
    let folder = root().join("target").join("xtask").join(name);
    fs::create_dir_all(&folder).with_context(|| format!("cannot create {}", folder.display()))?;
    Ok(folder)
}

/// What the caller's environment says of `name`; an empty value says nothing.
pub(crate) fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// The variables that `cargo run` added to ours, by which the build scripts of some crates (ring's for one) would
/// believe that they must run again.
pub(crate) fn added_by_cargo_run() -> impl Iterator<Item = OsString> {
    std::env::vars_os().map(|(name, _)| name).filter(|name| {
        let name = name.to_string_lossy();
        name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_")
    })
}

/// The variables by which the caller sets up the service.
pub(crate) fn settings_of_the_service() -> impl Iterator<Item = OsString> {
    let names = std::env::vars_os().map(|(name, _)| name);
    names.filter(|name| name.to_string_lossy().starts_with("HUSH_"))
}

/// The folders that the shell searches for programs.
pub(crate) fn program_folders() -> Vec<PathBuf> {
    std::env::var_os("PATH")
        .map(|path| std::env::split_paths(&path).collect())
        .unwrap_or_default()
}
