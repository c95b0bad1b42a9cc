//! The world as a client on twilight has it from events alone.

use hush_discord_fake::{Ban, Channel, Guild, Member, Role, Status, User, World};
use time::OffsetDateTime;
use twilight_gateway::Event;
use twilight_model::channel;
use twilight_model::gateway::payload::incoming::GuildCreate;
use twilight_model::gateway::presence;
use twilight_model::guild;
use twilight_model::id::Id;
use twilight_model::user;
use twilight_model::util::Timestamp;

/// What others can see of the world: who is invisible is offline to them.
pub(crate) fn visible(mut world: World) -> World {
    let guilds = world.guilds.values_mut();
    for member in guilds.flat_map(|guild| guild.members.values_mut()) {
        if !member.status.is_seen() {
            member.status = Status::Offline;
        }
    }
    world
}

/// Lets an event change the client's world. What says nothing about the world changes nothing.
pub(crate) fn apply(world: &mut World, event: Event) {
    match event {
        Event::Ready(_) => *world = World::default(),
        Event::GuildCreate(created) => {
            if let GuildCreate::Available(created) = *created {
                world.guilds.insert(created.id.get(), whole(&created));
            }
        }
        Event::GuildDelete(gone) => {
            if gone.unavailable == Some(true) {
                of(world, gone.id.get()).unavailable = true;
            } else {
                world.guilds.remove(&gone.id.get());
            }
        }
        Event::GuildUpdate(changed) => {
            let guild = of(world, changed.id.get());
            guild.name = changed.0.name;
            guild.owner = changed.0.owner_id.get();
        }
        Event::RoleCreate(made) => {
            of(world, made.guild_id.get())
                .roles
                .insert(made.role.id.get(), role(&made.role));
        }
        Event::RoleUpdate(changed) => {
            of(world, changed.guild_id.get())
                .roles
                .insert(changed.role.id.get(), role(&changed.role));
        }
        Event::RoleDelete(gone) => {
            of(world, gone.guild_id.get())
                .roles
                .remove(&gone.role_id.get());
        }
        event => apply_to_members(world, event),
    }
}

fn apply_to_members(world: &mut World, event: Event) {
    match event {
        Event::MemberAdd(joined) => {
            let guild = of(world, joined.guild_id.get());
            let joined = member(&joined.member);
            guild.members.insert(joined.user.id, joined);
        }
        Event::MemberUpdate(changed) => {
            let guild = of(world, changed.guild_id.get());
            let member = guild.members.get_mut(&changed.user.id.get()).unwrap();
            member.user = user(&changed.user);
            member.roles = changed.roles.iter().map(|id| id.get()).collect();
            member.nick.clone_from(&changed.nick);
            member.timed_out_until = changed.communication_disabled_until.map(time_of);
        }
        Event::MemberRemove(gone) => {
            of(world, gone.guild_id.get())
                .members
                .remove(&gone.user.id.get());
        }
        Event::BanAdd(made) => {
            let user = user(&made.user);
            let ban = Ban { user, reason: None };
            of(world, made.guild_id.get()).bans.insert(ban.user.id, ban);
        }
        Event::BanRemove(lifted) => {
            of(world, lifted.guild_id.get())
                .bans
                .remove(&lifted.user.id.get());
        }
        Event::PresenceUpdate(update) => {
            let guild = of(world, update.guild_id.get());
            let member = guild.members.get_mut(&update.user.id().get()).unwrap();
            member.status = status(update.status);
        }
        event => apply_to_channels(world, event),
    }
}

fn apply_to_channels(world: &mut World, event: Event) {
    match event {
        Event::ChannelCreate(set) => set_channel(world, &set.0),
        Event::ChannelUpdate(set) => set_channel(world, &set.0),
        Event::ChannelDelete(gone) => {
            let guild = of(world, gone.guild_id.unwrap().get());
            guild.channels.remove(&gone.id.get());
            guild
                .threads
                .retain(|_, thread| thread.parent != Some(gone.id.get()));
        }
        Event::ThreadCreate(set) => set_thread(world, &set.0),
        Event::ThreadUpdate(set) => set_thread(world, &set.0),
        Event::ThreadDelete(gone) => {
            of(world, gone.guild_id.get())
                .threads
                .remove(&gone.id.get());
        }
        Event::ThreadListSync(sync) => {
            for thread in &sync.threads {
                set_thread(world, thread);
            }
        }
        _ => {}
    }
}

fn of(world: &mut World, guild: u64) -> &mut Guild {
    world.guilds.get_mut(&guild).unwrap()
}

fn set_channel(world: &mut World, set: &channel::Channel) {
    of(world, set.guild_id.unwrap().get())
        .channels
        .insert(set.id.get(), place(set));
}

fn set_thread(world: &mut World, set: &channel::Channel) {
    of(world, set.guild_id.unwrap().get())
        .threads
        .insert(set.id.get(), place(set));
}

fn whole(created: &guild::Guild) -> Guild {
    let mut guild = Guild::new(created.id.get(), &created.name, created.owner_id.get());
    guild.unavailable = created.unavailable == Some(true);
    guild.roles = created
        .roles
        .iter()
        .map(|it| (it.id.get(), role(it)))
        .collect();
    guild.channels = created
        .channels
        .iter()
        .map(|it| (it.id.get(), place(it)))
        .collect();
    guild.threads = created
        .threads
        .iter()
        .map(|it| (it.id.get(), place(it)))
        .collect();
    guild.members = created
        .members
        .iter()
        .map(|it| (it.user.id.get(), member(it)))
        .collect();
    for presence in &created.presences {
        let member = guild.members.get_mut(&presence.user.id().get()).unwrap();
        member.status = status(presence.status);
    }
    assert_eq!(created.member_count, Some(guild.member_count() as u64));
    guild
}

fn role(role: &guild::Role) -> Role {
    Role {
        permissions: role.permissions.bits(),
        managed: role.managed,
        ..Role::new(role.id.get(), &role.name, role.position)
    }
}

fn place(channel: &channel::Channel) -> Channel {
    Channel {
        id: channel.id.get(),
        name: channel.name.clone().unwrap(),
        kind: channel.kind.into(),
        parent: channel.parent_id.map(Id::get),
    }
}

pub(crate) fn member(member: &guild::Member) -> Member {
    let roles: Vec<u64> = member.roles.iter().map(|id| id.get()).collect();
    Member {
        nick: member.nick.clone(),
        timed_out_until: member.communication_disabled_until.map(time_of),
        ..Member::new(user(&member.user)).with_roles(&roles)
    }
}

fn time_of(at: Timestamp) -> OffsetDateTime {
    OffsetDateTime::from_unix_timestamp_nanos(i128::from(at.as_micros()) * 1000).unwrap()
}

fn user(user: &user::User) -> User {
    User {
        id: user.id.get(),
        name: user.name.clone(),
        discriminator: user.discriminator,
        bot: user.bot,
    }
}

fn status(status: presence::Status) -> Status {
    match status {
        presence::Status::Online => Status::Online,
        presence::Status::Idle => Status::Idle,
        presence::Status::DoNotDisturb => Status::Dnd,
        presence::Status::Offline | presence::Status::Invisible => Status::Offline,
    }
}
