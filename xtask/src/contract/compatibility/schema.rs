//! Whether a schema allows less than before where clients write, or more where they read.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::comparison::{Comparison, Way, reference, target};
use super::variants::is_annotation;

/// Bounds, each with what stands for none, and whether it allows less when it rises.
const BOUNDS: &[(&str, f64, bool)] = &[
    ("minimum", f64::NEG_INFINITY, true),
    ("exclusiveMinimum", f64::NEG_INFINITY, true),
    ("minLength", 0.0, true),
    ("minItems", 0.0, true),
    ("minProperties", 0.0, true),
    ("maximum", f64::INFINITY, false),
    ("exclusiveMaximum", f64::INFINITY, false),
    ("maxLength", f64::INFINITY, false),
    ("maxItems", f64::INFINITY, false),
    ("maxProperties", f64::INFINITY, false),
];
/// What else is compared by its meaning.
const UNDERSTOOD: &[&str] = &[
    "additionalProperties",
    "anyOf",
    "const",
    "default",
    "discriminator",
    "enum",
    "format",
    "items",
    "nullable",
    "oneOf",
    "pattern",
    "properties",
    "required",
    "type",
    "uniqueItems",
];
/// How deep references and `allOf` may follow each other within one schema.
const DEEPEST: usize = 16;
/// What a list of words says of itself that may grow within a major version, to programs or to people.
const EXTENSIBLE: &str = "x-extensible";
const MAY_GROW: &str = "Later versions may add to the list.";

/// A schema without references and `allOf` at its top.
pub(super) type Flat = Map<String, Value>;

