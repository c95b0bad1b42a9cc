//! The users of a server.

use axum::response::Response;
use http::header;
use hush_app::UserFilter;
use hush_domain::ids::UserId;
use hush_domain::operations::Operation;

use crate::answer::Answer;
use crate::expected::{EXPANSIONS, SNOWFLAKE, SWITCH, USERS};
use crate::page::{PageOf, cursor, next_link};
use crate::problem::{Code, Problem};
use crate::query::Query;
use crate::request::ApiRequest;
use crate::wire::{Expansion, Snowflake, User, UserPage};

/// How many users can be named in one request.
const MAX_IDS: usize = 100;

/// List the users of a server
///
/// A page of the addressed server's users, ordered by id, with the roles held there. Filters can be combined. Walking
/// the pages while members come and go never repeats a user, nor skips one who was there throughout.
#[utoipa::path(
    get,
    path = "/v1/users",
    operation_id = "listUsers",
    tag = "users",
    params(
        ("server_id" = Option<Snowflake>, Query, description = "The addressed server. May be left out \
            when the token names exactly one."),
        ("role_id" = Option<Snowflake>, Query, description = "Only those who hold this role. Everybody \
            holds the everyone-role; nobody holds one that the server does not have."),
        ("bot" = Option<bool>, Query, description = "Only bots, or only those who are none."),
        ("ids" = Option<BTreeSet<Snowflake>>, Query, style = Form, explode = false, min_items = 1, max_items = 100,
            description = "Only these users: ids separated by commas, each once."),
        ("expand" = inline(Option<BTreeSet<Expansion>>), Query, style = Form, explode = false, min_items = 1, max_items = 2,
            description = "What each user is shown with besides: words separated by commas, each once."),
        ("limit" = Option<u16>, Query, minimum = 1, maximum = 1000, example = 50,
            description = "How many users at most; 50 if left out."),
        ("after" = Option<String>, Query, pattern = "^([1-9a-f][0-9a-f]{0,14}|[1-7][0-9a-f]{15})$", max_length = 16,
            description = "The cursor `next` of the page before; opaque."),
    ),
    responses((status = 200, body = UserPage<'_>, description = "A page of users.")),
)]
pub(super) async fn list_users(mut request: ApiRequest) -> Result<Response, Problem> {
    let target = request.queried_server();
    let permit = request.admit(Operation::ListUsers, target).await?;
    let filter = read_filter(request.query())?;
    let expand = read_expand(request.query())?;
    let PageOf { limit, after } = PageOf::read(request.query())?;
    let users = &request.app().users;
    let page = users.page(&permit, filter, after, limit).await?;
    let users = page.members.iter();
    let body = UserPage {
        users: users.map(|member| User::new(member, &expand)).collect(),
        next: page.next.map(|user| cursor(user.get())),
    };
    let mut answer = Answer::json(&body)?.cacheable(&request);
    if let Some(next) = &body.next {
        let kept = ["server_id", "role_id", "bot", "ids", "expand"];
        answer = answer.with(header::LINK, next_link(&request, &kept, limit, next)?);
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
        ("expand" = inline(Option<BTreeSet<Expansion>>), Query, style = Form, explode = false, min_items = 1, max_items = 2,
            description = "What the user is shown with besides: words separated by commas, each once."),
    ),
    responses((status = 200, body = User<'_>, description = "The user.")),
)]
pub(super) async fn get_user(mut request: ApiRequest) -> Result<Response, Problem> {
    let target = request.queried_server();
    let permit = request.admit(Operation::GetUser, target).await?;
    let expand = read_expand(request.query())?;
    let user = request.path_id::<UserId>("id").ok_or(Code::UserNotFound)?;
    let member = request
        .app()
        .users
        .get(&permit, user)
        .await?
        .ok_or(Code::UserNotFound)?;
    Ok(Answer::json(&User::new(&member, &expand))?
        .cacheable(&request)
        .to(&request))
}

fn read_filter(query: Query<'_>) -> Result<UserFilter, Problem> {
    let ids = query.list("ids", USERS, MAX_IDS, |text| text.parse().ok())?;
    Ok(UserFilter {
        role: query.read("role_id", SNOWFLAKE, |text| text.parse().ok())?,
        bot: query.read("bot", SWITCH, |text| text.parse().ok())?,
        ids: ids.map(|ids| ids.into_iter().collect()),
    })
}

fn read_expand(query: Query<'_>) -> Result<Vec<Expansion>, Problem> {
    let word = |text: &str| Expansion::ALL.into_iter().find(|it| it.as_str() == text);
    let expand = query.list("expand", EXPANSIONS, Expansion::ALL.len(), word)?;
    Ok(expand.unwrap_or_default())
}
