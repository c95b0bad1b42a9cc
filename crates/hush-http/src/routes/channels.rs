//! The channels of a server.

use axum::response::Response;
use hush_domain::operations::Operation;

use crate::answer::Answer;
use crate::problem::{Code, Problem};
use crate::request::ApiRequest;
use crate::wire::{Channel, ChannelList, Snowflake};

/// List a server's channels
///
/// Every channel and active thread of the server, ordered by id.
#[utoipa::path(
    get,
    path = "/v1/servers/{id}/channels",
    operation_id = "listChannels",
    tag = "servers",
    params(("id" = Snowflake, Path, description = "The server.")),
    responses((status = 200, body = ChannelList<'_>, description = "The channels.")),
)]
pub(super) async fn list_channels(mut request: ApiRequest) -> Result<Response, Problem> {
    let target = request.path_server();
    let permit = request.admit(Operation::ListChannels, target).await?;
    let channels = request
        .app()
        .servers
        .channels(&permit)
        .await?
        .ok_or(Code::ServerNotFound)?;
    let body = ChannelList {
        channels: channels.iter().map(Channel::from).collect(),
    };
    Ok(Answer::json(&body)?.cacheable(&request).to(&request))
}
