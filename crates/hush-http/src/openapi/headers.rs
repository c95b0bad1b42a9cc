//! The headers of answers, as the document describes them.

use std::collections::BTreeMap;

use hush_domain::limits::Rule;
use utoipa::openapi::header::HeaderBuilder;
use utoipa::openapi::path::Operation;
use utoipa::openapi::{Header, KnownFormat, ObjectBuilder, Ref, RefOr, Schema, SchemaFormat, Type};

/// The most requests that a limit can admit in its window.
const MOST_REQUESTS: u64 = Rule::MAX_REQUESTS as u64;
/// The longest window of a limit, in seconds.
const LONGEST_WINDOW: u64 = Rule::MAX_WINDOW.as_secs();
/// The last second of the year 9999, where RFC 3339 ends.
const LAST_SECOND: u64 = 253_402_300_799;

/// Adds what every answer carries.
pub(super) fn add_everywhere(operation: &mut Operation) {
    add_to_all(operation, &["Access-Control-Allow-Origin", "X-Request-Id"]);
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

/// Adds where the front door leads. The other `Location` names what was made, by its whole address.
pub(super) fn add_way_to_docs(operation: &mut Operation) {
    let header = HeaderBuilder::new()
        .schema(Some(text(64, "uri-reference")))
        .description(Some("Where the documentation is."))
        .build();
    if let Some(RefOr::T(found)) = operation.responses.responses.get_mut("302") {
        found
            .headers
            .insert("Location".to_owned(), RefOr::T(header));
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

/// A header by its name, with its value and what it says.
type Described = (&'static str, RefOr<Schema>, &'static str);

/// Every header, as the document lists them once for all answers.
pub(super) fn all() -> BTreeMap<String, RefOr<Header>> {
    let header = |(name, schema, description): Described| {
        let header = HeaderBuilder::new()
            .schema(Some(schema))
            .description(Some(description));
        (name.to_owned(), RefOr::T(header.build()))
    };
    let all = about_answers().into_iter().chain(about_limits());
    all.map(header).collect()
}

fn about_answers() -> Vec<Described> {
    vec![
        (
            "Access-Control-Allow-Origin",
            word("*"),
            "A script of any origin may read the answer.",
        ),
        (
            "ETag",
            like(64, r#"^(W/)?"[!#-~]+"$"#),
            "Names this representation, for `If-None-Match`.",
        ),
        (
            "Cache-Control",
            like(64, "^[a-z-]+(=[0-9]+)?(, [a-z-]+(=[0-9]+)?)*$"),
            "What a cache may do with the answer.",
        ),
        (
            "Vary",
            like(64, "^[A-Za-z-]+(, ?[A-Za-z-]+)*$"),
            "What the answer depends on.",
        ),
        (
            "Last-Modified",
            like(
                29,
                "^[A-Z][a-z]{2}, [0-9]{2} [A-Z][a-z]{2} [0-9]{4} [0-9]{2}:[0-9]{2}:[0-9]{2} GMT$",
            ),
            "When the newest change that these numbers include was received.",
        ),
        (
            "Link",
            like(
                2048,
                r#"^<[!-;=?-~]+>; rel="[a-z-]+"(; type="[a-z/+.-]+")?(, <[!-;=?-~]+>; rel="[a-z-]+"(; type="[a-z/+.-]+")?)*$"#,
            ),
            "Related addresses (RFC 8288): of a list the next page, as `rel=\"next\"`, absent on the last one; of the API its \
             descriptions (`service-desc`), its documentation (`service-doc`) and the catalog that lists it.",
        ),
        (
            "Location",
            text(2048, "uri"),
            "Where the new token or command is.",
        ),
        (
            "Idempotent-Replayed",
            word("true"),
            "Present if the request had been carried out before: this is its answer, but for the secret.",
        ),
        (
            "Hush-Token-Expires",
            text(30, "date-time"),
            "When the token ends (RFC 3339, UTC); present if that is less than 14 days away.",
        ),
        (
            "WWW-Authenticate",
            like(256, "^Bearer [ -~]+$"),
            "What is missing (RFC 6750).",
        ),
        (
            "X-Request-Id",
            like(64, "^[A-Za-z0-9._-]{1,64}$"),
            "The request's id, for questions to the operator.",
        ),
    ]
}

/// What says how much may still be asked, and when.
fn about_limits() -> Vec<Described> {
    vec![
        (
            "Retry-After",
            whole(1, LONGEST_WINDOW),
            "Seconds after which to ask again.",
        ),
        (
            "RateLimit-Policy",
            like(64, r#"^"[a-z]+"(;[a-z]+=[0-9]+)+$"#),
            "The limit, `\"server\";q=60;w=60`, where the request was counted against one (experimental).",
        ),
        (
            "RateLimit",
            like(64, r#"^"[a-z]+"(;[a-z]+=[0-9]+)+$"#),
            "What is left, and the seconds until there is more (experimental).",
        ),
        (
            "X-RateLimit-Limit",
            whole(1, MOST_REQUESTS),
            "Requests in any window.",
        ),
        (
            "X-RateLimit-Remaining",
            whole(0, MOST_REQUESTS),
            "Requests that would be admitted right now.",
        ),
        (
            "X-RateLimit-Reset",
            whole(0, LAST_SECOND),
            "When there is room for one more (seconds since the Unix epoch).",
        ),
        (
            "X-RateLimit-Reset-After",
            whole(0, LONGEST_WINDOW),
            "Seconds until there is room for one more.",
        ),
        (
            "X-RateLimit-Bucket",
            like(64, "^[a-z]+(:[0-9]+)?$"),
            "What shares the limit.",
        ),
    ]
}

/// A text of at most so many characters, all of it like the pattern.
pub(super) fn like(max: usize, pattern: &str) -> RefOr<Schema> {
    ObjectBuilder::new()
        .schema_type(Type::String)
        .pattern(Some(pattern))
        .max_length(Some(max))
        .into()
}

/// A text of at most so many characters in a known format.
fn text(max: usize, format: &str) -> RefOr<Schema> {
    ObjectBuilder::new()
        .schema_type(Type::String)
        .format(Some(SchemaFormat::Custom(format.to_owned())))
        .max_length(Some(max))
        .into()
}

fn whole(minimum: u64, maximum: u64) -> RefOr<Schema> {
    ObjectBuilder::new()
        .schema_type(Type::Integer)
        .format(Some(SchemaFormat::KnownFormat(KnownFormat::Int64)))
        .minimum(Some(minimum))
        .maximum(Some(maximum))
        .into()
}

fn word(word: &str) -> RefOr<Schema> {
    ObjectBuilder::new()
        .schema_type(Type::String)
        .enum_values(Some([word]))
        .into()
}
