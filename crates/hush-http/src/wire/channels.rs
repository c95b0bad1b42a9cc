//! Channels.

use hush_domain::channels;
use serde::Serialize;
use utoipa::ToSchema;

use super::Snowflake;

/// A channel or an active thread of a server.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Channel<'a> {
    /// The channel's id.
    id: Snowflake,
    /// The channel's name.
    #[schema(
        pattern = r"^[^\x00-\x1F\x7F-\x9F]*$",
        min_length = 1,
        max_length = 100
    )]
    name: &'a str,
    /// What it is for, as Discord numbers it: 0 text, 2 voice, 4 category, 5 announcements, 10 to 12 threads, 13 stage,
    /// 15 forum and others that may come.
    #[serde(rename = "type")]
    #[schema(minimum = 0, maximum = 255)]
    kind: u8,
    /// The channel of a thread, or the category of a channel; `null` if it is in none.
    #[schema(required)]
    parent_id: Option<Snowflake>,
}

/// The channels of a server.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "channels": [
        {"id": "456788", "name": "Talk", "type": 4, "parent_id": null},
        {"id": "456789", "name": "general", "type": 0, "parent_id": "456788"},
    ],
}))]
pub(crate) struct ChannelList<'a> {
    /// The channels, by ascending id.
    #[schema(max_items = 5000)]
    pub(crate) channels: Vec<Channel<'a>>,
}

impl<'a> From<&'a channels::Channel> for Channel<'a> {
    fn from(channel: &'a channels::Channel) -> Self {
        Self {
            id: Snowflake(channel.id.get()),
            name: channel.name.as_str(),
            kind: channel.kind.0,
            parent_id: channel.parent.map(|parent| Snowflake(parent.get())),
        }
    }
}
