use std::collections::BTreeMap;
use std::ops::Bound;

use async_trait::async_trait;
use hush_domain::channels::Channel;
use hush_domain::commands::rules::Situation;
use hush_domain::events::{Extent, Generation, Snapshot};
use hush_domain::ids::{ChannelId, RoleId, ServerId, UserId};
use hush_domain::permission::Standing;
use hush_domain::presence::Presence;
use hush_domain::roles::Role;
use hush_domain::servers::{self, ServerName};
use hush_domain::settings::ServerSettings;
use hush_domain::stats::{Coverage, Stats, Tally};
use hush_domain::time::Timestamp;
use hush_domain::users::{Member, User};
use hush_ports::{BackendError, PageRequest, Servers, UserFilter};

use super::Memory;
use super::feed::Following;

#[async_trait]
impl Servers for Memory {
    async fn get(&self, server: ServerId) -> Result<Option<servers::Server>, BackendError> {
        let server = self.servers.get(&server);
        Ok(server.map(|server| servers::Server {
            id: server.id,
            name: server.name.clone(),
            owner: server.owner,
        }))
    }

    async fn roles(&self, server: ServerId) -> Result<Option<Vec<Role>>, BackendError> {
        let server = self.servers.get(&server);
        Ok(server.map(|server| {
            let mut roles: Vec<_> = server.roles.values().cloned().collect();
            roles.sort_by(Role::by_rank);
            roles
        }))
    }
}

/// One server as it is now. What changes it stands in `events.rs`.
pub(super) struct Server {
    pub(super) id: ServerId,
    pub(super) name: ServerName,
    pub(super) owner: UserId,
    pub(super) roles: BTreeMap<RoleId, Role>,
    pub(super) channels: BTreeMap<ChannelId, Channel>,
    pub(super) members: BTreeMap<UserId, Listed>,
    /// The series of member chunks that is awaited, if any.
    pub(super) generation: Option<Generation>,
    pub(super) tally: Tally,
    pub(super) following: Following,
    pub(super) settings: ServerSettings,
}

/// A member as the server last listed them.
pub(super) struct Listed {
    pub(super) user: User,
    pub(super) roles: Box<[RoleId]>,
    pub(super) presence: Presence,
    /// The generation that showed the member, if one did.
    pub(super) generation: Option<Generation>,
}

impl Server {
    /// A server of which only `snapshot` itself is known, and none of its members.
    pub(super) fn new(snapshot: &Snapshot, received_at: Timestamp) -> Self {
        Self {
            id: snapshot.server,
            name: snapshot.name.clone(),
            owner: snapshot.owner,
            roles: BTreeMap::new(),
            channels: BTreeMap::new(),
            members: BTreeMap::new(),
            generation: None,
            tally: Tally {
                listed: 0,
                bots: 0,
                online: 0,
                coverage: coverage(snapshot.extent),
                presences_known: snapshot.presences_known,
                as_of: received_at,
            },
            following: Following::No,
            settings: ServerSettings::default(),
        }
    }

    /// How `user` stands here; `None` for somebody who neither is listed nor owns the server.
    pub(super) fn standing(&self, user: UserId) -> Option<Standing> {
        let owner = self.owner == user;
        let held: &[RoleId] = match self.members.get(&user) {
            Some(listed) => &listed.roles,
            None if owner => &[],
            None => return None,
        };
        let everyone = self.id.everyone_role();
        let permissions = held
            .iter()
            .chain([&everyone])
            .filter_map(|id| self.roles.get(id))
            .map(|role| role.permissions)
            .collect();
        let appointing = &self.settings.admin_roles;
        let appointed = held
            .iter()
            .any(|id| *id != everyone && appointing.contains(id) && self.roles.contains_key(id));
        Some(Standing {
            owner,
            permissions,
            appointed,
            api_enabled: self.settings.api_enabled,
        })
    }

    pub(super) fn member(&self, user: UserId) -> Option<Member> {
        self.members.get(&user).map(|listed| self.shown(listed))
    }

    pub(super) fn page(&self, page: &PageRequest) -> Vec<Member> {
        let start = page.after.map_or(Bound::Unbounded, Bound::Excluded);
        self.members
            .range((start, Bound::Unbounded))
            .map(|(_, listed)| listed)
            .filter(|listed| self.fits(listed, &page.filter))
            .take(page.limit.into())
            .map(|listed| self.shown(listed))
            .collect()
    }

    fn fits(&self, listed: &Listed, filter: &UserFilter) -> bool {
        let holds = |role: RoleId| self.roles.contains_key(&role) && listed.roles.contains(&role);
        let user = &listed.user;
        filter.distinctive_role(self.id).is_none_or(holds)
            && filter.bot.is_none_or(|bot| user.bot == bot)
            && filter.ids.as_ref().is_none_or(|ids| ids.contains(&user.id))
    }

    /// What is known of `users` and `channel`.
    pub(super) fn situation(&self, users: &[UserId], channel: Option<ChannelId>) -> Situation {
        let held = |user: &UserId| {
            let listed = self.members.get(user)?;
            Some((*user, listed.roles.to_vec()))
        };
        Situation {
            server: self.id,
            owner: self.owner,
            roles: self.roles.values().cloned().collect(),
            members: users.iter().filter_map(held).collect(),
            complete: self.tally.coverage == Coverage::Complete,
            channel: channel
                .and_then(|id| self.channels.get(&id))
                .map(|channel| channel.kind),
        }
    }

    pub(super) fn stats(&self) -> Stats {
        self.tally.stats()
    }

    fn shown(&self, listed: &Listed) -> Member {
        let held = listed.roles.iter().filter_map(|id| self.roles.get(id));
        Member::new(self.id, listed.user.clone(), held.cloned().collect())
    }
}

pub(super) fn coverage(extent: Extent) -> Coverage {
    match extent {
        Extent::Complete => Coverage::Complete,
        Extent::Partial { member_count, .. } | Extent::Counted { member_count } => {
            Coverage::Partial { member_count }
        }
    }
}
