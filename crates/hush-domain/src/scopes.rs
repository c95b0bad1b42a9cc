//! What a token may be used for at most.

use std::fmt;
use std::str::FromStr;

/// One thing that a token may be used for. Scopes that are added later are never in an old token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Scope {
    /// Read the server's users and their roles.
    UsersRead,
    /// Read the server's member counts.
    StatsRead,
    /// Read one's tokens.
    TokensRead,
    /// Make, rotate and revoke tokens.
    TokensWrite,
    /// Read the server's audit log.
    AuditRead,
    /// Read commands and their state.
    CommandsRead,
    /// Send commands.
    CommandsWrite,
    /// Change the server's settings.
    SettingsWrite,
}

impl Scope {
    /// Every scope, in the order in which lists show them.
    pub const ALL: [Self; 8] = [
        Self::UsersRead,
        Self::StatsRead,
        Self::TokensRead,
        Self::TokensWrite,
        Self::AuditRead,
        Self::CommandsRead,
        Self::CommandsWrite,
        Self::SettingsWrite,
    ];

    /// The name in the API: `users:read` and so on.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::UsersRead => "users:read",
            Self::StatsRead => "stats:read",
            Self::TokensRead => "tokens:read",
            Self::TokensWrite => "tokens:write",
            Self::AuditRead => "audit:read",
            Self::CommandsRead => "commands:read",
            Self::CommandsWrite => "commands:write",
            Self::SettingsWrite => "settings:write",
        }
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The text names no scope.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown scope: expected one of {}", Scope::ALL.map(Scope::as_str).join(", "))]
pub struct UnknownScope;

impl FromStr for Scope {
    type Err = UnknownScope;

    fn from_str(text: &str) -> Result<Self, UnknownScope> {
        Self::ALL
            .into_iter()
            .find(|scope| scope.as_str() == text)
            .ok_or(UnknownScope)
    }
}

#[cfg(feature = "serde")]
crate::text::serde_as_text!(Scope);

/// A set of scopes.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Scopes(u16);

impl Scopes {
    /// Whether `scope` is in the set.
    pub fn contains(self, scope: Scope) -> bool {
        self.0 & bit(scope) != 0
    }

    /// The scopes in the set, in the order of [`Scope::ALL`].
    pub fn iter(self) -> impl Iterator<Item = Scope> {
        Scope::ALL
            .into_iter()
            .filter(move |scope| self.contains(*scope))
    }
}

fn bit(scope: Scope) -> u16 {
    1 << (scope as u16)
}

impl FromIterator<Scope> for Scopes {
    fn from_iter<I: IntoIterator<Item = Scope>>(scopes: I) -> Self {
        Self(scopes.into_iter().fold(0, |bits, scope| bits | bit(scope)))
    }
}

impl fmt::Debug for Scopes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set()
            .entries(self.iter().map(Scope::as_str))
            .finish()
    }
}