impl Comparison<'_> {
    /// Compares two schemas of the same thing.
    pub(super) fn schemas(&mut self, at: &str, way: Way, old: &Value, new: &Value) {
        let mut at = at.to_owned();
        if let (Some(from), Some(to)) = (reference(old), reference(new)) {
            // What many places share is looked at once each way, and called by its own name.
            if !self.is_first(from, to, way) {
                return;
            }
            let name = from.rsplit('/').next().unwrap_or(from);
            at = format!("{way} {name}");
        }
        let (old, new) = (flat(self.old, old, 0), flat(self.new, new, 0));
        self.types(&at, way, &old, &new);
        self.words(&at, way, &old, &new);
        self.bounds(&at, way, &old, &new);
        self.formats(&at, way, &old, &new);
        self.properties(&at, way, &old, &new);
        self.variants(&at, way, &old, &new);
        self.rest(&at, &old, &new);
    }

    fn types(&mut self, at: &str, way: Way, old: &Flat, new: &Flat) {
        let (before, now) = (types(old), types(new));
        let shift = (
            is_beyond(before.as_ref(), now.as_ref()),
            is_beyond(now.as_ref(), before.as_ref()),
        );
        self.shifted(at, way, shift, || {
            format!(
                "the type was {} and is {}",
                list(before.as_ref()),
                list(now.as_ref())
            )
        });
    }

    fn words(&mut self, at: &str, way: Way, old: &Flat, new: &Flat) {
        let (before, now) = (words(old), words(new));
        // A list that says so may grow.
        let shift = (
            is_beyond(before.as_ref(), now.as_ref()),
            is_beyond(now.as_ref(), before.as_ref()) && !may_grow(old),
        );
        self.shifted(at, way, shift, || {
            let (before, now) = (before.as_ref(), now.as_ref());
            match (before, now) {
                (Some(before), Some(now)) => {
                    let named = |from: &BTreeSet<_>, to| list(Some(&(from - to)));
                    format!(
                        "its words have lost [{}] and got [{}]",
                        named(before, now),
                        named(now, before)
                    )
                }
                _ => format!("it could be {} and can be {}", list(before), list(now)),
            }
        });
    }

    fn bounds(&mut self, at: &str, way: Way, old: &Flat, new: &Flat) {
        for (keyword, none, allows_less) in BOUNDS {
            let bound = |schema: &Flat| {
                schema
                    .get(*keyword)
                    .and_then(Value::as_f64)
                    .unwrap_or(*none)
            };
            let (rises, falls) = (bound(new) > bound(old), bound(new) < bound(old));
            let shift = if *allows_less {
                (rises, falls)
            } else {
                (falls, rises)
            };
            self.shifted(at, way, shift, || otherwise(keyword, old, new));
        }
        let is_set = |schema: &Flat| schema.get("uniqueItems") == Some(&Value::Bool(true));
        let shift = (is_set(new) && !is_set(old), is_set(old) && !is_set(new));
        self.shifted(at, way, shift, || otherwise("uniqueItems", old, new));
        // Whether one pattern allows all that another one does is not looked at.
        let (before, now) = (old.get("pattern"), new.get("pattern"));
        let changed = before != now;
        let shift = (changed && now.is_some(), changed && before.is_some());
        self.shifted(at, way, shift, || otherwise("pattern", old, new));
    }

    fn formats(&mut self, at: &str, way: Way, old: &Flat, new: &Flat) {
        let changed = |keyword| old.get(keyword) != new.get(keyword);
        // Generators choose the type of a field by its format, so that any change of it changes what is compiled against
        // them. A header that first says its format only allows less than it did.
        if changed("format") && (way != Way::Header || old.contains_key("format")) {
            self.note(at, otherwise("format", old, new));
        }
        if way == Way::Request && changed("default") && old.contains_key("default") {
            self.note(at, otherwise("default", old, new));
        }
    }

    fn properties(&mut self, at: &str, way: Way, old: &Flat, new: &Flat) {
        let (before, now) = (object(old, "properties"), object(new, "properties"));
        for (name, was) in &before {
            let place = format!("{at}.{name}");
            match now.get(name) {
                Some(is) => self.schemas(&place, way, was, is),
                None => self.note(&place, "the field is gone"),
            }
        }
        let (needed, needs) = (required(old), required(new));
        for name in needs.difference(&needed) {
            self.shifted(&format!("{at}.{name}"), way, (true, false), || {
                "it must be there, and did not have to".to_owned()
            });
        }
        for name in needed
            .difference(&needs)
            .filter(|name| now.contains_key(**name))
        {
            self.shifted(&format!("{at}.{name}"), way, (false, true), || {
                "it may be missing, and could not".to_owned()
            });
        }
        let closed =
            |schema: &Flat| schema.get("additionalProperties") == Some(&Value::Bool(false));
        if way == Way::Request && closed(new) && !closed(old) {
            self.note(at, "fields that are not named were taken and are refused");
        }
        if way != Way::Request && closed(old) {
            for name in now.keys().filter(|name| !before.contains_key(*name)) {
                self.note(
                    &format!("{at}.{name}"),
                    "a field in an object that promised to have no other",
                );
            }
        }
        let further = |schema: &Flat| {
            schema
                .get("additionalProperties")
                .cloned()
                .filter(Value::is_object)
        };
        if let (Some(was), Some(is)) = (further(old), further(new)) {
            self.schemas(&format!("{at}.*"), way, &was, &is);
        }
        let nothing = Value::Object(Flat::new());
        let items = |schema: &Flat| {
            schema
                .get("items")
                .cloned()
                .unwrap_or_else(|| nothing.clone())
        };
        if old.contains_key("items") || new.contains_key("items") {
            self.schemas(&format!("{at}[]"), way, &items(old), &items(new));
        }
    }

    /// What this check knows nothing of must not change unseen.
    fn rest(&mut self, at: &str, old: &Flat, new: &Flat) {
        let keywords: BTreeSet<_> = old.keys().chain(new.keys()).collect();
        let is_bound = |keyword: &str| BOUNDS.iter().any(|(bound, ..)| *bound == keyword);
        for keyword in keywords {
            let known = is_annotation(keyword)
                || is_bound(keyword)
                || UNDERSTOOD.contains(&keyword.as_str());
            if !known && old.get(keyword) != new.get(keyword) {
                self.note(at, otherwise(keyword, old, new));
            }
        }
    }
}

