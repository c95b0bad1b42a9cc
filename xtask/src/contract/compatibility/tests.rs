//! Our own check against small documents, and against the known changes of the real one.

use serde_json::{Value, json};

use super::accepted::Accepted;
use super::comparison::breaking;
use super::{RELEASED, mutations, read};

/// A document with one operation that takes and gives such values.
fn document(request: &Value, answer: &Value) -> Value {
    json!({"paths": {"/v1/things": {"post": {
        "operationId": "makeThing",
        "requestBody": {"content": {"application/json": {"schema": request}}},
        "responses": {"200": {"content": {"application/json": {"schema": answer}}}},
    }}}})
}

/// Whether it breaks whoever writes such values that they are `new`, and whoever reads them.
fn breaks(old: &Value, new: &Value) -> (bool, bool) {
    let any = json!({});
    let writers = breaking(&document(old, &any), &document(new, &any));
    let readers = breaking(&document(&any, old), &document(&any, new));
    (!writers.is_empty(), !readers.is_empty())
}

#[test]
fn what_is_the_same_breaks_nobody() {
    let released = read(RELEASED).unwrap();
    assert!(breaking(&released, &released).is_empty());
}

#[test]
fn every_known_break_of_the_document_is_found() {
    let released = read(RELEASED).unwrap();
    for (name, mutate) in mutations::BREAKING {
        let mut changed = released.clone();
        mutate(&mut changed).unwrap();
        assert!(!breaking(&released, &changed).is_empty(), "{name}");
    }
}

#[test]
fn no_harmless_change_of_the_document_is_taken_for_a_break() {
    let released = read(RELEASED).unwrap();
    for (name, mutate) in mutations::HARMLESS {
        let mut changed = released.clone();
        mutate(&mut changed).unwrap();
        let found = breaking(&released, &changed);
        assert!(found.is_empty(), "{name}: {found:?}");
    }
}

#[test]
fn less_breaks_who_writes_and_more_breaks_who_reads() {
    let less = [
        (json!({}), json!({"type": "string"})),
        (
            json!({"type": ["string", "null"]}),
            json!({"type": "string"}),
        ),
        (
            json!({"type": "string", "nullable": true}),
            json!({"type": "string"}),
        ),
        (json!({"type": "number"}), json!({"type": "integer"})),
        (json!({"enum": ["a", "b"]}), json!({"enum": ["a"]})),
        (json!({"enum": ["a", "b"]}), json!({"const": "a"})),
        (
            json!({"type": "string"}),
            json!({"type": "string", "enum": ["a"]}),
        ),
        (json!({"minimum": 1}), json!({"minimum": 2})),
        (json!({}), json!({"maximum": 2})),
        (json!({"maxLength": 3}), json!({"maxLength": 2})),
        (json!({}), json!({"minItems": 1})),
        (json!({}), json!({"uniqueItems": true})),
        (json!({}), json!({"pattern": "^a$"})),
        (
            json!({"properties": {"a": {}}}),
            json!({"properties": {"a": {}}, "required": ["a"]}),
        ),
        (
            json!({"items": {"maximum": 2}}),
            json!({"items": {"maximum": 1}}),
        ),
        (json!({"items": {}}), json!({"items": {"type": "string"}})),
        (
            json!({"oneOf": [{"type": "null"}, {"type": "string"}]}),
            json!({"oneOf": [{"type": "null"}, {"type": "string", "maxLength": 1}]}),
        ),
        (
            json!({"allOf": [{"maximum": 2}]}),
            json!({"allOf": [{"maximum": 1}]}),
        ),
        (json!({"allOf": [{"maximum": 2}]}), json!({"maximum": 1})),
        (
            json!({"properties": {"a": {"properties": {"b": {}}}}}),
            json!({"properties": {"a": {"properties": {"b": {"type": "string"}}}}}),
        ),
    ];
    for (wide, narrow) in less {
        assert_eq!(breaks(&wide, &narrow), (true, false), "{wide} -> {narrow}");
        assert_eq!(breaks(&narrow, &wide), (false, true), "{narrow} -> {wide}");
    }
}

