//! Whether a member is there right now.

use std::str::FromStr;

/// A member's presence. Source: the `status` of Discord's presence objects.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub enum Presence {
    /// Online.
    Online,
    /// Away.
    Idle,
    /// Does not want to be disturbed.
    DoNotDisturb,
    /// There, but shows as offline.
    Invisible,
    /// Not there.
    #[default]
    Offline,
}

impl Presence {
    /// Every presence.
    pub const ALL: [Self; 5] = [
        Self::Online,
        Self::Idle,
        Self::DoNotDisturb,
        Self::Invisible,
        Self::Offline,
    ];

    /// Whether the member counts as online: whatever is not offline or invisible.
    pub fn is_online(self) -> bool {
        !matches!(self, Self::Offline | Self::Invisible)
    }

    /// Discord's name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Online => "online",
            Self::Idle => "idle",
            Self::DoNotDisturb => "dnd",
            Self::Invisible => "invisible",
            Self::Offline => "offline",
        }
    }
}

/// The text is no presence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("unknown status: expected online, idle, dnd, invisible or offline")]
pub struct UnknownPresence;

impl FromStr for Presence {
    type Err = UnknownPresence;

    fn from_str(text: &str) -> Result<Self, UnknownPresence> {
        Self::ALL
            .into_iter()
            .find(|presence| presence.as_str() == text)
            .ok_or(UnknownPresence)
    }
}
