use async_trait::async_trait;
use hush_domain::channels::Channel;
use hush_domain::ids::{ChannelId, ServerId};
use hush_ports::{BackendError, Channels};

use super::Memory;
use super::servers::Server;

#[async_trait]
impl Channels for Memory {
    async fn list(&self, server: ServerId) -> Result<Option<Vec<Channel>>, BackendError> {
        let server = self.servers.get(&server);
        Ok(server.map(|server| server.channels.values().cloned().collect()))
    }
}

/// What events do to channels. A method that returns a `bool` says whether the event had anything to say here.
impl Server {
    pub(super) fn set_channel(&mut self, channel: Channel) -> bool {
        self.channels.insert(channel.id, channel);
        true
    }

    pub(super) fn delete_channel(&mut self, gone: ChannelId) -> bool {
        let before = self.channels.len();
        self.channels
            .retain(|id, channel| *id != gone && !channel.is_thread_of(gone));
        self.channels.len() < before
    }

    pub(super) fn list_threads(
        &mut self,
        parents: Option<&[ChannelId]>,
        threads: Vec<Channel>,
    ) -> bool {
        self.channels.retain(|_, channel| {
            let parent = channel.parent.as_ref();
            let listed =
                parents.is_none_or(|parents| parent.is_some_and(|parent| parents.contains(parent)));
            !(channel.kind.is_thread() && listed)
        });
        let threads = threads.into_iter().map(|thread| (thread.id, thread));
        self.channels.extend(threads);
        true
    }
}
