//! Channels of a server, threads included.

use crate::ids::ChannelId;
use crate::text::name;

name! {
    /// A channel's name, 1 to 100 characters.
    ChannelName, 100
}

/// What a channel is for, as Discord numbers it: 0 text, 2 voice, 4 category, 5 announcements, 10 to 12 threads, 13
/// stage, 15 forum and others that may come. Source: "Channel Types" in Discord's developer documentation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ChannelKind(pub u8);

impl ChannelKind {
    /// Whether messages are written into it: text and voice channels, announcements, stages and threads.
    pub fn takes_messages(self) -> bool {
        matches!(self.0, 0 | 2 | 5 | 10..=13)
    }

    /// Whether it is a thread, which goes with its parent.
    pub fn is_thread(self) -> bool {
        (10..=12).contains(&self.0)
    }
}

/// A channel or an active thread.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Channel {
    /// Its id.
    pub id: ChannelId,
    /// Its name.
    pub name: ChannelName,
    /// What it is for.
    pub kind: ChannelKind,
    /// The channel of a thread, or the category of a channel.
    pub parent: Option<ChannelId>,
}

impl Channel {
    /// Whether it is a thread of `channel`, with which it is deleted.
    pub fn is_thread_of(&self, channel: ChannelId) -> bool {
        self.kind.is_thread() && self.parent == Some(channel)
    }
}
