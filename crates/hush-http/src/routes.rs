//! The table of contents: every route, for the router and the document alike.

mod audit_log;
mod channels;
mod commands;
mod discovery;
mod docs;
mod health;
mod me;
mod rate_limit;
mod roles;
mod servers;
mod settings;
mod tokens;
mod users;

use std::sync::Arc;

use axum::Router;
use axum::routing::get;
use utoipa::openapi::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::api::Shared;
use crate::openapi;
use crate::problem::{Code, Problem};
use crate::request::ApiRequest;

/// The operations that need no token. The list grows only with a reason: the document and the page must be
/// readable before one has a token, and probes and the front door tell nothing. Whoever finds somebody's token in the
/// open shall be able to end it, and needs none for that but the one that was found.
pub const PUBLIC: &[&str] = &[
    "getRoot",
    "getApi",
    "getApiCatalog",
    "getDocs",
    "getOpenApiJson",
    "getOpenApiYaml",
    "getOpenApi30Json",
    "getOpenApi30Yaml",
    "getLiveness",
    "getReadiness",
    "reportLeakedToken",
];

/// Everything below the documentation page: its files, and a page for each problem. They are no operations of
/// the API, so the document does not list them.
const DOCS_FILES: &str = "/docs/{*path}";
/// The page with a slash too many.
const DOCS: &str = "/docs/";

/// The router and the document, from one list.
pub(crate) fn all() -> (Router<Arc<Shared>>, OpenApi) {
    let (router, document) = OpenApiRouter::with_openapi(openapi::header())
        .routes(routes!(me::get_me))
        .routes(routes!(users::list_users))
        .routes(routes!(users::get_user))
        .routes(routes!(servers::get_server))
        .routes(routes!(roles::list_roles))
        .routes(routes!(channels::list_channels))
        .routes(routes!(servers::get_server_stats))
        .routes(routes!(
            settings::get_server_settings,
            settings::update_server_settings
        ))
        .routes(routes!(rate_limit::get_server_rate_limit))
        .routes(routes!(audit_log::list_audit_log))
        .routes(routes!(commands::list_commands, commands::create_command))
        .routes(routes!(commands::get_command, commands::cancel_command))
        .routes(routes!(tokens::list_tokens, tokens::create_token))
        .routes(routes!(tokens::get_token, tokens::revoke_token))
        .routes(routes!(tokens::rotate_token))
        .routes(routes!(tokens::report_leaked_token))
        .routes(routes!(tokens::remove_server_from_token))
        .routes(routes!(discovery::get_root))
        .routes(routes!(discovery::get_api))
        .routes(routes!(discovery::get_api_catalog))
        .routes(routes!(docs::get_docs))
        .routes(routes!(docs::get_openapi_json))
        .routes(routes!(docs::get_openapi_yaml))
        .routes(routes!(docs::get_openapi_3_0_json))
        .routes(routes!(docs::get_openapi_3_0_yaml))
        .routes(routes!(health::get_liveness))
        .routes(routes!(health::get_readiness))
        .split_for_parts();
    #[expect(
        clippy::disallowed_methods,
        reason = "the files of a page are no operations"
    )]
    let router = router
        .route(DOCS, get(docs::get_file))
        .route(DOCS_FILES, get(docs::get_file));
    (
        router
            .fallback(nothing)
            .method_not_allowed_fallback(wrong_method),
        document,
    )
}

/// The templates of all routes, as metrics and logs name them.
pub(crate) fn templates(document: &OpenApi) -> impl Iterator<Item = String> {
    document
        .paths
        .paths
        .keys()
        .cloned()
        .chain([DOCS, DOCS_FILES].map(str::to_owned))
}

async fn nothing(_: ApiRequest) -> Problem {
    Code::NotFound.into()
}

async fn wrong_method(_: ApiRequest) -> Problem {
    Code::MethodNotAllowed.into()
}
