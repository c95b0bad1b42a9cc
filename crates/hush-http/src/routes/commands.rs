//! Commands of a server.

use std::time::Duration;

use axum::response::Response;
use http::{HeaderValue, StatusCode, header};
use hush_app::{CommandError, CommandFilter, Sent};
use hush_domain::commands::{self, OrderType};
use hush_domain::ids::CommandId;
use hush_domain::operations::Operation;

use crate::answer::Answer;
use crate::expected::{SWITCH, WAIT, one_of};
use crate::headers::text;
use crate::intent::IDEMPOTENT_REPLAYED;
use crate::page::{PageOf, cursor, next_link};
use crate::problem::{Code, Problem};
use crate::request::ApiRequest;
use crate::wire::{
    Command, CommandPage, CommandState, CommandTrial, CommandType, CreateCommand, Snowflake,
    command_state,
};

/// Send a command
///
/// Lets the bot do something in the server. It is queued, and done soon after, in order for each user and channel; what
/// becomes of it is at the address that `Location` names. The rules are Discord's hierarchy of roles, for you and for the
/// bot; they are looked at now and once more when it is done. With `dry_run=true` nothing is queued, and the answer is 200
/// and says which rule forbids it, if one does.
#[utoipa::path(
    post,
    path = "/v1/servers/{id}/commands",
    operation_id = "createCommand",
    tag = "commands",
    params(
        ("id" = Snowflake, Path, description = "The server."),
        ("dry_run" = Option<bool>, Query, description = "Say what would happen, and queue nothing."),
    ),
    request_body(content = CreateCommand, description = "What shall be done."),
    responses(
        (status = 200, body = CommandTrial, description = "With `dry_run=true`: what would happen."),
        (status = 202, body = Command, description = "It is queued."),
    ),
)]
pub(super) async fn create_command(mut request: ApiRequest) -> Result<Response, Problem> {
    let target = request.path_server();
    let permit = request.admit(Operation::CreateCommand, target).await?;
    let dry_run = request
        .query()
        .read("dry_run", SWITCH, |text| text.parse().ok())?;
    let mut cause = request.cause()?;
    // What is kept of it is the use case's to say.
    let repeatable = request.repeatable(|_: &commands::Command| Vec::new())?;
    let wanted: CreateCommand = request.json()?;
    let kind = wanted.kind();
    let (wanted, reason) = wanted.split();
    cause.reason = reason.or(cause.reason);
    let commands = &request.app().commands;
    if dry_run == Some(true) {
        let forbidden = match commands.try_out(&permit, &wanted).await {
            Ok(()) => None,
            Err(CommandError::Forbidden(forbidden)) => Some(forbidden),
            Err(error) => return Err(error.into()),
        };
        return Ok(Answer::json(&CommandTrial::of(kind, forbidden))?.once(StatusCode::OK));
    }
    let repeatable = repeatable.ok_or(Code::IdempotencyKeyRequired)?;
    let sent = commands.create(&permit, wanted, cause, repeatable).await?;
    let (id, answer) = show(&sent)?;
    let (base, path) = (&request.shared.settings.public_url, request.path());
    Ok(answer
        .with(header::LOCATION, text(format!("{base}{path}/{id}")))
        .once(StatusCode::ACCEPTED))
}

