//! The rate limit, exact: in no window, wherever it starts, are more requests admitted than the rule says.
//!
//! A ring of the last admission times decides in constant time: admit unless the oldest of the last
//! `requests` admissions is still inside the window. Fixed windows, GCRA and sliding counters admit up to
//! twice the limit in some windows; a ring admits in none.

use std::collections::VecDeque;
use std::fmt;
use std::net::IpAddr;
use std::time::Duration;

use crate::ids::{ServerId, TokenId, UserId};

/// At most so many requests in any window of this length.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rule {
    requests: u32,
    window: Duration,
}

/// The rule is out of bounds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidRule {
    /// The number of requests.
    #[error("requests must be 1 to {}", Rule::MAX_REQUESTS)]
    Requests,
    /// The length of the window.
    #[error("window must be 1 s to 1 h in whole seconds")]
    Window,
}

impl Rule {
    /// The most requests a rule can allow.
    pub const MAX_REQUESTS: u32 = 10_000;
    /// The longest window.
    pub const MAX_WINDOW: Duration = Duration::from_hours(1);
    /// The most requests in the longest window: what any rule asks of a ring is in a ring that was kept under it.
    pub const WIDEST: Self = Self {
        requests: Self::MAX_REQUESTS,
        window: Self::MAX_WINDOW,
    };

    /// `requests` (1 to 10,000) in any `window` (1 s to 1 h, whole seconds, as headers say it).
    pub fn new(requests: u32, window: Duration) -> Result<Self, InvalidRule> {
        if !(1..=Self::MAX_REQUESTS).contains(&requests) {
            return Err(InvalidRule::Requests);
        }
        let bounded = (Duration::from_secs(1)..=Self::MAX_WINDOW).contains(&window);
        if !bounded || window.subsec_nanos() != 0 {
            return Err(InvalidRule::Window);
        }
        Ok(Self { requests, window })
    }

    /// How many requests.
    pub fn requests(self) -> u32 {
        self.requests
    }

    /// In how long a window.
    pub fn window(self) -> Duration {
        self.window
    }

    /// The window in microseconds, the unit of a ring's times.
    pub fn window_micros(self) -> u64 {
        self.window.as_secs() * 1_000_000
    }
}

/// Which rate limit applies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Policy {
    /// The addressed server's: all tokens that name the server share it.
    Server,
    /// The token's own: for refusals and for operations that address no server.
    Token,
    /// The client address's: for unknown tokens.
    Auth,
    /// The user's own: for whatever they ask in person, through the chat platform.
    User,
}

impl Policy {
    /// Every policy.
    pub const ALL: [Self; 4] = [Self::Server, Self::Token, Self::Auth, Self::User];

    /// The name in the `RateLimit` headers.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Server => "server",
            Self::Token => "token",
            Self::Auth => "auth",
            Self::User => "user",
        }
    }
}

/// What shares one limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Bucket {
    /// Every request about this server.
    Server(ServerId),
    /// What is counted against this token alone.
    Token(TokenId),
    /// Unknown tokens from this network.
    Client(ClientNetwork),
    /// What this user asks in person. Whoever leads the feed counts it alone, so it is in no table.
    User(UserId),
}

impl Bucket {
    /// The policy that the bucket belongs to.
    pub fn policy(self) -> Policy {
        match self {
            Self::Server(_) => Policy::Server,
            Self::Token(_) => Policy::Token,
            Self::Client(_) => Policy::Auth,
            Self::User(_) => Policy::User,
        }
    }

    /// The bucket as two numbers, a kind and a key within it, as a table's key holds it.
    pub fn to_key(self) -> (i16, i64) {
        match self {
            Self::Server(id) => (1, id.to_i64()),
            Self::Token(id) => (2, id.to_i64()),
            Self::Client(ClientNetwork::V4(address)) => (3, i64::from(address)),
            Self::Client(ClientNetwork::V6(network)) => (4, network.cast_signed()),
            Self::User(id) => (5, id.to_i64()),
        }
    }
}

impl fmt::Display for Bucket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Server(id) => write!(f, "server:{id}"),
            Self::Token(id) => write!(f, "token:{id}"),
            Self::User(id) => write!(f, "user:{id}"),
            // The client knows its address; an answer has no need to repeat it.
            Self::Client(_) => f.write_str("auth"),
        }
    }
}

/// What counts as one client: an IPv4 address, or the /64 that one IPv6 customer usually has for themselves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ClientNetwork {
    /// An IPv4 address.
    V4(u32),
    /// The upper 64 bits of an IPv6 address.
    V6(u64),
}

impl From<IpAddr> for ClientNetwork {
    fn from(address: IpAddr) -> Self {
        match address.to_canonical() {
            IpAddr::V4(address) => Self::V4(address.to_bits()),
            IpAddr::V6(address) => Self::V6((address.to_bits() >> 64) as u64),
        }
    }
}

/// What the limiter decided about one request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Decision {
    /// Whether the request is admitted (and was recorded) or refused (and nothing changed).
    pub admitted: bool,
    /// How many more would be admitted right now.
    pub remaining: u32,
    /// How long until there is room for one more than `remaining`.
    pub more_in: Duration,
}

