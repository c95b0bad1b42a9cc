//! One server of a file, checked.

use std::cell::Cell;
use std::collections::HashSet;
use std::fmt;
use std::io;
use std::rc::Rc;
use std::sync::Arc;

use hush_domain::channels::Channel;
use hush_domain::events::{Extent, Generation, Snapshot};
use hush_domain::ids::{ServerId, UserId};
use hush_domain::presence::Presence;
use hush_domain::roles::Role;
use hush_domain::servers::ServerName;
use indicatif::ProgressBar;
use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, Visitor};

use super::bounds::Place;
use super::each::Each;
use super::input::Input;
use super::members::{Members, Presences};
use super::wire::{MAX_CHANNELS, MAX_ROLES, WireChannel, WireMember, WirePresence, WireRole};

/// A server that was found in a file and broke no rule. Its members are still in the file.
#[derive(Debug)]
pub struct Guild {
    file: Arc<Input>,
    head: Head,
}

#[derive(Debug)]
pub(super) struct Head {
    server: ServerId,
    name: ServerName,
    owner: UserId,
    member_count: u64,
    roles: Vec<Role>,
    channels: Vec<Channel>,
    presences: Option<Presences>,
    members: MemberList,
}

/// The members' place in the file and how many there are.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct MemberList {
    /// Somewhere between the key and the list's bracket; bytes from the start.
    pub(super) offset: u64,
    /// How many members are listed.
    pub(super) count: u64,
}

impl Guild {
    pub(super) fn new(file: Arc<Input>, head: Head) -> Self {
        Self { file, head }
    }

    /// The file's name.
    pub fn file(&self) -> &str {
        self.file.name()
    }

    /// The server.
    pub fn server(&self) -> ServerId {
        self.head.server
    }

    /// How many members the file lists.
    pub fn listed(&self) -> u64 {
        self.head.members.count
    }

    /// What the file says about the server. A list that is shorter than the server's own count is partial.
    pub fn snapshot(&self, generation: Generation) -> Snapshot {
        let head = &self.head;
        let extent = if head.members.count < head.member_count {
            Extent::Partial {
                member_count: head.member_count,
                generation,
            }
        } else {
            Extent::Complete
        };
        Snapshot {
            server: head.server,
            name: head.name.clone(),
            owner: head.owner,
            roles: head.roles.clone(),
            channels: head.channels.clone(),
            extent,
            presences_known: head.presences.is_some(),
        }
    }

    /// The members, read once more from the file. `progress` moves with every one.
    pub(super) fn members(&self, progress: ProgressBar) -> io::Result<Members> {
        let presences = self.head.presences.clone();
        Members::open(&self.file, self.head.members, presences, progress)
    }
}

#[derive(Deserialize)]
#[serde(field_identifier, rename_all = "snake_case")]
enum Field {
    Id,
    Name,
    OwnerId,
    MemberCount,
    Roles,
    Channels,
    Threads,
    Members,
    Presences,
    #[serde(other)]
    Ignored,
}

/// Reads a guild object whose fields come in any order. Holds the place of the reader.
#[derive(Clone)]
pub(super) struct GuildObject(pub(super) Rc<Cell<Place>>);

impl<'de> DeserializeSeed<'de> for GuildObject {
    type Value = Head;

    fn deserialize<D: Deserializer<'de>>(self, object: D) -> Result<Head, D::Error> {
        object.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for GuildObject {
    type Value = Head;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a guild object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Head, A::Error> {
        let (mut server, mut name, mut owner, mut member_count) = (None, None, None, None);
        let (mut roles, mut presences, mut members) = (None, None, None);
        let mut channels = Vec::new();
        while let Some(field) = map.next_key()? {
            match field {
                Field::Id => once("id", &mut server, map.next_value()?)?,
                Field::Name => once("name", &mut name, map.next_value()?)?,
                Field::OwnerId => once("owner_id", &mut owner, map.next_value()?)?,
                Field::MemberCount => {
                    let count: u32 = map.next_value()?;
                    once("member_count", &mut member_count, u64::from(count))?;
                }
                Field::Roles => once("roles", &mut roles, self.roles(&mut map)?)?,
                Field::Channels | Field::Threads => self.channels(&mut map, &mut channels)?,
                Field::Members => once("members", &mut members, self.members(&mut map)?)?,
                Field::Presences => once("presences", &mut presences, read_presences(&mut map)?)?,
                Field::Ignored => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        let missing = A::Error::missing_field;
        Ok(Head {
            server: server.ok_or_else(|| missing("id"))?,
            name: name.ok_or_else(|| missing("name"))?,
            owner: owner.ok_or_else(|| missing("owner_id"))?,
            member_count: member_count.ok_or_else(|| missing("member_count"))?,
            roles: roles.ok_or_else(|| missing("roles"))?,
            channels,
            presences,
            members: members.unwrap_or_default(),
        })
    }
}

impl GuildObject {
    fn roles<'de, A: MapAccess<'de>>(&self, map: &mut A) -> Result<Vec<Role>, A::Error> {
        let mut roles: Vec<Role> = Vec::new();
        map.next_value_seed(Each::new(|role: WireRole| {
            let role = Role::from(role);
            if roles.len() == MAX_ROLES {
                Err(self.here(&format!("more than {MAX_ROLES} roles")))
            } else if roles.iter().any(|other| other.id == role.id) {
                Err(self.here(&format!("role {} is listed twice", role.id)))
            } else {
                roles.push(role);
                Ok(())
            }
        }))?;
        Ok(roles)
    }

    fn channels<'de, A: MapAccess<'de>>(
        &self,
        map: &mut A,
        channels: &mut Vec<Channel>,
    ) -> Result<(), A::Error> {
        map.next_value_seed(Each::new(|channel: WireChannel| {
            let channel = Channel::from(channel);
            if channels.len() == MAX_CHANNELS {
                Err(self.here(&format!("more than {MAX_CHANNELS} channels")))
            } else if channels.iter().any(|other| other.id == channel.id) {
                Err(self.here(&format!("channel {} is listed twice", channel.id)))
            } else {
                channels.push(channel);
                Ok(())
            }
        }))
    }

    fn members<'de, A: MapAccess<'de>>(&self, map: &mut A) -> Result<MemberList, A::Error> {
        let offset = self.0.get().offset;
        let mut seen = HashSet::new();
        map.next_value_seed(Each::new(|member: WireMember| {
            let member = member.listed().map_err(|reason| self.here(&reason))?;
            let id = member.user.id;
            if seen.insert(id) {
                Ok(())
            } else {
                Err(self.here(&format!("user {id} is listed twice")))
            }
        }))?;
        let count = seen.len() as u64;
        Ok(MemberList { offset, count })
    }

    /// The reason with this place, as `serde_json` writes and reads it: it would otherwise read on to the
    /// list's end and name that.
    fn here(&self, reason: &str) -> String {
        let Place { line, column, .. } = self.0.get();
        format!("{reason} at line {line} column {column}")
    }
}

fn once<T, E: Error>(name: &'static str, field: &mut Option<T>, value: T) -> Result<(), E> {
    match field.replace(value) {
        None => Ok(()),
        Some(_) => Err(E::duplicate_field(name)),
    }
}

fn read_presences<'de, A: MapAccess<'de>>(map: &mut A) -> Result<Presences, A::Error> {
    let mut presences: Vec<(UserId, Presence)> = Vec::new();
    map.next_value_seed(Each::new(|presence: WirePresence| {
        presences.push(presence.into());
        Ok(())
    }))?;
    Ok(Presences::new(presences))
}
