//! The OpenAPI document: what the handlers say, finished in one pass with what all of them share.

use hush_domain::limits::Policy;
use hush_domain::operations::{Operation, Requirement, Subject};
use utoipa::openapi::extensions::ExtensionsBuilder;
use utoipa::openapi::path::{self, ParameterBuilder, ParameterIn};
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme};
use utoipa::openapi::tag::{Tag, TagBuilder};
use utoipa::openapi::{
    ContactBuilder, InfoBuilder, LicenseBuilder, OpenApi, OpenApiBuilder, RefOr, Required,
    Response, Schema, Server, ServerBuilder,
};
use utoipa::{PartialSchema, ToSchema};

use crate::problem::{Body, Code};
use crate::routes;
use crate::settings::MAX_HEAD;

mod errors;
mod headers;
mod samples;
mod v30;

use errors::Asked;
use headers::like;

/// The name of the security scheme.
const SCHEME: &str = "token";

/// The version of OpenAPI in whose words the document is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Version {
    /// 3.1.0, in which the code describes itself.
    V3_1,
    /// 3.0.3, made of the other for generators that refuse 3.1.
    V3_0,
}

/// How a document is written down.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Indented JSON.
    Json,
    /// YAML.
    Yaml,
}

/// The document, as it is committed and served.
pub fn openapi(version: Version, format: Format) -> String {
    // Everything in the document has string keys, so it always has both forms.
    let written = match (version, format) {
        (Version::V3_1, Format::Json) => document().to_pretty_json().ok(),
        (Version::V3_1, Format::Yaml) => document().to_yaml().ok(),
        (Version::V3_0, Format::Json) => serde_json::to_string_pretty(&in_3_0()).ok(),
        (Version::V3_0, Format::Yaml) => yaml_serde::to_string(&in_3_0()).ok(),
    };
    let mut written = written.unwrap_or_default();
    if !written.ends_with('\n') {
        written.push('\n');
    }
    written
}

/// The finished document.
fn document() -> OpenApi {
    finish(routes::all().1)
}

fn in_3_0() -> v30::Document {
    v30::rendering(serde_json::to_value(document()).unwrap_or_default())
}

/// What the document says before any operation.
pub(crate) fn header() -> OpenApi {
    let info = InfoBuilder::new()
        .title("Hush API")
        .version(env!("CARGO_PKG_VERSION"))
        .description(Some(include_str!("openapi.md")))
        .contact(Some(
            ContactBuilder::new()
                .name(Some("Hush"))
                .url(Some(env!("CARGO_PKG_REPOSITORY")))
                .build(),
        ))
        .license(Some(
            LicenseBuilder::new()
                .name("MIT OR Apache-2.0")
                .identifier(Some("MIT OR Apache-2.0"))
                .build(),
        ));
    OpenApiBuilder::new()
        .info(info.build())
        .tags(Some(tags()))
        .build()
}

/// What the operations are sorted by, in the order in which a newcomer reads them.
fn tags() -> Vec<Tag> {
    let described = [
        ("me", "Who a token is, and what it may do now."),
        (
            "users",
            "The users of a server, with the roles that they hold there.",
        ),
        (
            "servers",
            "What a server is, its counts, roles and channels, and what its owner sees and decides: settings, the rate \
             limit and the audit log.",
        ),
        (
            "commands",
            "What the bot is told to do in a server, and what became of it.",
        ),
        (
            "tokens",
            "Personal tokens: made, listed, given a new secret, ended.",
        ),
        (
            "documentation",
            "This document, and the page that shows it.",
        ),
        (
            "health",
            "What probes ask. They need no token and count against no limit.",
        ),
    ];
    let tag = |(name, description): (&str, &str)| {
        TagBuilder::new()
            .name(name)
            .description(Some(description))
            .build()
    };
    described.map(tag).into()
}

/// Where the API is: whoever operates it has an address of their own, so it is said relative to the document's.
fn server() -> Server {
    // Said to tools that sort a house's addresses by their audience.
    let public = ExtensionsBuilder::new().add("x-internal", false).build();
    ServerBuilder::new()
        .url("/")
        .description(Some("The service that serves this document."))
        .extensions(Some(public))
        .build()
}

/// Adds to each operation what the table of operations and the contract say about it.
fn finish(mut document: OpenApi) -> OpenApi {
    document.servers = Some(vec![server()]);
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
    components.headers = headers::all();
    components.examples = errors::examples();
    document.components = Some(components);
    for item in document.paths.paths.values_mut() {
        if let Some(operation) = &mut item.get {
            describe(operation);
            add_conditions(operation);
        }
        let changing = [&mut item.post, &mut item.patch, &mut item.delete];
        for operation in changing.into_iter().flatten() {
            describe(operation);
            for status in ["200", "201", "202", "204"] {
                headers::add(operation, status, &["Cache-Control"]);
                headers::add_to_bodies(operation, status, &["Vary"]);
            }
        }
    }
    samples::add(&mut document);
    document
}

/// The operations of the table that the one with this name stands for.
fn known(id: &str) -> Vec<Operation> {
    let documented = |operation: Operation| match operation {
        // One path, told apart by a parameter.
        Operation::ListServerTokens => Operation::ListTokens.id(),
        other => other.id(),
    };
    let mut known = Operation::ALL.to_vec();
    known.retain(|operation| documented(*operation) == id);
    known
}

