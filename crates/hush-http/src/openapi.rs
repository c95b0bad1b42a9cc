//! The OpenAPI document: what the handlers say, finished in one pass with what all of them share.

use hush_domain::operations::Operation;
use utoipa::openapi::example::ExampleBuilder;
use utoipa::openapi::header::HeaderBuilder;
use utoipa::openapi::path;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme};
use utoipa::openapi::{
    ContentBuilder, Header, InfoBuilder, LicenseBuilder, ObjectBuilder, OpenApi, OpenApiBuilder,
    Ref, RefOr, Response, ResponseBuilder, Schema, Server, Type,
};
use utoipa::{PartialSchema, ToSchema};

use crate::problem::{Body, Code, Problem, Types};
use crate::{HttpSettings, routes};

/// The name of the security scheme.
const SCHEME: &str = "token";
/// The statuses that can carry the limit's headers: of every answer to an admitted request, and 429.
const COUNTED: [&str; 9] = [
    "200", "304", "400", "404", "408", "413", "429", "500", "503",
];

/// The document as JSON, as it is committed.
pub fn openapi_json() -> String {
    to_json(&document())
}

/// The document as YAML, as it is committed.
pub fn openapi_yaml() -> String {
    to_yaml(&document())
}

fn document() -> OpenApi {
    finish(routes::all().1, &HttpSettings::default().public_url)
}

pub(crate) fn to_json(document: &OpenApi) -> String {
    // Everything in the document has string keys, so it always has a JSON form.
    let mut json = document.to_pretty_json().unwrap_or_default();
    json.push('\n');
    json
}

pub(crate) fn to_yaml(document: &OpenApi) -> String {
    document.to_yaml().unwrap_or_default()
}

/// What the document says before any operation.
pub(crate) fn header() -> OpenApi {
    let info = InfoBuilder::new()
        .title("Hush API")
        .version(env!("CARGO_PKG_VERSION"))
        .description(Some(include_str!("openapi.md")))
        .license(Some(
            LicenseBuilder::new()
                .name("MIT OR Apache-2.0")
                .identifier(Some("MIT OR Apache-2.0"))
                .build(),
        ));
    OpenApiBuilder::new().info(info.build()).build()
}

/// Adds to each operation what the table of operations and the contract say about it.
pub(crate) fn finish(mut document: OpenApi, public_url: &str) -> OpenApi {
    document.servers = Some(vec![Server::new(public_url)]);
    let mut components = document.components.take().unwrap_or_default();
    components.schemas.insert("Problem".into(), Body::schema());
    let mut schemas = Vec::new();
    Body::schemas(&mut schemas);
    components.schemas.extend(schemas);
    components.add_security_scheme(
        SCHEME,
        SecurityScheme::Http(
            HttpBuilder::new()
                .scheme(HttpAuthScheme::Bearer)
                .bearer_format("hush_…")
                .description(Some("A personal API token. Never share it."))
                .build(),
        ),
    );
    document.components = Some(components);
    for (path, item) in &mut document.paths.paths {
        let operations = [
            &mut item.get,
            &mut item.post,
            &mut item.patch,
            &mut item.delete,
        ];
        for operation in operations.into_iter().flatten() {
            describe(path, operation, public_url);
        }
    }
    document
}

fn describe(path: &str, operation: &mut path::Operation, public_url: &str) {
    let id = operation.operation_id.clone().unwrap_or_default();
    let Some(known) = Operation::ALL.into_iter().find(|known| known.id() == id) else {
        operation.security = Some(Vec::new());
        for code in public_errors(&id) {
            add_problems(operation, &[*code], public_url);
        }
        if matches!(id.as_str(), "getDocs" | "getOpenApiJson" | "getOpenApiYaml") {
            add_headers(operation, "200", &["ETag", "Cache-Control"]);
            add_not_modified(operation);
        }
        add_headers_everywhere(operation);
        return;
    };
    operation.security = Some(vec![SecurityRequirement::new::<_, [&str; 0], &str>(
        SCHEME,
        [],
    )]);
    let requirement = known.requirement();
    let needs = match (requirement.level, requirement.scope) {
        (Some(level), Some(scope)) => {
            format!(
                "Needs the access level `{level}` in the addressed server and the scope `{scope}`."
            )
        }
        (Some(level), None) => format!("Needs the access level `{level}` in the addressed server."),
        (None, _) => "Any token may ask.".to_owned(),
    };
    let description = operation.description.take().unwrap_or_default();
    operation.description = Some(format!("{description}\n\n{needs}"));
    for codes in errors(path, operation, requirement.level.is_some()) {
        add_problems(operation, &codes, public_url);
    }
    add_not_modified(operation);
    add_headers(operation, "200", &["ETag", "Cache-Control", "Vary"]);
    match known {
        Operation::GetServerStats => add_headers(operation, "200", &["Last-Modified"]),
        Operation::ListUsers => add_headers(operation, "200", &["Link"]),
        _ => {}
    }
    for status in COUNTED {
        add_headers(operation, status, RATE_LIMIT);
    }
    add_headers_everywhere(operation);
}

fn public_errors(id: &str) -> &'static [Code] {
    if id == "getReadiness" {
        &[Code::Unavailable]
    } else {
        &[]
    }
}

