use std::collections::BTreeMap;

use async_trait::async_trait;
use dashmap::Entry;
use hush_domain::events::{Change, Event, ListedMember, Snapshot};
use hush_domain::ids::{ServerId, UserId};
use hush_domain::time::Timestamp;
use hush_ports::{Applied, Ingest, IngestError, MemberSource, SourceError};

use super::Memory;
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
        let mut server = self.servers.entry(snapshot.server).or_insert_with(|| {
            let mut new = Server::new(&snapshot, received_at);
            let departed = self.ledger.open().books.departed.remove(&snapshot.server);
            new.settings = departed.map(|it| it.settings).unwrap_or_default();
            new
        });
        server.snapshot(snapshot, listed, received_at);
        Ok(())
    }

    async fn apply(&self, event: Event, received_at: Timestamp) -> Result<Applied, IngestError> {
        let Event { server, change } = event;
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
            Change::MemberLeft(user) => known.apply(|server| server.leave(user)),
            Change::PresenceChanged { user, presence } => {
                known.apply(|server| server.set_presence(user, presence))
            }
            Change::RoleChanged(role) => known.apply(|server| server.set_role(role)),
            Change::RoleDeleted(role) => known.apply(|server| server.delete_role(role)),
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
}

impl Memory {
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
