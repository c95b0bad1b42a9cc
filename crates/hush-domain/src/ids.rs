//! Typed snowflakes.
//!
//! Source: Discord's ids are 64-bit integers written as decimal strings. Hush takes 1 to 2^63−1, so that
//! every id fits a signed database column.

use std::fmt;
use std::str::FromStr;

/// The text or number is not a snowflake.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "not an id: expected a decimal number from 1 to 9223372036854775807, without sign or leading zero"
)]
pub struct InvalidId;

/// The largest id, 2^63−1.
const MAX: u64 = i64::MAX as u64;

fn parse(text: &str) -> Result<u64, InvalidId> {
    let bytes = text.as_bytes();
    let well_formed = bytes.len() <= 19
        && bytes.first().is_some_and(|first| *first != b'0')
        && bytes.iter().all(u8::is_ascii_digit);
    if !well_formed {
        return Err(InvalidId);
    }
    checked(text.parse().map_err(|_| InvalidId)?)
}

fn checked(value: u64) -> Result<u64, InvalidId> {
    if (1..=MAX).contains(&value) {
        Ok(value)
    } else {
        Err(InvalidId)
    }
}

macro_rules! snowflake {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(u64);

        impl $name {
            /// The lowest id there can be.
            pub const FIRST: Self = Self(1);
            /// The highest id there can be.
            pub const LAST: Self = Self(MAX);

            /// The number, 1 to 2^63−1.
            pub fn get(self) -> u64 {
                self.0
            }

            /// The number as a signed database column holds it.
            pub fn to_i64(self) -> i64 {
                self.0.cast_signed()
            }
        }

        impl FromStr for $name {
            type Err = InvalidId;

            fn from_str(text: &str) -> Result<Self, InvalidId> {
                parse(text).map(Self)
            }
        }

        impl TryFrom<u64> for $name {
            type Error = InvalidId;

            fn try_from(value: u64) -> Result<Self, InvalidId> {
                checked(value).map(Self)
            }
        }

        impl TryFrom<i64> for $name {
            type Error = InvalidId;

            fn try_from(value: i64) -> Result<Self, InvalidId> {
                checked(u64::try_from(value).map_err(|_| InvalidId)?).map(Self)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({})", stringify!($name), self.0)
            }
        }

        #[cfg(feature = "serde")]
        crate::text::serde_as_text!($name);
    };
}

snowflake! {
    /// A server: a community on the chat platform (Discord calls it a guild).
    ServerId
}
snowflake! {
    /// A user: an account of the platform, human or bot.
    UserId
}
snowflake! {
    /// A role of one server. The everyone-role has the id of its server.
    RoleId
}
snowflake! {
    /// A channel or thread of one server.
    ChannelId
}
snowflake! {
    /// A personal API token's public id, made by Hush; not its secret.
    TokenId
}

snowflake! {
    /// A command's id, made by Hush.
    CommandId
}
snowflake! {
    /// A message in a channel, by the id that the platform gave it.
    MessageId
}

impl ServerId {
    /// The id of this server's everyone-role, which every member holds implicitly.
    pub fn everyone_role(self) -> RoleId {
        RoleId(self.0)
    }
}

impl TokenId {
    /// A new id: milliseconds since the Unix epoch in the upper 41 bits, so that ids sort by the time of
    /// making, and 22 random bits below.
    pub fn from_parts(unix_millis: u64, random: u32) -> Self {
        Self(drawn(unix_millis, random))
    }
}

impl CommandId {
    /// A new id, made as a [`TokenId`] is.
    pub fn from_parts(unix_millis: u64, random: u32) -> Self {
        Self(drawn(unix_millis, random))
    }
}

fn drawn(unix_millis: u64, random: u32) -> u64 {
    let time = unix_millis & ((1 << 41) - 1);
    ((time << 22) | u64::from(random & 0x3F_FFFF)).max(1)
}
