//! The headers of answers, as the document describes them.

use std::collections::BTreeMap;

use utoipa::openapi::header::HeaderBuilder;
use utoipa::openapi::path::Operation;
use utoipa::openapi::{Header, ObjectBuilder, Ref, RefOr, Schema, Type};

/// Adds what every answer carries.
pub(super) fn add_everywhere(operation: &mut Operation) {
    add_to_all(operation, &["X-Request-Id"]);
}

/// Adds headers to each answer.
pub(super) fn add_to_all(operation: &mut Operation, names: &[&str]) {
    let statuses: Vec<_> = operation.responses.responses.keys().cloned().collect();
    for status in statuses {
        add(operation, &status, names);
    }
}

/// Adds headers to the answer with this status, if there is one.
pub(super) fn add(operation: &mut Operation, status: &str, names: &[&str]) {
    if let Some(RefOr::T(response)) = operation.responses.responses.get_mut(status) {
        for name in names {
            let described = Ref::new(format!("#/components/headers/{name}"));
            response
                .headers
                .insert((*name).to_owned(), RefOr::Ref(described));
        }
    }
}

/// The same where the answer has a body.
pub(super) fn add_to_bodies(operation: &mut Operation, status: &str, names: &[&str]) {
    if let Some(RefOr::T(response)) = operation.responses.responses.get(status)
        && !response.content.is_empty()
    {
        add(operation, status, names);
    }
}

/// What is left of a limit.
pub(super) const RATE_LIMIT: &[&str] = &[
    "RateLimit-Policy",
    "RateLimit",
    "X-RateLimit-Limit",
    "X-RateLimit-Remaining",
    "X-RateLimit-Reset",
    "X-RateLimit-Reset-After",
    "X-RateLimit-Bucket",
];

/// Every header, as the document lists them once for all answers.
pub(super) fn all() -> BTreeMap<String, RefOr<Header>> {
    let described = [
        (
            "ETag",
            string(64),
            "Names this representation, for `If-None-Match`.",
        ),
        (
            "Cache-Control",
            string(64),
            "What a cache may do with the answer.",
        ),
        ("Vary", string(64), "What the answer depends on."),
        (
            "Last-Modified",
            string(29),
            "When the newest change that these numbers include was received.",
        ),
        (
            "Link",
            string(2048),
            "Related addresses (RFC 8288): of a list the next page, as `rel=\"next\"`, absent on the last one; of the API its \
             descriptions (`service-desc`), its documentation (`service-doc`) and the catalog that lists it.",
        ),
        (
            "Location",
            string(2048),
            "Where the new token or command is.",
        ),
        (
            "Idempotent-Replayed",
            word("true"),
            "Present if the request had been carried out before: this is its answer, but for the secret.",
        ),
        (
            "Hush-Token-Expires",
            string(30),
            "When the token ends (RFC 3339, UTC); present if that is less than 14 days away.",
        ),
        (
            "WWW-Authenticate",
            string(256),
            "What is missing (RFC 6750).",
        ),
        ("Retry-After", whole(1), "Seconds after which to ask again."),
        (
            "RateLimit-Policy",
            string(64),
            "The limit, `\"server\";q=60;w=60`, where the request was counted against one (experimental).",
        ),
        (
            "RateLimit",
            string(64),
            "What is left, and the seconds until there is more (experimental).",
        ),
        ("X-RateLimit-Limit", whole(1), "Requests in any window."),
        (
            "X-RateLimit-Remaining",
            whole(0),
            "Requests that would be admitted right now.",
        ),
        (
            "X-RateLimit-Reset",
            whole(0),
            "When there is room for one more (seconds since the Unix epoch).",
        ),
        (
            "X-RateLimit-Reset-After",
            whole(0),
            "Seconds until there is room for one more.",
        ),
        ("X-RateLimit-Bucket", string(64), "What shares the limit."),
        (
            "X-Request-Id",
            string(64),
            "The request's id, for questions to the operator.",
        ),
    ];
    let header = |(name, schema, description): (&str, _, _)| {
        let header = HeaderBuilder::new()
            .schema(Some(schema))
            .description(Some(description));
        (name.to_owned(), RefOr::T(header.build()))
    };
    described.map(header).into()
}

/// A text of at most so many characters.
pub(super) fn string(max: usize) -> RefOr<Schema> {
    ObjectBuilder::new()
        .schema_type(Type::String)
        .max_length(Some(max))
        .into()
}

fn whole(minimum: usize) -> RefOr<Schema> {
    ObjectBuilder::new()
        .schema_type(Type::Integer)
        .minimum(Some(minimum))
        .into()
}

fn word(word: &str) -> RefOr<Schema> {
    ObjectBuilder::new()
        .schema_type(Type::String)
        .enum_values(Some([word]))
        .into()
}
