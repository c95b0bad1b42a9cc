//! The document as OpenAPI 3.0.3, for generators that refuse 3.1.
//!
//! The two versions describe bodies in different dialects of JSON Schema. What the document uses of 3.1 is put in the
//! words of 3.0.3 here, and the words that 3.0.3 does not know do not come through: a test walks the result.

use serde::Serialize;
use serde_json::{Map, Value, json};

/// The document, in the order in which people read one.
#[derive(Serialize)]
pub(super) struct Document {
    openapi: &'static str,
    info: Value,
    servers: Value,
    #[serde(skip_serializing_if = "Value::is_null")]
    tags: Value,
    paths: Value,
    components: Value,
}

/// The document in the words of 3.0.3.
pub(super) fn rendering(mut document: Value) -> Document {
    if let Some(license) = document.pointer_mut("/info/license") {
        remove(license, "identifier");
    }
    if let Some(paths) = document.get_mut("paths") {
        schemas_below(paths);
    }
    if let Some(components) = document
        .get_mut("components")
        .and_then(Value::as_object_mut)
    {
        // Examples hold what bodies look like, and no schemas.
        for (_, component) in components
            .iter_mut()
            .filter(|(kind, _)| *kind != "examples")
        {
            schemas_below(component);
        }
        if let Some(schemas) = components.get_mut("schemas").and_then(Value::as_object_mut) {
            schemas.values_mut().for_each(schema);
        }
    }
    let mut part = |name: &str| document[name].take();
    Document {
        openapi: "3.0.3",
        info: part("info"),
        servers: part("servers"),
        tags: part("tags"),
        paths: part("paths"),
        components: part("components"),
    }
}

/// Rewrites every schema of parameters, headers and media types below `value`.
fn schemas_below(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            for (name, field) in fields {
                match name.as_str() {
                    "schema" => schema(field),
                    "example" | "examples" | "x-codeSamples" => {}
                    _ => schemas_below(field),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(schemas_below),
        _ => {}
    }
}

fn schema(value: &mut Value) {
    let Some(fields) = value.as_object_mut() else {
        return;
    };
    for (name, field) in fields.iter_mut() {
        match name.as_str() {
            "items" | "additionalProperties" => schema(field),
            "properties" => each(field.as_object_mut().into_iter().flat_map(Map::values_mut)),
            "oneOf" | "anyOf" | "allOf" => each(field.as_array_mut().into_iter().flatten()),
            _ => {}
        }
    }
    // Generators for languages with tagged unions would write the type twice: it is a field of each choice, too.
    fields.remove("discriminator");
    one_example(fields);
    nullable_type(fields);
    nullable_choice(fields);
    lone_reference(fields);
}

fn each<'a>(schemas: impl Iterator<Item = &'a mut Value>) {
    schemas.for_each(schema);
}

/// 3.0.3 takes one `example`.
fn one_example(fields: &mut Map<String, Value>) {
    if let Some(Value::Array(examples)) = fields.remove("examples")
        && let Some(first) = examples.into_iter().next()
    {
        fields.insert("example".into(), first);
    }
}

/// `type: [string, "null"]` is `nullable` there.
fn nullable_type(fields: &mut Map<String, Value>) {
    let Some(Value::Array(types)) = fields.get_mut("type") else {
        return;
    };
    types.retain(|it| it != "null");
    if let [only] = types.as_slice() {
        let only = only.clone();
        fields.insert("type".into(), only);
        fields.insert("nullable".into(), true.into());
    }
}

/// One of a schema and null is that schema, `nullable`.
fn nullable_choice(fields: &mut Map<String, Value>) {
    let Some(Value::Array(choices)) = fields.get_mut("oneOf") else {
        return;
    };
    let before = choices.len();
    choices.retain(|choice| choice["type"] != "null");
    if choices.len() == before {
        return;
    }
    if let [only] = choices.as_mut_slice() {
        let Value::Object(only) = only.take() else {
            return;
        };
        fields.remove("oneOf");
        fields.extend(only);
    }
    fields.insert("nullable".into(), true.into());
}

/// What stands beside a `$ref` is not looked at there, so the reference moves into an `allOf`.
fn lone_reference(fields: &mut Map<String, Value>) {
    if fields.len() > 1
        && let Some(reference) = fields.remove("$ref")
    {
        fields.insert("allOf".into(), json!([{ "$ref": reference }]));
    }
}

fn remove(value: &mut Value, name: &str) {
    if let Some(fields) = value.as_object_mut() {
        fields.remove(name);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rendered(mut given: Value) -> Value {
        schema(&mut given);
        given
    }

    #[test]
    fn each_word_of_3_1_gets_its_word_of_3_0() {
        for (given, expected) in [
            (
                json!({"type": ["string", "null"], "maxLength": 3}),
                json!({"type": "string", "nullable": true, "maxLength": 3}),
            ),
            (
                json!({"oneOf": [{"$ref": "#/a", "description": "An a."}, {"type": "null"}]}),
                json!({"allOf": [{"$ref": "#/a"}], "description": "An a.", "nullable": true}),
            ),
            (
                json!({"oneOf": [{"$ref": "#/a"}, {"type": "null"}]}),
                json!({"allOf": [{"$ref": "#/a"}], "nullable": true}),
            ),
            (
                json!({"$ref": "#/a", "description": "An a."}),
                json!({"allOf": [{"$ref": "#/a"}], "description": "An a."}),
            ),
            (json!({"$ref": "#/a"}), json!({"$ref": "#/a"})),
            (
                json!({"oneOf": [{"$ref": "#/a"}, {"$ref": "#/b"}], "discriminator": {"propertyName": "type"}}),
                json!({"oneOf": [{"$ref": "#/a"}, {"$ref": "#/b"}]}),
            ),
            (
                json!({"type": "object", "properties": {"examples": {"type": ["integer", "null"], "examples": [1, 2]}}}),
                json!({"type": "object", "properties": {"examples": {"type": "integer", "nullable": true, "example": 1}}}),
            ),
            (
                json!({"type": "array", "items": {"oneOf": [{"type": "string"}, {"type": "integer"}]}}),
                json!({"type": "array", "items": {"oneOf": [{"type": "string"}, {"type": "integer"}]}}),
            ),
        ] {
            assert_eq!(rendered(given.clone()), expected, "{given}");
        }
    }
}
