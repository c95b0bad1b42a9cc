//! Everything in memory: the reference implementation of the ports, for the demo, for tests and for whoever
//! loads a file at each start. It forgets all when the process ends.
//!
//! Each server's state stands behind the lock of its map shard and every change is made under it, so that a
//! reader sees all of a change or nothing. Where both are locked, the tokens come before a server; ingest
//! never touches the tokens. No call waits for anything but these locks.

use dashmap::DashMap;
use hush_domain::ids::ServerId;

mod counts;
mod events;
mod health;
mod ingest;
mod limits;
mod servers;
mod stats;
mod tokens;
mod users;

pub use limits::MemoryLimiter;

/// A store in memory. Share it as one `Arc<Memory>` behind each port.
#[derive(Default)]
pub struct Memory {
    tokens: tokens::Table,
    servers: DashMap<ServerId, servers::Server>,
}

impl Memory {
    /// An empty store.
    pub fn new() -> Self {
        Self::default()
    }
}
