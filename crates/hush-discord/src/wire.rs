//! What the gateway says, reduced to what Hush keeps.
//!
//! The shapes are our own, since each has a handful of fields of the platform's dozens, and since one new kind of
//! channel or status must not cost a whole server: what is not known here is passed over. Source: "Gateway Events" in
//! Discord's developer documentation, version 10.

mod channels;
mod guild;
mod members;
#[cfg(test)]
mod tests;

use hush_domain::events::{Change, Event, ListedMember, Snapshot};
use hush_domain::ids::{ChannelId, RoleId, ServerId, UserId};
use hush_domain::presence::Presence;
use hush_domain::servers::ServerName;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;

use crate::settings::Privileged;
use channels::{WireChannel, WireThreads};
use guild::{WireGuild, WireRole, WireUnavailable};
use members::{WireChunk, WireMember, WirePresence, WireUser};

pub(crate) use guild::Generations;

/// A frame of the gateway, before it is known what it says.
#[derive(Deserialize)]
pub(crate) struct Frame<'a> {
    op: u64,
    /// The number of a dispatch within its session.
    #[serde(default)]
    s: Option<u64>,
    /// What a dispatch is about.
    #[serde(default, borrow)]
    t: Option<std::borrow::Cow<'a, str>>,
    #[serde(default, borrow)]
    d: Option<&'a RawValue>,
}

/// A dispatch of the gateway, as far as it concerns Hush.
#[derive(Debug)]
pub(crate) enum Dispatch {
    /// A session has begun, with the bot in these servers.
    Ready(Vec<ServerId>),
    /// A session goes on, and all that was missed has been said.
    Resumed,
    /// A server as it is.
    Server(Box<Snapshot>, Vec<ListedMember>),
    /// Something changed.
    Changed(Event),
    /// A member's presence changed.
    Presence(ServerId, UserId, Presence),
    /// A part of a member list that was asked for.
    Chunk(Chunk),
    /// A request for a member list came too early.
    TooEarly {
        /// The server whose members were asked for.
        server: ServerId,
        /// After how many seconds to ask again.
        retry_after: f64,
    },
    /// Somebody used a slash command in this server: who, as the server lists them, and the interaction as JSON.
    Interaction(ServerId, Option<Box<ListedMember>>, Box<str>),
    /// Nothing that Hush keeps.
    Nothing,
}

/// A part of a member list.
#[derive(Debug)]
pub(crate) struct Chunk {
    pub(crate) server: ServerId,
    pub(crate) members: Vec<ListedMember>,
    /// Which part, from 0.
    pub(crate) index: u32,
    /// How many parts there are.
    pub(crate) count: u32,
    /// What the request was called.
    pub(crate) nonce: Option<String>,
}

/// The frame of `text`; `None` if it is none.
pub(crate) fn frame(text: &str) -> Option<Frame<'_>> {
    serde_json::from_str(text).ok()
}

