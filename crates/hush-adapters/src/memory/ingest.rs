use std::collections::BTreeMap;

use async_trait::async_trait;
use dashmap::Entry;
use hush_domain::events::{Change, Event, ListedMember, PresenceChange, Snapshot};
use hush_domain::ids::{ServerId, UserId};
use hush_domain::time::Timestamp;
use hush_ports::{Applied, Ingest, IngestError, MemberSource, SourceError};

use super::Memory;
use super::feed::{Following, Pass};
use super::ledger::Departed;
use super::servers::Server;

#[async_trait]
impl Ingest for Memory {
    async fn apply_snapshot(
        &self,
        snapshot: Snapshot,
        mut members: Box<dyn MemberSource>,
        received_at: Timestamp,
    ) -> Result<(), IngestError> {
        // All is read before anything is locked: a source that fails changes nothing, a slow one stops nobody.
        let mut listed = BTreeMap::new();
        while let Some(part) = members.next_part()? {
            list_once(&mut listed, part)?;
        }
        let _pass = self.pass()?;
        let mut server = self.servers.entry(snapshot.server).or_insert_with(|| {
            let mut new = Server::new(&snapshot, received_at);
            let departed = self.ledger.open().books.departed.remove(&snapshot.server);
            new.settings = departed.map(|it| it.settings).unwrap_or_default();
            new
        });
        server.snapshot(snapshot, listed, received_at);
        if self.fence.is_some() {
            server.following = Following::Available;
        }
        Ok(())
    }

    async fn apply(&self, event: Event, received_at: Timestamp) -> Result<Applied, IngestError> {
        let Event { server, change } = event;
        let _pass = self.pass()?;
        let known = Known {
            memory: self,
            server,
            received_at,
        };
        let changed = match change {
            Change::MemberChunk {
                generation,
                members,
                last,
            } => {
                let mut listed = BTreeMap::new();
                list_once(&mut listed, members)?;
                known.apply(|server| server.chunk(generation, listed, last))
            }
            Change::MemberJoined(member) => known.apply(|server| server.join(member)),
            Change::MemberChanged(member) => known.apply(|server| server.change(member)),
            Change::MemberSeen(member) => known.apply(|server| server.see(member)),
            Change::MemberLeft(user) => known.apply(|server| server.leave(user)),
            Change::PresenceChanged { user, presence } => {
                known.apply(|server| server.set_presence(user, presence))
            }
            Change::RoleChanged(role) => known.apply(|server| server.set_role(role)),
            Change::RoleDeleted(role) => known.apply(|server| server.delete_role(role)),
            Change::ChannelChanged(channel) => known.apply(|server| server.set_channel(channel)),
            Change::ChannelDeleted(channel) => known.apply(|server| server.delete_channel(channel)),
            Change::ThreadsListed { parents, threads } => {
                known.apply(|server| server.list_threads(parents.as_deref(), threads))
            }
            Change::ServerUnavailable => known.apply(Server::lose_sight),
            Change::ServerChanged { name, owner } => {
                known.apply(|server| server.rename(name, owner))
            }
            Change::ServerRemoved => self.depart(server, received_at),
        };
        Ok(if changed {
            Applied::Changed
        } else {
            Applied::Ignored
        })
    }

    async fn apply_presences(&self, changes: Vec<PresenceChange>) -> Result<u64, IngestError> {
        let _pass = self.pass()?;
        let mut applied = 0;
        for change in changes {
            let known = Known {
                memory: self,
                server: change.server,
                received_at: change.received_at,
            };
            let presence = |server: &mut Server| server.set_presence(change.user, change.presence);
            applied += u64::from(known.apply(presence));
        }
        Ok(applied)
    }
}

impl Memory {
    /// The right to write: always the operator's, and the feed's in its epoch.
    fn pass(&self) -> Result<Option<Pass<'_>>, IngestError> {
        let Some(epoch) = self.fence else {
            return Ok(None);
        };
        self.feed.pass(epoch).map(Some).ok_or(IngestError::Deposed)
    }

    /// Removes a server, but for what stays of it for a while. Whether it was known.
    fn depart(&self, server: ServerId, at: Timestamp) -> bool {
        let Entry::Occupied(known) = self.servers.entry(server) else {
            return false;
        };
        let settings = known.get().settings.clone();
        let mut ledger = self.ledger.open();
        ledger
            .books
            .departed
            .insert(server, Departed { at, settings });
        known.remove();
        true
    }
}

/// The server that an event is about, if it is known.
struct Known<'a> {
    memory: &'a Memory,
    server: ServerId,
    received_at: Timestamp,
}

impl Known<'_> {
    /// Applies `change` to the server. Whether the server is known and the change had anything to say there.
    fn apply(&self, change: impl FnOnce(&mut Server) -> bool) -> bool {
        let server = self.memory.servers.get_mut(&self.server);
        server.is_some_and(|mut server| server.counting(self.received_at, change))
    }
}

/// Adds `part` to `listed`, unless a user would stand there twice.
fn list_once(
    listed: &mut BTreeMap<UserId, ListedMember>,
    part: Vec<ListedMember>,
) -> Result<(), SourceError> {
    for member in part {
        if let Some(twice) = listed.insert(member.user.id, member) {
            return Err(SourceError(format!(
                "user {} is listed twice",
                twice.user.id
            )));
        }
    }
    Ok(())
}
