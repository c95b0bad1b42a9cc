//! Schemas as they are judged: closed, so that a field that nobody named is found.

use jsonschema::{Draft, Validator};
use serde_json::{Map, Value, json};

/// The components of a document with every object closed.
pub(crate) fn closed(document: &Value) -> Value {
    let mut schemas = document["components"]["schemas"].clone();
    for schema in schemas
        .as_object_mut()
        .into_iter()
        .flat_map(Map::values_mut)
    {
        close(schema, document);
    }
    json!({ "schemas": schemas })
}

/// A validator of a schema that refers to these components.
///
/// # Panics
/// If it is no schema: then the document is broken, and no test can go on.
pub(crate) fn compiled(schema: &Value, components: &Value) -> Validator {
    let mut whole = schema.clone();
    if let Some(fields) = whole.as_object_mut() {
        fields.insert("components".into(), components.clone());
    }
    let options = jsonschema::options()
        .with_draft(Draft::Draft202012)
        .should_validate_formats(true);
    options
        .build(&whole)
        .unwrap_or_else(|error| panic!("the document has a schema that is none: {error}"))
}

fn close(schema: &mut Value, document: &Value) {
    let Some(fields) = schema.as_object_mut() else {
        return;
    };
    // The parts of a whole cannot be closed one by one.
    if let Some(Value::Array(parts)) = fields.remove("allOf") {
        for part in parts {
            let reference = part["$ref"].as_str().and_then(|it| it.strip_prefix('#'));
            let part = reference
                .and_then(|it| document.pointer(it))
                .unwrap_or(&part);
            join(fields, part);
        }
    }
    if fields.contains_key("properties") {
        fields.entry("additionalProperties").or_insert(json!(false));
    }
    for (name, inner) in fields.iter_mut() {
        match (name.as_str(), inner) {
            ("properties", Value::Object(named)) => {
                for it in named.values_mut() {
                    close(it, document);
                }
            }
            ("oneOf" | "anyOf", Value::Array(choices)) => {
                for it in choices {
                    close(it, document);
                }
            }
            ("items", inner) => close(inner, document),
            _ => {}
        }
    }
}

/// Adds what an object schema says to another one.
///
/// # Panics
/// If it says more than which fields there are: then this has to learn what that is.
fn join(whole: &mut Map<String, Value>, part: &Value) {
    let known = ["type", "properties", "required", "description", "example"];
    for name in part.as_object().into_iter().flat_map(Map::keys) {
        assert!(
            known.contains(&name.as_str()),
            "a part of an allOf says {name}"
        );
    }
    for name in ["properties", "required"] {
        match (whole.get_mut(name), &part[name]) {
            (Some(Value::Object(known)), Value::Object(more)) => {
                known.extend(more.clone());
            }
            (Some(Value::Array(known)), Value::Array(more)) => known.extend(more.clone()),
            (None, more) if !more.is_null() => {
                whole.insert(name.into(), more.clone());
            }
            _ => {}
        }
    }
    whole.insert("type".into(), json!("object"));
}
