//! A server as a plain list that is counted whenever somebody asks: what the kept counts are held against.

use hush_domain::channels::Channel;
use hush_domain::events::{Change, Extent, Generation, ListedMember, Snapshot};
use hush_domain::ids::{ChannelId, UserId};
use hush_domain::presence::Presence;
use hush_domain::roles::Role;
use hush_domain::users::Member;

use super::random::By;
use crate::{Applied, Followed};

/// What is known of a server: nothing, or this.
#[derive(Debug, Default)]
pub(super) struct Model(Option<Known>);

#[derive(Debug)]
struct Known {
    snapshot: Snapshot,
    listed: Vec<(ListedMember, Option<Generation>)>,
    /// Whether the server is available, if the feed follows it.
    available: Option<bool>,
}

impl Model {
    pub(super) fn snapshot(&mut self, snapshot: Snapshot, members: Vec<ListedMember>, by: By) {
        let before = self.0.take();
        let available = match by {
            By::Feed => Some(true),
            By::Operator => before.as_ref().and_then(|known| known.available),
        };
        let mut known = Known {
            snapshot,
            listed: before.map_or(vec![], |known| known.listed),
            available,
        };
        let (generation, extent) = (known.generation(), known.snapshot.extent);
        if !matches!(extent, Extent::Partial { .. }) {
            let there = |user| members.iter().any(|member| member.user.id == user);
            known.listed.retain(|(member, _)| there(member.user.id));
        }
        for member in members {
            known.list(member, generation);
        }
        self.0 = Some(known);
    }

    pub(super) fn apply(&mut self, change: Change) -> Applied {
        if change == Change::ServerRemoved {
            return said(self.0.take().is_some());
        }
        said(self.0.as_mut().is_some_and(|known| known.apply(change)))
    }

    pub(super) fn members(&self) -> Vec<Member> {
        let Some(Known {
            snapshot, listed, ..
        }) = &self.0
        else {
            return vec![];
        };
        let mut members: Vec<_> = listed.iter().map(|(member, _)| member).collect();
        members.sort_by_key(|member| member.user.id);
        let shown = |member: &ListedMember| {
            let held = |role: &&Role| {
                member.roles.contains(&role.id) && role.id != snapshot.server.everyone_role()
            };
            let mut roles: Vec<_> = snapshot.roles.iter().filter(held).collect();
            roles.sort_by_key(|role| (-role.position, role.id));
            Member {
                user: member.user.clone(),
                role_ids: roles.iter().map(|role| role.id).collect(),
                roles: roles.into_iter().map(|role| role.name.clone()).collect(),
            }
        };
        members.into_iter().map(shown).collect()
    }

    /// Every role by rank; `None` for an unknown server.
    pub(super) fn roles(&self) -> Option<Vec<Role>> {
        let mut roles = self.0.as_ref()?.snapshot.roles.clone();
        roles.sort_by_key(|role| (-role.position, role.id));
        Some(roles)
    }

    /// Every channel by id; `None` for an unknown server.
    pub(super) fn channels(&self) -> Option<Vec<Channel>> {
        let mut channels = self.0.as_ref()?.snapshot.channels.clone();
        channels.sort_by_key(|channel| channel.id);
        Some(channels)
    }

    /// How the feed follows the server, if it does.
    pub(super) fn followed(&self) -> Option<Followed> {
        let known = self.0.as_ref()?;
        Some(Followed {
            server: known.snapshot.server,
            generation: known.generation(),
            available: known.available?,
        })
    }

    /// Members, bots and online; `None` for an unknown server.
    pub(super) fn counts(&self) -> Option<[Option<u64>; 3]> {
        let Known {
            snapshot, listed, ..
        } = self.0.as_ref()?;
        let count = |which: fn(&ListedMember) -> bool| {
            listed.iter().filter(|(member, _)| which(member)).count() as u64
        };
        let all = count(|_| true);
        if let Extent::Partial { member_count, .. } | Extent::Counted { member_count } =
            snapshot.extent
        {
            return Some([Some(member_count.max(all)), None, None]);
        }
        let online = count(|member| {
            matches!(
                member.presence,
                Some(Presence::Online | Presence::Idle | Presence::DoNotDisturb)
            )
        });
        let bots = count(|member| member.user.bot);
        Some([
            Some(all),
            Some(bots),
            snapshot.presences_known.then_some(online),
        ])
    }
}

