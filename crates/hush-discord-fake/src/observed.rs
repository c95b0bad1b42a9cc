//! What clients were seen doing.

use std::collections::BTreeMap;

use tokio::time::Instant;

/// Everything that clients did at the gateway since the start.
#[derive(Clone, Debug, Default)]
pub struct Observed {
    /// How many connections there were, open ones included. Refused ones do not count.
    pub connections: usize,
    /// How many of them are open.
    pub open: usize,
    /// Each identify that came to a decision, also those that were refused.
    pub identifies: Vec<Identify>,
    /// Each attempt to resume.
    pub resumes: Vec<Resume>,
    /// Each heartbeat.
    pub heartbeats: Vec<Heartbeat>,
    /// Each request of members.
    pub member_requests: Vec<MemberRequest>,
    /// How clients closed: the code of their close frame, and `None` when the connection ended without one.
    pub client_closes: Vec<Option<u16>>,
    /// The close codes that the fake sent because of something that the client did.
    pub own_closes: Vec<u16>,
    /// The last number that a heartbeat named, by sessions.
    pub acknowledged: BTreeMap<String, u64>,
    /// The number of the last dispatch, by sessions that can be resumed.
    pub sent: BTreeMap<String, u64>,
}

/// An identify.
#[derive(Clone, Debug)]
pub struct Identify {
    /// When it came.
    pub at: Instant,
    /// The shard's number and how many there are.
    pub shard: (u32, u32),
    /// What the client wants to be told.
    pub intents: u64,
    /// How many members a server has at most whose members all come in its `GUILD_CREATE`.
    pub large_threshold: usize,
    /// Whether it became a session.
    pub accepted: bool,
}

/// An attempt to resume.
#[derive(Clone, Debug)]
pub struct Resume {
    /// When it came.
    pub at: Instant,
    /// The session that it named.
    pub session: String,
    /// The last number that the client has.
    pub sequence: u64,
    /// Whether it went well.
    pub accepted: bool,
}

/// A heartbeat.
#[derive(Clone, Copy, Debug)]
pub struct Heartbeat {
    /// When it came.
    pub at: Instant,
    /// The connection, counted from 1.
    pub connection: u64,
    /// The last number that the client has seen.
    pub sequence: Option<u64>,
}

/// A request of members.
#[derive(Clone, Debug)]
pub struct MemberRequest {
    /// When it came.
    pub at: Instant,
    /// The server.
    pub guild: u64,
    /// Whether all members were asked for.
    pub all: bool,
    /// The client's mark, which comes back with each chunk.
    pub nonce: Option<String>,
    /// Whether it was answered by a `RATE_LIMITED`.
    pub limited: bool,
}

impl Observed {
    /// How many identifies became sessions.
    pub fn identified(&self) -> usize {
        self.identifies.iter().filter(|it| it.accepted).count()
    }

    /// How many attempts to resume went well.
    pub fn resumed(&self) -> usize {
        self.resumes.iter().filter(|it| it.accepted).count()
    }

    /// Whether every session that can be resumed has acknowledged all that it was sent.
    pub fn is_caught_up(&self) -> bool {
        !self.sent.is_empty()
            && self
                .sent
                .iter()
                .all(|(session, sent)| self.acknowledged.get(session) == Some(sent))
    }
}
