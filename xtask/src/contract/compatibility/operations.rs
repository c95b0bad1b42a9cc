//! What clients do with a document: they ask operations, and read answers.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::comparison::{Comparison, Way, fields, resolved};

/// The methods that a path can have.
const METHODS: &[&str] = &[
    "get", "put", "post", "delete", "options", "head", "patch", "trace",
];
/// How a parameter is written, with what stands for nothing.
const WRITING: &[&str] = &["style", "explode", "allowReserved", "content"];

impl<'a> Comparison<'a> {
    /// Compares all that clients see.
    pub(super) fn documents(&mut self) {
        let (old, new) = (self.old, self.new);
        for (path, was) in fields(&old["paths"]) {
            let (was, is) = self.resolved(was, &new["paths"][path]);
            for method in METHODS.iter().filter(|method| was[**method].is_object()) {
                let at = format!("{} {path}", method.to_uppercase());
                if is[*method].is_object() {
                    self.operations(&at, (was, &was[*method]), (is, &is[*method]));
                } else {
                    self.note(&at, "the operation is gone");
                }
            }
        }
        // Generated clients call their types by these names.
        for (name, _) in fields(&old["components"]["schemas"]) {
            if new["components"]["schemas"][name].is_null() {
                self.note(name, "the schema of this name is gone");
            }
        }
        for (name, was) in fields(&old["components"]["securitySchemes"]) {
            let is = &new["components"]["securitySchemes"][name];
            for keyword in ["type", "scheme", "in", "name", "flows", "openIdConnectUrl"] {
                if was[keyword] != is[keyword] {
                    let change = format!("{keyword} was {} and is {}", was[keyword], is[keyword]);
                    self.note(&format!("security scheme {name}"), change);
                }
            }
        }
    }

    /// Compares an operation, each time with the path that it stands in.
    fn operations(&mut self, at: &str, old: (&'a Value, &'a Value), new: (&'a Value, &'a Value)) {
        let (was, is) = (old.1, new.1);
        if was["operationId"] != is["operationId"] {
            let change = format!(
                "operationId was {} and is {}",
                was["operationId"], is["operationId"]
            );
            self.note(at, change);
        }
        self.parameters(at, old, new);
        self.request_bodies(at, &was["requestBody"], &is["requestBody"]);
        self.answers(at, &was["responses"], &is["responses"]);
        self.security(at, was, is);
    }

    fn parameters(&mut self, at: &str, old: (&'a Value, &'a Value), new: (&'a Value, &'a Value)) {
        let (before, now) = (parameters(self.old, old), parameters(self.new, new));
        for (key, was) in &before {
            let place = format!("{at} {key}");
            let Some(is) = now.get(key) else {
                self.note(&place, "the parameter is gone");
                continue;
            };
            if is_required(is) && !is_required(was) {
                self.note(&place, "the parameter must be there, and did not have to");
            }
            for keyword in WRITING.iter().filter(|it| was[**it] != is[**it]) {
                let change = format!("{keyword} was {} and is {}", was[*keyword], is[*keyword]);
                self.note(&place, change);
            }
            self.schemas(&place, Way::Request, &was["schema"], &is["schema"]);
        }
        for (key, is) in now.iter().filter(|(key, _)| !before.contains_key(*key)) {
            if is_required(is) {
                self.note(
                    &format!("{at} {key}"),
                    "a parameter that must be there has come",
                );
            }
        }
    }

    fn request_bodies(&mut self, at: &str, old: &'a Value, new: &'a Value) {
        let (was, is) = self.resolved(old, new);
        let at = format!("{at} body");
        match (was.is_object(), is.is_object()) {
            (true, false) => self.note(&at, "the body is gone"),
            (_, true) if is_required(is) && !is_required(was) => {
                self.note(&at, "the body must be there, and did not have to");
            }
            _ => {}
        }
        if was.is_object() && is.is_object() {
            self.contents(&at, Way::Request, &was["content"], &is["content"]);
        }
    }

