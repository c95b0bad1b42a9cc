//! Servers.

use axum::response::Response;
use hush_domain::operations::Operation;

use crate::answer::Answer;
use crate::problem::{Code, Problem};
use crate::request::ApiRequest;
use crate::wire::{Server, ServerStats, Snowflake};

/// Get a server
///
/// What the server is called and who owns it.
#[utoipa::path(
    get,
    path = "/v1/servers/{id}",
    operation_id = "getServer",
    tag = "servers",
    params(("id" = Snowflake, Path, description = "The server.")),
    responses((status = 200, body = Server<'_>, description = "The server.")),
)]
pub(super) async fn get_server(mut request: ApiRequest) -> Result<Response, Problem> {
    let target = request.path_server();
    let permit = request.admit(Operation::GetServer, target).await?;
    let server = request
        .app()
        .servers
        .get(&permit)
        .await?
        .ok_or(Code::ServerNotFound)?;
    Ok(Answer::json(&Server::from(&server))?
        .cacheable(&request)
        .to(&request))
}

/// Get a server's member counts
///
/// How many members the server has, how many of them are bots, and how many are online. A number that the
/// service does not know is `null`.
#[utoipa::path(
    get,
    path = "/v1/servers/{id}/stats",
    operation_id = "getServerStats",
    tag = "servers",
    params(("id" = Snowflake, Path, description = "The server.")),
    responses((status = 200, body = ServerStats, description = "The counts.")),
)]
pub(super) async fn get_server_stats(mut request: ApiRequest) -> Result<Response, Problem> {
    let target = request.path_server();
    let permit = request.admit(Operation::GetServerStats, target).await?;
    let stats = request
        .app()
        .stats
        .get(&permit)
        .await?
        .ok_or(Code::ServerNotFound)?;
    let answer = Answer::json(&ServerStats::from(stats))?;
    Ok(answer
        .last_modified(stats.as_of)
        .cacheable(&request)
        .to(&request))
}
