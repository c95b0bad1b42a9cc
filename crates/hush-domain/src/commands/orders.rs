//! What can be ordered.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use super::UnknownWord;
use crate::ids::{ChannelId, RoleId, UserId};
use crate::text::name;

name! {
    /// What a member is called in one server, 1 to 32 characters.
    Nickname, 32
}

/// The longest timeout. Source: "Modify Guild Member" in Discord's developer documentation.
pub const MAX_TIMEOUT: Duration = Duration::from_hours(28 * 24);
/// The longest time before a ban whose messages are deleted. Source: "Create Guild Ban".
pub const MAX_DELETED: Duration = Duration::from_hours(7 * 24);
/// The most users that one order can ban. Source: "Bulk Guild Ban".
pub const MAX_BANNED: usize = 200;
/// For how long a message that is sent again is surely the same one. Discord knows its nonce "for the past few minutes"; this
/// is well inside.
const NONCE_KEPT: Duration = Duration::from_secs(60);
/// For how long anything is done again. Later, somebody else may have undone it on purpose.
const REPEATED: Duration = Duration::from_mins(10);

/// The text of a message: 1 to 2000 characters that are not all white space, and of control characters only line ends and
/// tabs.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Content(Box<str>);

/// The text is no message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "must have 1 to 2000 characters, not all white space, and of control characters only line ends and tabs"
)]
pub struct InvalidContent;

impl Content {
    /// The most characters (Unicode scalar values).
    pub const MAX: usize = 2000;

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Content {
    type Err = InvalidContent;

    fn from_str(text: &str) -> Result<Self, InvalidContent> {
        let allowed = |c: char| !c.is_control() || matches!(c, '\n' | '\r' | '\t');
        let fits = text.chars().nth(Self::MAX).is_none() && text.chars().all(allowed);
        if fits && !text.trim().is_empty() {
            Ok(Self(text.into()))
        } else {
            Err(InvalidContent)
        }
    }
}

/// The users whom one order bans: 1 to [`MAX_BANNED`], each once, in the order in which they were given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BannedUsers(Box<[UserId]>);

/// The list of users is empty or too long, or names one twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must name 1 to {MAX_BANNED} users, each once")]
pub struct InvalidBannedUsers;

impl BannedUsers {
    /// These users.
    pub fn new(users: Vec<UserId>) -> Result<Self, InvalidBannedUsers> {
        let mut sorted = users.clone();
        sorted.sort_unstable();
        sorted.dedup();
        if (1..=MAX_BANNED).contains(&users.len()) && sorted.len() == users.len() {
            Ok(Self(users.into()))
        } else {
            Err(InvalidBannedUsers)
        }
    }

    /// The users.
    pub fn as_slice(&self) -> &[UserId] {
        &self.0
    }
}

/// What shall be done in a server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Order {
    /// Let a member neither write nor speak for a while.
    Timeout {
        /// The member.
        user: UserId,
        /// For how long from when it is carried out: whole seconds, 1 s to [`MAX_TIMEOUT`].
        lasting: Duration,
    },
    /// End a member's timeout.
    RemoveTimeout {
        /// The member.
        user: UserId,
    },
    /// Throw a member out, who may come back.
    Kick {
        /// The member.
        user: UserId,
    },
    /// Throw a user out for good. Who is no member can be banned too.
    Ban {
        /// The user.
        user: UserId,
        /// Delete what they wrote in so long a time before: whole seconds, at most [`MAX_DELETED`].
        deleting: Duration,
    },
    /// Lift a ban.
    Unban {
        /// The user.
        user: UserId,
    },
    /// Ban many users at once.
    BulkBan {
        /// The users.
        users: BannedUsers,
        /// Delete what they wrote in so long a time before: whole seconds, at most [`MAX_DELETED`].
        deleting: Duration,
    },
    /// Give a member a role.
    AddRole {
        /// The member.
        user: UserId,
        /// The role.
        role: RoleId,
    },
    /// Take a role from a member.
    RemoveRole {
        /// The member.
        user: UserId,
        /// The role.
        role: RoleId,
    },
    /// Call a member otherwise in this server.
    SetNickname {
        /// The member.
        user: UserId,
        /// How; `None`: by their own name.
        nickname: Option<Nickname>,
    },
    /// Write a message, which mentions neither everyone nor roles.
    SendMessage {
        /// Where.
        channel: ChannelId,
        /// What.
        content: Content,
    },
}