impl Decision {
    /// `more_in` in whole seconds, rounded up: who waits so long finds room.
    pub fn more_in_seconds(self) -> u64 {
        whole_seconds(self.more_in)
    }
}

/// What a bucket has left, without anything having been taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Left {
    /// How many requests would be admitted right now.
    pub remaining: u32,
    /// How long until there is room for one more than `remaining`; zero if nothing was taken.
    pub more_in: Duration,
}

impl Left {
    /// `more_in` in whole seconds, rounded up.
    pub fn more_in_seconds(self) -> u64 {
        whole_seconds(self.more_in)
    }
}

/// Rounded up.
fn whole_seconds(duration: Duration) -> u64 {
    duration.as_secs() + u64::from(duration.subsec_nanos() > 0)
}

/// The times of the last admissions of one bucket, oldest first, in microseconds from any fixed origin.
///
/// Times are kept as 32-bit offsets from a base, so that sixty of them fit into 240 bytes; what is older than
/// the longest window matters to no decision and is dropped when the base moves.
#[derive(Debug, Clone, Default)]
pub struct Ring {
    base: u64,
    offsets: VecDeque<u32>,
}

impl Ring {
    /// Decides about one request at `now` (microseconds) and records it if it is admitted. A `now` before the
    /// newest recorded time counts as that time: time does not go back.
    pub fn take(&mut self, now: u64, rule: Rule) -> Decision {
        let now = now.max(self.newest());
        let requests = rule.requests as usize;
        let (used, oldest) = self.used(now, rule);
        // The window is half-open: an admission exactly `window` ago has left it.
        let more_in = Duration::from_micros(oldest.unwrap_or(now) + rule.window_micros() - now);
        if used >= requests {
            return Decision {
                admitted: false,
                remaining: 0,
                more_in,
            };
        }
        self.record(now, requests);
        let remaining = u32::try_from(requests - used - 1).unwrap_or(u32::MAX);
        Decision {
            admitted: true,
            remaining,
            more_in,
        }
    }

    /// What is left at `now` (microseconds) under `rule`. Nothing is taken.
    pub fn left(&self, now: u64, rule: Rule) -> Left {
        let now = now.max(self.newest());
        let (used, oldest) = self.used(now, rule);
        let remaining = rule
            .requests
            .saturating_sub(u32::try_from(used).unwrap_or(u32::MAX));
        let more_in = oldest.map_or(0, |oldest| oldest + rule.window_micros() - now);
        Left {
            remaining,
            more_in: Duration::from_micros(more_in),
        }
    }

    /// How many of the admissions that `rule` looks at are inside the window that ends at `now`, and the time of the
    /// oldest of them.
    fn used(&self, now: u64, rule: Rule) -> (usize, Option<u64>) {
        // Only the newest `requests` admissions matter, so a smaller limit over a longer ring is exact too.
        let start = self.offsets.len().saturating_sub(rule.requests as usize);
        let window = rule.window_micros();
        let inside = |offset: u32| now - (self.base + u64::from(offset)) < window;
        let expired = self
            .offsets
            .partition_point(|offset| !inside(*offset))
            .max(start);
        let oldest = self.offsets.get(expired);
        (
            self.offsets.len() - expired,
            oldest.map(|offset| self.base + u64::from(*offset)),
        )
    }

    /// Takes back an admission that was recorded at `at` and did not come to be, because the record did not reach a
    /// lasting store.
    pub fn forget(&mut self, at: u64) {
        let offset = at.checked_sub(self.base);
        let place = self
            .offsets
            .iter()
            .rposition(|kept| Some(u64::from(*kept)) == offset);
        place.and_then(|place| self.offsets.remove(place));
    }

    /// Whether every recorded admission has left a window that ends at `now`, so that the ring says no more
    /// than an empty one.
    pub fn is_idle(&self, now: u64, rule: Rule) -> bool {
        self.offsets.is_empty() || now.saturating_sub(self.newest()) >= rule.window_micros()
    }

    /// The time of the newest recorded admission; 0 without one.
    pub fn newest(&self) -> u64 {
        self.base + self.offsets.back().copied().map_or(0, u64::from)
    }

    fn record(&mut self, now: u64, capacity: usize) {
        while self.offsets.len() >= capacity {
            self.offsets.pop_front();
        }
        let offset = u32::try_from(now - self.base).unwrap_or_else(|_| self.rebase(now));
        self.offsets.push_back(offset);
    }

    /// Moves the base so that `now` fits, and returns the offset of `now`.
    fn rebase(&mut self, now: u64) -> u32 {
        let oldest_kept = now.saturating_sub(Rule::MAX_WINDOW.as_secs() * 1_000_000);
        let old_base = self.base;
        let times = |offset: u32| old_base + u64::from(offset);
        self.offsets.retain(|offset| times(*offset) >= oldest_kept);
        self.base = self.offsets.front().map_or(now, |offset| times(*offset));
        let shift = self.base - old_base;
        for offset in &mut self.offsets {
            // Each kept time is at or after the new base and within an hour of now.
            *offset = u32::try_from(u64::from(*offset).saturating_sub(shift)).unwrap_or(u32::MAX);
        }
        u32::try_from(now - self.base).unwrap_or(u32::MAX)
    }
}
