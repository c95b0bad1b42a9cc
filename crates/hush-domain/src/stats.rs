//! Member counts, honest about what is not known.

use crate::time::Timestamp;

/// What the API says about a server's members. `None` is "not known", never a false 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stats {
    /// Everyone, bots included.
    pub members: Option<u64>,
    /// Those that are bots.
    pub bots: Option<u64>,
    /// Those whose presence is neither offline nor invisible.
    pub online: Option<u64>,
    /// When the newest change that these numbers include was received.
    pub as_of: Timestamp,
}

/// How much of a server's member list has been seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Coverage {
    /// All of it.
    Complete,
    /// A part. Who is not in it may still be a member.
    Partial {
        /// How many members the server says it has.
        member_count: u64,
    },
}

/// What a store keeps per server so that the counts never cost a scan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tally {
    /// How many members the store holds.
    pub listed: u64,
    /// How many of them are bots.
    pub bots: u64,
    /// How many of them are online.
    pub online: u64,
    /// Whether the members that the store holds are all there are.
    pub coverage: Coverage,
    /// Whether presences are known at all: a feed without the presence intent never sees one.
    pub presences_known: bool,
    /// When the newest change in these numbers was received.
    pub as_of: Timestamp,
}

impl Tally {
    /// What can honestly be said.
    pub fn stats(self) -> Stats {
        let (members, complete) = match self.coverage {
            Coverage::Complete => (self.listed, true),
            Coverage::Partial { member_count } => (member_count.max(self.listed), false),
        };
        Stats {
            members: Some(members),
            bots: complete.then_some(self.bots),
            online: (complete && self.presences_known).then_some(self.online),
            as_of: self.as_of,
        }
    }
}
