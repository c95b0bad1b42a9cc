//! The document as OpenAPI 3.0.3 against the one in 3.1.

use hush_http::{Format, Version};
use serde_json::Value;

fn document(version: Version) -> Value {
    serde_json::from_str(&hush_http::openapi(version, Format::Json)).unwrap()
}

/// Collects what 3.0.3 does not know, with where it stands.
fn unknown_words(at: &str, value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            let in_schema = at.contains("/schema") && !at.ends_with("/properties");
            for (name, field) in fields {
                let here = format!("{at}/{name}");
                let unknown = match name.as_str() {
                    "type" => field.is_array() || field == "null",
                    "$ref" => fields.len() > 1,
                    "examples" => in_schema && field.is_array(),
                    "const" | "$defs" | "prefixItems" | "identifier" | "unevaluatedProperties" => {
                        true
                    }
                    _ => false,
                };
                if unknown && (in_schema || name == "identifier") {
                    found.push(here.clone());
                }
                // They hold values, and no schemas.
                if !matches!(name.as_str(), "example" | "enum" | "x-codeSamples") {
                    unknown_words(&here, field, found);
                }
            }
        }
        Value::Array(items) => {
            for (place, item) in items.iter().enumerate() {
                unknown_words(&format!("{at}/{place}"), item, found);
            }
        }
        _ => {}
    }
}

#[test]
fn it_has_no_word_that_3_0_does_not_know() {
    let mut found = Vec::new();
    unknown_words("", &document(Version::V3_1), &mut found);
    assert!(
        found.len() > 50,
        "nothing is found where there is much: {found:?}"
    );
    found.clear();
    unknown_words("", &document(Version::V3_0), &mut found);
    assert!(found.is_empty(), "{found:#?}");
}

/// What a parameter is called, where it stands, and whether it is needed.
fn parameters(operation: &Value) -> Vec<[&Value; 3]> {
    let parameters = operation["parameters"].as_array().into_iter().flatten();
    let known = parameters.map(|it| [&it["in"], &it["name"], &it["required"]]);
    known.collect()
}

/// The media types of a body or answer, with the names of their schemas.
fn content(body: &Value) -> Vec<(&String, &Value)> {
    let content = body["content"].as_object().into_iter().flatten();
    let named = content.map(|(name, content)| (name, &content["schema"]["$ref"]));
    named.collect()
}

#[test]
fn it_says_of_each_operation_what_the_other_says() {
    let [newer, older] = [Version::V3_1, Version::V3_0].map(document);
    let operations = newer["paths"].as_object().unwrap();
    assert_eq!(operations.len(), older["paths"].as_object().unwrap().len());
    for (path, item) in operations {
        let methods = |item: &Value| {
            item.as_object()
                .unwrap()
                .keys()
                .cloned()
                .collect::<Vec<_>>()
        };
        assert_eq!(methods(item), methods(&older["paths"][path]), "{path}");
        for (method, operation) in item.as_object().unwrap() {
            let at = format!("{method} {path}");
            let there = &older["paths"][path][method];
            for field in [
                "operationId",
                "summary",
                "description",
                "tags",
                "security",
                "x-codeSamples",
            ] {
                assert_eq!(operation[field], there[field], "{at}: {field}");
            }
            assert_eq!(parameters(operation), parameters(there), "{at}");
            let bodies = [operation, there].map(|it| &it["requestBody"]);
            assert_eq!(bodies[0]["required"], bodies[1]["required"], "{at}");
            assert_eq!(content(bodies[0]), content(bodies[1]), "{at}");
            for (status, response) in operation["responses"].as_object().unwrap() {
                let there = &there["responses"][status];
                for field in ["description", "headers"] {
                    assert_eq!(response[field], there[field], "{at} {status}: {field}");
                }
                assert_eq!(content(response), content(there), "{at} {status}");
            }
        }
    }
}

/// Whether null is among what a schema of 3.1 takes.
fn takes_null(schema: &Value) -> bool {
    let types = schema["type"].as_array().into_iter().flatten();
    let choices = schema["oneOf"].as_array().into_iter().flatten();
    types.into_iter().any(|it| it == "null") || choices.into_iter().any(|it| it["type"] == "null")
}

#[test]
fn it_has_the_same_fields_and_says_of_the_same_that_they_can_be_null() {
    let [newer, older] = [Version::V3_1, Version::V3_0].map(document);
    let mut nullable = 0;
    for (name, schema) in newer["components"]["schemas"].as_object().unwrap() {
        let there = &older["components"]["schemas"][name];
        // What was written out wherever it is used has no name there.
        if there.is_null() {
            assert!(
                ["AccessLevel", "CommandFailure", "CommandResult"].contains(&&**name),
                "{name}"
            );
            continue;
        }
        assert_eq!(schema["required"], there["required"], "{name}");
        assert_eq!(schema["enum"], there["enum"], "{name}");
        for (field, inner) in schema["properties"].as_object().into_iter().flatten() {
            let there = &there["properties"][field];
            assert!(there.is_object(), "{name}.{field} is not there");
            let can_be = there["nullable"] == true && there["type"].is_string();
            assert_eq!(takes_null(inner), can_be, "{name}.{field}: {there}");
            nullable += usize::from(can_be);
        }
    }
    assert!(nullable > 20, "{nullable}");
}
