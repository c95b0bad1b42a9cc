//! The OpenAPI documents, as they are committed.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result};
use clap::Args;

use crate::{commands, workspace};

/// What is written.
#[derive(Args)]
pub(crate) struct Openapi {
    /// Keep the document besides as the one of a release, which later ones must not break, and forget what was accepted
    /// since the release before.
    #[arg(long)]
    release: bool,
}

/// A file under `openapi/`.
pub(crate) fn file(name: &str) -> PathBuf {
    workspace::root().join("openapi").join(name)
}

/// Writes what the service prints about itself.
pub(crate) fn run(openapi: &Openapi) -> Result<()> {
    for (name, arguments) in [
        ("hush.json", &["openapi"][..]),
        ("hush.yaml", &["openapi", "--yaml"]),
        ("hush-3.0.json", &["openapi", "--3.0"]),
        ("hush-3.0.yaml", &["openapi", "--3.0", "--yaml"]),
    ] {
        let mut print = commands::cargo();
        print
            .args(["run", "--quiet", "--package", "hush-server", "--"])
            .args(arguments);
        write(name, &commands::read(&mut print)?)?;
    }
    if openapi.release {
        let document = file("hush.json");
        let document = fs::read_to_string(&document)
            .with_context(|| format!("cannot read {}", document.display()))?;
        write("released/hush.json", &document)?;
        write("released/accepted.json", "[]\n")?;
    }
    Ok(())
}

fn write(name: &str, text: &str) -> Result<()> {
    let file = file(name);
    fs::write(&file, text).with_context(|| format!("cannot write {}", file.display()))?;
    commands::say(format_args!("wrote {}", file.display()));
    Ok(())
}