/// What kind of order it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum OrderType {
    /// [`Order::Timeout`].
    Timeout,
    /// [`Order::RemoveTimeout`].
    RemoveTimeout,
    /// [`Order::Kick`].
    Kick,
    /// [`Order::Ban`].
    Ban,
    /// [`Order::Unban`].
    Unban,
    /// [`Order::BulkBan`].
    BulkBan,
    /// [`Order::AddRole`].
    AddRole,
    /// [`Order::RemoveRole`].
    RemoveRole,
    /// [`Order::SetNickname`].
    SetNickname,
    /// [`Order::SendMessage`].
    SendMessage,
}

impl OrderType {
    /// Every type.
    pub const ALL: [Self; 10] = [
        Self::Timeout,
        Self::RemoveTimeout,
        Self::Kick,
        Self::Ban,
        Self::Unban,
        Self::BulkBan,
        Self::AddRole,
        Self::RemoveRole,
        Self::SetNickname,
        Self::SendMessage,
    ];

    /// The name in the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Timeout => "timeout",
            Self::RemoveTimeout => "remove_timeout",
            Self::Kick => "kick",
            Self::Ban => "ban",
            Self::Unban => "unban",
            Self::BulkBan => "bulk_ban",
            Self::AddRole => "add_role",
            Self::RemoveRole => "remove_role",
            Self::SetNickname => "set_nickname",
            Self::SendMessage => "send_message",
        }
    }
}

/// What orders act on one after the other, in the order in which they were given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Lane {
    /// What is done to a user.
    User(UserId),
    /// What is written into a channel.
    Channel(ChannelId),
}

impl Order {
    /// What kind of order it is.
    pub fn kind(&self) -> OrderType {
        match self {
            Self::Timeout { .. } => OrderType::Timeout,
            Self::RemoveTimeout { .. } => OrderType::RemoveTimeout,
            Self::Kick { .. } => OrderType::Kick,
            Self::Ban { .. } => OrderType::Ban,
            Self::Unban { .. } => OrderType::Unban,
            Self::BulkBan { .. } => OrderType::BulkBan,
            Self::AddRole { .. } => OrderType::AddRole,
            Self::RemoveRole { .. } => OrderType::RemoveRole,
            Self::SetNickname { .. } => OrderType::SetNickname,
            Self::SendMessage { .. } => OrderType::SendMessage,
        }
    }

    /// The users to whom something is done.
    pub fn users(&self) -> &[UserId] {
        match self {
            Self::Timeout { user, .. }
            | Self::RemoveTimeout { user }
            | Self::Kick { user }
            | Self::Ban { user, .. }
            | Self::Unban { user }
            | Self::AddRole { user, .. }
            | Self::RemoveRole { user, .. }
            | Self::SetNickname { user, .. } => std::slice::from_ref(user),
            Self::BulkBan { users, .. } => users.as_slice(),
            Self::SendMessage { .. } => &[],
        }
    }

    /// The channel into which something is written.
    pub fn channel(&self) -> Option<ChannelId> {
        match self {
            Self::SendMessage { channel, .. } => Some(*channel),
            _ => None,
        }
    }

    /// The role that is given or taken.
    pub fn role(&self) -> Option<RoleId> {
        match self {
            Self::AddRole { role, .. } | Self::RemoveRole { role, .. } => Some(*role),
            _ => None,
        }
    }

    /// Everything whose order it has to keep.
    pub fn lanes(&self) -> Vec<Lane> {
        let users = self.users().iter().copied().map(Lane::User);
        users.chain(self.channel().map(Lane::Channel)).collect()
    }

    /// How long it may wait if nobody says otherwise. A message that comes late is worse than none.
    pub fn default_patience(&self) -> Duration {
        match self {
            Self::SendMessage { .. } => Duration::from_secs(60),
            _ => Duration::from_mins(10),
        }
    }

    /// Whether it does no harm to carry it out again, `since` after it was begun first. Who was kicked may have come back,
    /// and a second bulk ban can no longer tell whom the first one has banned.
    pub fn is_repeatable(&self, since: Duration) -> bool {
        match self {
            Self::Kick { .. } | Self::BulkBan { .. } => false,
            Self::SendMessage { .. } => since < NONCE_KEPT,
            _ => since < REPEATED,
        }
    }
}

impl fmt::Display for OrderType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for OrderType {
    type Err = UnknownWord;

    fn from_str(text: &str) -> Result<Self, UnknownWord> {
        let mut all = Self::ALL.into_iter();
        all.find(|kind| kind.as_str() == text).ok_or(UnknownWord)
    }
}