    /// A refusal by a further status breaks nobody: every client has one way for all that it does not know.
    fn answers(&mut self, at: &str, old: &'a Value, new: &'a Value) {
        for (status, was) in fields(old) {
            let place = format!("{at} {status}");
            let (was, is) = self.resolved(was, &new[status]);
            if is.is_null() {
                self.note(&place, "the answer is gone");
                continue;
            }
            self.contents(&place, Way::Answer, &was["content"], &is["content"]);
            for (name, header) in fields(&was["headers"]) {
                let now = &is["headers"][name];
                if now.is_null() {
                    self.note(&format!("{place} {name}"), "the header is gone");
                } else {
                    self.headers(&format!("{place} {name}"), header, now);
                }
            }
        }
        for (status, _) in fields(new).filter(|(status, _)| old[*status].is_null()) {
            if !status.starts_with(['4', '5']) {
                self.note(
                    &format!("{at} {status}"),
                    "an answer that is no refusal has come",
                );
            }
        }
    }

    fn headers(&mut self, at: &str, old: &'a Value, new: &'a Value) {
        let (was, is) = self.resolved(old, new);
        if is_required(was) && !is_required(is) {
            self.note(at, "the header may be missing, and could not");
        }
        // Shared headers are compared once, by the name of the first.
        let name = |value: &Value| value["$ref"].as_str().map(str::to_owned);
        let mut at = at.to_owned();
        if let (Some(from), Some(to)) = (name(old), name(new)) {
            if !self.is_first(&from, &to, Way::Header) {
                return;
            }
            at = format!(
                "{} {}",
                Way::Header,
                from.rsplit('/').next().unwrap_or(&from)
            );
        }
        self.schemas(&at, Way::Header, &was["schema"], &is["schema"]);
    }

    /// Compares what a body can be. What clients may send may grow, what they are sent may not.
    fn contents(&mut self, at: &str, way: Way, old: &'a Value, new: &'a Value) {
        for (kind, was) in fields(old) {
            let is = &new[kind];
            if is.is_null() {
                self.note(at, format_args!("the media type {kind} is gone"));
            } else {
                self.schemas(at, way, &was["schema"], &is["schema"]);
            }
        }
        for (kind, _) in fields(new).filter(|(kind, _)| old[*kind].is_null()) {
            let shift = (false, true);
            self.shifted(at, way, shift, || format!("the media type {kind} has come"));
        }
    }

    /// What was enough must still be.
    fn security(&mut self, at: &str, old: &Value, new: &Value) {
        let asked = |document: &Value, operation: &Value| {
            let own = &operation["security"];
            let ways = if own.is_array() {
                own
            } else {
                &document["security"]
            };
            let ways = ways.as_array().into_iter().flatten();
            let mut ways: Vec<BTreeSet<String>> = ways.map(needs).collect();
            if ways.is_empty() {
                ways.push(BTreeSet::new());
            }
            ways
        };
        let now = asked(self.new, new);
        for before in asked(self.old, old) {
            if !now.iter().any(|needs| needs.is_subset(&before)) {
                let before: Vec<_> = before.into_iter().collect();
                self.note(
                    at,
                    format_args!("[{}] is no longer enough to ask it", before.join(", ")),
                );
            }
        }
    }
}

/// What one way to be admitted needs: schemes, and scopes of them.
fn needs(way: &Value) -> BTreeSet<String> {
    let each = fields(way).flat_map(|(scheme, scopes)| {
        let scopes = scopes.as_array().into_iter().flatten();
        let scopes = scopes.map(move |scope| format!("{scheme} {scope}"));
        [scheme.clone()].into_iter().chain(scopes)
    });
    each.collect()
}

/// The parameters of an operation with those of its path, by where they stand and their name.
fn parameters<'v>(
    document: &'v Value,
    (path, operation): (&'v Value, &'v Value),
) -> BTreeMap<String, &'v Value> {
    let each = [path, operation]
        .into_iter()
        .filter_map(|it| it["parameters"].as_array());
    let each = each.flatten().map(|it| resolved(document, it));
    let keyed = each.filter_map(|it| {
        let (place, name) = (it["in"].as_str()?, it["name"].as_str()?);
        // The names of headers have no case.
        let name = match place {
            "header" => name.to_ascii_lowercase(),
            _ => name.to_owned(),
        };
        Some((format!("{place} {name}"), it))
    });
    keyed.collect()
}

fn is_required(value: &Value) -> bool {
    value["required"] == true
}
