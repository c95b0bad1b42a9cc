//! The live feed: who may write what comes from the platform, and where the connection to it stands.

use std::fmt;

use crate::ids::ServerId;

/// Names the time of one leader of the feed: 1 for the first, higher for each that follows. Whoever writes for the feed
/// says in which epoch it leads, and writes nothing once another has begun.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Epoch(pub i64);

/// One of the connections among which the platform divides a bot's servers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Shard {
    /// Which one, 0 to `total` - 1.
    pub number: u32,
    /// How many there are, at least 1.
    pub total: u32,
}

impl Shard {
    /// Whether what happens in `server` comes through this connection. Source: "Sharding" in Discord's developer
    /// documentation.
    pub fn carries(self, server: ServerId) -> bool {
        (server.get() >> 22) % u64::from(self.total.max(1)) == u64::from(self.number)
    }
}

impl fmt::Display for Shard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.number, self.total)
    }
}

/// Where a connection stands, so that whoever connects next goes on from there and misses nothing.
#[derive(Clone, PartialEq, Eq)]
pub struct Session {
    /// The connection.
    pub shard: Shard,
    /// What it was begun to hear, in the platform's bits: it hears the same for as long as it goes on. Source: "Gateway
    /// Intents" in Discord's developer documentation.
    pub intents: u64,
    /// What the platform calls the session.
    pub id: String,
    /// The number of the last event such that it and all before it are applied.
    pub sequence: u64,
    /// Where to connect to go on.
    pub resume_url: String,
}

impl fmt::Debug for Session {
    /// Without the id, which is half of what it takes to listen in another's place.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session")
            .field("shard", &self.shard)
            .field("intents", &self.intents)
            .field("sequence", &self.sequence)
            .finish_non_exhaustive()
    }
}
