//! Channels and threads.

use hush_domain::channels::{Channel, ChannelKind, ChannelName};
use hush_domain::events::Change;
use hush_domain::ids::ChannelId;
use serde::Deserialize;

#[derive(Deserialize)]
pub(super) struct WireChannel {
    id: ChannelId,
    #[serde(default)]
    name: Option<String>,
    #[serde(rename = "type")]
    kind: u64,
    #[serde(default)]
    parent_id: Option<ChannelId>,
    #[serde(default)]
    thread_metadata: Option<ThreadMetadata>,
}

#[derive(Deserialize)]
struct ThreadMetadata {
    #[serde(default)]
    archived: bool,
}

#[derive(Deserialize)]
pub(super) struct WireThreads {
    #[serde(default)]
    channel_ids: Option<Vec<ChannelId>>,
    threads: Vec<WireChannel>,
}

impl WireChannel {
    /// The channel; `None` for a thread that is archived, which nobody lists either.
    pub(super) fn open(self) -> Option<Channel> {
        if self.thread_metadata.is_some_and(|thread| thread.archived) {
            return None;
        }
        Some(Channel {
            id: self.id,
            name: ChannelName::from_platform(self.name.as_deref().unwrap_or_default()),
            kind: ChannelKind(u8::try_from(self.kind).unwrap_or(u8::MAX)),
            parent: self.parent_id,
        })
    }

    pub(super) fn change(self) -> Change {
        let id = self.id;
        match self.open() {
            Some(channel) => Change::ChannelChanged(channel),
            None => Change::ChannelDeleted(id),
        }
    }
}

impl WireThreads {
    pub(super) fn change(self) -> Change {
        Change::ThreadsListed {
            parents: self.channel_ids,
            threads: self
                .threads
                .into_iter()
                .filter_map(WireChannel::open)
                .collect(),
        }
    }
}