impl Known {
    /// Whether the change had anything to say.
    fn apply(&mut self, change: Change) -> bool {
        let open = self.generation();
        match change {
            Change::MemberChunk {
                generation,
                members,
                last,
            } => {
                if open != Some(generation) {
                    return false;
                }
                for member in members {
                    self.list(member, open);
                }
                if last {
                    self.listed.retain(|(_, carried)| *carried == open);
                    self.snapshot.extent = Extent::Complete;
                }
            }
            Change::MemberJoined(member) => {
                let new = self.find(member.user.id).is_none();
                self.list(member, open);
                self.move_count(i64::from(new));
            }
            Change::MemberChanged(member) => match self.find(member.user.id) {
                None if self.snapshot.extent == Extent::Complete => return false,
                None => self.list(member, None),
                Some(found) => {
                    let carried = self.listed[found].1;
                    self.list(member, carried);
                }
            },
            Change::MemberSeen(member) => {
                let seen = open.is_some() && self.find(member.user.id).is_none();
                if seen {
                    self.list(member, None);
                }
                return seen;
            }
            Change::MemberLeft(user) => {
                let Some(found) = self.find(user) else {
                    return false;
                };
                self.listed.remove(found);
                self.move_count(-1);
            }
            Change::PresenceChanged { user, presence } => {
                let Some(found) = self.find(user) else {
                    return false;
                };
                self.listed[found].0.presence = Some(presence);
            }
            Change::RoleChanged(role) => {
                self.snapshot.roles.retain(|known| known.id != role.id);
                self.snapshot.roles.push(role);
            }
            Change::RoleDeleted(role) => {
                let before = self.snapshot.roles.len();
                self.snapshot.roles.retain(|known| known.id != role);
                return self.snapshot.roles.len() < before;
            }
            Change::ChannelChanged(channel) => self.put(channel),
            Change::ChannelDeleted(id) => {
                return self.keep_channels(|it| it.id != id && !it.is_thread_of(id));
            }
            Change::ThreadsListed { parents, threads } => {
                let listed = |channel: Option<ChannelId>| match &parents {
                    None => true,
                    Some(parents) => channel.is_some_and(|channel| parents.contains(&channel)),
                };
                self.keep_channels(|it| !(it.kind.is_thread() && listed(it.parent)));
                for thread in threads {
                    self.put(thread);
                }
            }
            Change::ServerChanged { name, owner } => {
                self.snapshot.name = name;
                self.snapshot.owner = owner;
            }
            Change::ServerUnavailable => {
                let available = self.available == Some(true);
                self.available = self.available.map(|_| false);
                return available;
            }
            Change::ServerRemoved => unreachable!("the model handles it"),
        }
        true
    }

    fn find(&self, user: UserId) -> Option<usize> {
        self.listed
            .iter()
            .position(|(member, _)| member.user.id == user)
    }

    fn list(&mut self, mut member: ListedMember, generation: Option<Generation>) {
        if let Some(found) = self.find(member.user.id) {
            let (before, _) = self.listed.remove(found);
            member.presence = member.presence.or(before.presence);
        }
        self.listed.push((member, generation));
    }

    fn put(&mut self, channel: Channel) {
        self.keep_channels(|known| known.id != channel.id);
        self.snapshot.channels.push(channel);
    }

    /// Whether any went.
    fn keep_channels(&mut self, keep: impl Fn(&Channel) -> bool) -> bool {
        let before = self.snapshot.channels.len();
        self.snapshot.channels.retain(keep);
        self.snapshot.channels.len() < before
    }

    fn move_count(&mut self, by: i64) {
        if let Extent::Partial { member_count, .. } | Extent::Counted { member_count } =
            &mut self.snapshot.extent
        {
            *member_count = member_count.saturating_add_signed(by);
        }
    }

    /// The member chunks that are awaited, if any.
    fn generation(&self) -> Option<Generation> {
        match self.snapshot.extent {
            Extent::Partial { generation, .. } => Some(generation),
            Extent::Complete | Extent::Counted { .. } => None,
        }
    }
}

fn said(anything: bool) -> Applied {
    if anything {
        Applied::Changed
    } else {
        Applied::Ignored
    }
}
