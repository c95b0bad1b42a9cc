//! The users of a server.

use axum::response::Response;
use http::header;
use hush_domain::ids::UserId;
use hush_domain::operations::Operation;

use crate::answer::Answer;
use crate::page::{PageOf, cursor, next_link};
use crate::problem::{Code, Problem};
use crate::request::ApiRequest;
use crate::wire::{Snowflake, User, UserPage};

/// List the users of a server
///
/// A page of the addressed server's users, ordered by id, with the roles held there. Walking the pages while
/// members come and go never repeats a user, nor skips one who was there throughout.
#[utoipa::path(
    get,
    path = "/v1/users",
    operation_id = "listUsers",
    tag = "users",
    params(
        ("server_id" = Option<Snowflake>, Query, description = "The addressed server. May be left out \
            when the token names exactly one."),
        ("limit" = Option<u16>, Query, minimum = 1, maximum = 1000, example = 50,
            description = "How many users at most; 50 if left out."),
        ("after" = Option<String>, Query, pattern = "^[0-9a-f]{1,16}$", max_length = 16,
            description = "The cursor `next` of the page before; opaque."),
    ),
    responses((status = 200, body = UserPage<'_>, description = "A page of users.")),
)]
pub(super) async fn list_users(mut request: ApiRequest) -> Result<Response, Problem> {
    let target = request.queried_server();
    let permit = request.admit(Operation::ListUsers, target).await?;
    let PageOf { limit, after } = PageOf::read(request.query())?;
    let page = request.app().users.page(&permit, after, limit).await?;
    let body = UserPage {
        users: page.members.iter().map(User::from).collect(),
        next: page.next.map(|user| cursor(user.get())),
    };
    let mut answer = Answer::json(&body)?.cacheable(&request);
    if let Some(next) = &body.next {
        let link = next_link(&request, &["server_id"], limit, next)?;
        answer = answer.with(header::LINK, link);
    }
    Ok(answer.to(&request))
}

/// Get one user
///
/// The user with the roles held in the addressed server.
#[utoipa::path(
    get,
    path = "/v1/users/{id}",
    operation_id = "getUser",
    tag = "users",
    params(
        ("id" = Snowflake, Path, description = "The user."),
        ("server_id" = Option<Snowflake>, Query, description = "The addressed server. May be left out \
            when the token names exactly one."),
    ),
    responses((status = 200, body = User<'_>, description = "The user.")),
)]
pub(super) async fn get_user(mut request: ApiRequest) -> Result<Response, Problem> {
    let target = request.queried_server();
    let permit = request.admit(Operation::GetUser, target).await?;
    let user = request.path_id::<UserId>("id").ok_or(Code::UserNotFound)?;
    let member = request
        .app()
        .users
        .get(&permit, user)
        .await?
        .ok_or(Code::UserNotFound)?;
    Ok(Answer::json(&User::from(&member))?
        .cacheable(&request)
        .to(&request))
}
