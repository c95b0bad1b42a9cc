//! Users, members and presences.

use std::collections::{BTreeMap, HashMap};

use hush_domain::events::ListedMember;
use hush_domain::ids::{RoleId, ServerId, UserId};
use hush_domain::presence::Presence;
use hush_domain::users::{User, Username};
use serde::Deserialize;

use super::Chunk;
use crate::settings::Privileged;

#[derive(Deserialize)]
pub(super) struct WireUser {
    pub(super) id: UserId,
    #[serde(default)]
    username: String,
    #[serde(default)]
    discriminator: Option<String>,
    #[serde(default)]
    bot: bool,
}

#[derive(Deserialize)]
pub(super) struct WireMember {
    user: WireUser,
    #[serde(default)]
    roles: Vec<RoleId>,
}

#[derive(Deserialize)]
pub(super) struct WirePresence {
    pub(super) user: OnlyId,
    pub(super) status: WireStatus,
}

#[derive(Deserialize)]
pub(super) struct OnlyId {
    pub(super) id: UserId,
}

#[derive(Deserialize)]
pub(super) struct WireStatus(String);

#[derive(Deserialize)]
pub(super) struct WireChunk {
    members: Vec<WireMember>,
    chunk_index: u32,
    chunk_count: u32,
    #[serde(default)]
    presences: Option<Vec<WirePresence>>,
    #[serde(default)]
    nonce: Option<String>,
}

impl From<WireStatus> for Presence {
    /// A status that is new to Hush is one of somebody who is there.
    fn from(status: WireStatus) -> Self {
        status.0.parse().unwrap_or(Self::Online)
    }
}

impl From<WireUser> for User {
    fn from(user: WireUser) -> Self {
        let discriminator = user.discriminator.and_then(|digits| digits.parse().ok());
        Self {
            id: user.id,
            username: Username::from_platform(&user.username, discriminator),
            bot: user.bot,
        }
    }
}

impl WireMember {
    pub(super) fn listed(self, presence: Option<Presence>) -> ListedMember {
        ListedMember {
            user: self.user.into(),
            roles: self.roles,
            presence,
        }
    }
}

impl WireChunk {
    pub(super) fn chunk(self, server: ServerId, privileged: Privileged) -> Chunk {
        Chunk {
            server,
            members: list(self.members, self.presences, privileged),
            index: self.chunk_index,
            count: self.chunk_count,
            nonce: self.nonce,
        }
    }
}

/// Each member once, by ascending id. Where presences are heard, who has none is offline.
pub(super) fn list(
    members: Vec<WireMember>,
    presences: Option<Vec<WirePresence>>,
    privileged: Privileged,
) -> Vec<ListedMember> {
    let presences: HashMap<_, Presence> = presences
        .unwrap_or_default()
        .into_iter()
        .map(|presence| (presence.user.id, presence.status.into()))
        .collect();
    let listed = members.into_iter().map(|member| {
        let id = member.user.id;
        let presence = presences.get(&id).copied().unwrap_or_default();
        (id, member.listed(privileged.presences.then_some(presence)))
    });
    let listed: BTreeMap<_, _> = listed.collect();
    listed.into_values().collect()
}
