//! Whether clients of the last release still work: no change of the document breaks them within a major version.
//!
//! Two judges look at it. specshift knows much, but neither names of operations nor what stands within `oneOf`, and does
//! not tell what clients write from what they read; our own check does.

mod accepted;
mod comparison;
mod edit;
mod mutations;
mod operations;
mod schema;
mod specshift;
#[cfg(test)]
mod tests;
mod variants;

use std::fs;

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use self::accepted::Accepted;
use self::mutations::Mutation;
use self::specshift::Specshift;
use crate::{commands, openapi};

/// The document of the last release, and the one of now.
const RELEASED: &str = "released/hush.json";
const CURRENT: &str = "hush.json";

/// Compares the document with the one of the last release.
pub(super) fn check() -> Result<()> {
    let (released, current) = (read(RELEASED)?, read(CURRENT)?);
    let mut found = comparison::breaking(&released, &current);
    let files = (openapi::file(RELEASED), openapi::file(CURRENT));
    found.extend(Specshift::new()?.breaking(&files.0, &files.1)?);
    let accepted = Accepted::read()?;
    let breaking = accepted.rest(&found);
    for change in &breaking {
        commands::say(format_args!("breaks clients: {change}"));
    }
    ensure!(
        breaking.is_empty(),
        "{} changes since the last release break clients, named above: take them back, or add what is new beside what is \
         old. A change that breaks nobody all the same is listed in openapi/{} with its reason",
        breaking.len(),
        accepted::FILE
    );
    let vain = accepted.in_vain(&found);
    ensure!(
        vain.is_empty(),
        "openapi/{} accepts what is not there: remove {}",
        accepted::FILE,
        vain.join("; ")
    );
    Ok(())
}

/// Shows that the judges find what they are there for, each known break of the released document, and no more than that.
pub(super) fn prove() -> Result<()> {
    let released = read(RELEASED)?;
    let specshift = Specshift::new()?;
    let folder = tempfile::tempdir().context("cannot create a folder")?;
    let file = folder.path().join("changed.json");
    let judged = |(name, mutate): &Mutation| -> Result<_> {
        let mut changed = released.clone();
        mutate(&mut changed).with_context(|| {
            format!("«{name}» cannot be tried any more: see compatibility/mutations.rs")
        })?;
        fs::write(&file, changed.to_string()).context("cannot write a changed document")?;
        let ours = comparison::breaking(&released, &changed);
        Ok((ours, specshift.breaking(&openapi::file(RELEASED), &file)?))
    };
    let mut seen = 0;
    for mutation in mutations::BREAKING {
        let (ours, theirs) = judged(mutation)?;
        ensure!(
            !(ours.is_empty() && theirs.is_empty()),
            "no judge finds that clients break by «{}»: mend xtask/src/contract/compatibility/",
            mutation.0
        );
        seen += usize::from(!theirs.is_empty());
        if theirs.is_empty() {
            commands::say(format_args!("specshift does not see: {}", mutation.0));
        }
    }
    for mutation in mutations::HARMLESS {
        let (ours, theirs) = judged(mutation)?;
        let found: Vec<_> = ours.into_iter().chain(theirs).collect();
        ensure!(
            found.is_empty(),
            "«{}» breaks nobody and is taken for a break ({}): mend xtask/src/contract/compatibility/",
            mutation.0,
            found.join("; ")
        );
    }
    ensure!(
        seen == mutations::SEEN_BY_SPECSHIFT,
        "specshift finds {seen} of the known breaks where it found {}: is it another version? If it sees more, say so in \
         compatibility/mutations.rs",
        mutations::SEEN_BY_SPECSHIFT
    );
    commands::say(format_args!(
        "all of {} known breaks are found, {seen} by specshift, too; {} harmless changes pass",
        mutations::BREAKING.len(),
        mutations::HARMLESS.len()
    ));
    Ok(())
}

fn read(name: &str) -> Result<Value> {
    let file = openapi::file(name);
    let text =
        fs::read_to_string(&file).with_context(|| format!("cannot read {}", file.display()))?;
    serde_json::from_str(&text).with_context(|| format!("{} is no JSON", file.display()))
}
