//! What must not stand in a source file.

use std::fs;

use anyhow::{Context, Result};

use crate::{commands, workspace};

/// The length above which a file has more than one job.
const LONGEST: usize = 400;

/// Every place in a tracked file that breaks a law.
pub(super) fn broken() -> Result<Vec<String>> {
    let mut broken = Vec::new();
    // Also files that are not committed yet, but for ignored ones.
    let listed = ["ls-files", "--cached", "--others", "--exclude-standard"];
    let files =
        commands::read(
            commands::program("git")
                .args(listed)
                .args(["--", "*.rs", "*Cargo.toml"]),
        )?;
    for file in files.lines() {
        let path = workspace::root().join(file);
        let is_source = path.extension().is_some_and(|it| it == "rs");
        // A deletion that is not committed yet.
        if !path.exists() {
            continue;
        }
        let text = fs::read_to_string(path).with_context(|| format!("cannot read {file}"))?;
        let faults = if is_source {
            in_source(&text)
        } else {
            in_manifest(&text)
        };
        broken.extend(faults.into_iter().map(|fault| format!("{file}{fault}")));
    }
    Ok(broken)
}

fn in_source(text: &str) -> Vec<String> {
    let mut faults: Vec<String> = text
        .lines()
        .zip(1..)
        .filter(|(line, _)| silences_a_lint(line))
        .map(|(_, number)| {
            format!(":{number}: write #[expect(…, reason = \"…\")], which tells when it is in vain")
        })
        .collect();
    let length = text.lines().count();
    if length > LONGEST {
        faults.push(format!(
            ": {length} lines, where {LONGEST} are enough; split it by its jobs"
        ));
    }
    faults
}

/// The compiler knows the same law, but for attributes of whole files and conditional ones.
fn silences_a_lint(line: &str) -> bool {
    let line = line.trim_start();
    (line.starts_with("#[") || line.starts_with("#![")) && {
        let attribute = line.trim_start_matches(['#', '!', '[']);
        attribute.starts_with("allow(")
            || attribute.starts_with("cfg_attr(") && attribute.contains(" allow(")
    }
}

/// `unsafe` is forbidden, and much else, by the workspace's lints: where they are taken over.
fn in_manifest(text: &str) -> Vec<String> {
    let is_crate = text.lines().any(|line| line == "[package]");
    if !is_crate || text.contains("[lints]\nworkspace = true") {
        return Vec::new();
    }
    vec![": add `[lints]` with `workspace = true`, so that the workspace's lints hold here".into()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_way_to_silence_a_lint_is_found() {
        let silenced = [
            "#![allow(dead_code)]",
            "  #[allow(unused)]",
            "#[cfg_attr(test, allow(unused))]",
        ];
        for line in silenced {
            assert!(silences_a_lint(line), "{line}");
        }
        for line in [
            "#[expect(unused, reason = \"…\")]",
            "allow(x)",
            "#[cfg_attr(test, ignore)]",
        ] {
            assert!(!silences_a_lint(line), "{line}");
        }
        assert_eq!(in_source("fn a() {}\n#[allow(unused)]\n").len(), 1);
    }

    #[test]
    fn a_file_is_long_from_the_401st_line() {
        assert!(in_source(&"\n".repeat(400)).is_empty());
        assert_eq!(in_source(&"\n".repeat(401)).len(), 1);
    }

    #[test]
    fn a_crate_without_the_lints_is_found() {
        assert_eq!(in_manifest("[package]\nname = \"x\"\n").len(), 1);
        assert!(in_manifest("[package]\n[lints]\nworkspace = true\n").is_empty());
        assert!(in_manifest("[workspace]\n").is_empty());
    }
}
