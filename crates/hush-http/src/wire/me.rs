//! Who a token is.

use hush_app::{Identity, Missing, Reach};
use hush_domain::operations::Operation;
use serde::Serialize;
use utoipa::ToSchema;

use super::{AccessLevel, OperationId, Scope, Snowflake};

/// Who a token is.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "user_id": "123456",
    "token_id": "7300000000000000000",
    "name": "nightly report",
    "scopes": ["users:read", "stats:read"],
    "created_at": "2026-01-01T00:00:00Z",
    "expires_at": "2026-04-01T00:00:00Z",
    "servers": [{
        "id": "123456",
        "name": "Demo",
        "access_level": "admin",
        "operations": [
            {"operation": "listUsers", "allowed": true},
            {"operation": "listAuditLog", "allowed": false, "missing": "scope", "required": "audit:read"},
        ],
    }],
}))]
pub(crate) struct Me {
    /// The user whose key this token is.
    pub(crate) user_id: Snowflake,
    /// The token's public id.
    pub(crate) token_id: Snowflake,
    /// What its owner calls the token.
    #[schema(pattern = r"^[^\x00-\x1F\x7F-\x9F]*$", min_length = 1, max_length = 64)]
    pub(crate) name: String,
    /// What the token may be used for at most.
    #[schema(max_items = 8)]
    pub(crate) scopes: Vec<Scope>,
    /// When the token was made (RFC 3339, UTC).
    #[schema(format = DateTime, max_length = 30)]
    pub(crate) created_at: String,
    /// When the token ends by itself (RFC 3339, UTC); `null` if it does not.
    #[schema(required, format = DateTime, max_length = 30)]
    pub(crate) expires_at: Option<String>,
    /// Each server that the token names, by ascending id.
    #[schema(min_items = 1, max_items = 25)]
    pub(crate) servers: Vec<NamedServer>,
}

/// A server that a token names.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct NamedServer {
    /// The server's id.
    pub(crate) id: Snowflake,
    /// Its name; `null` where the user is not in it.
    #[schema(
        required,
        pattern = r"^[^\x00-\x1F\x7F-\x9F]*$",
        min_length = 1,
        max_length = 100
    )]
    pub(crate) name: Option<String>,
    /// The user's access level there; `null` where the user is not in it.
    #[schema(required)]
    pub(crate) access_level: Option<AccessLevel>,
    /// Each operation, and whether this token may do it there now. What an operation finds out about the particular
    /// thing that it is asked for can still stand in its way.
    #[schema(max_items = 100)]
    pub(crate) operations: Vec<Allowance>,
}

/// Whether a token may do an operation now.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Allowance {
    /// The operation.
    pub(crate) operation: OperationId,
    /// Whether it is allowed.
    pub(crate) allowed: bool,
    /// What is missing, if it is not.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub(crate) missing: Option<MissingThing>,
    /// With a missing `scope` or `access_level`: which one is needed.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, pattern = "^[a-z]+([_:][a-z]+)*$", max_length = 64)]
    pub(crate) required: Option<&'static str>,
}

/// What is missing for an operation.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum MissingThing {
    /// The user is not in the server, or its owner has turned its API off.
    Server,
    /// The token lacks a scope.
    Scope,
    /// The user's access level is too low.
    AccessLevel,
    /// The secret that was shown is not the token's newest.
    NewestSecret,
}

impl From<&Identity> for Me {
    fn from(identity: &Identity) -> Self {
        let token = &identity.token;
        Self {
            user_id: Snowflake(token.user.get()),
            token_id: Snowflake(token.id.get()),
            name: token.name.to_string(),
            scopes: token.scopes.iter().map(Scope::from).collect(),
            created_at: token.created_at.to_string(),
            expires_at: token.expires_at.map(|at| at.to_string()),
            servers: identity.servers.iter().map(NamedServer::from).collect(),
        }
    }
}

impl From<&Reach> for NamedServer {
    fn from(reach: &Reach) -> Self {
        let membership = reach.membership.as_ref();
        Self {
            id: Snowflake(reach.server.get()),
            name: membership.map(|known| known.name.to_string()),
            access_level: membership.map(|known| known.standing.access_level().into()),
            operations: reach.operations.iter().map(Allowance::from).collect(),
        }
    }
}

impl From<&(Operation, Result<(), Missing>)> for Allowance {
    fn from((operation, allowed): &(Operation, Result<(), Missing>)) -> Self {
        let (missing, required) = match *allowed {
            Ok(()) => (None, None),
            Err(Missing::Server) => (Some(MissingThing::Server), None),
            Err(Missing::Scope(scope)) => (Some(MissingThing::Scope), Some(scope.as_str())),
            Err(Missing::AccessLevel(level)) => {
                (Some(MissingThing::AccessLevel), Some(level.as_str()))
            }
            Err(Missing::NewestSecret) => (Some(MissingThing::NewestSecret), None),
        };
        Self {
            operation: (*operation).into(),
            allowed: allowed.is_ok(),
            missing,
            required,
        }
    }
}
