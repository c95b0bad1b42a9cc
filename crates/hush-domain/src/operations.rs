//! The operations of the API as data. Admission, `/v1/me`, the OpenAPI document, the documentation and the
//! permission matrix read this one table.

use crate::limits::Policy;
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
    /// `GET /v1/servers/{id}`: what a server is called and who owns it.
    GetServer,
    /// `GET /v1/servers/{id}/roles`: its roles.
    ListRoles,
    /// `GET /v1/servers/{id}/channels`: its channels.
    ListChannels,
    /// `GET /v1/servers/{id}/stats`: member counts.
    GetServerStats,
    /// `GET /v1/servers/{id}/settings`: what the server's owner decided about the API.
    GetServerSettings,
    /// `PATCH /v1/servers/{id}/settings`: decide otherwise.
    UpdateServerSettings,
    /// `GET /v1/servers/{id}/rate-limit`: what is left of the server's limit, and who spent it.
    GetServerRateLimit,
    /// `GET /v1/servers/{id}/audit-log`: who did what.
    ListAuditLog,
    /// `GET /v1/servers/{id}/commands`: the server's commands.
    ListCommands,
    /// `POST /v1/servers/{id}/commands`: send a command.
    CreateCommand,
    /// `GET /v1/servers/{id}/commands/{command_id}`: what became of one.
    GetCommand,
    /// `DELETE /v1/servers/{id}/commands/{command_id}`: take one back before it runs.
    CancelCommand,
    /// `GET /v1/tokens`: the user's own tokens.
    ListTokens,
    /// `GET /v1/tokens?server_id=`: every token that names the addressed server.
    ListServerTokens,
    /// `POST /v1/tokens`: make a token.
    CreateToken,
    /// `GET /v1/tokens/{id}`: one of the user's own tokens.
    GetToken,
    /// `DELETE /v1/tokens/{id}`: revoke one of them with all its descendants.
    RevokeToken,
    /// `POST /v1/tokens/{id}/rotate`: give one of them a new secret.
    RotateToken,
    /// `DELETE /v1/servers/{id}/tokens/{token_id}`: take the addressed server off somebody's token.
    RemoveServerFromToken,
}

/// Which servers an operation is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Subject {
    /// None: it is about tokens of the caller's own.
    OwnTokens,
    /// The addressed server.
    Server,
    /// Each server that the request's body names.
    NamedServers,
}

/// What an operation asks of the token and its user.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Requirement {
    /// Which servers it is about.
    pub subject: Subject,
    /// The lowest access level in each of those servers; `None` if there are none.
    pub level: Option<AccessLevel>,
    /// The scope that the token must have, if any.
    pub scope: Option<Scope>,
    /// Whether it changes anything. A secret that a newer one has replaced only reads.
    pub changes: bool,
    /// Whether the server's owner may do it although the server's API is off.
    pub while_disabled: bool,
    /// Whose limit it is counted against.
    pub counts_against: Policy,
}

impl Operation {
    /// Every operation.
    pub const ALL: [Self; 22] = [
        Self::GetMe,
        Self::ListUsers,
        Self::GetUser,
        Self::GetServer,
        Self::ListRoles,
        Self::ListChannels,
        Self::GetServerStats,
        Self::GetServerSettings,
        Self::UpdateServerSettings,
        Self::GetServerRateLimit,
        Self::ListAuditLog,
        Self::ListCommands,
        Self::CreateCommand,
        Self::GetCommand,
        Self::CancelCommand,
        Self::ListTokens,
        Self::ListServerTokens,
        Self::CreateToken,
        Self::GetToken,
        Self::RevokeToken,
        Self::RotateToken,
        Self::RemoveServerFromToken,
    ];

    /// The stable name, which is the `operationId` in the OpenAPI document.
    pub fn id(self) -> &'static str {
        match self {
            Self::GetMe => "getMe",
            Self::ListUsers => "listUsers",
            Self::GetUser => "getUser",
            Self::GetServer => "getServer",
            Self::ListRoles => "listRoles",
            Self::ListChannels => "listChannels",
            Self::GetServerStats => "getServerStats",
            Self::GetServerSettings => "getServerSettings",
            Self::UpdateServerSettings => "updateServerSettings",
            Self::GetServerRateLimit => "getServerRateLimit",
            Self::ListAuditLog => "listAuditLog",
            Self::ListCommands => "listCommands",
            Self::CreateCommand => "createCommand",
            Self::GetCommand => "getCommand",
            Self::CancelCommand => "cancelCommand",
            Self::ListTokens => "listTokens",
            Self::ListServerTokens => "listServerTokens",
            Self::CreateToken => "createToken",
            Self::GetToken => "getToken",
            Self::RevokeToken => "revokeToken",
            Self::RotateToken => "rotateToken",
            Self::RemoveServerFromToken => "removeServerFromToken",
        }
    }

    /// What the operation asks for.
    pub fn requirement(self) -> Requirement {
        use AccessLevel::{Admin, ServerOwner};
        match self {
            Self::GetMe | Self::GetToken => own(None),
            Self::ListTokens => own(Some(Scope::TokensRead)),
            Self::RevokeToken => changing(own(None)),
            Self::RotateToken => changing(own(Some(Scope::TokensWrite))),
            Self::CreateToken => changing(Requirement {
                subject: Subject::NamedServers,
                level: Some(Admin),
                ..own(Some(Scope::TokensWrite))
            }),
            Self::ListUsers
            | Self::GetUser
            | Self::GetServer
            | Self::ListRoles
            | Self::ListChannels => within(Admin, Some(Scope::UsersRead)),
            Self::ListCommands | Self::GetCommand => within(Admin, Some(Scope::CommandsRead)),
            Self::CreateCommand | Self::CancelCommand => {
                changing(within(Admin, Some(Scope::CommandsWrite)))
            }
            Self::GetServerStats => within(ServerOwner, Some(Scope::StatsRead)),
            Self::ListServerTokens => within(ServerOwner, Some(Scope::TokensRead)),
            Self::RemoveServerFromToken => changing(within(ServerOwner, Some(Scope::TokensWrite))),
            Self::ListAuditLog => within(ServerOwner, Some(Scope::AuditRead)),
            Self::GetServerRateLimit => Requirement {
                counts_against: Policy::Token,
                ..within(ServerOwner, Some(Scope::AuditRead))
            },
            Self::GetServerSettings => while_disabled(within(ServerOwner, None)),
            Self::UpdateServerSettings => {
                while_disabled(changing(within(ServerOwner, Some(Scope::SettingsWrite))))
            }
        }
    }
}

/// About the caller's own tokens.
fn own(scope: Option<Scope>) -> Requirement {
    Requirement {
        subject: Subject::OwnTokens,
        level: None,
        scope,
        changes: false,
        while_disabled: false,
        counts_against: Policy::Token,
    }
}

/// About the addressed server.
fn within(level: AccessLevel, scope: Option<Scope>) -> Requirement {
    Requirement {
        subject: Subject::Server,
        level: Some(level),
        scope,
        changes: false,
        while_disabled: false,
        counts_against: Policy::Server,
    }
}

fn changing(requirement: Requirement) -> Requirement {
    Requirement {
        changes: true,
        ..requirement
    }
}

fn while_disabled(requirement: Requirement) -> Requirement {
    Requirement {
        while_disabled: true,
        ..requirement
    }
}
