//! Where a program that knows no more than the host finds the rest.

use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};

use crate::answer::Answer;
use crate::documents::{CATALOG, DESCRIPTIONS};
use crate::headers::text;
use crate::problem::Problem;
use crate::request::ApiRequest;
use crate::wire::{ApiCatalog, ApiInfo, LinkContext, LinkTarget};

/// Source: RFC 9727 §4.
const CATALOG_TYPE: &str =
    "application/linkset+json; profile=\"https://www.rfc-editor.org/info/rfc9727\"";

/// Go to the documentation
///
/// The front door: it leads a browser to `/docs`, and a program, by its `Link` headers, to what describes the API.
#[utoipa::path(
    get,
    path = "/",
    operation_id = "getRoot",
    tag = "documentation",
    responses((status = 302, description = "The documentation is at `/docs`.")),
)]
pub(super) async fn get_root(request: ApiRequest) -> Response {
    let headers = [
        // Relative, so that it is right behind a proxy that serves Hush below a path, too.
        (header::LOCATION, HeaderValue::from_static("docs")),
        (header::LINK, links(public_url(&request))),
    ];
    (StatusCode::FOUND, headers).into_response()
}

/// Ask what answers here
///
/// The version of the API, and where it is described.
#[utoipa::path(
    get,
    path = "/v1",
    operation_id = "getApi",
    tag = "documentation",
    responses((status = 200, body = ApiInfo, description = "What answers here.")),
)]
pub(super) async fn get_api(request: ApiRequest) -> Result<Response, Problem> {
    let base = public_url(&request);
    let info = ApiInfo {
        name: "Hush API",
        version: env!("CARGO_PKG_VERSION"),
        documentation: format!("{base}/docs"),
        openapi: format!("{base}/openapi.json"),
    };
    let answer = Answer::json(&info)?.with(header::LINK, links(base));
    Ok(answer.for_everybody().to(&request))
}

/// List the APIs of this host
///
/// The catalog of RFC 9727, for programs that look for APIs: a link set (RFC 9264) with the API, its descriptions, its
/// documentation and its status.
#[utoipa::path(
    get,
    path = "/.well-known/api-catalog",
    operation_id = "getApiCatalog",
    tag = "documentation",
    responses((status = 200, body = ApiCatalog, content_type = "application/linkset+json",
        description = "The catalog.")),
)]
pub(super) async fn get_api_catalog(request: ApiRequest) -> Result<Response, Problem> {
    let base = public_url(&request);
    let to = |path: &str, media_type| LinkTarget {
        href: format!("{base}{path}"),
        r#type: media_type,
    };
    let descriptions = DESCRIPTIONS
        .iter()
        .map(|(path, media_type)| to(path, Some(*media_type)));
    let catalog = ApiCatalog {
        linkset: vec![
            LinkContext {
                anchor: format!("{base}{CATALOG}"),
                item: vec![to("/v1", None)],
                ..LinkContext::default()
            },
            LinkContext {
                anchor: format!("{base}/v1"),
                service_desc: descriptions.collect(),
                service_doc: vec![to("/docs", Some("text/html"))],
                status: vec![to("/readyz", Some("text/plain"))],
                ..LinkContext::default()
            },
        ],
    };
    let to_itself = text(format!("<{base}{CATALOG}>; rel=\"api-catalog\""));
    let answer = Answer::json(&catalog)?
        .with(header::CONTENT_TYPE, HeaderValue::from_static(CATALOG_TYPE))
        .with(header::LINK, to_itself);
    Ok(answer.for_everybody().to(&request))
}

fn public_url(request: &ApiRequest) -> &str {
    &request.shared.settings.public_url
}

/// Where the API is described and listed. Source: RFC 8631, RFC 9727.
fn links(base: &str) -> HeaderValue {
    let descriptions = DESCRIPTIONS.iter().map(|(path, media_type)| {
        format!("<{base}{path}>; rel=\"service-desc\"; type=\"{media_type}\"")
    });
    let others = [
        format!("<{base}/docs>; rel=\"service-doc\"; type=\"text/html\""),
        format!("<{base}{CATALOG}>; rel=\"api-catalog\""),
    ];
    text(descriptions.chain(others).collect::<Vec<_>>().join(", "))
}
