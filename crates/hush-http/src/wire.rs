//! What goes over the wire: the JSON shapes of the API, and nothing else.

use std::fmt::Display;

use hush_domain::{audit, operations, permission, scopes};
use serde::{Serialize, Serializer};
use utoipa::openapi::{ObjectBuilder, RefOr, Schema, Type};
use utoipa::{PartialSchema, ToSchema};

mod audit_log;
mod channels;
mod me;
mod roles;
mod servers;
mod tokens;
mod users;

pub(crate) use audit_log::{AuditLogEntry, AuditLogPage};
pub(crate) use channels::{Channel, ChannelList};
pub(crate) use me::Me;
pub(crate) use roles::{Role, RoleList};
pub(crate) use servers::{RateLimit, Server, ServerSettings, ServerStats, UpdateServerSettings};
pub(crate) use tokens::{
    CreateToken, IssuedToken, ReportLeakedToken, RotateToken, Token, TokenPage, kept_id,
};
pub(crate) use users::{Expansion, User, UserPage};

/// An id: 1 to 2^63−1 as a decimal string.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[schema(value_type = String, pattern = "^[1-9][0-9]{0,18}$", max_length = 19, example = "123456")]
pub(crate) struct Snowflake(#[serde(serialize_with = "as_text")] pub(crate) u64);

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
                ObjectBuilder::new()
                    .schema_type(Type::String)
                    .description(Some($description))
                    .enum_values(Some(<$domain>::ALL.map(<$domain>::$text)))
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

fn as_text<S: Serializer>(value: &impl Display, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(value)
}
