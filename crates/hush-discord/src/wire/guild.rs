//! Servers and roles.

use std::collections::BTreeMap;

use hush_domain::channels::Channel;
use hush_domain::events::{Extent, Generation, ListedMember, Snapshot};
use hush_domain::feed::Epoch;
use hush_domain::ids::{RoleId, ServerId, UserId};
use hush_domain::permission::Permissions;
use hush_domain::roles::{Role, RoleName};
use hush_domain::servers::ServerName;
use serde::Deserialize;

use super::channels::WireChannel;
use super::members::{WireMember, WirePresence, list};
use crate::settings::Privileged;

#[derive(Deserialize)]
pub(super) struct WireUnavailable {
    pub(super) id: ServerId,
    #[serde(default)]
    pub(super) unavailable: bool,
}

#[derive(Deserialize)]
pub(super) struct WireGuild {
    id: ServerId,
    name: String,
    owner_id: UserId,
    roles: Vec<WireRole>,
    #[serde(default)]
    channels: Vec<WireChannel>,
    #[serde(default)]
    threads: Vec<WireChannel>,
    #[serde(default)]
    member_count: Option<u64>,
    #[serde(default)]
    members: Vec<WireMember>,
    #[serde(default)]
    presences: Vec<WirePresence>,
}

#[derive(Deserialize)]
pub(super) struct WireRole {
    id: RoleId,
    name: String,
    #[serde(default)]
    position: i64,
    permissions: String,
    #[serde(default)]
    managed: bool,
}

/// Names series of member chunks, each once: what one leader has named no other one names again.
pub(crate) struct Generations {
    epoch: Epoch,
    next: u32,
}

impl Generations {
    /// The names of whoever leads in `epoch`.
    pub(crate) fn new(epoch: Epoch) -> Self {
        Self { epoch, next: 0 }
    }

    fn draw(&mut self) -> Generation {
        self.next = self.next.wrapping_add(1);
        Generation((self.epoch.0 << 32) | i64::from(self.next))
    }
}

impl From<WireRole> for Role {
    fn from(role: WireRole) -> Self {
        let bound = |position: i64| position.clamp(i32::MIN.into(), i32::MAX.into());
        Self {
            id: role.id,
            name: RoleName::from_platform(&role.name),
            position: i32::try_from(bound(role.position)).unwrap_or_default(),
            // Permissions that cannot be read give nobody any.
            permissions: role
                .permissions
                .parse()
                .unwrap_or_else(|_| Permissions::from_bits(0)),
            managed: role.managed,
        }
    }
}

impl WireGuild {
    /// The server as it is, and those of its members that came with it.
    pub(super) fn snapshot(
        self,
        privileged: Privileged,
        generations: &mut Generations,
    ) -> (Snapshot, Vec<ListedMember>) {
        let mut members = list(self.members, Some(self.presences), privileged);
        let listed = members.len() as u64;
        let extent = match self.member_count {
            Some(member_count) if !privileged.members => Extent::Counted { member_count },
            // A list that is not as long as the platform says is asked for, whichever of the two is wrong.
            Some(member_count) if member_count != listed => Extent::Partial {
                member_count,
                generation: generations.draw(),
            },
            Some(_) => Extent::Complete,
            None => Extent::Partial {
                member_count: listed,
                generation: generations.draw(),
            },
        };
        if matches!(extent, Extent::Counted { .. }) {
            members.clear();
        }
        let roles = self.roles.into_iter().map(Role::from);
        let roles: BTreeMap<_, _> = roles.map(|role| (role.id, role)).collect();
        let channels = self.channels.into_iter().chain(self.threads);
        let channels: BTreeMap<_, Channel> = channels
            .filter_map(WireChannel::open)
            .map(|channel| (channel.id, channel))
            .collect();
        let snapshot = Snapshot {
            server: self.id,
            name: ServerName::from_platform(&self.name),
            owner: self.owner_id,
            roles: roles.into_values().collect(),
            channels: channels.into_values().collect(),
            extent,
            presences_known: privileged.presences,
        };
        (snapshot, members)
    }
}