/// The schema with what it refers to, and with the parts of its `allOf` in one.
fn flat(document: &Value, schema: &Value, depth: usize) -> Flat {
    let mut flat = match schema {
        Value::Object(fields) => fields.clone(),
        // `false` allows nothing.
        Value::Bool(false) => Flat::from_iter([("enum".to_owned(), Value::Array(Vec::new()))]),
        _ => Flat::new(),
    };
    if depth == DEEPEST {
        return flat;
    }
    let mut parts = Vec::new();
    if let Some(Value::String(reference)) = flat.remove("$ref") {
        parts.push(target(document, &reference).clone());
    }
    if let Some(Value::Array(all)) = flat.remove("allOf") {
        parts.extend(all);
    }
    for part in parts {
        merge(&mut flat, self::flat(document, &part, depth + 1));
    }
    flat
}

/// Whether it is a list of words that says that it may grow.
fn may_grow(schema: &Flat) -> bool {
    let said = schema.get("description").and_then(Value::as_str);
    schema.get(EXTENSIBLE) == Some(&Value::Bool(true))
        || said.is_some_and(|text| text.contains(MAY_GROW))
}

/// Adds what a part says; what the whole says itself stands.
fn merge(whole: &mut Flat, part: Flat) {
    // The whole may have words of its own for readers, and the list is still the part's.
    if may_grow(&part) {
        whole.insert(EXTENSIBLE.to_owned(), Value::Bool(true));
    }
    for (keyword, value) in part {
        match (whole.get_mut(&keyword), value) {
            (Some(Value::Object(all)), Value::Object(more)) if keyword == "properties" => {
                for (name, schema) in more {
                    all.entry(name).or_insert(schema);
                }
            }
            (Some(Value::Array(all)), Value::Array(more)) if keyword == "required" => {
                all.extend(more);
            }
            (Some(_), _) => {}
            (None, value) => _ = whole.insert(keyword, value),
        }
    }
}

/// What the types are; `None` for any.
fn types(schema: &Flat) -> Option<BTreeSet<String>> {
    let mut types: BTreeSet<_> = match schema.get("type")? {
        Value::Array(types) => types
            .iter()
            .filter_map(Value::as_str)
            .map(str::to_owned)
            .collect(),
        other => other.as_str().map(str::to_owned).into_iter().collect(),
    };
    if types.contains("number") {
        types.insert("integer".to_owned());
    }
    if schema.get("nullable") == Some(&Value::Bool(true)) {
        types.insert("null".to_owned());
    }
    Some(types)
}

/// The values of which it can be one; `None` for any.
fn words(schema: &Flat) -> Option<BTreeSet<String>> {
    match (schema.get("enum"), schema.get("const")) {
        (Some(Value::Array(words)), _) => Some(words.iter().map(ToString::to_string).collect()),
        (_, Some(word)) => Some([word.to_string()].into()),
        _ => None,
    }
}

/// Whether the first set holds something that the second one does not; `None` holds everything.
fn is_beyond(first: Option<&BTreeSet<String>>, second: Option<&BTreeSet<String>>) -> bool {
    match (first, second) {
        (_, None) => false,
        (None, Some(_)) => true,
        (Some(first), Some(second)) => !first.is_subset(second),
    }
}

fn list(set: Option<&BTreeSet<String>>) -> String {
    set.map_or("anything".to_owned(), |set| {
        set.iter().cloned().collect::<Vec<_>>().join(", ")
    })
}

fn object(schema: &Flat, keyword: &str) -> Flat {
    schema
        .get(keyword)
        .and_then(Value::as_object)
        .cloned()
        .unwrap_or_default()
}

fn required(schema: &Flat) -> BTreeSet<&str> {
    let names = schema.get("required").and_then(Value::as_array);
    names
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect()
}

fn otherwise(keyword: &str, old: &Flat, new: &Flat) -> String {
    let said = |schema: &Flat| {
        schema
            .get(keyword)
            .map_or("not there".to_owned(), ToString::to_string)
    };
    format!("{keyword} was {} and is {}", said(old), said(new))
}
