//! Schemas that are one of several, and what a validator does not look at.

use std::collections::BTreeMap;

use serde_json::Value;

use super::comparison::{Comparison, Way, fields, reference};
use super::schema::Flat;

/// What is said to readers alone: changes of it break nobody.
const ANNOTATIONS: &[&str] = &[
    "$comment",
    "contentMediaType",
    "deprecated",
    "description",
    "example",
    "examples",
    "externalDocs",
    "title",
    "xml",
];

/// Whether a validator does not look at this keyword.
pub(super) fn is_annotation(keyword: &str) -> bool {
    keyword.starts_with("x-") || ANNOTATIONS.contains(&keyword)
}

impl Comparison<'_> {
    /// Compares the variants of which a value is one, and how they are told apart.
    pub(super) fn variants(&mut self, at: &str, way: Way, old: &Flat, new: &Flat) {
        for keyword in ["oneOf", "anyOf"] {
            let (before, now) = (variants(old, keyword), variants(new, keyword));
            for (label, was) in &before {
                let place = format!("{at} ({label})");
                match now.get(label) {
                    Some(is) => self.schemas(&place, way, was, is),
                    // Without any other variant everything is allowed.
                    None => self.shifted(&place, way, (!now.is_empty(), now.is_empty()), || {
                        format!("the variant is gone from {keyword}")
                    }),
                }
            }
            for label in now.keys().filter(|label| !before.contains_key(*label)) {
                let shift = (before.is_empty(), !before.is_empty());
                self.shifted(&format!("{at} ({label})"), way, shift, || {
                    format!("the variant has come into {keyword}")
                });
            }
        }
        let Some(was) = old.get("discriminator") else {
            return;
        };
        let is = new.get("discriminator").unwrap_or(&Value::Null);
        if was.get("propertyName") != is.get("propertyName") {
            self.note(at, "its types are told apart by another field");
        }
        let mapping = is.get("mapping").unwrap_or(&Value::Null);
        for (word, kind) in was.get("mapping").into_iter().flat_map(fields) {
            if mapping.get(word) != Some(kind) {
                self.note(at, format_args!("`{word}` no longer stands for {kind}"));
            }
        }
    }
}

/// The variants by what tells them from each other: their reference, their type, or their place.
fn variants<'v>(schema: &'v Flat, keyword: &str) -> BTreeMap<String, &'v Value> {
    let all = schema.get(keyword).and_then(Value::as_array);
    let labelled = all
        .into_iter()
        .flatten()
        .enumerate()
        .map(|(place, variant)| {
            let name = reference(variant).and_then(|it| it.rsplit('/').next());
            let name = name.or_else(|| variant.get("type")?.as_str().filter(|it| *it == "null"));
            (
                name.map_or_else(|| place.to_string(), str::to_owned),
                variant,
            )
        });
    labelled.collect()
}
