//! Judges of the documents as they stand: programs of others, with pinned versions, and no fault that is not listed under
//! `xtask/contract/judges/` with its reason.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use tempfile::TempDir;

use crate::python::Environment as Python;
use crate::{commands, node, openapi, workspace};

/// The documents under `openapi/` that are judged. The first is JSON, and says what places there are.
const DOCUMENTS: [&str; 4] = ["hush.json", "hush.yaml", "hush-3.0.json", "hush-3.0.yaml"];
/// The folder of what the judges are told.
const TOLD: &str = "xtask/contract/judges";
/// The files with exceptions.
const SPECTRAL: &str = ".spectral.yaml";
const REDOCLY: &str = "redocly.yaml";
const REDOCLY_EXCEPTIONS: &str = ".redocly.lint-ignore.yaml";
/// What mends a document.
const CURE: &str = "mend what it names where hush-http makes the document (wire/, routes/, openapi/), then run \
                    `cargo xtask openapi`";

/// The judges that run on Python.
pub(super) fn python() -> Result<Python> {
    Python::from_file("contract", &format!("{TOLD}/requirements.txt"))
}

/// Whether they are OpenAPI documents at all, by the schema of the specification.
pub(super) fn spec_validator() -> Result<()> {
    let program = python()?.program("openapi-spec-validator");
    let mut command = commands::program(&program.to_string_lossy());
    command.args(["--validation-errors", "all"]);
    commands::run(command.args(DOCUMENTS.map(openapi::file)))
        .with_context(|| format!("openapi-spec-validator objects to a document: {CURE}"))
}

/// Every rule of Redocly that is no matter of style.
pub(super) fn redocly() -> Result<()> {
    let packages = packages()?;
    let desk = lay(&packages, &[REDOCLY, REDOCLY_EXCEPTIONS])?;
    let program = packages.program("redocly");
    let mut command = commands::program(&program.to_string_lossy());
    command
        .current_dir(desk.path())
        // It would ask a registry for a newer version, and tell its makers what it was used for.
        .env("REDOCLY_SUPPRESS_UPDATE_NOTICE", "true")
        .env("REDOCLY_TELEMETRY", "off")
        .args(["lint", "--config", REDOCLY, "--format", "stylish"])
        .args(DOCUMENTS.map(on_desk));
    commands::run(&mut command).with_context(|| {
        format!(
            "Redocly objects to a document: {CURE}. What is no fault is listed in {TOLD}/{REDOCLY_EXCEPTIONS} with its \
             reason"
        )
    })
}

/// The rules of Spectral for OpenAPI, and those of OWASP for safe interfaces.
pub(super) fn spectral() -> Result<()> {
    let packages = packages()?;
    let desk = lay(&packages, &[SPECTRAL])?;
    let program = packages.program("spectral");
    let mut command = commands::program(&program.to_string_lossy());
    command
        .current_dir(desk.path())
        .args(["lint", "--ruleset", SPECTRAL, "--fail-severity", "hint"])
        .arg("--fail-on-unmatched-globs")
        .args(DOCUMENTS.map(on_desk));
    commands::run(&mut command).with_context(|| {
        format!(
            "Spectral objects to a document: {CURE}. What is no fault is listed in {TOLD}/{SPECTRAL} with its reason"
        )
    })
}

fn packages() -> Result<node::Environment> {
    node::Environment::with("judges", TOLD)
}

/// A document's place on a desk.
fn on_desk(document: &str) -> PathBuf {
    Path::new("openapi").join(document)
}

/// A desk beside the packages, where a judge finds rules and documents: exceptions name documents by their place relative
/// to the rules, and rule sets are searched for from there.
fn lay(packages: &node::Environment, rules: &[&str]) -> Result<TempDir> {
    let desk = tempfile::Builder::new()
        .prefix("desk-")
        .tempdir_in(packages.folder())
        .context("cannot create a folder for a judge")?;
    fs::create_dir(desk.path().join("openapi")).context("cannot create a folder for documents")?;
    let told = workspace::root().join(TOLD);
    let rules = rules
        .iter()
        .map(|rule| (told.join(rule), PathBuf::from(rule)));
    let documents = DOCUMENTS.map(|it| (openapi::file(it), on_desk(it)));
    for (from, to) in rules.clone().chain(documents) {
        fs::copy(&from, desk.path().join(to))
            .with_context(|| format!("cannot copy {}", from.display()))?;
    }
    let document = fs::read_to_string(openapi::file(DOCUMENTS[0]))?;
    let document: Value = serde_json::from_str(&document)
        .with_context(|| format!("openapi/{} is no JSON", DOCUMENTS[0]))?;
    for (rule, _) in rules {
        let text = fs::read_to_string(&rule)?;
        let vain = in_vain(&text, &document);
        ensure!(
            vain.is_empty(),
            "{} has exceptions for places that are no longer there: remove {}",
            rule.display(),
            vain.join(", ")
        );
    }
    Ok(desk)
}

/// The places that exceptions name and the document does not have. Whether the rule would still object at a place that is
/// there is not looked at: who mends a document looks through the exceptions for it.
fn in_vain<'a>(exceptions: &'a str, document: &Value) -> Vec<&'a str> {
    let lines = exceptions.lines().map(str::trim_start);
    let lines = lines.filter(|line| !line.starts_with('#'));
    let quoted = lines.flat_map(|line| line.split('"').skip(1).step_by(2));
    let places = quoted.filter_map(|text| text.split_once('#').map(|(_, place)| place));
    places
        .filter(|place| {
            // Spectral's pointers are parts of addresses.
            let pointer = place.replace("%7B", "{").replace("%7D", "}");
            document.pointer(&pointer).is_none()
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_exception_for_a_place_that_is_gone_is_found() {
        let document = json!({"paths": {"/v1/{id}": {"get": {"tags": [1]}}}, "info": {}});
        let exceptions = r##"
            # "#/paths/nowhere"
            - "#/info"
            - files: ["openapi/*#/paths/~1v1~1%7Bid%7D/get/tags/0", "openapi/*#/paths/~1v2"]
        "##;
        assert_eq!(in_vain(exceptions, &document), ["/paths/~1v2"]);
    }
}
