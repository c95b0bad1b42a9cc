//! Everything in memory: the reference implementation of the ports, for the demo, for tests and for whoever
//! loads a file at each start. It forgets all when the process ends.
//!
//! Each server's state stands behind the lock of its map shard and every change is made under it, so that a
//! reader sees all of a change or nothing. Who locks several things locks the tokens first, then a server, then the
//! ledger. No call waits for anything but these locks.

use dashmap::DashMap;
use hush_domain::audit::chain::Keyring;
use hush_domain::ids::ServerId;

mod audit;
mod counts;
mod events;
mod health;
mod ingest;
mod ledger;
mod limits;
mod servers;
mod settings;
mod stats;
mod tokens;
mod upkeep;
mod usage;
mod users;

pub use limits::MemoryLimiter;

/// A store in memory. Share it as one `Arc<Memory>` behind each port.
#[derive(Default)]
pub struct Memory {
    tokens: tokens::Table,
    servers: DashMap<ServerId, servers::Server>,
    ledger: ledger::Ledger,
}

impl Memory {
    /// An empty store whose audit logs are chained without a key.
    pub fn new() -> Self {
        Self::default()
    }

    /// An empty store whose audit logs are chained with these keys.
    pub fn with_keys(keys: Keyring) -> Self {
        Self {
            ledger: ledger::Ledger::new(keys),
            ..Self::default()
        }
    }
}
