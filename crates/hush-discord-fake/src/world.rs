//! The truth: what every server is like. Tests compare with it what Hush shows.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use time::OffsetDateTime;

use crate::setup::permissions;

/// Every server that the bot is in, those in an outage included.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct World {
    /// The servers by their ids.
    pub guilds: BTreeMap<u64, Guild>,
}

/// A server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Guild {
    /// Its id, which is the id of its everyone-role too.
    pub id: u64,
    /// Its name.
    pub name: String,
    /// Who owns it.
    pub owner: u64,
    /// Its roles by their ids, the everyone-role among them.
    pub roles: BTreeMap<u64, Role>,
    /// Its channels by their ids.
    pub channels: BTreeMap<u64, Channel>,
    /// Its threads that are not archived, by their ids.
    pub threads: BTreeMap<u64, Channel>,
    /// Its members by their ids, the bot among them.
    pub members: BTreeMap<u64, Member>,
    /// Who is banned from it, by their ids.
    pub bans: BTreeMap<u64, Ban>,
    /// The roles that the bot will hold once it is added; nothing any more from then on.
    pub bot_roles: Vec<u64>,
    /// Whether Discord cannot reach it just now.
    pub unavailable: bool,
}

/// A role.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Role {
    /// Its id.
    pub id: u64,
    /// Its name.
    pub name: String,
    /// Its place: a higher number stands above. Two may have the same.
    pub position: i64,
    /// What it allows, as Discord's bits.
    pub permissions: u64,
    /// Whether it is a bot's own, a booster's or another integration's, so that nobody gives or takes it by hand.
    pub managed: bool,
}

/// A channel or a thread.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Channel {
    /// Its id.
    pub id: u64,
    /// Its name.
    pub name: String,
    /// Its type: 0 is text, 2 voice, 4 a category, 5 announcements, 11 a public thread, 15 a forum.
    pub kind: u8,
    /// The category of a channel, or the channel of a thread.
    pub parent: Option<u64>,
}

/// A user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// The user's id.
    pub id: u64,
    /// The user's name.
    pub name: String,
    /// The four digits that bots still have; 0 for people.
    pub discriminator: u16,
    /// Whether it is a bot.
    pub bot: bool,
}

/// A user in a server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// Who it is.
    pub user: User,
    /// The ids of the roles it holds, without the everyone-role. An id that is no role of the server means nothing.
    pub roles: Vec<u64>,
    /// Whether it is online.
    pub status: Status,
    /// What it is called in this server alone.
    pub nick: Option<String>,
    /// Until when it is timed out. A time that is over means nothing.
    pub timed_out_until: Option<OffsetDateTime>,
}

/// A ban.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ban {
    /// Who is banned.
    pub user: User,
    /// Why, if it was said.
    pub reason: Option<String>,
}

/// What a user's dot shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Status {
    /// Green.
    Online,
    /// Yellow.
    Idle,
    /// Red: do not disturb.
    Dnd,
    /// Grey.
    Offline,
    /// Grey, by choice. Others are told `offline`.
    Invisible,
}

impl World {
    /// How many members all servers have.
    pub fn members(&self) -> usize {
        self.guilds.values().map(Guild::member_count).sum()
    }
}

impl Guild {
    /// A server with its everyone-role and without members. Its owner is a member only once it is added as one.
    pub fn new(id: u64, name: &str, owner: u64) -> Self {
        let everyone = Role {
            // View channels, send messages, use commands.
            permissions: 0x8000_0C00,
            ..Role::new(id, "@everyone", 0)
        };
        Self {
            id,
            name: name.to_owned(),
            owner,
            roles: BTreeMap::from([(id, everyone)]),
            channels: BTreeMap::new(),
            threads: BTreeMap::new(),
            members: BTreeMap::new(),
            bans: BTreeMap::new(),
            bot_roles: Vec::new(),
            unavailable: false,
        }
    }

    /// The server with a role more.
    #[must_use]
    pub fn with_role(mut self, role: Role) -> Self {
        self.roles.insert(role.id, role);
        self
    }

    /// The server with a channel more.
    #[must_use]
    pub fn with_channel(mut self, channel: Channel) -> Self {
        self.channels.insert(channel.id, channel);
        self
    }

    /// The server with a thread more.
    #[must_use]
    pub fn with_thread(mut self, thread: Channel) -> Self {
        self.threads.insert(thread.id, thread);
        self
    }

    /// The server with a member more.
    #[must_use]
    pub fn with_member(mut self, member: Member) -> Self {
        self.members.insert(member.user.id, member);
        self
    }

    /// The server with these roles for the bot, which holds none otherwise.
    #[must_use]
    pub fn with_bot_roles(mut self, roles: &[u64]) -> Self {
        self.bot_roles = roles.to_vec();
        self
    }