#[test]
fn what_may_not_change_breaks_both() {
    let otherwise = [
        (json!({"type": "string"}), json!({"type": "boolean"})),
        (json!({"pattern": "^a$"}), json!({"pattern": "^b$"})),
        (
            json!({"type": "string"}),
            json!({"type": "string", "format": "date"}),
        ),
        (json!({"properties": {"a": {}}}), json!({"properties": {}})),
        (
            json!({}),
            json!({"if": {"type": "string"}, "then": {"maxLength": 1}}),
        ),
        (
            json!({"discriminator": {"propertyName": "type"}}),
            json!({"discriminator": {"propertyName": "kind"}}),
        ),
    ];
    for (old, new) in otherwise {
        assert_eq!(breaks(&old, &new), (true, true), "{old} -> {new}");
    }
}

#[test]
fn what_is_said_to_readers_may_change() {
    let old = json!({"properties": {"a": {"description": "One.", "example": 1}}});
    let new = json!({"properties": {"a": {"description": "Two.", "x-new": 2}, "b": {}}});
    assert_eq!(breaks(&old, &new), (false, false));
}

#[test]
fn a_list_may_grow_in_answers_if_it_says_so() {
    let (old, new) = (json!({"enum": ["a"]}), json!({"enum": ["a", "b"]}));
    assert_eq!(breaks(&old, &new), (false, true));
    for said in [
        json!({"enum": ["a"], "x-extensible": true}),
        json!({"enum": ["a"], "description": "One. Later versions may add to the list."}),
    ] {
        assert_eq!(breaks(&said, &new), (false, false), "{said}");
        assert_eq!(breaks(&new, &said), (true, false), "{said}");
    }
}

#[test]
fn shared_schemas_are_compared_each_way_and_named_once() {
    let shared = |maximum: u32| {
        let reference = json!({"$ref": "#/components/schemas/Thing"});
        let mut document = document(&reference, &reference);
        let thing = json!({"type": "integer", "maximum": maximum});
        document["components"] = json!({"schemas": {"Thing": thing}});
        document
    };
    let found: Vec<_> = breaking(&shared(2), &shared(1)).into_iter().collect();
    assert_eq!(found, ["requests with Thing: maximum was 2 and is 1"]);
    let found: Vec<_> = breaking(&shared(1), &shared(2)).into_iter().collect();
    assert_eq!(found, ["answers with Thing: maximum was 1 and is 2"]);
}

#[test]
fn a_schema_that_holds_itself_is_compared_once() {
    let tree = |maximum: u32| {
        let reference = json!({"$ref": "#/components/schemas/Tree"});
        let mut document = document(&reference, &json!({}));
        let properties = json!({"left": reference, "size": {"maximum": maximum}});
        document["components"] = json!({"schemas": {"Tree": {"properties": properties}}});
        document
    };
    assert_eq!(breaking(&tree(2), &tree(1)).len(), 1);
}

#[test]
fn what_was_accepted_is_left_out_and_what_was_in_vain_is_told() {
    let text = r#"[
        {"reason": "it was so before", "changes": ["a: b", "* > c: d"]},
        {"reason": "it is no more", "changes": ["e: f"]}
    ]"#;
    let accepted = Accepted::parse(text).unwrap();
    let found = ["a: b", "GET / > c: d", "g: h"].map(str::to_owned).into();
    assert_eq!(accepted.rest(&found), ["g: h"]);
    assert_eq!(accepted.in_vain(&found), ["e: f"]);
    assert!(Accepted::parse(r#"[{"changes": ["a: b"]}]"#).is_err());
    assert!(Accepted::parse(r#"[{"reason": "why"}]"#).is_err());
}
