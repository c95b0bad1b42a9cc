//! The permission rules: what a member may do through the API.

use std::fmt;
use std::ops::BitOr;
use std::str::FromStr;

use crate::operations::Operation;
use crate::scopes::{Scope, Scopes};

/// What a member may do through this API. Derived from the live membership, never stored in a token. Each
/// level includes those below it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AccessLevel {
    /// Anyone in the server.
    Member,
    /// Holds Discord's ADMINISTRATOR permission through a role or the everyone-role.
    Admin,
    /// Owns the server.
    ServerOwner,
}

impl AccessLevel {
    /// Every level, lowest first.
    pub const ALL: [Self; 3] = [Self::Member, Self::Admin, Self::ServerOwner];

    /// The name in the API: `member`, `admin` or `server_owner`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Member => "member",
            Self::Admin => "admin",
            Self::ServerOwner => "server_owner",
        }
    }
}

impl fmt::Display for AccessLevel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(feature = "serde")]
impl serde::Serialize for AccessLevel {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

/// Discord's permission bits. Source: "Permissions" in Discord's developer documentation; a decimal string
/// in its JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Permissions(u64);

impl Permissions {
    /// Bit 3: every permission in every channel. Makes its holder an admin of the API.
    pub const ADMINISTRATOR: Self = Self(1 << 3);
    /// Bit 1.
    pub const KICK_MEMBERS: Self = Self(1 << 1);
    /// Bit 2.
    pub const BAN_MEMBERS: Self = Self(1 << 2);
    /// Bit 5.
    pub const MANAGE_SERVER: Self = Self(1 << 5);
    /// Bit 27: change other members' nicknames.
    pub const MANAGE_NICKNAMES: Self = Self(1 << 27);
    /// Bit 28.
    pub const MANAGE_ROLES: Self = Self(1 << 28);
    /// Bit 40: time members out.
    pub const MODERATE_MEMBERS: Self = Self(1 << 40);

    /// The permissions with these bits.
    pub fn from_bits(bits: u64) -> Self {
        Self(bits)
    }

    /// The bits.
    pub fn bits(self) -> u64 {
        self.0
    }

    /// Whether every bit of `other` is set.
    pub fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }
}

impl BitOr for Permissions {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

impl FromIterator<Permissions> for Permissions {
    fn from_iter<I: IntoIterator<Item = Permissions>>(held: I) -> Self {
        held.into_iter().fold(Self::default(), BitOr::bitor)
    }
}

/// The text is no permission set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "not a permission set: expected a decimal number from 0 to 18446744073709551615 as a string"
)]
pub struct InvalidPermissions;

impl FromStr for Permissions {
    type Err = InvalidPermissions;

    fn from_str(text: &str) -> Result<Self, InvalidPermissions> {
        if !text.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(InvalidPermissions);
        }
        text.parse().map(Self).map_err(|_| InvalidPermissions)
    }
}

/// How a user stands in one server: the facts from which the access level follows. A user who is not in the
/// server has no standing there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    /// Whether the user owns the server.
    pub owner: bool,
    /// The union of the permissions of the user's roles and the everyone-role.
    pub permissions: Permissions,
    /// Whether the user holds one of the roles that the server's settings make admins of the API.
    pub appointed: bool,
    /// Whether the server's settings let the API be used there.
    pub api_enabled: bool,
}

impl Standing {
    /// A member without any permission, where the API is on.
    pub const MEMBER: Self = Self {
        owner: false,
        permissions: Permissions(0),
        appointed: false,
        api_enabled: true,
    };

    /// The access level that follows.
    pub fn access_level(self) -> AccessLevel {
        if self.owner {
            AccessLevel::ServerOwner
        } else if self.appointed || self.permissions.contains(Permissions::ADMINISTRATOR) {
            AccessLevel::Admin
        } else {
            AccessLevel::Member
        }
    }

    /// Whether the user may know that the server is there: with its API off, only the owner may.
    pub fn sees_server(self) -> bool {
        self.api_enabled || self.owner
    }
}

/// Which requirement of an operation was not met. The API's switch is looked at first, then the scope.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// The server's API is off.
    ApiDisabled,
    /// The token lacks this scope.
    InsufficientScope {
        /// The scope that the operation asks for.
        required: Scope,
    },
    /// The user's access level in the server is too low.
    InsufficientAccess {
        /// The level that the operation asks for.
        required: AccessLevel,
        /// The level that the user has.
        actual: AccessLevel,
    },
}

/// Whether a token with these scopes, whose user stands like this in a server that the operation is about, may
/// carry out `operation` there.
pub fn check(operation: Operation, scopes: Scopes, standing: Standing) -> Result<(), Refusal> {
    let requirement = operation.requirement();
    let open = standing.api_enabled || (requirement.while_disabled && standing.owner);
    if !open {
        return Err(Refusal::ApiDisabled);
    }
    check_scope(operation, scopes)?;
    let actual = standing.access_level();
    match requirement.level {
        Some(required) if actual < required => {
            Err(Refusal::InsufficientAccess { required, actual })
        }
        _ => Ok(()),
    }
}

/// Whether a token with these scopes may ask for `operation` at all.
pub fn check_scope(operation: Operation, scopes: Scopes) -> Result<(), Refusal> {
    match operation.requirement().scope {
        Some(required) if !scopes.contains(required) => {
            Err(Refusal::InsufficientScope { required })
        }
        _ => Ok(()),
    }
}
