//! Steps by chance.

use fastrand::Rng;

use crate::step::Step;
use crate::world::{Channel, Guild, Member, Role, Status, User, World};

impl Step {
    /// Something that happens in the server `guild` and makes sense more often than not. A server that is not there is
    /// added, with `owner` alone in it, and `owner` stays its owner.
    pub fn by_chance(rng: &mut Rng, world: &World, guild: u64, owner: u64) -> Self {
        let Some(now) = world.guilds.get(&guild) else {
            let owner = Member::new(User::new(owner, "owner"));
            return Self::GuildAdded(
                Guild::new(guild, "Analytical", owner.user.id).with_member(owner),
            );
        };
        let user = pick(rng, now.members.keys());
        let role = pick(rng, now.roles.keys());
        let channel = pick(rng, now.channels.keys());
        let thread = pick(rng, now.threads.keys());
        let id = rng.u64(1000..1_000_000);
        let name = format!("name {id}");
        let status = [Status::Online, Status::Idle, Status::Dnd, Status::Offline][rng.usize(..4)];
        match rng.u8(..26) {
            0 => Self::GuildLeft(guild),
            1 => Self::Outage(guild),
            2..=4 => Self::Back(guild),
            5 => Self::GuildChanged { guild, name, owner },
            6 => Self::RoleCreated {
                guild,
                role: Role::new(id, &name, rng.i64(..9)),
            },
            7 => Self::RoleChanged {
                guild,
                role: Role::new(role, &name, rng.i64(..9)),
            },
            8 => Self::RoleDeleted { guild, role },
            9 => Self::ChannelCreated {
                guild,
                channel: Channel::text(id, &name),
            },
            10 => Self::ChannelDeleted { guild, channel },
            11 => Self::ThreadCreated {
                guild,
                thread: Channel::thread(id, &name, channel),
            },
            12 => Self::ThreadDeleted { guild, thread },
            13..=16 => Self::MemberJoined {
                guild,
                member: Member::new(User::new(id, &name)).with_status(status),
            },
            17..=19 => Self::MemberChanged {
                guild,
                user: User::new(user, &name),
                roles: vec![role],
            },
            20 => Self::MemberLeft { guild, user },
            _ => Self::Presence {
                guild,
                user,
                status,
            },
        }
    }
}

/// One of `ids`, or 0 if there is none.
fn pick<'a>(rng: &mut Rng, ids: impl ExactSizeIterator<Item = &'a u64>) -> u64 {
    let mut ids = ids;
    let place = rng.usize(..ids.len().max(1));
    ids.nth(place).copied().unwrap_or_default()
}
