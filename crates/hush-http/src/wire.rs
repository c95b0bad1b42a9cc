//! What goes over the wire: the JSON shapes of the API, and nothing else.

use std::fmt::Display;

use hush_domain::{audit, commands as domain_commands, operations, permission, scopes};
use serde::{Serialize, Serializer};
use utoipa::openapi::extensions::Extensions;
use utoipa::openapi::{ObjectBuilder, RefOr, Schema, Type};
use utoipa::{PartialSchema, ToSchema};

mod audit_log;
mod channels;
mod commands;
mod discovery;
mod me;
mod roles;
mod servers;
mod tokens;
mod users;

pub(crate) use audit_log::{AuditLogEntry, AuditLogPage};
pub(crate) use channels::{Channel, ChannelList};
pub(crate) use commands::{
    Command, CommandPage, CommandTrial, CreateCommand, state as command_state,
};
pub(crate) use discovery::{ApiCatalog, ApiInfo, LinkContext, LinkTarget};
pub(crate) use me::Me;
pub(crate) use roles::{Role, RoleList};
pub(crate) use servers::{RateLimit, Server, ServerSettings, ServerStats, UpdateServerSettings};
pub(crate) use tokens::{
    CreateToken, IssuedToken, ReportLeakedToken, RotateToken, Token, TokenPage, kept_id,
};
pub(crate) use users::{Expansion, User, UserPage};

/// An id: 1 to 2^63−1 as a decimal string.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[schema(value_type = String, pattern = "^[1-9][0-9]{0,18}$", max_length = 19)]
pub(crate) struct Snowflake(#[serde(serialize_with = "as_text")] pub(crate) u64);

/// What generators may call the words where names are letters alone: `UsersRead` for `users:read`.
fn variants(words: &[&str]) -> Extensions {
    let capital = |part: &str| {
        let mut letters = part.chars();
        let first = letters.next().map(|first| first.to_ascii_uppercase());
        first.into_iter().chain(letters).collect::<String>()
    };
    let names = words.iter().map(|word| {
        let parts = word.split(|letter: char| !letter.is_ascii_alphanumeric());
        parts.map(capital).collect::<String>()
    });
    Extensions::from_iter([("x-enum-varnames", names.collect::<Vec<_>>())])
}

/// A word out of a closed list that the domain keeps.
macro_rules! word {
    ($(#[$doc:meta])* $name:ident of $domain:ty, $text:ident, $description:literal) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, Serialize)]
        pub(crate) struct $name(&'static str);

        impl From<$domain> for $name {
            fn from(word: $domain) -> Self {
                Self(word.$text())
            }
        }

        impl PartialSchema for $name {
            fn schema() -> RefOr<Schema> {
                let words = <$domain>::ALL.map(<$domain>::$text);
                ObjectBuilder::new()
                    .schema_type(Type::String)
                    .description(Some($description))
                    .extensions(Some(variants(&words)))
                    .enum_values(Some(words))
                    .into()
            }
        }

        impl ToSchema for $name {}
    };
}

word! {
    /// What a member may do through the API.
    AccessLevel of permission::AccessLevel, as_str,
    "What a member may do through the API; each level includes those before it."
}
word! {
    /// What a token may be used for.
    Scope of scopes::Scope, as_str,
    "What a token may be used for at most."
}
word! {
    /// An operation by its stable name.
    OperationId of operations::Operation, id,
    "The name of an operation: its `operationId` here, but that `GET /v1/tokens` is `listServerTokens` with a \
     `server_id`. Later versions may add to the list."
}
word! {
    /// What kind of actor somebody is.
    ActorKind of audit::ActorKind, as_str,
    "Who acts: whoever runs the service, or a user through a personal token or through the chat platform itself."
}
word! {
    /// What was done.
    Action of audit::Action, as_str,
    "What was done. Later versions may add to the list."
}

word! {
    /// What kind of command it is.
    CommandType of domain_commands::OrderType, as_str,
    "What kind of command it is. Later versions may add to the list."
}
word! {
    /// Where a command stands.
    CommandState of domain_commands::StateName, as_str,
    "Where a command stands: it is `queued`, then `running`, and ends as `succeeded`, `failed`, `expired` (its deadline \
     came first) or `cancelled`."
}

/// Why a command is not carried out.
#[derive(Debug, Clone, Copy, Serialize)]
pub(crate) struct FailureCode(&'static str);

impl From<domain_commands::FailureCode> for FailureCode {
    fn from(code: domain_commands::FailureCode) -> Self {
        Self(code.as_str())
    }
}

impl PartialSchema for FailureCode {
    fn schema() -> RefOr<Schema> {
        let codes = domain_commands::FailureCode::ALL.iter();
        let lines = codes
            .clone()
            .map(|code| format!("- `{code}`: {}", code.sentence()));
        let description = format!(
            "Why a command is not carried out. Later versions may add to the list.\n\n{}",
            lines.collect::<Vec<_>>().join("\n")
        );
        ObjectBuilder::new()
            .schema_type(Type::String)
            .description(Some(description))
            .enum_values(Some(codes.map(|code| code.as_str())))
            .into()
    }
}

impl ToSchema for FailureCode {}

fn as_text<S: Serializer>(value: &impl Display, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(value)
}
