//! The parts of Discord's guild object that Hush reads. What else is in it is ignored.

use std::borrow::Cow;
use std::fmt::Display;
use std::str::FromStr;

use hush_domain::channels::{Channel, ChannelKind, ChannelName};
use hush_domain::events::ListedMember;
use hush_domain::ids::{ChannelId, RoleId, UserId};
use hush_domain::permission::Permissions;
use hush_domain::presence::Presence;
use hush_domain::roles::{Role, RoleName};
use hush_domain::users::{User, Username};
use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, Error};

use super::each::Each;

/// The most roles in a server and on a member. Discord allows 250.
pub(super) const MAX_ROLES: usize = 1000;

/// The most channels and active threads in a server. Discord allows 500 and 1,000.
pub(super) const MAX_CHANNELS: usize = 5000;

/// An element of `members`.
#[derive(Deserialize)]
pub(super) struct WireMember {
    user: WireUser,
    #[serde(deserialize_with = "role_ids")]
    roles: Vec<RoleId>,
}

#[derive(Deserialize)]
struct WireUser {
    id: UserId,
    username: String,
    discriminator: Option<String>,
    bot: Option<bool>,
}

/// An element of `roles`.
#[derive(Deserialize)]
pub(super) struct WireRole {
    id: RoleId,
    name: RoleName,
    position: i32,
    #[serde(deserialize_with = "parsed")]
    permissions: Permissions,
    #[serde(default)]
    managed: bool,
}

/// An element of `channels` or `threads`.
#[derive(Deserialize)]
pub(super) struct WireChannel {
    id: ChannelId,
    name: ChannelName,
    #[serde(rename = "type")]
    kind: u8,
    #[serde(default)]
    parent_id: Option<ChannelId>,
}

/// An element of `presences`.
#[derive(Deserialize)]
pub(super) struct WirePresence {
    user: WithId,
    #[serde(deserialize_with = "parsed")]
    status: Presence,
}

#[derive(Deserialize)]
struct WithId {
    id: UserId,
}

impl WireMember {
    /// The member as the ingest port takes it, without presence.
    pub(super) fn listed(self) -> Result<ListedMember, String> {
        let WireUser {
            id,
            username,
            discriminator,
            bot,
        } = self.user;
        let discriminator = discriminator.as_deref().unwrap_or("0");
        let username = Username::from_discord(&username, discriminator)
            .map_err(|error| format!("user {id}: {error}"))?;
        Ok(ListedMember {
            user: User {
                id,
                username,
                bot: bot.unwrap_or(false),
            },
            roles: self.roles,
            presence: None,
        })
    }
}

impl From<WireRole> for Role {
    fn from(role: WireRole) -> Self {
        Self {
            id: role.id,
            name: role.name,
            position: role.position,
            permissions: role.permissions,
            managed: role.managed,
        }
    }
}

impl From<WireChannel> for Channel {
    fn from(channel: WireChannel) -> Self {
        Self {
            id: channel.id,
            name: channel.name,
            kind: ChannelKind(channel.kind),
            parent: channel.parent_id,
        }
    }
}

impl From<WirePresence> for (UserId, Presence) {
    fn from(presence: WirePresence) -> Self {
        (presence.user.id, presence.status)
    }
}

/// The roles of a member, each once.
fn role_ids<'de, D: Deserializer<'de>>(list: D) -> Result<Vec<RoleId>, D::Error> {
    let mut roles = Vec::new();
    let take = |role: RoleId| {
        if roles.len() == MAX_ROLES {
            Err(format!("more than {MAX_ROLES} roles"))
        } else if roles.contains(&role) {
            Err(format!("role {role} is listed twice"))
        } else {
            roles.push(role);
            Ok(())
        }
    };
    Each::new(take).deserialize(list)?;
    Ok(roles)
}

fn parsed<'de, D, T>(text: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: FromStr<Err: Display>,
{
    let text = <Cow<'de, str>>::deserialize(text)?;
    text.parse().map_err(D::Error::custom)
}
