//! What can happen in the world.

use time::OffsetDateTime;

use crate::world::{Channel, Guild, Member, Role, Status, User};

/// Something that happens.
#[derive(Clone, Debug)]
pub enum Step {
    /// The bot is invited to a server, of which it becomes a member.
    GuildAdded(Guild),
    /// The bot is thrown out of a server, or the server is deleted.
    GuildLeft(u64),
    /// Discord can no longer reach a server.
    Outage(u64),
    /// It can again.
    Back(u64),
    /// A server gets another name or another owner, who must be a member.
    GuildChanged {
        /// The server.
        guild: u64,
        /// Its new name.
        name: String,
        /// Its new owner.
        owner: u64,
    },
    /// A role is made.
    RoleCreated {
        /// The server.
        guild: u64,
        /// The role.
        role: Role,
    },
    /// A role changes.
    RoleChanged {
        /// The server.
        guild: u64,
        /// The role as it is from now on.
        role: Role,
    },
    /// A role is deleted. Its members keep its id, which means nothing any more; no event tells of each of them.
    RoleDeleted {
        /// The server.
        guild: u64,
        /// The role, which is not the everyone-role.
        role: u64,
    },
    /// A channel is made.
    ChannelCreated {
        /// The server.
        guild: u64,
        /// The channel.
        channel: Channel,
    },
    /// A channel changes.
    ChannelChanged {
        /// The server.
        guild: u64,
        /// The channel as it is from now on.
        channel: Channel,
    },
    /// A channel is deleted, and its threads with it, of which no event tells.
    ChannelDeleted {
        /// The server.
        guild: u64,
        /// The channel.
        channel: u64,
    },
    /// A thread is made in a channel of the server.
    ThreadCreated {
        /// The server.
        guild: u64,
        /// The thread.
        thread: Channel,
    },
    /// A thread changes.
    ThreadChanged {
        /// The server.
        guild: u64,
        /// The thread as it is from now on.
        thread: Channel,
    },
    /// A thread is deleted.
    ThreadDeleted {
        /// The server.
        guild: u64,
        /// The thread.
        thread: u64,
    },
    /// The bot is told all threads of these channels, as if it could see them from now on. Nothing changes.
    ThreadListSync {
        /// The server.
        guild: u64,
        /// The channels; all of the server's if none is named.
        channels: Vec<u64>,
    },
    /// Somebody joins.
    MemberJoined {
        /// The server.
        guild: u64,
        /// Who joins, with roles and status.
        member: Member,
    },
    /// A member gets other roles or another name.
    MemberChanged {
        /// The server.
        guild: u64,
        /// Who it is, with the name from now on.
        user: User,
        /// The roles from now on.
        roles: Vec<u64>,
    },
    /// A member is called otherwise in the server, or as it is called everywhere.
    Nicknamed {
        /// The server.
        guild: u64,
        /// The member.
        user: u64,
        /// The name from now on.
        nick: Option<String>,
    },
    /// A member is timed out, or no longer.
    TimedOut {
        /// The server.
        guild: u64,
        /// The member.
        user: u64,
        /// Until when.
        until: Option<OffsetDateTime>,
    },
    /// A user other than the owner and the bot is banned, and thrown out if it is a member.
    Banned {
        /// The server.
        guild: u64,
        /// Who is banned.
        user: User,
        /// Why, if it is said.
        reason: Option<String>,
    },
    /// A ban is lifted.
    Unbanned {
        /// The server.
        guild: u64,
        /// Who is no longer banned.
        user: u64,
    },
    /// A member other than the owner and the bot leaves, or is thrown out.
    MemberLeft {
        /// The server.
        guild: u64,
        /// Who leaves.
        user: u64,
    },
    /// A member's status changes, or stays as it was and is told again.
    Presence {
        /// The server.
        guild: u64,
        /// The member.
        user: u64,
        /// The status from now on.
        status: Status,
    },
}

impl Step {
    /// The server in which it happens.
    pub fn guild(&self) -> u64 {
        match self {
            Self::GuildAdded(guild) => guild.id,
            Self::GuildLeft(guild)
            | Self::Outage(guild)
            | Self::Back(guild)
            | Self::GuildChanged { guild, .. }
            | Self::RoleCreated { guild, .. }
            | Self::RoleChanged { guild, .. }
            | Self::RoleDeleted { guild, .. }
            | Self::ChannelCreated { guild, .. }
            | Self::ChannelChanged { guild, .. }
            | Self::ChannelDeleted { guild, .. }
            | Self::ThreadCreated { guild, .. }
            | Self::ThreadChanged { guild, .. }
            | Self::ThreadDeleted { guild, .. }
            | Self::ThreadListSync { guild, .. }
            | Self::MemberJoined { guild, .. }
            | Self::MemberChanged { guild, .. }
            | Self::Nicknamed { guild, .. }
            | Self::TimedOut { guild, .. }
            | Self::Banned { guild, .. }
            | Self::Unbanned { guild, .. }
            | Self::MemberLeft { guild, .. }
            | Self::Presence { guild, .. } => *guild,
        }
    }
}
