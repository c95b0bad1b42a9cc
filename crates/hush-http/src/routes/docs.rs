//! The documents and the page that shows them.

use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};

use crate::answer::Answer;
use crate::documents::File;
use crate::headers::text;
use crate::problem::{Code, Problem};
use crate::request::ApiRequest;

/// The page may ask this host and no other, and nobody may show it within a page of theirs.
const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; \
     base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
);

/// Read the documentation
///
/// A page that shows this document and sends requests from it. It loads nothing from any other host.
#[utoipa::path(
    get,
    path = "/docs",
    operation_id = "getDocs",
    tag = "documentation",
    responses((status = 200, body = String, content_type = "text/html", description = "A page.")),
)]
pub(super) async fn get_docs(request: ApiRequest) -> Result<Response, Problem> {
    file("docs", &request)
}

/// Get the OpenAPI document as JSON
///
/// This document, in its newest form.
#[utoipa::path(
    get,
    path = "/openapi.json",
    operation_id = "getOpenApiJson",
    tag = "documentation",
    responses((status = 200, body = Object, content_type = "application/json", description = "The document.")),
)]
pub(super) async fn get_openapi_json(request: ApiRequest) -> Result<Response, Problem> {
    file("openapi.json", &request)
}

/// Get the OpenAPI document as YAML
///
/// This document, in its newest form.
#[utoipa::path(
    get,
    path = "/openapi.yaml",
    operation_id = "getOpenApiYaml",
    tag = "documentation",
    responses((status = 200, body = String, content_type = "application/yaml", description = "The document.")),
)]
pub(super) async fn get_openapi_yaml(request: ApiRequest) -> Result<Response, Problem> {
    file("openapi.yaml", &request)
}

/// Get the document as JSON, as OpenAPI 3.0.3
///
/// For generators that refuse 3.1. It says the same.
#[utoipa::path(
    get,
    path = "/openapi-3.0.json",
    operation_id = "getOpenApi30Json",
    tag = "documentation",
    responses((status = 200, body = Object, content_type = "application/json", description = "The document.")),
)]
pub(super) async fn get_openapi_3_0_json(request: ApiRequest) -> Result<Response, Problem> {
    file("openapi-3.0.json", &request)
}

/// Get the document as YAML, as OpenAPI 3.0.3
///
/// For generators that refuse 3.1. It says the same.
#[utoipa::path(
    get,
    path = "/openapi-3.0.yaml",
    operation_id = "getOpenApi30Yaml",
    tag = "documentation",
    responses((status = 200, body = String, content_type = "application/yaml", description = "The document.")),
)]
pub(super) async fn get_openapi_3_0_yaml(request: ApiRequest) -> Result<Response, Problem> {
    file("openapi-3.0.yaml", &request)
}

/// A part of the page, or the page of a problem.
pub(super) async fn get_file(request: ApiRequest) -> Result<Response, Problem> {
    let path = request.path().trim_start_matches('/');
    if let Some(page) = path.strip_suffix('/')
        && File::find(page).is_some()
    {
        let name = page.rsplit('/').next().unwrap_or_default();
        let location = [(header::LOCATION, text(format!("../{name}")))];
        return Ok((StatusCode::PERMANENT_REDIRECT, location).into_response());
    }
    file(path, &request)
}

fn file(path: &str, request: &ApiRequest) -> Result<Response, Problem> {
    let file = File::find(path).ok_or(Code::NotFound)?;
    let mut answer = Answer::file(file, request);
    if file.content_type.starts_with("text/html") {
        answer = answer.with(header::CONTENT_SECURITY_POLICY, POLICY);
    }
    Ok(answer.to(request))
}