/// The codes that an operation can answer with, by status.
fn errors(path: &str, operation: &path::Operation, addresses_server: bool) -> Vec<Vec<Code>> {
    let queries: Vec<&str> = operation
        .parameters
        .iter()
        .flatten()
        .filter_map(|parameter| match parameter {
            RefOr::T(known) if known.parameter_in == path::ParameterIn::Query => {
                Some(known.name.as_str())
            }
            _ => None,
        })
        .collect();
    let mut bad_request = vec![Code::InvalidRequest];
    if !queries.is_empty() {
        bad_request.push(Code::InvalidParameter);
    }
    if queries.contains(&"server_id") {
        bad_request.push(Code::ServerRequired);
    }
    let mut errors = vec![
        bad_request,
        vec![Code::MissingToken, Code::InvalidToken],
        vec![Code::RequestTimeout],
        vec![Code::PayloadTooLarge],
        vec![Code::RateLimited],
        vec![Code::Internal],
        vec![Code::Unavailable],
    ];
    if addresses_server {
        errors.push(vec![Code::InsufficientScope, Code::InsufficientAccess]);
        let mut not_found = vec![Code::ServerNotFound];
        if path.starts_with("/v1/users/") {
            not_found.push(Code::UserNotFound);
        }
        errors.push(not_found);
    }
    errors
}

/// Adds the response of these codes, which share one status.
fn add_problems(operation: &mut path::Operation, codes: &[Code], public_url: &str) {
    let Some(first) = codes.first() else { return };
    let status = first.status().as_u16().to_string();
    let types = Types::new(public_url);
    let examples = codes.iter().map(|code| {
        let problem = Problem::example(*code);
        let value = serde_json::to_value(problem.body(&types, "4bf92f3577b34da6-1")).ok();
        let example = ExampleBuilder::new()
            .summary(code.title())
            .value(value)
            .build();
        (code.as_str(), RefOr::T(example))
    });
    let content = ContentBuilder::new()
        .schema(Some(Ref::from_schema_name("Problem")))
        .examples_from_iter(examples)
        .build();
    let titles: Vec<_> = codes
        .iter()
        .map(|code| format!("`{}`: {}.", code.as_str(), code.title()))
        .collect();
    let response = ResponseBuilder::new()
        .description(titles.join(" "))
        .content("application/problem+json", content)
        .build();
    operation
        .responses
        .responses
        .insert(status.clone(), RefOr::T(response));
    add_headers(operation, &status, &["Cache-Control"]);
    match first {
        Code::MissingToken | Code::InsufficientScope => {
            add_headers(operation, &status, &["WWW-Authenticate"]);
        }
        Code::RateLimited | Code::Unavailable => add_headers(operation, &status, &["Retry-After"]),
        _ => {}
    }
}

fn add_not_modified(operation: &mut path::Operation) {
    let response = Response::new("The client has it already (`If-None-Match`).");
    operation
        .responses
        .responses
        .insert("304".into(), RefOr::T(response));
    add_headers(operation, "304", &["ETag", "Cache-Control"]);
    let condition = path::ParameterBuilder::new()
        .name("If-None-Match")
        .parameter_in(path::ParameterIn::Header)
        .required(utoipa::openapi::Required::False)
        .description(Some(
            "The `ETag` of an earlier answer: 304 without a body if it is still true.",
        ))
        .schema(Some(string(1024)))
        .build();
    operation
        .parameters
        .get_or_insert_default()
        .push(RefOr::T(condition));
}

fn add_headers_everywhere(operation: &mut path::Operation) {
    let statuses: Vec<_> = operation.responses.responses.keys().cloned().collect();
    for status in statuses {
        add_headers(operation, &status, &["X-Request-Id"]);
    }
}

fn add_headers(operation: &mut path::Operation, status: &str, names: &[&str]) {
    if let Some(RefOr::T(response)) = operation.responses.responses.get_mut(status) {
        for name in names {
            response
                .headers
                .insert((*name).to_owned(), RefOr::T(header_named(name)));
        }
    }
}

const RATE_LIMIT: &[&str] = &[
    "RateLimit-Policy",
    "RateLimit",
    "X-RateLimit-Limit",
    "X-RateLimit-Remaining",
    "X-RateLimit-Reset",
    "X-RateLimit-Reset-After",
    "X-RateLimit-Bucket",
];

fn header_named(name: &str) -> Header {
    let (schema, description) = match name {
        "ETag" => (
            string(64),
            "Names this representation, for `If-None-Match`.",
        ),
        "Cache-Control" => (string(64), "What a cache may do with the answer."),
        "Vary" => (string(64), "What the answer depends on."),
        "Last-Modified" => (
            string(29),
            "When the newest change that these numbers include was received.",
        ),
        "Link" => (
            string(2048),
            "The next page, as `rel=\"next\"`; absent on the last one.",
        ),
        "WWW-Authenticate" => (string(256), "What is missing (RFC 6750)."),
        "Retry-After" => (whole(1), "Seconds after which to ask again."),
        "RateLimit-Policy" => (
            string(64),
            "The limit: `\"server\";q=60;w=60` (experimental).",
        ),
        "RateLimit" => (
            string(64),
            "What is left, and the seconds until there is more (experimental).",
        ),
        "X-RateLimit-Limit" => (whole(1), "Requests in any window."),
        "X-RateLimit-Remaining" => (whole(0), "Requests that would be admitted right now."),
        "X-RateLimit-Reset" => (
            whole(0),
            "When there is room for one more (seconds since the Unix epoch).",
        ),
        "X-RateLimit-Reset-After" => (whole(0), "Seconds until there is room for one more."),
        "X-RateLimit-Bucket" => (string(64), "What shares the limit."),
        _ => (
            string(64),
            "The request's id, for questions to the operator.",
        ),
    };
    HeaderBuilder::new()
        .schema(Some(schema))
        .description(Some(description))
        .build()
}

fn string(max: usize) -> RefOr<Schema> {
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
