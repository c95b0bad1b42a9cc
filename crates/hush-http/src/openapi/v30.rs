//! The document as OpenAPI 3.0.3, for generators that refuse 3.1.
//!
//! The two versions describe bodies in different dialects of JSON Schema. What the document uses of 3.1 is put in the
//! words of 3.0.3 here, and the words that 3.0.3 does not know do not come through: a test walks the result.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

/// The document, in the order in which people read one.
#[derive(Serialize)]
pub(super) struct Document {
    openapi: &'static str,
    info: Value,
    servers: Value,
    #[serde(skip_serializing_if = "Value::is_null")]
    tags: Value,
    paths: BTreeMap<String, PathItem>,
    components: Value,
}

/// The operations of a path, in the order in which people read them.
#[derive(Serialize, Deserialize)]
struct PathItem {
    #[serde(skip_serializing_if = "Option::is_none")]
    get: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    post: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    patch: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    delete: Option<Value>,
}

/// The document in the words of 3.0.3.
pub(super) fn rendering(mut document: Value) -> Document {
    // There is no field for the expression there, which is the name as well.
    document["info"]["license"] = json!({
        "name": document["info"]["license"]["name"],
        "url": env!("CARGO_PKG_REPOSITORY"),
    });
    let dialect = Dialect {
        named: document["components"]["schemas"].clone(),
    };
    dialect.below(&mut document["paths"]);
    let components = document["components"].as_object_mut();
    for (kind, component) in components.into_iter().flatten() {
        match kind.as_str() {
            "schemas" => dialect.all(
                component
                    .as_object_mut()
                    .into_iter()
                    .flat_map(Map::values_mut),
            ),
            // They hold what bodies look like, and no schemas.
            "examples" => {}
            _ => dialect.below(component),
        }
    }
    without_unused(&mut document);
    let mut part = |name: &str| document[name].take();
    Document {
        openapi: "3.0.3",
        info: part("info"),
        servers: part("servers"),
        tags: part("tags"),
        paths: serde_json::from_value(part("paths")).unwrap_or_default(),
        components: part("components"),
    }
}

/// The words of 3.0.3, for schemas that refer to named ones.
struct Dialect {
    /// The named schemas, still in the words of 3.1.
    named: Value,
}

impl Dialect {
    /// Rewrites every schema of parameters, headers and media types below `value`.
    fn below(&self, value: &mut Value) {
        match value {
            Value::Object(fields) => {
                for (name, field) in fields {
                    match name.as_str() {
                        "schema" => self.rewrite(field),
                        "example" | "examples" | "x-codeSamples" => {}
                        _ => self.below(field),
                    }
                }
            }
            Value::Array(items) => {
                for item in items {
                    self.below(item);
                }
            }
            _ => {}
        }
    }

    fn all<'a>(&self, schemas: impl Iterator<Item = &'a mut Value>) {
        for schema in schemas {
            self.rewrite(schema);
        }
    }

    fn rewrite(&self, schema: &mut Value) {
        let Some(fields) = schema.as_object_mut() else {
            return;
        };
        self.nullable_choice(fields);
        for (name, field) in fields.iter_mut() {
            match name.as_str() {
                "items" | "additionalProperties" => self.rewrite(field),
                "properties" => {
                    self.all(field.as_object_mut().into_iter().flat_map(Map::values_mut));
                }
                "oneOf" | "anyOf" | "allOf" => self.all(field.as_array_mut().into_iter().flatten()),
                _ => {}
            }
        }
        // Generators for languages with tagged unions would write the type twice: it is a field of each choice, too.
        fields.remove("discriminator");
        one_example(fields);
        nullable_type(fields);
        lone_reference(fields);
    }

    /// One of a schema and null is that schema with another type, null: `nullable` says nothing beside a reference there,
    /// so the schema itself is written out.
    fn nullable_choice(&self, fields: &mut Map<String, Value>) {
        let Some(Value::Array(choices)) = fields.get("oneOf") else {
            return;
        };
        let [Value::Object(choice), Value::Object(null)] = choices.as_slice() else {
            return;
        };
        if null.get("type").is_none_or(|it| it != "null") {
            return;
        }
        let reference = choice
            .get("$ref")
            .and_then(Value::as_str)
            .unwrap_or_default();
        let name = reference.rsplit('/').next().unwrap_or_default();
        let mut written = self.named[name].as_object().cloned().unwrap_or_default();
        written.extend(choice.clone());
        written.remove("$ref");
        if let Some(only) = written.remove("type") {
            written.insert("type".into(), json!([only, "null"]));
        }
        if let Some(Value::Array(words)) = written.get_mut("enum") {
            words.push(Value::Null);
        }
        fields.remove("oneOf");
        fields.extend(written);
    }
}

/// What was written out wherever it is used needs no name any more.
fn without_unused(document: &mut Value) {
    let whole = document.to_string();
    if let Some(schemas) = document["components"]["schemas"].as_object_mut() {
        schemas.retain(|name, _| whole.contains(&format!("\"#/components/schemas/{name}\"")));
    }
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

/// What stands beside a `$ref` is not looked at there, so the reference moves into an `allOf`.
fn lone_reference(fields: &mut Map<String, Value>) {
    if fields.len() > 1
        && let Some(reference) = fields.remove("$ref")
    {
        fields.insert("allOf".into(), json!([{ "$ref": reference }]));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rendered(mut given: Value) -> Value {
        let named = json!({
            "a": {"type": "string", "maxLength": 3, "description": "Any a."},
            "b": {"type": "string", "enum": ["x"]},
        });
        Dialect { named }.rewrite(&mut given);
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
                json!({"type": "string", "nullable": true, "maxLength": 3, "description": "An a."}),
            ),
            (
                json!({"oneOf": [{"$ref": "#/b"}, {"type": "null"}]}),
                json!({"type": "string", "nullable": true, "enum": ["x", null]}),
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
