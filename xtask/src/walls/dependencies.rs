//! Dependencies point inwards: who may use which crate of the workspace, and what must never be in whose tree.

use anyhow::{Context, Result};
use serde_json::Value;

use crate::commands;

struct Room {
    crate_name: &'static str,
    /// Crates of the workspace that it may use.
    inner: &'static [&'static str],
    /// Those that its tests may use as well.
    in_tests: &'static [&'static str],
    /// Crates that must not be in its tree, however far down, whatever features are on.
    never: &'static [&'static str],
}

const HOUSE: &[Room] = &[
    Room {
        crate_name: "hush-domain",
        inner: &[],
        in_tests: &[],
        never: &[
            "tokio",
            "sqlx",
            "axum",
            "utoipa",
            "hyper",
            "async-trait",
            "tracing",
        ],
    },
    Room {
        crate_name: "hush-ports",
        inner: &["hush-domain"],
        in_tests: &[],
        never: &["sqlx", "axum", "utoipa"],
    },
    Room {
        crate_name: "hush-app",
        inner: &["hush-domain", "hush-ports"],
        in_tests: &["hush-adapters"],
        never: &[
            "axum",
            "utoipa",
            "sqlx",
            "twilight-model",
            "twilight-gateway",
            "twilight-http",
        ],
    },
    Room {
        crate_name: "hush-adapters",
        inner: &["hush-domain", "hush-ports"],
        in_tests: &[],
        never: &[
            "axum",
            "utoipa",
            "twilight-model",
            "twilight-gateway",
            "twilight-http",
        ],
    },
    Room {
        crate_name: "hush-http",
        inner: &["hush-domain", "hush-app"],
        in_tests: &["hush-ports", "hush-adapters", "hush-conformance"],
        never: &[
            "sqlx",
            "twilight-model",
            "twilight-gateway",
            "twilight-http",
        ],
    },
    Room {
        crate_name: "hush-discord",
        inner: &["hush-domain", "hush-ports", "hush-app"],
        in_tests: &["hush-adapters", "hush-discord-fake"],
        never: &["sqlx", "axum", "utoipa"],
    },
    Room {
        crate_name: "hush-server",
        inner: &[
            "hush-domain",
            "hush-ports",
            "hush-app",
            "hush-adapters",
            "hush-http",
            "hush-discord",
        ],
        in_tests: &["hush-discord-fake", "hush-conformance"],
        never: &[],
    },
    Room {
        crate_name: "hush-conformance",
        // It judges the others, so it shares nothing with them.
        inner: &[],
        in_tests: &[],
        never: &["utoipa"],
    },
    Room {
        crate_name: "hush-discord-fake",
        // It is what others are compared with, so it shares nothing with them.
        inner: &[],
        in_tests: &[],
        never: &["twilight-model", "twilight-gateway", "twilight-http"],
    },
    Room {
        crate_name: "xtask",
        // For the tokens of what it measures.
        inner: &["hush-domain"],
        in_tests: &[],
        never: &[],
    },
];

/// Every place where a dependency points the wrong way.
pub(super) fn broken() -> Result<Vec<String>> {
    let metadata = commands::read(commands::cargo().args([
        "metadata",
        "--format-version=1",
        "--no-deps",
        "--locked",
    ]))?;
    let metadata: Value = serde_json::from_str(&metadata).context("cargo wrote no JSON")?;
    let mut broken = wrong_ways(&metadata, HOUSE);
    for room in HOUSE {
        broken.extend(intruders(room.crate_name, &["--all-features"], room.never)?);
    }
    let bare = ["--no-default-features"];
    broken.extend(intruders(
        "hush-domain",
        &bare,
        &["serde", "serde_core", "serde_json"],
    )?);
    Ok(broken)
}

/// Dependencies between the crates of the workspace that the table does not allow.
fn wrong_ways(metadata: &Value, house: &[Room]) -> Vec<String> {
    let packages = list(&metadata["packages"]);
    let is_ours = |name: &&str| packages.iter().any(|package| package["name"] == *name);
    let mut broken = Vec::new();
    for package in packages {
        let name = text(&package["name"]);
        let Some(room) = house.iter().find(|room| room.crate_name == name) else {
            broken.push(format!(
                "{name}: stands in no table of the walls; add it to HOUSE"
            ));
            continue;
        };
        if package["rust_version"].is_null() {
            broken.push(format!("{name}: states no rust-version"));
        }
        for dependency in list(&package["dependencies"]) {
            let Some(used) = dependency["name"].as_str().filter(is_ours) else {
                continue;
            };
            let in_tests = dependency["kind"] == "dev";
            let allowed = room.inner.contains(&used) || in_tests && room.in_tests.contains(&used);
            if !allowed {
                let place = if in_tests { " in its tests" } else { "" };
                broken.push(format!("{name}: must not use {used}{place}"));
            }
        }
    }
    broken
}

/// Which of the crates in `never` are in the tree of a crate, its tests aside.
fn intruders(crate_name: &str, features: &[&str], never: &[&str]) -> Result<Vec<String>> {
    let tree = commands::read(
        commands::cargo()
            .args([
                "tree",
                "--locked",
                "--package",
                crate_name,
                "--edges",
                "normal",
            ])
            .args(["--target", "all", "--prefix", "none", "--format", "{p}"])
            .args(features),
    )?;
    Ok(never
        .iter()
        .filter(|name| {
            tree.lines()
                .any(|line| line.split(' ').next() == Some(name))
        })
        .map(|name| format!("{crate_name}: must never see {name}, which is in its tree"))
        .collect())
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_dependency_that_points_outwards_is_named() {
        let package = |name: &str, used: &[(&str, Option<&str>)]| {
            let used: Vec<_> = used
                .iter()
                .map(|(name, kind)| json!({"name": name, "kind": kind}))
                .collect();
            json!({"name": name, "rust_version": "1.95", "dependencies": used})
        };
        let metadata = json!({"packages": [
            package("hush-domain", &[("hush-ports", None)]),
            package("hush-ports", &[("hush-domain", None), ("serde", None)]),
            package("hush-app", &[("hush-domain", None), ("hush-adapters", Some("dev"))]),
            package("hush-adapters", &[("hush-app", Some("dev"))]),
            package("newcomer", &[]),
        ]});
        assert_eq!(
            wrong_ways(&metadata, HOUSE),
            [
                "hush-domain: must not use hush-ports",
                "hush-adapters: must not use hush-app in its tests",
                "newcomer: stands in no table of the walls; add it to HOUSE",
            ]
        );
    }

    #[test]
    fn a_crate_is_found_however_deep_it_lies() {
        let found = intruders("xtask", &[], &["clap_builder", "sqlx"]).unwrap();
        assert_eq!(
            found,
            ["xtask: must never see clap_builder, which is in its tree"]
        );
    }
}
