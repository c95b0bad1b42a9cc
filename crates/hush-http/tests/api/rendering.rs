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

#[test]
fn it_says_of_each_operation_what_the_other_says() {
    let [newer, older] = [Version::V3_1, Version::V3_0].map(document);
    let operations = newer["paths"].as_object().unwrap();
    assert_eq!(operations.len(), older["paths"].as_object().unwrap().len());
    for (path, item) in operations {
        let there = &older["paths"][path];
        let methods = |item: &Value| {
            item.as_object()
                .unwrap()
                .keys()
                .cloned()
                .collect::<Vec<_>>()
        };
        assert_eq!(methods(item), methods(there), "{path}");
        for (method, operation) in item.as_object().unwrap() {
            let there = &there[method];
            for field in [
                "operationId",
                "summary",
                "description",
                "tags",
                "security",
                "x-codeSamples",
            ] {
                assert_eq!(operation[field], there[field], "{method} {path}: {field}");
            }
            for (status, response) in operation["responses"].as_object().unwrap() {
                let there = &there["responses"][status];
                assert_eq!(
                    response["description"], there["description"],
                    "{method} {path} {status}"
                );
                assert_eq!(
                    response["headers"], there["headers"],
                    "{method} {path} {status}"
                );
            }
        }
    }
}
