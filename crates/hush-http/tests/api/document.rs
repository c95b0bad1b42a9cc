//! The OpenAPI document against the service and against itself.

use hush_domain::operations::Operation;
use hush_domain::permission::AccessLevel;
use hush_domain::scopes::Scope;
use serde_json::Value;

use crate::support::{World, get};

fn document() -> Value {
    serde_json::from_str(&hush_http::openapi_json()).unwrap()
}

/// Each operation with its path and method.
fn operations(document: &Value) -> Vec<(String, String, Value)> {
    let paths = document["paths"].as_object().unwrap();
    let each = paths.iter().flat_map(|(path, item)| {
        let methods = item.as_object().unwrap().iter();
        methods.map(move |(method, operation)| (path.clone(), method.clone(), operation.clone()))
    });
    each.collect()
}

#[test]
fn the_committed_document_is_the_one_that_the_code_makes() {
    for (file, made) in [
        ("hush.json", hush_http::openapi_json()),
        ("hush.yaml", hush_http::openapi_yaml()),
    ] {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../openapi/");
        let committed = std::fs::read_to_string(format!("{path}{file}")).unwrap_or_default();
        assert!(
            committed == made,
            "openapi/{file} has drifted: run `cargo xtask openapi`"
        );
    }
}

#[tokio::test]
async fn every_operation_but_the_public_ones_asks_for_a_token() {
    let world = World::new().await;
    let mut public = Vec::new();
    for (path, method, operation) in operations(&document()) {
        let id = operation["operationId"].as_str().unwrap().to_owned();
        let mut request = get(&path.replace("{id}", "1"), "", &[]);
        *request.method_mut() = method.to_uppercase().parse().unwrap();
        let reply = world.send(request).await;
        let secured = !operation["security"].as_array().unwrap().is_empty();
        assert_eq!(reply.status == 401, secured, "{id}");
        if !secured {
            public.push(id);
        }
    }
    public.sort();
    let mut listed = hush_http::PUBLIC.to_vec();
    listed.sort_unstable();
    assert_eq!(public, listed);
}

#[test]
fn every_operation_of_the_table_is_documented_and_whole() {
    let document = document();
    let operations = operations(&document);
    for known in Operation::ALL {
        let found = operations
            .iter()
            .find(|(_, _, operation)| operation["operationId"] == known.id());
        let (path, _, operation) = found.unwrap_or_else(|| panic!("{} is missing", known.id()));
        let requirement = known.requirement();
        let description = operation["description"].as_str().unwrap();
        for word in [
            requirement.level.map(AccessLevel::as_str),
            requirement.scope.map(Scope::as_str),
        ] {
            assert!(
                word.is_none_or(|word| description.contains(word)),
                "{path}: {word:?}"
            );
        }
        let mut expected = vec![
            "200", "304", "400", "401", "408", "413", "429", "500", "503",
        ];
        if requirement.level.is_some() {
            expected.extend(["403", "404"]);
            expected.sort_unstable();
        }
        let responses = operation["responses"].as_object().unwrap();
        assert_eq!(responses.keys().collect::<Vec<_>>(), expected, "{path}");
    }
    for (path, _, operation) in &operations {
        for field in ["operationId", "summary", "tags", "security"] {
            assert!(!operation[field].is_null(), "{path}: {field}");
        }
        for (status, response) in operation["responses"].as_object().unwrap() {
            assert!(
                response["headers"]["X-Request-Id"].is_object(),
                "{path} {status}"
            );
            if status.as_str() < "400" {
                continue;
            }
            let content = &response["content"]["application/problem+json"];
            assert_eq!(
                content["schema"]["$ref"], "#/components/schemas/Problem",
                "{path} {status}"
            );
            assert!(
                !content["examples"].as_object().unwrap().is_empty(),
                "{path} {status}"
            );
        }
    }
}

#[test]
fn every_string_and_number_of_a_parameter_or_body_is_bounded() {
    fn walk(at: &str, schema: &Value, unbounded: &mut Vec<String>) {
        let kinds = match &schema["type"] {
            Value::String(kind) => vec![kind.clone()],
            Value::Array(kinds) => kinds
                .iter()
                .map(|kind| kind.as_str().unwrap().to_owned())
                .collect(),
            _ => Vec::new(),
        };
        let has = |name: &str| !schema[name].is_null();
        for kind in kinds {
            let bounded = match kind.as_str() {
                "string" => has("maxLength") || has("enum"),
                "integer" => has("minimum"),
                "array" => has("maxItems"),
                _ => true,
            };
            if !bounded {
                unbounded.push(format!("{at} ({kind})"));
            }
        }
        for (name, inner) in schema["properties"].as_object().into_iter().flatten() {
            walk(&format!("{at}.{name}"), inner, unbounded);
        }
        for inner in ["allOf", "oneOf", "anyOf"]
            .iter()
            .filter_map(|name| schema[name].as_array())
        {
            for inner in inner {
                walk(at, inner, unbounded);
            }
        }
        if schema["items"].is_object() {
            walk(&format!("{at}[]"), &schema["items"], unbounded);
        }
    }
    let document = document();
    let mut unbounded = Vec::new();
    for (name, schema) in document["components"]["schemas"].as_object().unwrap() {
        walk(name, schema, &mut unbounded);
    }
    for (path, _, operation) in operations(&document) {
        for parameter in operation["parameters"].as_array().into_iter().flatten() {
            walk(
                &format!("{path} {}", parameter["name"]),
                &parameter["schema"],
                &mut unbounded,
            );
        }
    }
    assert!(unbounded.is_empty(), "{unbounded:#?}");
}

#[tokio::test]
async fn every_problem_has_a_page_at_its_type() {
    let world = World::new().await;
    for code in hush_http::Code::ALL {
        let reply = world
            .get(&format!("/docs/problems/{}", code.as_str()), "")
            .await;
        assert_eq!(reply.status, 200);
        assert!(reply.text().contains(code.cure()));
    }
}
