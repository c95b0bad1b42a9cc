//! The OpenAPI document against the service and against itself.

use hush_domain::operations::Operation;
use hush_domain::permission::AccessLevel;
use hush_domain::scopes::Scope;
use hush_http::{Format, Version};
use serde_json::Value;

use crate::support::{World, get};

fn document() -> Value {
    serde_json::from_str(&hush_http::openapi(Version::V3_1, Format::Json)).unwrap()
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
    for (file, version, format) in [
        ("hush.json", Version::V3_1, Format::Json),
        ("hush.yaml", Version::V3_1, Format::Yaml),
        ("hush-3.0.json", Version::V3_0, Format::Json),
        ("hush-3.0.yaml", Version::V3_0, Format::Yaml),
    ] {
        let made = hush_http::openapi(version, format);
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

/// The name under which an operation of the table is documented.
fn documented(operation: Operation) -> &'static str {
    match operation {
        Operation::ListServerTokens => "listTokens",
        other => other.id(),
    }
}

#[test]
fn every_operation_of_the_table_is_documented_with_what_it_asks_for() {
    let operations = operations(&document());
    for known in Operation::ALL {
        let found = operations
            .iter()
            .find(|(_, _, operation)| operation["operationId"] == documented(known));
        let (path, method, operation) =
            found.unwrap_or_else(|| panic!("{} is missing", known.id()));
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
        assert_eq!(requirement.changes, method != "get", "{path}");
        let parameters: Vec<_> = operation["parameters"].as_array().unwrap().iter().collect();
        let has = |name: &str| parameters.iter().any(|it| it["name"] == name);
        assert_eq!(has("X-Audit-Log-Reason"), requirement.changes, "{path}");
        assert_eq!(has("If-None-Match"), !requirement.changes, "{path}");
        assert_eq!(has("Idempotency-Key"), method == "post", "{path}");
    }
}

#[test]
fn each_status_stands_where_it_can_happen_and_nowhere_else() {
    let statuses = |id: &str| -> &[&str] {
        match id {
            "getRoot" => &["302"],
            "getApi" | "getApiCatalog" | "getDocs" | "getOpenApiJson" | "getOpenApiYaml"
            | "getOpenApi30Json" | "getOpenApi30Yaml" => &["200", "304"],
            "getLiveness" => &["200"],
            "getReadiness" => &["200", "503"],
            "reportLeakedToken" => &["202", "400", "408", "413", "415", "429", "500", "503"],
            "getMe" => &[
                "200", "304", "400", "401", "408", "413", "429", "500", "503",
            ],
            "createToken" => &[
                "201", "400", "401", "403", "404", "408", "409", "413", "415", "422", "429", "500",
                "503",
            ],
            "createCommand" => &[
                "200", "202", "400", "401", "403", "404", "408", "409", "413", "415", "422", "429",
                "500", "501", "503",
            ],
            "cancelCommand" => &[
                "200", "400", "401", "403", "404", "408", "409", "413", "429", "500", "503",
            ],
            "rotateToken" => &[
                "200", "400", "401", "403", "404", "408", "409", "413", "415", "422", "429", "500",
                "503",
            ],
            "updateServerSettings" => &[
                "200", "400", "401", "403", "404", "408", "413", "415", "429", "500", "503",
            ],
            "revokeToken" | "removeServerFromToken" => &[
                "204", "400", "401", "403", "404", "408", "413", "429", "500", "503",
            ],
            _ => &[
                "200", "304", "400", "401", "403", "404", "408", "413", "429", "500", "503",
            ],
        }
    };
    for (path, method, operation) in operations(&document()) {
        let id = operation["operationId"].as_str().unwrap();
        let responses = operation["responses"].as_object().unwrap();
        assert_eq!(responses.keys().collect::<Vec<_>>(), statuses(id), "{id}");
        for field in ["operationId", "summary", "tags", "security"] {
            assert!(!operation[field].is_null(), "{path}: {field}");
        }
        for (status, response) in responses {
            let at = format!("{id} {status}");
            let has = |header: &str| response["headers"][header].is_object();
            assert!(has("X-Request-Id"), "{at}");
            assert!(has("Access-Control-Allow-Origin"), "{at}");
            assert!(!has("ETag") || method == "get", "{at}");
            assert_eq!(
                has("Location"),
                ["302", "201"].contains(&status.as_str())
                    || (id, status.as_str()) == ("createCommand", "202"),
                "{at}"
            );
            let retried = matches!(status.as_str(), "409" | "429" | "503")
                && (id, status.as_str()) != ("cancelCommand", "409");
            assert_eq!(has("Retry-After"), retried, "{at}");
            let kept = matches!(
                (id, status.as_str()),
                ("createToken", "201") | ("rotateToken", "200") | ("createCommand", "202")
            );
            assert_eq!(has("Idempotent-Replayed"), kept, "{at}");
            let by_token = !operation["security"].as_array().unwrap().is_empty();
            assert_eq!(has("Hush-Token-Expires"), by_token, "{at}");
            let limited = by_token || id == "reportLeakedToken";
            assert_eq!(
                has("RateLimit") && has("X-RateLimit-Limit"),
                limited,
                "{at}"
            );
            if status.as_str() < "400" {
                continue;
            }
            let content = &response["content"]["application/problem+json"];
            let schema = &content["schema"]["$ref"];
            assert_eq!(schema, "#/components/schemas/Problem", "{at}");
            assert!(!content["examples"].as_object().unwrap().is_empty(), "{at}");
        }
    }
}

#[test]
fn every_problem_of_an_operation_is_in_the_document() {
    let document = document();
    let examples = document["components"]["examples"].as_object().unwrap();
    let operations = document["paths"].to_string();
    for code in hush_http::Code::ALL {
        let example = &examples[code.as_str()]["value"];
        assert_eq!(example["code"], code.as_str());
        assert_eq!(example["status"], code.status().as_u16());
        // What no route took is no operation's.
        let unrouted = ["not-found", "method-not-allowed"].contains(&code.as_str());
        let named = operations.contains(&format!("#/components/examples/{}\"", code.as_str()));
        assert_eq!(named, !unrouted, "{}", code.as_str());
    }
}

#[test]
fn every_reference_leads_somewhere() {
    fn walk<'a>(value: &'a Value, found: &mut Vec<&'a str>) {
        match value {
            Value::Object(fields) => {
                found.extend(fields.get("$ref").and_then(Value::as_str));
                fields.values().for_each(|field| walk(field, found));
            }
            Value::Array(items) => items.iter().for_each(|item| walk(item, found)),
            _ => {}
        }
    }
    let document = document();
    let mut references = Vec::new();
    walk(&document, &mut references);
    assert!(references.len() > 100);
    for reference in references {
        let target = document.pointer(reference.strip_prefix('#').unwrap());
        assert!(target.is_some(), "{reference}");
    }
}

