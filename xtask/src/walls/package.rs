//! hush-domain is for others too: it builds alone, and a stranger's crate can start from what is published.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};

use crate::{commands, workspace};

/// Builds hush-domain without the workspace's features, packs it, and compiles and runs the example of its
/// documentation in a crate outside the workspace that knows only the package.
pub(super) fn stands_alone() -> Result<()> {
    for features in [&["--no-default-features"][..], &["--features", "serde"]] {
        commands::run(
            commands::cargo()
                .args(["check", "--package", "hush-domain"])
                .args(features),
        )?;
    }
    let folder = tempfile::tempdir()?;
    let package = unpacked(folder.path())?;
    let readme =
        fs::read_to_string(package.join("README.md")).context("no README in the package")?;
    let example = first_example(&readme).context("hush-domain's README has no Rust example")?;
    let consumer = folder.path().join("consumer");
    fs::create_dir_all(consumer.join("src"))?;
    fs::write(consumer.join("Cargo.toml"), manifest(&package))?;
    fs::write(consumer.join("src").join("main.rs"), program(&example))?;
    // The versions that the workspace has at hand, so that no registry is asked.
    fs::copy(
        workspace::root().join("Cargo.lock"),
        consumer.join("Cargo.lock"),
    )?;
    commands::run(
        commands::cargo()
            .current_dir(&consumer)
            .args(["run", "--quiet", "--offline"])
            .env("CARGO_TARGET_DIR", workspace::kept("consumer")?),
    )
}

/// The package's files, as a registry would hand them out.
fn unpacked(folder: &Path) -> Result<PathBuf> {
    commands::run(
        commands::cargo()
            .args([
                "package",
                "--package",
                "hush-domain",
                "--allow-dirty",
                "--no-verify",
                // What it needs was fetched when the workspace was built.
                "--offline",
            ])
            .args(["--quiet", "--target-dir"])
            .arg(folder),
    )?;
    let packages = folder.join("package");
    let entries = fs::read_dir(&packages).context("cargo made no package")?;
    let archive = entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .find(|path| path.extension().is_some_and(|it| it == "crate"))
        .context("cargo made no package")?;
    commands::read(
        Command::new("tar")
            .arg("-xzf")
            .arg(&archive)
            .arg("-C")
            .arg(&packages),
    )?;
    let package = archive.with_extension("");
    ensure!(
        package.join("Cargo.toml").exists(),
        "{} holds no crate",
        archive.display()
    );
    Ok(package)
}

fn manifest(package: &Path) -> String {
    format!(
        "[package]\nname = \"consumer\"\nedition = \"2024\"\n\n[dependencies]\nhush-domain = {{ path = {:?} }}\n\n\
         [workspace]\n",
        package.display().to_string()
    )
}

fn program(example: &str) -> String {
    format!("fn main() -> Result<(), Box<dyn std::error::Error>> {{\n{example}}}\n")
}

/// The first Rust block, with the lines that rustdoc hides.
fn first_example(readme: &str) -> Option<String> {
    let (_, block) = readme.split_once("```rust\n")?;
    let (block, _) = block.split_once("```")?;
    Some(
        block
            .lines()
            .flat_map(|line| [line.strip_prefix("# ").unwrap_or(line), "\n"])
            .collect(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hidden_lines_belong_to_the_example() {
        let readme = "# Title\n```rust\nlet a = 1;\n# Ok(())\n```\n```rust\nlater\n```\n";
        assert_eq!(first_example(readme).unwrap(), "let a = 1;\nOk(())\n");
        assert_eq!(first_example("no block"), None);
    }
}