/// List a server's commands
///
/// A page of the server's commands, newest first, whoever sent them.
#[utoipa::path(
    get,
    path = "/v1/servers/{id}/commands",
    operation_id = "listCommands",
    tag = "commands",
    params(
        ("id" = Snowflake, Path, description = "The server."),
        ("state" = Option<CommandState>, Query, description = "Only those that stand so."),
        ("type" = Option<CommandType>, Query, description = "Only those of this type."),
        ("limit" = Option<u16>, Query, minimum = 1, maximum = 1000, example = 50,
            description = "How many commands at most; 50 if left out."),
        ("after" = Option<String>, Query, pattern = "^([1-9a-f][0-9a-f]{0,14}|[1-7][0-9a-f]{15})$", max_length = 16,
            description = "The cursor `next` of the page before; opaque."),
    ),
    responses((status = 200, body = CommandPage, description = "A page of commands.")),
)]
pub(super) async fn list_commands(mut request: ApiRequest) -> Result<Response, Problem> {
    let target = request.path_server();
    let permit = request.admit(Operation::ListCommands, target).await?;
    let states = one_of(commands::StateName::ALL.map(commands::StateName::as_str));
    let types = one_of(OrderType::ALL.map(OrderType::as_str));
    let PageOf { limit, after } = PageOf::<CommandId>::read(request.query())?;
    let filter = CommandFilter {
        state: request.query().read("state", &states, command_state)?,
        kind: request
            .query()
            .read("type", &types, |text| text.parse().ok())?,
        before: after,
        limit,
    };
    let page = request.app().commands.page(&permit, filter).await?;
    let body = CommandPage {
        commands: page.commands.iter().map(Command::from).collect(),
        next: page.next.map(|command| cursor(command.get())),
    };
    let mut answer = Answer::json(&body)?;
    if let Some(next) = &body.next {
        let link = next_link(&request, &["state", "type"], limit, next)?;
        answer = answer.with(header::LINK, link);
    }
    Ok(answer.to(&request))
}

/// Get a command
///
/// What became of a command. With `wait` the answer comes once it has come to its end, or after so many seconds, whichever
/// is first; it counts as one request.
#[utoipa::path(
    get,
    path = "/v1/servers/{id}/commands/{command_id}",
    operation_id = "getCommand",
    tag = "commands",
    params(
        ("id" = Snowflake, Path, description = "The server."),
        ("command_id" = Snowflake, Path, description = "The command."),
        ("wait" = Option<u8>, Query, minimum = 1, maximum = 20, example = 10,
            description = "For how many seconds to wait for its end."),
    ),
    responses((status = 200, body = Command, description = "The command.")),
)]
pub(super) async fn get_command(mut request: ApiRequest) -> Result<Response, Problem> {
    let target = request.path_server();
    let permit = request.admit(Operation::GetCommand, target).await?;
    let wait = request.query().read("wait", WAIT, read_wait)?;
    let id = command_id(&request)?;
    let commands = &request.app().commands;
    let command = match wait {
        Some(patience) => {
            request.trail.allow(patience);
            let waited = commands.wait(&permit, id, patience).await;
            // Who may no longer see it does not, also if they could when they began to wait.
            request.confirm(Operation::GetCommand, target).await?;
            waited?
        }
        None => commands.get(&permit, id).await?,
    };
    Ok(Answer::json(&Command::from(&command))?.to(&request))
}

/// Cancel a command
///
/// Takes a command back that is still queued. One that was begun or has come to its end stays as it is (409).
#[utoipa::path(
    delete,
    path = "/v1/servers/{id}/commands/{command_id}",
    operation_id = "cancelCommand",
    tag = "commands",
    params(
        ("id" = Snowflake, Path, description = "The server."),
        ("command_id" = Snowflake, Path, description = "The command."),
    ),
    responses((status = 200, body = Command, description = "It is cancelled.")),
)]
pub(super) async fn cancel_command(mut request: ApiRequest) -> Result<Response, Problem> {
    let target = request.path_server();
    let permit = request.admit(Operation::CancelCommand, target).await?;
    let cause = request.cause()?;
    let id = command_id(&request)?;
    let cancelled = request.app().commands.cancel(&permit, id, cause).await?;
    Ok(Answer::json(&Command::from(&cancelled))?.once(StatusCode::OK))
}

fn command_id(request: &ApiRequest) -> Result<CommandId, Problem> {
    Ok(request.path_id("command_id").ok_or(Code::CommandNotFound)?)
}

fn read_wait(text: &str) -> Option<Duration> {
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    let seconds = text
        .parse()
        .ok()
        .filter(|seconds| (1..=20).contains(seconds));
    seconds.filter(|_| digits).map(Duration::from_secs)
}

/// The answer that shows what was queued, now or before, and the command's id.
fn show(sent: &Sent) -> Result<(CommandId, Answer), Problem> {
    let (command, before) = match sent {
        Sent::Now(command) => (command, false),
        Sent::Before(command) => (command, true),
    };
    let mut answer = Answer::json(&Command::from(&**command))?;
    if before {
        answer = answer.with(IDEMPOTENT_REPLAYED, HeaderValue::from_static("true"));
    }
    Ok((command.id, answer))
}
