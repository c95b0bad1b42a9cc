//! The operations of the API as data. Admission, the OpenAPI document, the documentation and the permission
//! matrix read this one table.

use crate::permission::AccessLevel;
use crate::scopes::Scope;

/// An operation of the API that needs a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Operation {
    /// `GET /v1/me`: who this token is.
    GetMe,
    /// `GET /v1/users`: a page of the addressed server's users.
    ListUsers,
    /// `GET /v1/users/{id}`: one user with the roles held in the addressed server.
    GetUser,
    /// `GET /v1/servers/{id}/stats`: member counts.
    GetServerStats,
}

/// What an operation asks of the token and its user.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Requirement {
    /// The lowest access level in the addressed server. `None`: the operation addresses no server.
    pub level: Option<AccessLevel>,
    /// The scope that the token must have, if any.
    pub scope: Option<Scope>,
}

impl Operation {
    /// Every operation.
    pub const ALL: [Self; 4] = [
        Self::GetMe,
        Self::ListUsers,
        Self::GetUser,
        Self::GetServerStats,
    ];

    /// The stable `operationId` in the OpenAPI document.
    pub fn id(self) -> &'static str {
        match self {
            Self::GetMe => "getMe",
            Self::ListUsers => "listUsers",
            Self::GetUser => "getUser",
            Self::GetServerStats => "getServerStats",
        }
    }

    /// What the operation asks for.
    pub fn requirement(self) -> Requirement {
        let (level, scope) = match self {
            Self::GetMe => (None, None),
            Self::ListUsers | Self::GetUser => (Some(AccessLevel::Admin), Some(Scope::UsersRead)),
            Self::GetServerStats => (Some(AccessLevel::ServerOwner), Some(Scope::StatsRead)),
        };
        Requirement { level, scope }
    }
}
