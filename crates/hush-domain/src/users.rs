//! Users and members.

use std::fmt;

use crate::ids::{RoleId, ServerId, UserId};
use crate::roles::{Role, RoleName};
use crate::text::{InvalidText, check, cleaned};

/// The most characters of an account's name. Discord allows 32; old accounts may have more.
const NAME_MAX: usize = 100;

/// An account's name, shown as `name#1234` for accounts that still have a discriminator, else plain.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Username {
    name: Box<str>,
    discriminator: Option<u16>,
}

/// Why a username was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidUsername {
    /// The name breaks the rule for names.
    #[error("username {0}")]
    Name(#[from] InvalidText),
    /// The discriminator is not 1 to 9999.
    #[error("discriminator must be four digits, or \"0\" for none")]
    Discriminator,
}

impl Username {
    /// A name and, for accounts that still have one, a discriminator from 1 to 9999.
    pub fn new(name: &str, discriminator: Option<u16>) -> Result<Self, InvalidUsername> {
        check(name, NAME_MAX)?;
        if discriminator.is_some_and(|number| !(1..=9999).contains(&number)) {
            return Err(InvalidUsername::Discriminator);
        }
        Ok(Self {
            name: name.into(),
            discriminator,
        })
    }

    /// From Discord's two fields: `discriminator` is four digits, or `"0"` for accounts that have none.
    pub fn from_discord(name: &str, discriminator: &str) -> Result<Self, InvalidUsername> {
        let digits = discriminator.bytes().all(|byte| byte.is_ascii_digit());
        match (digits, discriminator.parse::<u16>()) {
            (true, Ok(0)) => Self::new(name, None),
            (true, Ok(number)) if discriminator.len() == 4 => Self::new(name, Some(number)),
            _ => Err(InvalidUsername::Discriminator),
        }
    }

    /// From what the platform says, whatever that is: control characters are left out, what is too long is cut, where
    /// nothing is left stands a question mark, and a discriminator that cannot be one counts as none.
    pub fn from_platform(name: &str, discriminator: Option<u16>) -> Self {
        Self {
            name: cleaned(name, NAME_MAX),
            discriminator: discriminator.filter(|number| (1..=9999).contains(number)),
        }
    }

    /// The name without discriminator.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The discriminator, 1 to 9999, if the account still has one.
    pub fn discriminator(&self) -> Option<u16> {
        self.discriminator
    }
}

impl fmt::Display for Username {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)?;
        match self.discriminator {
            Some(number) => write!(f, "#{number:04}"),
            None => Ok(()),
        }
    }
}

/// An account of the platform.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// Its id.
    pub id: UserId,
    /// Its name.
    pub username: Username,
    /// Whether it is a bot.
    pub bot: bool,
}

/// A user in one server, with the roles held there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// The user.
    pub user: User,
    /// Role names, highest position first (ties: lower id first), without the everyone-role.
    pub roles: Vec<RoleName>,
    /// The ids of those roles, in the same order.
    pub role_ids: Vec<RoleId>,
}

impl Member {
    /// A member of `server` who holds `roles`, given in any order.
    pub fn new(server: ServerId, user: User, mut roles: Vec<Role>) -> Self {
        roles.retain(|role| role.id != server.everyone_role());
        roles.sort_by(Role::by_rank);
        Self {
            user,
            role_ids: roles.iter().map(|role| role.id).collect(),
            roles: roles.into_iter().map(|role| role.name).collect(),
        }
    }
}
