//! The OpenAPI documents, as they are committed.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result};

use crate::{commands, workspace};

/// A file under `openapi/`.
pub(crate) fn file(name: &str) -> PathBuf {
    workspace::root().join("openapi").join(name)
}

/// Writes what the service prints about itself.
pub(crate) fn run() -> Result<()> {
    for (file, arguments) in [
        ("hush.json", &["openapi"][..]),
        ("hush.yaml", &["openapi", "--yaml"]),
        ("hush-3.0.json", &["openapi", "--3.0"]),
        ("hush-3.0.yaml", &["openapi", "--3.0", "--yaml"]),
    ] {
        let mut print = commands::cargo();
        print
            .args(["run", "--quiet", "--package", "hush-server", "--"])
            .args(arguments);
        let document = commands::read(&mut print)?;
        let file = self::file(file);
        fs::write(&file, document).with_context(|| format!("cannot write {}", file.display()))?;
        commands::say(format_args!("wrote {}", file.display()));
    }
    Ok(())
}