fn describe(operation: &mut path::Operation) {
    let id = operation.operation_id.clone().unwrap_or_default();
    let operations = known(&id);
    let asked = Asked::new(&operations, operation);
    match id.as_str() {
        "getRoot" => {
            headers::add_way_to_docs(operation);
            headers::add(operation, "302", &["Link"]);
        }
        "getReadiness" => errors::add(operation, &[Code::Unavailable]),
        "reportLeakedToken" => {
            asked.add_problems(operation);
            headers::add_to_all(operation, headers::RATE_LIMIT);
        }
        _ if !operations.is_empty() => {
            asked.add_problems(operation);
            add_token_facts(operation, &asked);
        }
        _ => {}
    }
    let security = SecurityRequirement::new::<_, [&str; 0], &str>(SCHEME, []);
    operation.security = Some(if operations.is_empty() {
        Vec::new()
    } else {
        vec![security]
    });
    headers::add_everywhere(operation);
}

/// What is to be said of an operation that asks for a token.
fn add_token_facts(operation: &mut path::Operation, asked: &Asked<'_>) {
    let mut paragraphs = vec![operation.description.take().unwrap_or_default()];
    let cases = ["", ", with `server_id`,"];
    let known = asked.operations.iter().zip(cases);
    paragraphs.extend(known.map(|(known, case)| needs(known.requirement(), case)));
    operation.description = Some(paragraphs.join("\n\n"));
    if asked.changes() {
        add_header_parameter(
            operation,
            "X-Audit-Log-Reason",
            "Why it is done, for the audit log: percent-encoded UTF-8 of at most 512 characters.",
            like(
                512 * 12,
                "^([ -$&-~]|%([2-689A-Fa-f][0-9A-Fa-f]|7[0-9A-Ea-e]))+$",
            ),
        );
    }
    if asked.is_repeatable() {
        add_header_parameter(
            operation,
            "Idempotency-Key",
            "Your name for this request, 1 to 64 visible ASCII characters, bare or as a quoted string. Sent again \
             within 24 hours with the same key by the same token, the request is not carried out twice: its answer \
             comes again, but without a secret, which is not kept. Needed for a command that is to be queued.",
            like(
                130,
                r#"^([!#-~][ -~]{0,63}|"([ !#-\[\]-~]|\\["\\]){1,64}")$"#,
            ),
        );
        // What a command would come to is not kept.
        let kept = if asked.operations.contains(&Operation::CreateCommand) {
            headers::add(operation, "202", &["Location"]);
            "202"
        } else {
            "200"
        };
        for status in [kept, "201"] {
            headers::add(operation, status, &["Idempotent-Replayed"]);
        }
    }
    headers::add(operation, "201", &["Location"]);
    let optional = [Operation::RotateToken, Operation::UpdateServerSettings];
    if let Some(RefOr::T(body)) = &mut operation.request_body
        && asked.operations.iter().any(|it| optional.contains(it))
    {
        body.required = Some(Required::False);
    }
    // Whose body came slowly is looked at once more, so that each refusal can also come after the admission.
    headers::add_to_all(operation, headers::RATE_LIMIT);
    headers::add_to_all(operation, &["Hush-Token-Expires"]);
}

/// What the table says that an operation asks for, always or in this case.
fn needs(requirement: Requirement, case: &str) -> String {
    let place = match requirement.subject {
        Subject::NamedServers => "each named server",
        Subject::OwnTokens | Subject::Server => "the addressed server",
    };
    let mut needs = match (requirement.level, requirement.scope) {
        (Some(level), Some(scope)) => {
            format!("Needs{case} the access level `{level}` in {place} and the scope `{scope}`.")
        }
        (Some(level), None) => format!("Needs{case} the access level `{level}` in {place}."),
        (None, Some(scope)) => format!("Needs{case} the scope `{scope}`."),
        (None, None) => "Any token may ask.".to_owned(),
    };
    if requirement.counts_against == Policy::Token {
        needs.push_str(" Counts against the token's own limit.");
    }
    if requirement.while_disabled {
        needs.push_str(" Open to the server's owner while its API is off, too.");
    }
    needs
}

/// What a client that has an answer already can ask, of everything that can be read but the front door and probes.
fn add_conditions(operation: &mut path::Operation) {
    let id = operation.operation_id.clone().unwrap_or_default();
    match id.as_str() {
        "getRoot" => return,
        "getLiveness" | "getReadiness" => {
            headers::add(operation, "200", &["Cache-Control"]);
            return;
        }
        _ => {}
    }
    let mut not_modified = Response::new("The client has it already (`If-None-Match`).");
    if let Some(RefOr::T(whole)) = operation.responses.responses.get("200") {
        not_modified.headers.clone_from(&whole.headers);
    }
    let responses = &mut operation.responses.responses;
    responses.insert("304".into(), RefOr::T(not_modified));
    let further: &[&str] = match id.as_str() {
        "getServerStats" => &["Last-Modified"],
        "listUsers" | "listTokens" | "listAuditLog" | "listCommands" | "getApi"
        | "getApiCatalog" => &["Link"],
        _ => &[],
    };
    for status in ["200", "304"] {
        headers::add(operation, status, &["ETag", "Cache-Control"]);
        headers::add(operation, status, further);
        if !matches!(id.as_str(), "getApi" | "getApiCatalog") {
            headers::add(operation, status, &["Vary"]);
        }
    }
    add_header_parameter(
        operation,
        "If-None-Match",
        "The `ETag` of an earlier answer: 304 without a body if it is still true.",
        // What names a representation holds any byte that a header can, and there may be as many as there is room for.
        like(MAX_HEAD, r"^[^\x00-\x08\x0A-\x1F\x7F]*$"),
    );
}

fn add_header_parameter(
    operation: &mut path::Operation,
    name: &str,
    description: &str,
    schema: RefOr<Schema>,
) {
    let parameter = ParameterBuilder::new()
        .name(name)
        .parameter_in(ParameterIn::Header)
        .required(Required::False)
        .description(Some(description))
        .schema(Some(schema))
        .build();
    let parameters = operation.parameters.get_or_insert_default();
    parameters.push(RefOr::T(parameter));
}
