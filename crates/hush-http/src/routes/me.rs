//! Who a token is.

use axum::response::Response;
use hush_app::Target;
use hush_domain::operations::Operation;

use crate::answer::Answer;
use crate::problem::Problem;
use crate::request::ApiRequest;
use crate::wire::Me;

/// Get who this token is
///
/// The token's user, scopes and end, and each server that it names with the user's access level there, and whether
/// each operation is allowed there now.
#[utoipa::path(
    get,
    path = "/v1/me",
    operation_id = "getMe",
    tag = "me",
    responses((status = 200, body = Me, description = "Who this token is.")),
)]
pub(super) async fn get_me(mut request: ApiRequest) -> Result<Response, Problem> {
    let permit = request.admit(Operation::GetMe, Target::Nothing).await?;
    let identity = request.app().me.get(&permit).await?;
    Ok(Answer::json(&Me::from(&identity))?.to(&request))
}
