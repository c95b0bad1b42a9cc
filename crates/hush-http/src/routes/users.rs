//! The users of a server.

use axum::response::Response;
use http::{HeaderValue, header};
use hush_domain::ids::UserId;
use hush_domain::operations::Operation;

use crate::answer::Answer;
use crate::headers::text;
use crate::problem::{Code, Problem};
use crate::request::ApiRequest;
use crate::wire::{Snowflake, User, UserPage};

/// The largest page.
const MAX_LIMIT: u16 = 1000;
/// The page that one gets without asking for a size.
const DEFAULT_LIMIT: u16 = 50;

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
    let query = request.query();
    let limit = query.read("limit", "must be a whole number from 1 to 1000", read_limit)?;
    let after = query.read(
        "after",
        "must be the `next` of an earlier page",
        read_cursor,
    )?;
    let limit = limit.unwrap_or(DEFAULT_LIMIT);
    let page = request.app().users.page(&permit, after, limit).await?;
    let body = UserPage {
        users: page.members.iter().map(User::from).collect(),
        next: page.next.map(cursor),
    };
    let mut answer = Answer::json(&body)?.cacheable(&request);
    if let Some(next) = &body.next {
        answer = answer.with(header::LINK, next_link(&request, limit, next)?);
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
    let user = request
        .path_id::<UserId>()
        .await
        .ok_or(Code::UserNotFound)?;
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

fn read_limit(text: &str) -> Option<u16> {
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse()
        .ok()
        .filter(|limit| digits && (1..=MAX_LIMIT).contains(limit))
}

/// The cursor behind `user`. Clients must not read it, so it does not look like an id.
fn cursor(user: UserId) -> String {
    format!("{:x}", user.get())
}

fn read_cursor(text: &str) -> Option<UserId> {
    let cursor = u64::from_str_radix(text, 16)
        .ok()
        .and_then(|id| UserId::try_from(id).ok());
    // What we did not write ourselves (a sign, upper case, leading zeros) is no cursor.
    cursor.filter(|user| self::cursor(*user) == text)
}

fn next_link(request: &ApiRequest, limit: u16, next: &str) -> Result<HeaderValue, Problem> {
    let base = &request.shared.settings.public_url;
    let server = match request.query().get("server_id")? {
        Some(server) => format!("server_id={server}&"),
        None => String::new(),
    };
    Ok(text(format!(
        "<{base}/v1/users?{server}limit={limit}&after={next}>; rel=\"next\""
    )))
}