impl Frame<'_> {
    /// The number and the name of a dispatch; `None` for what only keeps the connection.
    pub(crate) fn dispatch(&self) -> Option<(u64, &str)> {
        match (self.op, self.s, &self.t) {
            (0, Some(sequence), Some(name)) => Some((sequence, name)),
            _ => None,
        }
    }

    /// What a dispatch says, heard by a bot with the intents `privileged`.
    pub(crate) fn read(
        &self,
        privileged: Privileged,
        generations: &mut Generations,
    ) -> Result<Dispatch, serde_json::Error> {
        let name = self.t.as_deref().unwrap_or_default();
        let event = |server, change| Dispatch::Changed(Event { server, change });
        Ok(match name {
            "READY" => Dispatch::Ready(self.data::<Ready>()?.servers()),
            "RESUMED" => Dispatch::Resumed,
            "GUILD_CREATE" => {
                if self.data::<WireUnavailable>()?.unavailable {
                    let unavailable: WireUnavailable = self.data()?;
                    event(unavailable.id, Change::ServerUnavailable)
                } else {
                    let guild: WireGuild = self.data()?;
                    let (snapshot, members) = guild.snapshot(privileged, generations);
                    Dispatch::Server(Box::new(snapshot), members)
                }
            }
            "GUILD_UPDATE" => self.data::<GuildUpdate>()?.dispatch(),
            "GUILD_DELETE" => {
                let gone: WireUnavailable = self.data()?;
                let change = if gone.unavailable {
                    Change::ServerUnavailable
                } else {
                    Change::ServerRemoved
                };
                event(gone.id, change)
            }
            "GUILD_ROLE_CREATE" | "GUILD_ROLE_UPDATE" => {
                let changed: InGuild<RoleOf> = self.data()?;
                let role = changed.what.role.into();
                event(changed.guild_id, Change::RoleChanged(role))
            }
            "GUILD_ROLE_DELETE" => {
                let gone: InGuild<RoleGone> = self.data()?;
                event(gone.guild_id, Change::RoleDeleted(gone.what.role_id))
            }
            "CHANNEL_CREATE" | "CHANNEL_UPDATE" | "THREAD_CREATE" | "THREAD_UPDATE" => {
                let changed: Option<InGuild<WireChannel>> = self.in_a_guild()?;
                changed.map_or(Dispatch::Nothing, |changed| {
                    event(changed.guild_id, changed.what.change())
                })
            }
            "CHANNEL_DELETE" | "THREAD_DELETE" => {
                let gone: Option<InGuild<ChannelGone>> = self.in_a_guild()?;
                gone.map_or(Dispatch::Nothing, |gone| {
                    event(gone.guild_id, Change::ChannelDeleted(gone.what.id))
                })
            }
            "THREAD_LIST_SYNC" => {
                let listed: InGuild<WireThreads> = self.data()?;
                event(listed.guild_id, listed.what.change())
            }
            "GUILD_MEMBER_ADD" | "GUILD_MEMBER_UPDATE" => {
                let member: InGuild<WireMember> = self.data()?;
                let listed = member.what.listed(None);
                let change = match name {
                    "GUILD_MEMBER_ADD" => Change::MemberJoined(listed),
                    _ => Change::MemberChanged(listed),
                };
                event(member.guild_id, change)
            }
            "GUILD_MEMBER_REMOVE" => {
                let gone: InGuild<MemberGone> = self.data()?;
                event(gone.guild_id, Change::MemberLeft(gone.what.user.id))
            }
            "GUILD_MEMBERS_CHUNK" => {
                let chunk: InGuild<WireChunk> = self.data()?;
                Dispatch::Chunk(chunk.what.chunk(chunk.guild_id, privileged))
            }
            "PRESENCE_UPDATE" => {
                let presence: InGuild<WirePresence> = self.data()?;
                let WirePresence { user, status } = presence.what;
                Dispatch::Presence(presence.guild_id, user.id, status.into())
            }
            "RATE_LIMITED" => {
                let limited: RateLimited = self.data()?;
                match limited.meta.guild_id {
                    Some(server) if limited.opcode == REQUEST_MEMBERS => Dispatch::TooEarly {
                        server,
                        retry_after: limited.retry_after,
                    },
                    _ => Dispatch::Nothing,
                }
            }
            "INTERACTION_CREATE" => {
                let asked: Asked = self.data()?;
                let member = asked.member.map(|member| Box::new(member.listed(None)));
                match (asked.guild_id, self.d) {
                    (Some(server), Some(data)) => {
                        Dispatch::Interaction(server, member, data.get().into())
                    }
                    _ => Dispatch::Nothing,
                }
            }
            _ => Dispatch::Nothing,
        })
    }

    fn data<T: DeserializeOwned>(&self) -> Result<T, serde_json::Error> {
        serde_json::from_str(self.d.map_or("null", RawValue::get))
    }

    /// The data of an event that also happens outside of servers, where it does not concern Hush.
    fn in_a_guild<T: DeserializeOwned>(&self) -> Result<Option<InGuild<T>>, serde_json::Error> {
        match self.data::<Place>()?.guild_id {
            Some(_) => self.data().map(Some),
            None => Ok(None),
        }
    }
}

/// The number of the command that asks for a member list.
const REQUEST_MEMBERS: u64 = 8;

#[derive(Deserialize)]
struct Ready {
    guilds: Vec<WireUnavailable>,
}

impl Ready {
    fn servers(self) -> Vec<ServerId> {
        self.guilds.into_iter().map(|guild| guild.id).collect()
    }
}

#[derive(Deserialize)]
struct GuildUpdate {
    id: ServerId,
    name: String,
    owner_id: UserId,
}

impl GuildUpdate {
    fn dispatch(self) -> Dispatch {
        Dispatch::Changed(Event {
            server: self.id,
            change: Change::ServerChanged {
                name: ServerName::from_platform(&self.name),
                owner: self.owner_id,
            },
        })
    }
}

/// Something in a server. The two parts are read one after the other from the same object.
struct InGuild<T> {
    guild_id: ServerId,
    what: T,
}

impl<'de, T: DeserializeOwned> Deserialize<'de> for InGuild<T> {
    fn deserialize<D: serde::Deserializer<'de>>(object: D) -> Result<Self, D::Error> {
        use serde::de::Error;
        // `flatten` would keep every field that nobody asked for in memory first.
        let text = <&RawValue>::deserialize(object)?.get();
        let place: Place = serde_json::from_str(text).map_err(D::Error::custom)?;
        Ok(Self {
            guild_id: place
                .guild_id
                .ok_or_else(|| D::Error::missing_field("guild_id"))?,
            what: serde_json::from_str(text).map_err(D::Error::custom)?,
        })
    }
}

#[derive(Deserialize)]
struct Place {
    #[serde(default)]
    guild_id: Option<ServerId>,
}

#[derive(Deserialize)]
struct Asked {
    #[serde(default)]
    guild_id: Option<ServerId>,
    #[serde(default)]
    member: Option<WireMember>,
}

#[derive(Deserialize)]
struct RoleOf {
    role: WireRole,
}

#[derive(Deserialize)]
struct RoleGone {
    role_id: RoleId,
}

#[derive(Deserialize)]
struct ChannelGone {
    id: ChannelId,
}

#[derive(Deserialize)]
struct MemberGone {
    user: WireUser,
}

#[derive(Deserialize)]
struct RateLimited {
    opcode: u64,
    retry_after: f64,
    meta: Place,
}
