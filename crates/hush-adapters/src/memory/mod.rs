//! Everything in memory: the reference implementation of the ports, for the demo, for tests and for whoever
//! loads a file at each start. It forgets all when the process ends.
//!
//! Each server's state stands behind the lock of its map shard and every change is made under it, so that a
//! reader sees all of a change or nothing. Who locks several things locks the lease of the feed first, then the tokens,
//! then a server, then the commands, then the ledger. No call waits for anything but these locks.

use std::sync::{Arc, Mutex};

use dashmap::DashMap;
use hush_domain::audit::chain::Keyring;
use hush_domain::feed::Epoch;
use hush_domain::ids::ServerId;

mod audit;
mod channels;
mod commands;
mod counts;
mod events;
mod feed;
mod health;
mod ingest;
mod ledger;
mod limits;
mod samples;
mod servers;
mod sessions;
mod settings;
mod stats;
mod tokens;
mod upkeep;
mod usage;
mod users;

pub use limits::MemoryLimiter;

/// A store in memory, behind every port. A clone is another handle on the same store.
#[derive(Clone, Default)]
pub struct Memory {
    tokens: Arc<tokens::Table>,
    servers: Arc<DashMap<ServerId, servers::Server>>,
    ledger: Arc<ledger::Ledger>,
    commands: Arc<Mutex<commands::Queue>>,
    feed: Arc<feed::Feeding>,
    /// In which epoch whoever holds this handle writes for the feed; `None`: for the operator.
    fence: Option<Epoch>,
}

impl Memory {
    /// An empty store whose audit logs are chained without a key.
    pub fn new() -> Self {
        Self::default()
    }

    /// An empty store whose audit logs are chained with these keys.
    pub fn with_keys(keys: Keyring) -> Self {
        Self {
            ledger: Arc::new(ledger::Ledger::new(keys)),
            ..Self::default()
        }
    }
}
