//! Why commands are not carried out: one closed list for what is refused at once and for what fails later.

use std::fmt;
use std::str::FromStr;

use super::UnknownWord;

macro_rules! codes {
    ($($(#[$doc:meta])* $variant:ident $code:literal $sentence:literal;)*) => {
        /// Why a command is not carried out. A code never changes its meaning.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum FailureCode {
            $(#[doc = $sentence] $variant,)*
        }

        impl FailureCode {
            /// Every code.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// The stable name.
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $code,)*
                }
            }

            /// What it means, in a sentence for people.
            pub fn sentence(self) -> &'static str {
                match self {
                    $(Self::$variant => $sentence,)*
                }
            }
        }
    };
}

codes! {
    UserNotFound "user-not-found"
        "The user is not in the server.";
    RoleNotFound "role-not-found"
        "The server has no such role.";
    ChannelNotFound "channel-not-found"
        "The server has no such channel.";
    BanNotFound "ban-not-found"
        "The user is not banned.";
    ChannelTakesNoMessages "channel-takes-no-messages"
        "Nothing can be written into a channel of this type.";
    MembersUnknown "members-unknown"
        "The service does not know all members of the server yet, so it cannot tell how high they stand.";
    TargetIsOwner "target-is-owner"
        "Nobody acts on the server's owner.";
    TargetIsYourself "target-is-yourself"
        "Nobody kicks, bans or times out themselves.";
    TargetNotBelowYou "target-not-below-you"
        "The member's highest role is not below yours.";
    TargetNotBelowBot "target-not-below-bot"
        "The member's highest role is not below the bot's.";
    TargetIsAdministrator "target-is-administrator"
        "Discord times nobody out who has the permission ADMINISTRATOR.";
    RoleIsEveryone "role-is-everyone"
        "Every member has the everyone-role, and always will.";
    RoleIsManaged "role-is-managed"
        "The role belongs to an integration, which alone gives and takes it.";
    RoleNotBelowYou "role-not-below-you"
        "The role is not below your highest one.";
    RoleNotBelowBot "role-not-below-bot"
        "The role is not below the bot's highest one.";
    BotNotInServer "bot-not-in-server"
        "The bot is not in the server.";
    BotLacksPermission "bot-lacks-permission"
        "The bot has no role with the permission that this takes.";
    NoLongerAllowed "no-longer-allowed"
        "The token has ended, or its user may not do this any more.";
    ServerGone "server-gone"
        "The bot is no longer in the server.";
    DiscordForbids "discord-forbids"
        "Discord does not let the bot do this: it lacks a permission in the server or the channel, or stands too low.";
    DiscordRefuses "discord-refuses"
        "Discord does not take it.";
    BotUnauthorized "bot-unauthorized"
        "Discord does not know the bot by its token; the operator has to set a new one.";
    OutcomeUnknown "outcome-unknown"
        "The answer of Discord was lost, and to do it again could do harm. Look whether it was done before you send it again.";
}

impl fmt::Display for FailureCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for FailureCode {
    type Err = UnknownWord;

    fn from_str(text: &str) -> Result<Self, UnknownWord> {
        let mut all = Self::ALL.iter().copied();
        all.find(|code| code.as_str() == text).ok_or(UnknownWord)
    }
}
