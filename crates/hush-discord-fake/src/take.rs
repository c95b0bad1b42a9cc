//! How a step changes the world, and how Discord tells of it.

use serde_json::{Value, json};

use crate::json;
use crate::setup::intents::{GUILD_MEMBERS, GUILD_MODERATION, GUILD_PRESENCES, GUILDS};
use crate::step::Step;
use crate::world::{Ban, Channel, Guild, Member, Role, Status, User, World};

/// What the gateway tells of a step.
pub(crate) enum Told {
    /// A `GUILD_CREATE`, which is another one for each session.
    Whole,
    /// An event that every session with the intent is told alike.
    Event {
        name: &'static str,
        intent: u64,
        data: Value,
    },
}

impl Told {
    fn guilds(name: &'static str, data: Value) -> Vec<Self> {
        vec![Self::Event {
            name,
            intent: GUILDS,
            data,
        }]
    }

    fn members(name: &'static str, data: Value) -> Self {
        Self::Event {
            name,
            intent: GUILD_MEMBERS,
            data,
        }
    }

    fn moderation(name: &'static str, guild: u64, user: &User) -> Self {
        Self::Event {
            name,
            intent: GUILD_MODERATION,
            data: json!({"guild_id": guild.to_string(), "user": json::user(user)}),
        }
    }

    fn presence(guild: u64, member: &Member) -> Self {
        Self::Event {
            name: "PRESENCE_UPDATE",
            intent: GUILD_PRESENCES,
            data: json::presence_in(guild, member),
        }
    }
}

impl World {
    /// Lets something happen. What makes no sense here changes nothing and is `None`: of a server that is not there or
    /// in an outage, of a member or role that is not there, or there twice.
    pub(crate) fn take(&mut self, step: Step, bot: &User) -> Option<Vec<Told>> {
        match step {
            Step::GuildAdded(guild) => self.add(guild, bot),
            Step::GuildLeft(id) => {
                self.guilds.remove(&id)?;
                Some(Told::guilds("GUILD_DELETE", json!({"id": id.to_string()})))
            }
            Step::Back(id) => {
                let guild = self.guilds.get_mut(&id).filter(|it| it.unavailable)?;
                guild.unavailable = false;
                Some(vec![Told::Whole])
            }
            step => {
                let guild = self.guilds.get_mut(&step.guild())?;
                (!guild.unavailable).then(|| guild.take(step, bot.id))?
            }
        }
    }

    fn add(&mut self, mut guild: Guild, bot: &User) -> Option<Vec<Told>> {
        if self.guilds.contains_key(&guild.id) {
            return None;
        }
        let roles = std::mem::take(&mut guild.bot_roles);
        guild.members.entry(bot.id).or_insert_with(|| {
            Member::new(bot.clone())
                .with_status(Status::Online)
                .with_roles(&roles)
        });
        self.guilds.insert(guild.id, guild);
        Some(vec![Told::Whole])
    }
}

impl Guild {
    fn take(&mut self, step: Step, bot: u64) -> Option<Vec<Told>> {
        match step {
            Step::Outage(id) => {
                self.unavailable = true;
                let data = json!({"id": id.to_string(), "unavailable": true});
                Some(Told::guilds("GUILD_DELETE", data))
            }
            Step::GuildChanged { name, owner, .. } => {
                self.members.get(&owner)?;
                self.name = name;
                self.owner = owner;
                Some(Told::guilds("GUILD_UPDATE", json::guild_alone(self)))
            }
            Step::RoleCreated { role, .. } => self.set_role(role, false),
            Step::RoleChanged { role, .. } => self.set_role(role, true),
            Step::RoleDeleted { role, .. } => {
                if role == self.id {
                    return None;
                }
                self.roles.remove(&role)?;
                let data = json!({"guild_id": self.id.to_string(), "role_id": role.to_string()});
                Some(Told::guilds("GUILD_ROLE_DELETE", data))
            }
            Step::MemberJoined { member, .. } => self.join(member),
            Step::MemberLeft { user, .. } => {
                let is_bound = user == self.owner || user == bot;
                (!is_bound).then(|| self.lose(user))?.map(|told| vec![told])
            }
            Step::Presence { user, status, .. } => {
                let member = self.members.get_mut(&user)?;
                member.status = status;
                Some(vec![Told::presence(self.id, member)])
            }
            Step::Banned { user, reason, .. } => {
                if user.id == self.owner || user.id == bot || self.bans.contains_key(&user.id) {
                    return None;
                }
                let mut told = vec![Told::moderation("GUILD_BAN_ADD", self.id, &user)];
                told.extend(self.lose(user.id));
                self.bans.insert(user.id, Ban { user, reason });
                Some(told)
            }
            Step::Unbanned { user, .. } => {
                let lifted = self.bans.remove(&user)?;
                let told = Told::moderation("GUILD_BAN_REMOVE", self.id, &lifted.user);
                Some(vec![told])
            }
            Step::MemberChanged { user, roles, .. } => self.change(bot, user.id, |member| {
                member.user = user;
                member.roles = roles;
            }),
            Step::Nicknamed { user, nick, .. } => self.change(bot, user, |it| it.nick = nick),
            Step::TimedOut { user, until, .. } => {
                self.change(bot, user, |it| it.timed_out_until = until)
            }
            step => self.take_of_channels(step),
        }
    }

