//! Commands.

use hush_domain::commands::{self, OrderType, Report, State, StateName};
use hush_domain::ids::{RoleId, UserId};
use serde::Serialize;
use utoipa::ToSchema;

use super::{CommandState, CommandType, FailureCode, Snowflake};

mod create;
mod schema;

pub(crate) use create::CreateCommand;

/// A command, and what became of it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "id": "7400000000000000000",
    "type": "timeout",
    "state": "failed",
    "parameters": {"user_id": "123457", "duration_seconds": 600},
    "token_id": "7300000000000000000",
    "user_id": "123456",
    "reason": "spam",
    "created_at": "2026-01-31T12:00:00Z",
    "not_after": "2026-01-31T12:10:00Z",
    "started_at": "2026-01-31T12:00:00.2Z",
    "ended_at": "2026-01-31T12:00:00.5Z",
    "attempts": 1,
    "failure": {
        "code": "target-is-administrator",
        "detail": "Discord times nobody out who has the permission ADMINISTRATOR.",
    },
    "result": null,
}))]
pub(crate) struct Command {
    /// The command's id.
    id: Snowflake,
    /// What kind of command it is.
    r#type: CommandType,
    /// Where it stands.
    state: CommandState,
    /// What it says beside its type.
    parameters: CommandParameters,
    /// The token through which it was sent.
    token_id: Snowflake,
    /// Whose token that is.
    user_id: Snowflake,
    /// Why, as Discord's audit log shows it; `null` if it was not said.
    #[schema(
        required,
        pattern = r"^[^\x00-\x1F\x7F-\x9F]*$",
        min_length = 1,
        max_length = 512
    )]
    reason: Option<String>,
    /// When it was queued (RFC 3339, UTC).
    #[schema(format = DateTime, max_length = 30)]
    created_at: String,
    /// When it must not run any more (RFC 3339, UTC).
    #[schema(format = DateTime, max_length = 30)]
    not_after: String,
    /// When it was begun, the first time since when it may have been carried out (RFC 3339, UTC); `null` if it was not.
    #[schema(required, format = DateTime, max_length = 30)]
    started_at: Option<String>,
    /// When it came to its end (RFC 3339, UTC); `null` if it has not.
    #[schema(required, format = DateTime, max_length = 30)]
    ended_at: Option<String>,
    /// How often it was begun.
    #[schema(minimum = 0, maximum = 2_147_483_647)]
    attempts: u32,
    /// Why it failed; `null` if it has not.
    #[schema(required)]
    failure: Option<CommandFailure>,
    /// What was done, where there is more to say than that it was; else `null`.
    #[schema(required)]
    result: Option<CommandResult>,
}

/// What a command says beside its type: only what commands of this type have.
#[derive(Debug, Default, Serialize, ToSchema)]
pub(crate) struct CommandParameters {
    /// The user to whom something is done.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    user_id: Option<Snowflake>,
    /// The users who are banned.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, min_items = 1, max_items = 200)]
    user_ids: Option<Vec<Snowflake>>,
    /// The role that is given or taken.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    role_id: Option<Snowflake>,
    /// The channel into which something is written.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    channel_id: Option<Snowflake>,
    /// How long the timeout lasts.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, minimum = 1, maximum = 2_419_200)]
    duration_seconds: Option<u64>,
    /// From how long before the ban messages are deleted.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, minimum = 0, maximum = 604_800)]
    delete_message_seconds: Option<u64>,
    /// The nickname; `null` takes it away.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, pattern = r"^[^\x00-\x1F\x7F-\x9F]*$", min_length = 1, max_length = 32)]
    nickname: Option<Nickname>,
    /// The message.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(
        nullable = false,
        pattern = r"^[^\x00-\x08\x0B\x0C\x0E-\x1F\x7F-\x9F]*[^\s\x00-\x1F\x7F-\x9F][^\x00-\x08\x0B\x0C\x0E-\x1F\x7F-\x9F]*$",
        min_length = 1,
        max_length = 2000
    )]
    content: Option<String>,
}

/// A nickname, or none.
#[derive(Debug, Serialize)]
pub(crate) struct Nickname(Option<String>);

/// Why a command failed.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CommandFailure {
    /// The stable name.
    code: FailureCode,
    /// What it means.
    #[schema(pattern = r"^[^\x00-\x1F\x7F-\x9F]*$", max_length = 300)]
    detail: &'static str,
}

/// What was done.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CommandResult {
    /// With `bulk_ban`: who was banned.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, max_items = 200)]
    banned_user_ids: Option<Vec<Snowflake>>,
    /// With `bulk_ban`: who was not, or was banned before.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, max_items = 200)]
    not_banned_user_ids: Option<Vec<Snowflake>>,
    /// With `send_message`: the message.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    message_id: Option<Snowflake>,
}

