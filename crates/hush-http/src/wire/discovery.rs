//! How the service describes itself to programs.

use serde::Serialize;
use utoipa::ToSchema;

/// What answers here, and where it is described.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "name": "Hush API",
    "version": "1.5.0",
    "documentation": "https://hush.example.com/docs",
    "openapi": "https://hush.example.com/openapi.json",
}))]
pub(crate) struct ApiInfo {
    /// What the API is called.
    #[schema(pattern = r"^[^\x00-\x1F\x7F-\x9F]*$", max_length = 100)]
    pub(crate) name: &'static str,
    /// The version of the API, as in the changelog, and then the release's.
    #[schema(pattern = "^[0-9]+\\.[0-9]+\\.[0-9]+$", max_length = 20)]
    pub(crate) version: &'static str,
    /// Where people read about it.
    #[schema(format = "uri", max_length = 2048)]
    pub(crate) documentation: String,
    /// Where programs do: the OpenAPI document.
    #[schema(format = "uri", max_length = 2048)]
    pub(crate) openapi: String,
}

/// The APIs of this host (RFC 9727): a set of links (RFC 9264).
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "linkset": [{
        "anchor": "https://hush.example.com/.well-known/api-catalog",
        "item": [{"href": "https://hush.example.com/v1"}],
    }, {
        "anchor": "https://hush.example.com/v1",
        "service-desc": [{"href": "https://hush.example.com/openapi.json", "type": "application/json"}],
        "service-doc": [{"href": "https://hush.example.com/docs", "type": "text/html"}],
        "status": [{"href": "https://hush.example.com/readyz", "type": "text/plain"}],
    }],
}))]
pub(crate) struct ApiCatalog {
    /// The links, by where they begin.
    #[schema(max_items = 2)]
    pub(crate) linkset: Vec<LinkContext>,
}

/// The links that begin at one address.
#[derive(Debug, Default, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct LinkContext {
    /// Where they begin.
    #[schema(format = "uri", max_length = 2048)]
    pub(crate) anchor: String,
    /// The APIs of a catalog.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(max_items = 1)]
    pub(crate) item: Vec<LinkTarget>,
    /// Descriptions for programs.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(max_items = 4)]
    pub(crate) service_desc: Vec<LinkTarget>,
    /// Documentation for people.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(max_items = 1)]
    pub(crate) service_doc: Vec<LinkTarget>,
    /// Whether the API can be asked right now.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(max_items = 1)]
    pub(crate) status: Vec<LinkTarget>,
}

/// Where a link leads.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct LinkTarget {
    /// The address.
    #[schema(format = "uri", max_length = 2048)]
    pub(crate) href: String,
    /// The media type of what is there.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, pattern = "^[a-z]+/[a-z0-9.+-]+$", max_length = 100)]
    pub(crate) r#type: Option<&'static str>,
}
