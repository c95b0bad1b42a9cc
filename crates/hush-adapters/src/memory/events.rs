//! What each event does to a server. A method that returns a `bool` says whether the event had anything to
//! say here; if not, nothing changed.

use std::collections::BTreeMap;

use hush_domain::events::{Extent, Generation, ListedMember, Snapshot};
use hush_domain::ids::{RoleId, UserId};
use hush_domain::presence::Presence;
use hush_domain::roles::Role;
use hush_domain::servers::ServerName;
use hush_domain::stats::Coverage;
use hush_domain::time::Timestamp;

use super::feed::Following;
use super::servers::{Listed, Server, coverage};

impl Server {
    /// Carries out `apply` and moves the counts' time if it changed one of them.
    pub(super) fn counting<T>(
        &mut self,
        received_at: Timestamp,
        apply: impl FnOnce(&mut Self) -> T,
    ) -> T {
        let before = self.tally;
        let applied = apply(self);
        if self.tally != before {
            self.tally.as_of = before.as_of.max(received_at);
        }
        applied
    }

    pub(super) fn snapshot(
        &mut self,
        snapshot: Snapshot,
        listed: BTreeMap<UserId, ListedMember>,
        received_at: Timestamp,
    ) {
        self.name = snapshot.name;
        self.owner = snapshot.owner;
        self.roles = snapshot
            .roles
            .into_iter()
            .map(|role| (role.id, role))
            .collect();
        self.channels = snapshot
            .channels
            .into_iter()
            .map(|channel| (channel.id, channel))
            .collect();
        self.tally.coverage = coverage(snapshot.extent);
        self.tally.presences_known = snapshot.presences_known;
        self.tally.as_of = self.tally.as_of.max(received_at);
        self.generation = match snapshot.extent {
            Extent::Complete | Extent::Counted { .. } => None,
            Extent::Partial { generation, .. } => Some(generation),
        };
        match snapshot.extent {
            Extent::Complete => {
                self.keep_members(|member| listed.contains_key(&member.user.id));
                self.list(listed);
            }
            Extent::Partial { .. } => self.list(listed),
            Extent::Counted { .. } => self.keep_members(|_| false),
        }
    }

    pub(super) fn chunk(
        &mut self,
        generation: Generation,
        listed: BTreeMap<UserId, ListedMember>,
        last: bool,
    ) -> bool {
        let awaited = self.generation == Some(generation);
        if awaited {
            self.list(listed);
        }
        if awaited && last {
            self.keep_members(|member| member.generation == Some(generation));
            self.tally.coverage = Coverage::Complete;
            self.generation = None;
        }
        awaited
    }

    pub(super) fn join(&mut self, member: ListedMember) -> bool {
        let new = self.put(member, self.generation);
        if let Coverage::Partial { member_count } = &mut self.tally.coverage
            && new
        {
            *member_count = member_count.saturating_add(1);
        }
        true
    }

    pub(super) fn change(&mut self, member: ListedMember) -> bool {
        let listed = self.members.get(&member.user.id);
        if listed.is_none() && self.tally.coverage == Coverage::Complete {
            return false;
        }
        self.put(member, listed.and_then(|listed| listed.generation));
        true
    }

    pub(super) fn see(&mut self, member: ListedMember) -> bool {
        let new = self.generation.is_some() && !self.members.contains_key(&member.user.id);
        if new {
            self.put(member, None);
        }
        new
    }

    pub(super) fn leave(&mut self, user: UserId) -> bool {
        let left = self.remove(user).is_some();
        if let Coverage::Partial { member_count } = &mut self.tally.coverage
            && left
        {
            *member_count = member_count.saturating_sub(1);
        }
        left
    }

    pub(super) fn set_presence(&mut self, user: UserId, presence: Presence) -> bool {
        let Some(listed) = self.members.get_mut(&user) else {
            return false;
        };
        self.tally.online -= u64::from(listed.presence.is_online());
        self.tally.online += u64::from(presence.is_online());
        listed.presence = presence;
        true
    }

    pub(super) fn set_role(&mut self, role: Role) -> bool {
        self.roles.insert(role.id, role);
        true
    }

    pub(super) fn delete_role(&mut self, role: RoleId) -> bool {
        self.roles.remove(&role).is_some()
    }

    pub(super) fn lose_sight(&mut self) -> bool {
        let lost = self.following == Following::Available;
        if lost {
            self.following = Following::Unavailable;
        }
        lost
    }

    pub(super) fn rename(&mut self, name: ServerName, owner: UserId) -> bool {
        self.name = name;
        self.owner = owner;
        true
    }
}

/// The only ways in which members come and go, so that the tally goes with them.
impl Server {
    fn list(&mut self, listed: BTreeMap<UserId, ListedMember>) {
        for member in listed.into_values() {
            self.put(member, self.generation);
        }
    }

    /// Lists `member` in the place of what was known of them. Whether nothing was.
    fn put(&mut self, member: ListedMember, generation: Option<Generation>) -> bool {
        let known = self.remove(member.user.id);
        let presence = known.as_ref().map(|listed| listed.presence);
        let listed = Listed {
            user: member.user,
            roles: member.roles.into(),
            presence: member.presence.or(presence).unwrap_or_default(),
            generation,
        };
        self.tally.listed += 1;
        self.tally.bots += u64::from(listed.user.bot);
        self.tally.online += u64::from(listed.presence.is_online());
        self.members.insert(listed.user.id, listed);
        known.is_none()
    }

    fn remove(&mut self, user: UserId) -> Option<Listed> {
        let listed = self.members.remove(&user)?;
        self.tally.listed -= 1;
        self.tally.bots -= u64::from(listed.user.bot);
        self.tally.online -= u64::from(listed.presence.is_online());
        Some(listed)
    }

    fn keep_members(&mut self, keep: impl Fn(&Listed) -> bool) {
        let gone = self.members.values().filter(|listed| !keep(listed));
        let gone: Vec<_> = gone.map(|listed| listed.user.id).collect();
        for user in gone {
            self.remove(user);
        }
    }
}