/// A page of commands, newest first.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CommandPage {
    /// The commands.
    #[schema(max_items = 1000)]
    pub(crate) commands: Vec<Command>,
    /// The cursor of the next page; `null` on the last one.
    #[schema(
        required,
        pattern = "^([1-9a-f][0-9a-f]{0,14}|[1-7][0-9a-f]{15})$",
        max_length = 16
    )]
    pub(crate) next: Option<String>,
}

/// What would become of a command.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "type": "kick",
    "allowed": false,
    "rule": "target-is-owner",
    "detail": "Nobody acts on the server's owner.",
    "user_id": "100001",
}))]
pub(crate) struct CommandTrial {
    /// What kind of command it is.
    r#type: CommandType,
    /// Whether it would be queued.
    allowed: bool,
    /// The rule that forbids it; `null` if none does.
    #[schema(required)]
    rule: Option<FailureCode>,
    /// What the rule says; `null` if none forbids it.
    #[schema(required, pattern = r"^[^\x00-\x1F\x7F-\x9F]*$", max_length = 300)]
    detail: Option<&'static str>,
    /// The user because of whom; `null` if it is not about one.
    #[schema(required)]
    user_id: Option<Snowflake>,
}

impl CommandTrial {
    pub(crate) fn of(kind: OrderType, forbidden: Option<commands::rules::Forbidden>) -> Self {
        let code = forbidden.map(|it| it.code);
        Self {
            r#type: kind.into(),
            allowed: forbidden.is_none(),
            rule: code.map(Into::into),
            detail: code.map(commands::FailureCode::sentence),
            user_id: forbidden.and_then(|it| it.user).map(user),
        }
    }
}

impl From<&commands::Command> for Command {
    fn from(command: &commands::Command) -> Self {
        let reason = command.reason.as_ref();
        Self {
            id: Snowflake(command.id.get()),
            r#type: command.order.kind().into(),
            state: command.state.name().into(),
            parameters: (&command.order).into(),
            token_id: Snowflake(command.token.get()),
            user_id: user(command.user),
            reason: reason.map(|reason| reason.text.as_str().to_owned()),
            created_at: command.created_at.to_string(),
            not_after: command.not_after.to_string(),
            started_at: command.started_at.map(|at| at.to_string()),
            ended_at: command.ended_at.map(|at| at.to_string()),
            attempts: command.attempts,
            failure: match command.state {
                State::Failed(code) => Some(CommandFailure {
                    code: code.into(),
                    detail: code.sentence(),
                }),
                _ => None,
            },
            result: match &command.state {
                State::Succeeded(report) => result(report),
                _ => None,
            },
        }
    }
}

impl From<&commands::Order> for CommandParameters {
    fn from(order: &commands::Order) -> Self {
        use commands::Order;
        let mut parameters = Self {
            role_id: order.role().map(RoleId::get).map(Snowflake),
            channel_id: order.channel().map(|it| Snowflake(it.get())),
            ..Self::default()
        };
        match order {
            Order::BulkBan { users, .. } => parameters.user_ids = Some(ids(users.as_slice())),
            other => parameters.user_id = other.users().first().copied().map(user),
        }
        match order {
            Order::Timeout { lasting, .. } => parameters.duration_seconds = Some(lasting.as_secs()),
            Order::Ban { deleting, .. } | Order::BulkBan { deleting, .. } => {
                parameters.delete_message_seconds = Some(deleting.as_secs());
            }
            Order::SetNickname { nickname, .. } => {
                let nickname = nickname.as_ref().map(ToString::to_string);
                parameters.nickname = Some(Nickname(nickname));
            }
            Order::SendMessage { content, .. } => {
                parameters.content = Some(content.as_str().to_owned());
            }
            _ => {}
        }
        parameters
    }
}

fn result(report: &Report) -> Option<CommandResult> {
    let nothing = CommandResult {
        banned_user_ids: None,
        not_banned_user_ids: None,
        message_id: None,
    };
    match report {
        Report::Done => None,
        Report::BulkBan { banned, not_banned } => Some(CommandResult {
            banned_user_ids: Some(ids(banned)),
            not_banned_user_ids: Some(ids(not_banned)),
            ..nothing
        }),
        Report::Message(message) => Some(CommandResult {
            message_id: Some(Snowflake(message.get())),
            ..nothing
        }),
    }
}

fn ids(users: &[UserId]) -> Vec<Snowflake> {
    users.iter().copied().map(user).collect()
}

fn user(user: UserId) -> Snowflake {
    Snowflake(user.get())
}

/// A state by its name, as filters give it.
pub(crate) fn state(text: &str) -> Option<StateName> {
    text.parse().ok()
}