    fn change(
        &mut self,
        bot: u64,
        user: u64,
        change: impl FnOnce(&mut Member),
    ) -> Option<Vec<Told>> {
        let member = self.members.get_mut(&user)?;
        change(member);
        let data = json::member_in(self.id, member);
        Some(if user == bot {
            // What becomes of the bot itself it is told in any case.
            Told::guilds("GUILD_MEMBER_UPDATE", data)
        } else {
            vec![Told::members("GUILD_MEMBER_UPDATE", data)]
        })
    }

    fn lose(&mut self, user: u64) -> Option<Told> {
        let gone = self.members.remove(&user)?;
        let data = json!({
            "guild_id": self.id.to_string(),
            "user": json::user(&gone.user),
        });
        Some(Told::members("GUILD_MEMBER_REMOVE", data))
    }

    fn take_of_channels(&mut self, step: Step) -> Option<Vec<Told>> {
        match step {
            Step::ChannelCreated { channel, .. } => self.set_channel(channel, false),
            Step::ChannelChanged { channel, .. } => self.set_channel(channel, true),
            Step::ChannelDeleted { channel, .. } => {
                let gone = self.channels.remove(&channel)?;
                self.threads
                    .retain(|_, thread| thread.parent != Some(channel));
                Some(Told::guilds(
                    "CHANNEL_DELETE",
                    json::channel_in(self.id, &gone),
                ))
            }
            Step::ThreadCreated { thread, .. } => self.set_thread(thread, false),
            Step::ThreadChanged { thread, .. } => self.set_thread(thread, true),
            Step::ThreadDeleted { thread, .. } => {
                let gone = self.threads.remove(&thread)?;
                let data = json!({
                    "id": gone.id.to_string(),
                    "guild_id": self.id.to_string(),
                    "parent_id": gone.parent.map(|id| id.to_string()),
                    "type": gone.kind,
                });
                Some(Told::guilds("THREAD_DELETE", data))
            }
            Step::ThreadListSync { channels, .. } => self.sync_threads(&channels),
            _ => None,
        }
    }

    fn set_role(&mut self, role: Role, is_there: bool) -> Option<Vec<Told>> {
        if self.roles.contains_key(&role.id) != is_there {
            return None;
        }
        let name = if is_there {
            "GUILD_ROLE_UPDATE"
        } else {
            "GUILD_ROLE_CREATE"
        };
        let data = json!({"guild_id": self.id.to_string(), "role": json::role(&role)});
        self.roles.insert(role.id, role);
        Some(Told::guilds(name, data))
    }

    fn set_channel(&mut self, channel: Channel, is_there: bool) -> Option<Vec<Told>> {
        if self.channels.contains_key(&channel.id) != is_there {
            return None;
        }
        let name = if is_there {
            "CHANNEL_UPDATE"
        } else {
            "CHANNEL_CREATE"
        };
        let data = json::channel_in(self.id, &channel);
        self.channels.insert(channel.id, channel);
        Some(Told::guilds(name, data))
    }

    fn set_thread(&mut self, thread: Channel, is_there: bool) -> Option<Vec<Told>> {
        let has_parent = self.channels.contains_key(&thread.parent?);
        if !has_parent || self.threads.contains_key(&thread.id) != is_there {
            return None;
        }
        let mut data = json::thread_in(self.id, &thread);
        let name = if is_there {
            "THREAD_UPDATE"
        } else {
            data["newly_created"] = true.into();
            "THREAD_CREATE"
        };
        self.threads.insert(thread.id, thread);
        Some(Told::guilds(name, data))
    }

    fn sync_threads(&self, channels: &[u64]) -> Option<Vec<Told>> {
        if !channels.iter().all(|id| self.channels.contains_key(id)) {
            return None;
        }
        let is_meant = |thread: &&Channel| {
            channels.is_empty()
                || thread
                    .parent
                    .is_some_and(|parent| channels.contains(&parent))
        };
        let threads = self.threads.values().filter(is_meant);
        let mut data = json!({
            "guild_id": self.id.to_string(),
            "threads": threads.map(|thread| json::thread_in(self.id, thread)).collect::<Value>(),
            "members": [],
        });
        if !channels.is_empty() {
            data["channel_ids"] = json::ids(channels);
        }
        Some(Told::guilds("THREAD_LIST_SYNC", data))
    }

    fn join(&mut self, member: Member) -> Option<Vec<Told>> {
        let id = member.user.id;
        if self.members.contains_key(&id) || self.bans.contains_key(&id) {
            return None;
        }
        let data = json::member_in(self.id, &member);
        let mut told = vec![Told::members("GUILD_MEMBER_ADD", data)];
        if member.status.is_seen() {
            told.push(Told::presence(self.id, &member));
        }
        self.members.insert(member.user.id, member);
        Some(told)
    }
}
