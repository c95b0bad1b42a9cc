//! What a server's owner decides about the API.

use axum::response::Response;
use http::StatusCode;
use hush_domain::operations::Operation;

use crate::answer::Answer;
use crate::problem::{Code, Problem};
use crate::request::ApiRequest;
use crate::wire::{ServerSettings, Snowflake, UpdateServerSettings};

/// Get a server's settings
///
/// Whether the API can be used in the server, and which roles make an API admin there.
#[utoipa::path(
    get,
    path = "/v1/servers/{id}/settings",
    operation_id = "getServerSettings",
    tag = "servers",
    params(("id" = Snowflake, Path, description = "The server.")),
    responses((status = 200, body = ServerSettings, description = "The settings.")),
)]
pub(super) async fn get_server_settings(mut request: ApiRequest) -> Result<Response, Problem> {
    let target = request.path_server();
    let permit = request.admit(Operation::GetServerSettings, target).await?;
    let settings = request.app().settings.get(&permit).await?;
    let settings = settings.ok_or(Code::ServerNotFound)?;
    Ok(Answer::json(&ServerSettings::from(&settings))?.to(&request))
}

/// Change a server's settings
///
/// Changes what the body holds and leaves the rest as it is. Holds at once for every token.
#[utoipa::path(
    patch,
    path = "/v1/servers/{id}/settings",
    operation_id = "updateServerSettings",
    tag = "servers",
    params(("id" = Snowflake, Path, description = "The server.")),
    request_body(content = UpdateServerSettings, description = "What shall be otherwise."),
    responses((status = 200, body = ServerSettings, description = "The settings as they are now.")),
)]
pub(super) async fn update_server_settings(mut request: ApiRequest) -> Result<Response, Problem> {
    let target = request.path_server();
    let permit = request
        .admit(Operation::UpdateServerSettings, target)
        .await?;
    let cause = request.cause()?;
    let change: UpdateServerSettings = request.json()?;
    let settings = &request.app().settings;
    let settings = settings.update(&permit, change.into(), cause).await?;
    Ok(Answer::json(&ServerSettings::from(&settings))?.once(StatusCode::OK))
}
