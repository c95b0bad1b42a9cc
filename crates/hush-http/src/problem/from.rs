//! Which problem the client gets for what goes wrong inside.

use std::sync::Arc;

use hush_app::{
    CommandError, Denied, Failure, IdempotencyConflict, NotReady, TokenError, UpdateSettingsError,
};
use hush_domain::commands::FailureCode;
use hush_domain::commands::rules::Forbidden;
use hush_domain::permission::Refusal;

use super::{Code, Problem};
use crate::expected::{DEADLINE, LIFETIME, ROLES, SNOWFLAKE};

impl From<Code> for Problem {
    fn from(code: Code) -> Self {
        Self::new(code)
    }
}

impl From<Denied> for Problem {
    fn from(denied: Denied) -> Self {
        match denied {
            Denied::MissingToken => Self::new(Code::MissingToken),
            Denied::InvalidToken => Self::new(Code::InvalidToken),
            Denied::ServerRequired => Self::new(Code::ServerRequired),
            Denied::UnreadableServer => Self::parameter("server_id", SNOWFLAKE),
            Denied::ServerNotFound => Self::new(Code::ServerNotFound),
            Denied::Insufficient(refusal) => refusal.into(),
            Denied::SecretReplaced => Self::new(Code::SecretReplaced),
            Denied::RateLimited(quota) => Self {
                wait: Some(quota.more_in_seconds),
                ..Self::new(Code::RateLimited)
            },
            Denied::Failed(failure) => failure.into(),
        }
    }
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::ApiDisabled => Self::new(Code::ServerNotFound),
            Refusal::InsufficientScope { required } => Self {
                required: Some(required.as_str()),
                ..Self::new(Code::InsufficientScope)
            },
            Refusal::InsufficientAccess { required, actual } => Self {
                required: Some(required.as_str()),
                actual: Some(actual.as_str()),
                ..Self::new(Code::InsufficientAccess)
            },
        }
    }
}

impl From<TokenError> for Problem {
    fn from(error: TokenError) -> Self {
        match error {
            TokenError::NotFound => Self::new(Code::TokenNotFound),
            TokenError::ServerNotFound(_) => Self {
                parameter: Some("server_ids".into()),
                ..Self::new(Code::ServerNotFound)
            },
            TokenError::Insufficient(refusal) => refusal.into(),
            TokenError::OutlivesParent { end } => Self::parameter(
                "expires_in_seconds",
                &format!("must not reach beyond the end of the token that asks, {end}"),
            ),
            TokenError::TooLong => Self::parameter("expires_in_seconds", LIFETIME),
            TokenError::NameTaken => Self::new(Code::TokenNameTaken),
            TokenError::TooMany => Self::new(Code::TooManyTokens),
            TokenError::Ended => Self::new(Code::TokenEnded),
            TokenError::AskerEnded => Self::new(Code::InvalidToken),
            TokenError::OutOfReach => Self::new(Code::TokenOutOfReach),
            TokenError::Idempotency(conflict) => conflict.into(),
            TokenError::Failed(failure) => failure.into(),
        }
    }
}

impl From<UpdateSettingsError> for Problem {
    fn from(error: UpdateSettingsError) -> Self {
        let roles = |expected: &str| Self::parameter("admin_role_ids", expected);
        match error {
            UpdateSettingsError::ServerNotFound => Self::new(Code::ServerNotFound),
            UpdateSettingsError::UnknownRole(role) => roles(&format!(
                "must be ids of the server's roles; it has no role {role}"
            )),
            UpdateSettingsError::EveryoneRole => {
                roles("must not name the everyone-role, which would make an admin of every member")
            }
            UpdateSettingsError::TooManyRoles => roles(ROLES),
            UpdateSettingsError::Failed(failure) => failure.into(),
        }
    }
}

impl From<CommandError> for Problem {
    fn from(error: CommandError) -> Self {
        match error {
            CommandError::NotFound => Self::new(Code::CommandNotFound),
            CommandError::ServerNotFound => Self::new(Code::ServerNotFound),
            CommandError::Forbidden(forbidden) => forbidden.into(),
            CommandError::DeadlineOver | CommandError::DeadlineTooFar => {
                Self::parameter("not_after", DEADLINE)
            }
            CommandError::Started => Self::new(Code::CommandStarted),
            CommandError::TooMany => Self::new(Code::TooManyCommands),
            CommandError::NoBot => Self::new(Code::NoBot),
            CommandError::Idempotency(conflict) => conflict.into(),
            CommandError::Failed(failure) => failure.into(),
        }
    }
}

impl From<Forbidden> for Problem {
    fn from(forbidden: Forbidden) -> Self {
        let code = match forbidden.code {
            FailureCode::UserNotFound => Code::UserNotFound,
            FailureCode::RoleNotFound => Code::RoleNotFound,
            FailureCode::ChannelNotFound => Code::ChannelNotFound,
            _ => Code::CommandForbidden,
        };
        let sentence = forbidden.code.sentence();
        Self {
            rule: Some(forbidden.code),
            detail: match forbidden.user {
                Some(user) => format!("User {user}: {sentence}").into(),
                None => sentence.into(),
            },
            ..Self::new(code)
        }
    }
}

impl From<IdempotencyConflict> for Problem {
    fn from(conflict: IdempotencyConflict) -> Self {
        Self::new(match conflict {
            IdempotencyConflict::InProgress => Code::RequestInProgress,
            IdempotencyConflict::Reused => Code::IdempotencyKeyReused,
        })
    }
}

impl From<Failure> for Problem {
    fn from(failure: Failure) -> Self {
        let code = match failure {
            Failure::Unavailable(_) => Code::Unavailable,
            Failure::Internal(_) => Code::Internal,
        };
        Self {
            cause: Some(Arc::new(failure)),
            ..Self::new(code)
        }
    }
}

impl From<NotReady> for Problem {
    fn from(_: NotReady) -> Self {
        Self::new(Code::Unavailable)
    }
}
