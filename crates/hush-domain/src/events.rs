//! What happens on the platform, as the ingest port takes it.
//!
//! Source: Discord's gateway events, reduced to what Hush keeps.

use crate::channels::Channel;
use crate::ids::{ChannelId, RoleId, ServerId, UserId};
use crate::presence::Presence;
use crate::roles::Role;
use crate::servers::ServerName;
use crate::time::Timestamp;
use crate::users::User;

/// A server as it is at one moment, without its members: those come beside it, as many as there are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot {
    /// The server.
    pub server: ServerId,
    /// Its name.
    pub name: ServerName,
    /// Its owner, who has the owner's access even if the member list does not show them.
    pub owner: UserId,
    /// Every role, the everyone-role included. Roles that are not listed are gone.
    pub roles: Vec<Role>,
    /// Every channel and active thread. Those that are not listed are gone.
    pub channels: Vec<Channel>,
    /// How much of the member list comes with it.
    pub extent: Extent,
    /// Whether the members' presences come with it.
    pub presences_known: bool,
}

/// How much of the member list comes with a snapshot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Extent {
    /// All of it: who is not listed has left.
    Complete,
    /// A part: who is not listed is unknown and stays until the last chunk of this generation.
    Partial {
        /// How many members the server says it has.
        member_count: u64,
        /// Ties the member chunks that follow to this snapshot; chunks of another one are ignored.
        generation: Generation,
    },
    /// None of it, and there never will be: nobody is listed any more, and only the number is known.
    Counted {
        /// How many members the server says it has.
        member_count: u64,
    },
}

/// Names one series of member chunks. A feed takes a new one for each partial snapshot of a server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Generation(pub i64);

/// A member as the platform lists them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedMember {
    /// The user.
    pub user: User,
    /// The ids of the roles held. Ids of roles that the server does not (or no longer) have mean nothing.
    pub roles: Vec<RoleId>,
    /// The presence. `None`: not said, so what is known stays; a new member is offline.
    pub presence: Option<Presence>,
}

/// A change in one server. Applied twice, or late, an event does no harm.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// The server.
    pub server: ServerId,
    /// What changed in it.
    pub change: Change,
}

/// What changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// A part of the member list that a partial snapshot announced.
    MemberChunk {
        /// The generation of that snapshot.
        generation: Generation,
        /// The members of this part.
        members: Vec<ListedMember>,
        /// Whether this is the last part: who was in none of them, and did not join since, has left.
        last: bool,
    },
    /// Somebody joined.
    MemberJoined(ListedMember),
    /// A member's name or roles changed. Ignored for somebody who is not in a completely known server.
    MemberChanged(ListedMember),
    /// Somebody is a member, and was as said at a moment that may lie further back than what was heard before. So they are
    /// listed until a chunk says more; ignored for somebody who is listed, and where no chunk is awaited.
    MemberSeen(ListedMember),
    /// Somebody left or was removed.
    MemberLeft(UserId),
    /// A member's presence changed. Ignored for somebody who is not listed.
    PresenceChanged {
        /// The member.
        user: UserId,
        /// The presence now.
        presence: Presence,
    },
    /// A role was made or changed.
    RoleChanged(Role),
    /// A role was deleted; nobody holds it any more.
    RoleDeleted(RoleId),
    /// A channel or thread was made or changed.
    ChannelChanged(Channel),
    /// A channel or thread was deleted or archived; a channel's threads go with it.
    ChannelDeleted(ChannelId),
    /// These are all the active threads of `parents`, or of the whole server.
    ThreadsListed {
        /// The channels whose threads they are; `None`: all channels.
        parents: Option<Vec<ChannelId>>,
        /// The threads.
        threads: Vec<Channel>,
    },
    /// The server has another name or owner.
    ServerChanged {
        /// The name now.
        name: ServerName,
        /// The owner now.
        owner: UserId,
    },
    /// The platform cannot say anything of the server for a while: what is known stays, and is not sampled until the
    /// feed brings its next snapshot.
    ServerUnavailable,
    /// The bot is no longer in the server: its data go, its tokens stay.
    ServerRemoved,
}

/// A member's presence changed, one of many.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PresenceChange {
    /// The server.
    pub server: ServerId,
    /// The member.
    pub user: UserId,
    /// The presence now.
    pub presence: Presence,
    /// When it was received.
    pub received_at: Timestamp,
}
