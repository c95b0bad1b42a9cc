//! What probes ask.

use axum::response::{IntoResponse, Response};
use http::{HeaderValue, header};
use utoipa::openapi::{ObjectBuilder, RefOr, Schema, Type};
use utoipa::{PartialSchema, ToSchema};

use crate::problem::Problem;
use crate::request::ApiRequest;

/// What a probe is told where all is well.
const YES: &str = "ok";

/// How the document describes it.
struct Yes;

impl PartialSchema for Yes {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .enum_values(Some([YES]))
            .into()
    }
}

impl ToSchema for Yes {}

/// Ask whether the process lives
///
/// Never asks the store: a process that lives must not be restarted because its store is away.
#[utoipa::path(
    get,
    path = "/livez",
    operation_id = "getLiveness",
    tag = "health",
    responses((status = 200, body = inline(Yes), content_type = "text/plain", description = "It does.", example = "ok")),
)]
pub(super) async fn get_liveness(_: ApiRequest) -> Response {
    ok()
}

/// Ask whether requests should be sent here
///
/// 503 while the store does not answer within 250 ms or the service is about to stop.
#[utoipa::path(
    get,
    path = "/readyz",
    operation_id = "getReadiness",
    tag = "health",
    responses((status = 200, body = inline(Yes), content_type = "text/plain", description = "They should.", example = "ok")),
)]
pub(super) async fn get_readiness(request: ApiRequest) -> Result<Response, Problem> {
    request.app().readiness.check().await?;
    Ok(ok())
}

fn ok() -> Response {
    let headers = [
        (
            header::CONTENT_TYPE,
            HeaderValue::from_static("text/plain; charset=utf-8"),
        ),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
    ];
    (headers, YES).into_response()
}
