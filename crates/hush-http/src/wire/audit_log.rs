//! The audit log.

use hush_domain::audit::{self, Details, chain};
use hush_domain::ids::{TokenId, UserId};
use serde::Serialize;
use serde_json::value::RawValue;
use utoipa::ToSchema;

use super::{Action, ActorKind, Snowflake};
use crate::problem::{Code, Problem};

/// A page of a server's audit log, newest first.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AuditLogPage<'a> {
    /// The entries.
    #[schema(max_items = 1000)]
    pub(crate) entries: Vec<AuditLogEntry<'a>>,
    /// The cursor of the next page; `null` on the last one.
    #[schema(
        required,
        pattern = "^([1-9a-f][0-9a-f]{0,14}|[1-7][0-9a-f]{15})$",
        max_length = 16
    )]
    pub(crate) next: Option<String>,
}

/// One thing that was done in a server.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "number": 17,
    "at": "2026-01-31T12:00:00Z",
    "actor": {"type": "token", "token_id": "7200000000000000000", "user_id": "123456"},
    "action": "token.created",
    "target": {"type": "token", "id": "7300000000000000000", "user_id": "123456"},
    "before": null,
    "after": {
        "expires_at": "2026-04-01T00:00:00Z",
        "parent_id": "7200000000000000000",
        "scopes": ["users:read"],
    },
    "request_id": "4bf92f3577b34da6-1",
    "reason": "for the nightly report",
}))]
pub(crate) struct AuditLogEntry<'a> {
    /// Its number in the server's log, which has no gaps.
    #[schema(minimum = 1, maximum = 9_007_199_254_740_991_u64)]
    number: u64,
    /// When it was done (RFC 3339, UTC).
    #[schema(format = DateTime, max_length = 30)]
    at: String,
    /// Who did it.
    actor: Actor,
    /// What was done.
    action: Action,
    /// What it was done to.
    target: Target,
    /// What was so before; `null` where that does not apply.
    #[schema(required, value_type = Option<Object>)]
    before: Option<&'a RawValue>,
    /// What is so from then on; `null` where that does not apply.
    #[schema(required, value_type = Option<Object>)]
    after: Option<&'a RawValue>,
    /// The request that asked for it; `null` if none did.
    #[schema(required, pattern = "^[A-Za-z0-9._-]{1,64}$", max_length = 64)]
    request_id: Option<&'a str>,
    /// The reason that was given; `null` if none was, or it was erased.
    #[schema(
        required,
        pattern = r"^[^\x00-\x1F\x7F-\x9F]*$",
        min_length = 1,
        max_length = 512
    )]
    reason: Option<&'a str>,
}

/// Who did something.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AuditLogActor)]
pub(crate) struct Actor {
    /// What kind of actor it is.
    r#type: ActorKind,
    /// The token; `null` if none acted.
    #[schema(required)]
    token_id: Option<Snowflake>,
    /// The user; `null` if it was the operator.
    #[schema(required)]
    user_id: Option<Snowflake>,
}

/// What something was done to.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AuditLogTarget)]
pub(crate) struct Target {
    /// What kind of thing it is.
    r#type: TargetKind,
    /// The id of the token or command; `null` for settings.
    #[schema(required)]
    id: Option<Snowflake>,
    /// Whose token it is, or to whom the command does something; `null` for settings, and where that is not one user.
    #[schema(required)]
    user_id: Option<Snowflake>,
}

/// What kind of thing something was done to.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = AuditLogTargetKind)]
pub(crate) enum TargetKind {
    /// A token.
    Token,
    /// A command.
    Command,
    /// The server's settings.
    Settings,
}

impl<'a> TryFrom<&'a chain::Row> for AuditLogEntry<'a> {
    type Error = Problem;

    fn try_from(row: &'a chain::Row) -> Result<Self, Problem> {
        let reason = row.reason.as_ref();
        Ok(Self {
            number: row.number,
            at: row.at.to_string(),
            actor: row.actor.into(),
            action: row.action.into(),
            target: row.target.into(),
            before: row.before.as_ref().map(json).transpose()?,
            after: row.after.as_ref().map(json).transpose()?,
            request_id: row.request_id.as_ref().map(audit::RequestId::as_str),
            reason: reason.map(|reason| reason.text.as_str()),
        })
    }
}

/// Details are stored as JSON. What is none was changed in the store.
fn json(details: &Details) -> Result<&RawValue, Problem> {
    serde_json::from_str(details.as_str()).map_err(|_| Code::Internal.into())
}

impl From<audit::Actor> for Actor {
    fn from(actor: audit::Actor) -> Self {
        Self {
            r#type: actor.kind().into(),
            token_id: actor.token().map(TokenId::get).map(Snowflake),
            user_id: actor.user().map(UserId::get).map(Snowflake),
        }
    }
}

impl From<audit::Target> for Target {
    fn from(target: audit::Target) -> Self {
        Self {
            r#type: match target {
                audit::Target::Token(..) => TargetKind::Token,
                audit::Target::Command(..) => TargetKind::Command,
                audit::Target::Settings => TargetKind::Settings,
            },
            id: target.id().map(Snowflake),
            user_id: target.user().map(UserId::get).map(Snowflake),
        }
    }
}
