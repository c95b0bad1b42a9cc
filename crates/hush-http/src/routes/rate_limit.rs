//! What is left of a server's limit.

use axum::response::Response;
use hush_domain::operations::Operation;

use crate::answer::Answer;
use crate::problem::Problem;
use crate::request::ApiRequest;
use crate::wire::{RateLimit, Snowflake};

/// Get what is left of a server's rate limit
///
/// How many requests would be admitted right now, and which tokens spent how many in the last hour. Asking costs
/// nothing of it.
#[utoipa::path(
    get,
    path = "/v1/servers/{id}/rate-limit",
    operation_id = "getServerRateLimit",
    tag = "servers",
    params(("id" = Snowflake, Path, description = "The server.")),
    responses((status = 200, body = RateLimit, description = "What is left, and who spent it.")),
)]
pub(super) async fn get_server_rate_limit(mut request: ApiRequest) -> Result<Response, Problem> {
    let target = request.path_server();
    let permit = request.admit(Operation::GetServerRateLimit, target).await?;
    let limit = request.app().rate_limits.get(&permit).await?;
    Ok(Answer::json(&RateLimit::from(&limit))?.to(&request))
}