    /// How many members it has, bots included.
    pub fn member_count(&self) -> usize {
        self.members.len()
    }

    /// A member or somebody who is banned.
    pub(crate) fn user(&self, id: u64) -> Option<&User> {
        let member = self.members.get(&id).map(|it| &it.user);
        member.or_else(|| self.bans.get(&id).map(|it| &it.user))
    }

    /// How many bots it has.
    pub fn bots(&self) -> usize {
        self.members.values().filter(|it| it.user.bot).count()
    }

    /// How many members are not offline, bots included.
    pub fn online(&self) -> usize {
        self.members
            .values()
            .filter(|it| it.status.is_seen())
            .count()
    }

    /// The names of a member's roles, the highest first and of two with the same place the older one, without the
    /// everyone-role; none for who is no member.
    pub fn roles_of(&self, user: u64) -> Vec<&str> {
        let held = self.members.get(&user).map_or(&[][..], |it| &it.roles);
        let mut roles: Vec<&Role> = self
            .roles
            .values()
            .filter(|role| role.id != self.id && held.contains(&role.id))
            .collect();
        roles.sort_by_key(|role| (Reverse(role.position), role.id));
        roles.into_iter().map(|role| role.name.as_str()).collect()
    }

    /// What a member may do in the whole server, as Discord's bits.
    pub fn permissions_of(&self, user: u64) -> u64 {
        const ALL: u64 = (1 << 53) - 1;
        let held = self.members.get(&user).map_or(&[][..], |it| &it.roles);
        let union = self
            .roles
            .values()
            .filter(|role| role.id == self.id || held.contains(&role.id))
            .fold(0, |union, role| union | role.permissions);
        if user == self.owner || union & permissions::ADMINISTRATOR != 0 {
            ALL
        } else {
            union
        }
    }

    /// Whether a user stands above another one: the owner above everybody, others by the highest role they hold.
    pub fn is_above(&self, user: u64, other: u64) -> bool {
        user != other
            && other != self.owner
            && (user == self.owner || self.rank_of(user) > self.rank_of(other))
    }

    /// Whether a user stands above a role.
    pub fn is_above_role(&self, user: u64, role: &Role) -> bool {
        user == self.owner || self.rank_of(user) > Some(role.rank())
    }

    /// The rank of a user's highest role.
    fn rank_of(&self, user: u64) -> Option<(i64, Reverse<u64>)> {
        let held = self.members.get(&user).map_or(&[][..], |it| &it.roles);
        self.roles
            .values()
            .filter(|role| role.id == self.id || held.contains(&role.id))
            .map(Role::rank)
            .max()
    }
}

impl Role {
    /// A role that allows nothing.
    pub fn new(id: u64, name: &str, position: i64) -> Self {
        Self {
            id,
            name: name.to_owned(),
            position,
            permissions: 0,
            managed: false,
        }
    }

    /// Higher is above: by the position, and of two with the same one the older.
    fn rank(&self) -> (i64, Reverse<u64>) {
        (self.position, Reverse(self.id))
    }
}

impl Channel {
    /// A text channel without a category.
    pub fn text(id: u64, name: &str) -> Self {
        Self {
            id,
            name: name.to_owned(),
            kind: 0,
            parent: None,
        }
    }

    /// A public thread of a channel.
    pub fn thread(id: u64, name: &str, parent: u64) -> Self {
        Self {
            id,
            name: name.to_owned(),
            kind: 11,
            parent: Some(parent),
        }
    }
}

impl User {
    /// A person.
    pub fn new(id: u64, name: &str) -> Self {
        Self {
            id,
            name: name.to_owned(),
            discriminator: 0,
            bot: false,
        }
    }

    /// A bot.
    pub fn bot(id: u64, name: &str) -> Self {
        Self {
            bot: true,
            discriminator: 1,
            ..Self::new(id, name)
        }
    }
}

impl Member {
    /// A member that is offline and holds no roles.
    pub fn new(user: User) -> Self {
        Self {
            user,
            roles: Vec::new(),
            status: Status::Offline,
            nick: None,
            timed_out_until: None,
        }
    }

    /// The member with another status.
    #[must_use]
    pub fn with_status(mut self, status: Status) -> Self {
        self.status = status;
        self
    }

    /// The member with these roles.
    #[must_use]
    pub fn with_roles(mut self, roles: &[u64]) -> Self {
        self.roles = roles.to_vec();
        self
    }
}

impl Status {
    /// Whether others see the user as online.
    pub fn is_seen(self) -> bool {
        !matches!(self, Self::Offline | Self::Invisible)
    }

    /// The word that others are told.
    pub fn told(self) -> &'static str {
        match self {
            Self::Online => "online",
            Self::Idle => "idle",
            Self::Dnd => "dnd",
            Self::Offline | Self::Invisible => "offline",
        }
    }
}
