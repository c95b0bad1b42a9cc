//! The judge finds each way in which an answer can be another one than the document says.

use hush_conformance::{Answer, Contract};
use serde_json::{Value, json};

fn contract() -> Contract {
    let whole = json!({"type": "object", "required": ["id"], "properties": {
        "id": {"type": "string", "maxLength": 3},
        "at": {"type": "string", "format": "date-time"},
        "none": {"oneOf": [{"$ref": "#/components/schemas/Inner"}, {"type": "null"}]},
        "list": {"type": "array", "items": {"$ref": "#/components/schemas/Inner"}},
    }});
    let tagged = json!({"X-Request-Id": {"schema": {"type": "string"}}, "ETag": {"$ref": "#/components/headers/ETag"}});
    let counted = json!({
        "X-Request-Id": {"schema": {"type": "string"}},
        "Retry-After": {"schema": {"type": "integer", "minimum": 1}},
    });
    Contract::new(json!({
        "paths": {
            "/things/{id}": {"get": {"operationId": "getThing", "responses": {
                "200": {"headers": tagged, "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Thing"}}}},
                "304": {"headers": tagged},
                "429": {"headers": counted, "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}},
            }}},
            "/things/made": {"get": {"operationId": "getMade", "responses": {
                "200": {"headers": tagged, "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Made"}}}},
            }}},
        },
        "components": {
            "headers": {"ETag": {"schema": {"type": "string", "pattern": "^\"[a-z]+\"$"}}},
            "schemas": {
                "Thing": whole,
                "Inner": {"type": "object", "properties": {"n": {"type": "integer"}}},
                "Made": {"allOf": [{"$ref": "#/components/schemas/Inner"}, {"type": "object", "properties": {"more": {"type": "string"}}}]},
                "Problem": {"type": "object", "required": ["code"], "properties": {"code": {"type": "string"}}},
            },
        },
    }))
}

type Headers<'a> = &'a [(&'a str, &'a str)];

/// The judge's words on an answer; nothing if it is as the document says.
fn words(method: &str, path: &str, status: u16, headers: Headers<'_>, body: &str) -> String {
    let headers = headers
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    let answer = Answer {
        method,
        path,
        status,
        headers: &headers.collect::<Vec<_>>(),
        body: body.as_bytes(),
    };
    contract().check(answer).err().unwrap_or_default()
}

const ID: (&str, &str) = ("x-request-id", "1");
const TAG: (&str, &str) = ("etag", "\"a\"");
const JSON: (&str, &str) = ("content-type", "application/json; charset=utf-8");
const PROBLEM: (&str, &str) = ("content-type", "application/problem+json");

fn thing(body: &Value) -> String {
    words(
        "GET",
        "/things/1?x=y",
        200,
        &[ID, TAG, JSON],
        &body.to_string(),
    )
}

#[test]
fn what_the_document_says_passes() {
    let whole =
        json!({"id": "abc", "at": "2026-01-01T00:00:00Z", "none": null, "list": [{"n": 1}]});
    assert_eq!(thing(&whole), "");
    assert_eq!(thing(&json!({"id": "a", "none": {"n": 1}})), "");
    assert_eq!(words("HEAD", "/things/1", 200, &[ID, TAG, JSON], ""), "");
    assert_eq!(words("GET", "/things/1", 304, &[ID, TAG], ""), "");
    assert_eq!(
        words(
            "GET",
            "/things/made",
            200,
            &[ID, TAG, JSON],
            r#"{"n": 1, "more": "x"}"#
        ),
        ""
    );
    let told = [ID, ("retry-after", "7"), PROBLEM];
    assert_eq!(
        words("GET", "/things/1", 429, &told, r#"{"code": "x"}"#),
        ""
    );
    assert_eq!(
        words("GET", "/elsewhere", 404, &[PROBLEM], r#"{"code": "x"}"#),
        ""
    );
    assert_eq!(words("OPTIONS", "/things/1", 204, &[], ""), "");
}

#[test]
fn each_fault_of_a_body_is_found() {
    for (body, word) in [
        (json!({}), "\"id\" is a required property"),
        (json!({"id": "abcd"}), "longer than 3"),
        (json!({"id": 1}), "not of type"),
        (json!({"id": "a", "further": 1}), "further"),
        (json!({"id": "a", "list": [{"further": 1}]}), "further"),
        (json!({"id": "a", "none": {"further": 1}}), "body/none"),
        (json!({"id": "a", "at": "yesterday"}), "date-time"),
        (json!([]), "not of type"),
    ] {
        let found = thing(&body);
        assert!(found.contains(word), "{body}: {found}");
    }
    for (path, body, word) in [
        ("/things/1", "{", "no JSON"),
        ("/things/made", r#"{"n": 1, "further": 1}"#, "further"),
    ] {
        let found = words("GET", path, 200, &[ID, TAG, JSON], body);
        assert!(found.contains(word), "{body}: {found}");
    }
}

const BODY: &str = r#"{"id": "a"}"#;
const TOLD: &str = r#"{"code": "x"}"#;

#[test]
fn each_fault_of_status_and_headers_is_found() {
    let text = ("content-type", "text/plain");
    let cases: [(u16, Headers<'_>, &str, &str); 10] = [
        (201, &[ID, JSON], BODY, "does not name this status"),
        (200, &[ID, TAG, text], BODY, "the document says"),
        (200, &[ID, TAG], BODY, "the document says"),
        (200, &[ID, TAG, JSON, ("x-new", "1")], BODY, "header x-new"),
        (200, &[ID, ("etag", "a"), JSON], BODY, "header etag"),
        (200, &[ID, JSON], BODY, "etag is missing"),
        (200, &[TAG, JSON], BODY, "x-request-id is missing"),
        (429, &[ID, PROBLEM], TOLD, "retry-after is missing"),
        (
            429,
            &[ID, ("retry-after", "0"), PROBLEM],
            TOLD,
            "retry-after",
        ),
        (
            429,
            &[ID, ("retry-after", "a"), PROBLEM],
            TOLD,
            "retry-after",
        ),
    ];
    for (status, headers, body, word) in cases {
        let found = words("GET", "/things/1", status, headers, body);
        assert!(found.contains(word), "{status} {headers:?}: {found:?}");
    }
}

#[test]
fn each_fault_of_what_has_no_body_or_no_operation_is_found() {
    let cases: [(&str, &str, u16, Headers<'_>, &str, &str); 6] = [
        ("GET", "/things/1", 304, &[ID, TAG], BODY, "there is a body"),
        (
            "HEAD",
            "/things/1",
            200,
            &[ID, TAG, JSON],
            BODY,
            "there is a body",
        ),
        ("GET", "/elsewhere", 200, &[JSON], BODY, "no such operation"),
        ("POST", "/things/1", 200, &[JSON], BODY, "no such operation"),
        ("GET", "/elsewhere", 404, &[JSON], TOLD, "no problem"),
        (
            "GET",
            "/elsewhere",
            404,
            &[PROBLEM],
            "{}",
            "required property",
        ),
    ];
    for (method, path, status, headers, body, word) in cases {
        let found = words(method, path, status, headers, body);
        assert!(found.contains(word), "{method} {path} {status}: {found:?}");
    }
}
