//! The roles of a server.

use axum::response::Response;
use hush_domain::operations::Operation;

use crate::answer::Answer;
use crate::problem::{Code, Problem};
use crate::request::ApiRequest;
use crate::wire::{Role, RoleList, Snowflake};

/// List a server's roles
///
/// Every role of the server, the implicit everyone-role among them, whose id is the server's. Highest position first;
/// of those with the same position the lower id.
#[utoipa::path(
    get,
    path = "/v1/servers/{id}/roles",
    operation_id = "listRoles",
    tag = "servers",
    params(("id" = Snowflake, Path, description = "The server.")),
    responses((status = 200, body = RoleList<'_>, description = "The roles.")),
)]
pub(super) async fn list_roles(mut request: ApiRequest) -> Result<Response, Problem> {
    let target = request.path_server();
    let permit = request.admit(Operation::ListRoles, target).await?;
    let roles = request
        .app()
        .servers
        .roles(&permit)
        .await?
        .ok_or(Code::ServerNotFound)?;
    let body = RoleList {
        roles: roles.iter().map(Role::from).collect(),
    };
    Ok(Answer::json(&body)?.cacheable(&request).to(&request))
}
