//! Two documents side by side, and what was found between them that breaks clients.

use std::collections::BTreeSet;
use std::fmt;

use serde_json::Value;

/// How many references may follow each other.
const LONGEST_CHAIN: usize = 8;

/// Who writes a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Way {
    /// Clients do. Whoever allows less than before refuses what they send.
    Request,
    /// The service does. Whoever allows more than before sends what clients do not expect.
    Answer,
    /// The service does, in a header, for which clients have no type of their own.
    Header,
}

impl fmt::Display for Way {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Request => "requests with",
            Self::Answer => "answers with",
            Self::Header => "header",
        })
    }
}

/// Two documents, and the changes between them that break clients.
pub(super) struct Comparison<'a> {
    pub(super) old: &'a Value,
    pub(super) new: &'a Value,
    found: BTreeSet<String>,
    /// What was compared already, by both references.
    seen: BTreeSet<(String, String, Way)>,
}

/// Every change from `old` to `new` that breaks clients, each as the place and what is otherwise there.
pub(super) fn breaking(old: &Value, new: &Value) -> BTreeSet<String> {
    let mut comparison = Comparison {
        old,
        new,
        found: BTreeSet::new(),
        seen: BTreeSet::new(),
    };
    comparison.documents();
    comparison.found
}

impl<'a> Comparison<'a> {
    /// Notes a change that breaks clients.
    pub(super) fn note(&mut self, at: &str, change: impl fmt::Display) {
        self.found.insert(format!("{at}: {change}"));
    }

    /// Notes a change if it breaks whoever reads what is allowed this way: `less` is allowed than before, or `more`.
    pub(super) fn shifted(
        &mut self,
        at: &str,
        way: Way,
        (less, more): (bool, bool),
        change: impl FnOnce() -> String,
    ) {
        let breaks = match way {
            Way::Request => less,
            Way::Answer | Way::Header => more,
        };
        if breaks {
            self.note(at, change());
        }
    }

    /// Whether these two references are compared for the first time this way.
    pub(super) fn is_first(&mut self, old: &str, new: &str, way: Way) -> bool {
        self.seen.insert((old.to_owned(), new.to_owned(), way))
    }

    /// What stands at the end of references in the old document and in the new one.
    pub(super) fn resolved(&self, old: &'a Value, new: &'a Value) -> (&'a Value, &'a Value) {
        (resolved(self.old, old), resolved(self.new, new))
    }
}

/// What stands at the end of the references that `value` begins with; what leads nowhere is nothing.
pub(super) fn resolved<'a>(document: &'a Value, value: &'a Value) -> &'a Value {
    let mut found = value;
    for _ in 0..LONGEST_CHAIN {
        let Some(reference) = reference(found) else {
            return found;
        };
        found = target(document, reference);
    }
    &Value::Null
}

/// The reference that a value is.
pub(super) fn reference(value: &Value) -> Option<&str> {
    value.get("$ref")?.as_str()
}

/// What a reference leads to.
pub(super) fn target<'a>(document: &'a Value, reference: &str) -> &'a Value {
    let pointer = reference.strip_prefix('#').unwrap_or(reference);
    document.pointer(pointer).unwrap_or(&Value::Null)
}

/// The fields of an object, none of anything else.
pub(super) fn fields(value: &Value) -> impl Iterator<Item = (&String, &Value)> {
    value.as_object().into_iter().flatten()
}