#[test]
fn every_body_has_an_example_and_takes_no_unknown_field() {
    let document = document();
    let mut bodies = 0;
    for (path, _, operation) in operations(&document) {
        let body = &operation["requestBody"];
        if body.is_null() {
            continue;
        }
        bodies += 1;
        let reference = body["content"]["application/json"]["schema"]["$ref"]
            .as_str()
            .unwrap();
        let resolved = |reference: &str| document.pointer(&reference[1..]).unwrap();
        let whole = resolved(reference);
        let has_example =
            |schema: &Value| schema["example"].is_object() || schema["examples"][0].is_object();
        assert!(has_example(whole), "{path}");
        let kinds = whole["oneOf"].as_array().into_iter().flatten();
        let kinds: Vec<_> = kinds
            .map(|kind| resolved(kind["$ref"].as_str().unwrap()))
            .collect();
        for schema in if kinds.is_empty() { vec![whole] } else { kinds } {
            assert!(has_example(schema), "{path}");
            assert_eq!(schema["additionalProperties"], false, "{path}");
            let optional = schema["required"].is_null();
            assert_eq!(body["required"], !optional, "{path}");
        }
    }
    assert_eq!(bodies, 5);
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
    for (name, header) in document["components"]["headers"].as_object().unwrap() {
        walk(name, &header["schema"], &mut unbounded);
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
        for words in [code.title(), code.cause(), code.cure()] {
            assert!(reply.text().contains(words), "{words}");
        }
    }
}
