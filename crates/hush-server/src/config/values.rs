//! Settings as text, each with where it came from.

use std::collections::HashMap;
use std::fmt::Display;

use config::{Map, Value, ValueKind};

use super::keys::{KEYS, Key};
use crate::failure::Failure;

/// Settings that were found, by name. Every name is known.
pub struct Values(HashMap<&'static str, Value>);

impl Values {
    /// Takes the settings out of a tree, and refuses names that are unknown.
    pub(super) fn check_names(tree: Map<String, Value>) -> Result<Self, Failure> {
        let mut found = HashMap::new();
        take_leaves("", tree, &mut found)?;
        Ok(Self(found))
    }

    /// The text of a setting, and where it came from. A list is its elements, separated by commas.
    pub fn text(&self, name: &'static str) -> Option<(String, &str)> {
        let value = self.0.get(name)?;
        let text = match &value.kind {
            ValueKind::Array(elements) => elements
                .iter()
                .map(ToString::to_string)
                .collect::<Vec<_>>()
                .join(","),
            other => other.to_string(),
        };
        Some((text, origin(value)))
    }

    /// A setting as `parse` understands it; `expected` tells people what that is.
    pub fn get<T, E>(
        &self,
        name: &'static str,
        expected: &str,
        parse: impl FnOnce(&str) -> Result<T, E>,
    ) -> Result<Option<T>, Failure> {
        let Some((text, origin)) = self.text(name) else {
            return Ok(None);
        };
        parse(&text).map(Some).map_err(|_| {
            Failure::usage(format_args!(
                "wrong value \"{text}\" for {name} ({origin}): expected {expected}"
            ))
        })
    }

    /// A setting that has a default, so that it is always there.
    pub fn require<T, E>(
        &self,
        name: &'static str,
        expected: &str,
        parse: impl FnOnce(&str) -> Result<T, E>,
    ) -> Result<T, Failure> {
        self.get(name, expected, parse)?
            .ok_or_else(|| Failure::usage(format_args!("{name} is not set: expected {expected}")))
    }
}

fn take_leaves(
    path: &str,
    tree: Map<String, Value>,
    found: &mut HashMap<&'static str, Value>,
) -> Result<(), Failure> {
    for (name, value) in tree {
        let path = format!("{path}{name}");
        if let Some(key) = KEYS.iter().find(|key| key.name == path) {
            if matches!(value.kind, ValueKind::Table(_)) {
                return Err(Failure::usage(format_args!(
                    "wrong value for {path} ({}): expected a single value, not a table",
                    origin(&value)
                )));
            }
            found.insert(key.name, value);
            continue;
        }
        let inside = format!("{path}.");
        let is_table = KEYS.iter().any(|key| key.name.starts_with(&inside));
        match value.kind {
            ValueKind::Table(table) if is_table => take_leaves(&inside, table, found)?,
            _ => return Err(unknown(&path, origin(&value))),
        }
    }
    Ok(())
}

fn origin(value: &Value) -> &str {
    value.origin().unwrap_or("the default")
}

fn unknown(path: &str, origin: impl Display) -> Failure {
    // Somebody who wrote a key at the wrong level finds it by its last part.
    let last = path.rsplit('.').next();
    let elsewhere: Option<&Key> = KEYS.iter().find(|key| key.name.rsplit('.').next() == last);
    match elsewhere {
        Some(key) => Failure::usage(format_args!(
            "unknown setting {path} in {origin}: did you mean {}?",
            key.name
        )),
        None => Failure::usage(format_args!(
            "unknown setting {path} in {origin}: correct its name or remove it \
             (hush.example.toml lists every setting)"
        )),
    }
}
