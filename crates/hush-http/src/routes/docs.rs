//! The document and the page that shows it.

use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};

use crate::answer::Answer;
use crate::problem::{Code, Problem};
use crate::request::ApiRequest;

/// Go to the documentation
///
/// The front door: it leads a browser to `/docs`.
#[utoipa::path(
    get,
    path = "/",
    operation_id = "getRoot",
    tag = "documentation",
    responses((status = 302, description = "The documentation is at `/docs`.")),
)]
pub(super) async fn get_root(_: ApiRequest) -> Response {
    (
        StatusCode::FOUND,
        [(header::LOCATION, HeaderValue::from_static("/docs"))],
    )
        .into_response()
}

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
pub(super) async fn get_docs(request: ApiRequest) -> Response {
    page(request.shared.documents.page()).to(&request)
}

/// Get the OpenAPI document as JSON
///
/// This document, with the address of this service.
#[utoipa::path(
    get,
    path = "/openapi.json",
    operation_id = "getOpenApiJson",
    tag = "documentation",
    responses((status = 200, body = Object, content_type = "application/json", description = "The document.")),
)]
pub(super) async fn get_openapi_json(request: ApiRequest) -> Response {
    Answer::bytes("application/json", request.shared.documents.json()).to(&request)
}

/// Get the OpenAPI document as YAML
///
/// This document, with the address of this service.
#[utoipa::path(
    get,
    path = "/openapi.yaml",
    operation_id = "getOpenApiYaml",
    tag = "documentation",
    responses((status = 200, body = String, content_type = "application/yaml", description = "The document.")),
)]
pub(super) async fn get_openapi_yaml(request: ApiRequest) -> Response {
    Answer::bytes("application/yaml", request.shared.documents.yaml()).to(&request)
}

/// A file of the page, or the page of a problem.
pub(super) async fn get_file(request: ApiRequest) -> Result<Response, Problem> {
    let path = request.path().strip_prefix("/docs/").unwrap_or_default();
    if let Some(code) = path.strip_prefix("problems/") {
        let known = Code::ALL.iter().find(|known| known.as_str() == code);
        let problem = request
            .shared
            .documents
            .problem(*known.ok_or(Code::NotFound)?);
        return Ok(page(problem).to(&request));
    }
    let (content_type, bytes) = request.shared.documents.file(path).ok_or(Code::NotFound)?;
    Ok(Answer::bytes(content_type, bytes).to(&request))
}

/// A page that may ask this host alone. Swagger UI puts styles into elements and draws icons from data URLs.
fn page(html: bytes::Bytes) -> Answer {
    Answer::bytes("text/html; charset=utf-8", html).with(
        header::CONTENT_SECURITY_POLICY,
        HeaderValue::from_static(
            "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; \
             frame-ancestors 'none'; base-uri 'none'; form-action 'self'",
        ),
    )
}
