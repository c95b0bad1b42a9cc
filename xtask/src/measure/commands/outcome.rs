//! What became of the commands, as the API tells it and as the fake Discord has seen it.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result, bail, ensure};
use hush_domain::time::Timestamp;
use serde_json::Value;

use super::text;
use crate::measure::site::{Discord, Service};

/// What became of the commands.
pub(super) struct Outcome {
    /// From queueing until the end of each, in microseconds, sorted.
    pub(super) took: Vec<u32>,
    /// How many attempts were followed by another one.
    pub(super) retries: u64,
    /// Of how many nobody knows whether they were done.
    pub(super) unknown: usize,
}

impl Outcome {
    /// Fails if a command is lost, was done twice, or has another end than what was done.
    pub(super) fn read(service: &Service<'_>, discord: &Discord, taken: &[String]) -> Result<Self> {
        let mut commands = BTreeMap::new();
        for key in discord.owners() {
            let path = format!("/v1/servers/{}/commands?limit=1000", key.server);
            let page = service.ask(key, &path)?;
            for command in page["commands"].as_array().context("no commands")? {
                commands.insert(text(command, "id")?.to_owned(), command.clone());
            }
        }
        let wanted: BTreeSet<_> = taken.iter().collect();
        ensure!(wanted.len() == taken.len(), "two commands have one id");
        ensure!(
            commands.keys().eq(wanted),
            "{} commands were taken and {} are there",
            taken.len(),
            commands.len()
        );
        let done = done(&discord.get("effects")?)?;
        let mut outcome = Self {
            took: Vec::with_capacity(commands.len()),
            retries: 0,
            unknown: 0,
        };
        for (id, command) in &commands {
            outcome.add(command, done.contains(id))?;
        }
        outcome.took.sort_unstable();
        Ok(outcome)
    }

    fn add(&mut self, command: &Value, done: bool) -> Result<()> {
        let attempts = command["attempts"].as_u64().context("no attempts")?;
        match (text(command, "state")?, &command["failure"]["code"]) {
            ("succeeded", _) => {
                // An earlier attempt may have lifted the ban.
                let lifted = command["type"] == "unban" && attempts > 1;
                ensure!(done || lifted, "it was not done: {command}");
            }
            ("failed", code) if code == "outcome-unknown" => self.unknown += 1,
            _ => bail!("it should have been done: {command}"),
        }
        let at = |name| -> Result<Timestamp> {
            let at = text(command, name)?.parse();
            at.with_context(|| format!("{name} is no time"))
        };
        let took = at("ended_at")?.unix_micros() - at("created_at")?.unix_micros();
        self.took.push(u32::try_from(took)?);
        self.retries += attempts.saturating_sub(1);
        Ok(())
    }
}

/// The commands that had an effect. Fails if one changed the same twice.
fn done(effects: &Value) -> Result<BTreeSet<String>> {
    let mut done = BTreeSet::new();
    let mut changed = BTreeSet::new();
    for effect in effects.as_array().context("no effects")? {
        let author = author(effect).with_context(|| format!("nobody's: {effect}"))?;
        if effect["changed"] == true {
            let target = text(effect, "target")?;
            ensure!(
                changed.insert((author.to_owned(), target)),
                "{author} was done twice to {target}"
            );
        }
        done.insert(author.to_owned());
    }
    Ok(done)
}

/// The command that an effect comes from: a message has its id as nonce, all else in Discord's audit log.
fn author(effect: &Value) -> Option<&str> {
    effect["nonce"].as_str().or_else(|| {
        let reason = effect["reason"].as_str()?;
        reason.strip_prefix("Hush command ")?.split(' ').next()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn an_effect_that_comes_twice_is_found() {
        let effect = |changed| json!({"target": "7", "changed": changed, "reason": "Hush command 5 of user 1", "nonce": null});
        let once = done(&json!([effect(true), effect(false)])).unwrap();
        assert_eq!(once, BTreeSet::from(["5".to_owned()]));
        assert!(done(&json!([effect(true), effect(true)])).is_err());
        assert!(done(&json!([{"target": "7", "changed": true}])).is_err());
    }
}
