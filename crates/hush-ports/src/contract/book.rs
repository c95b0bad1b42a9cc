//! The audit logs as they have to be, row by row: what those of a store are held against.

use std::collections::BTreeMap;

use hush_domain::audit::chain::{Place, Row};
use hush_domain::audit::{Act, Entry};
use hush_domain::ids::ServerId;

use super::{Store, keyring};

#[derive(Default)]
pub(super) struct Book(BTreeMap<ServerId, Vec<Row>>);

impl Book {
    /// What is in a store already.
    pub(super) async fn of(store: &Store) -> Self {
        let mut logs = BTreeMap::new();
        for ends in store.audit.ends(None, 1000).await.unwrap() {
            logs.insert(ends.server, store.log(ends.server.get()).await);
        }
        Self(logs)
    }

    /// What is done in one call, in whatever order it is given.
    pub(super) fn write(&mut self, act: &Act, mut entries: Vec<Entry>) {
        entries.sort_by_key(|entry| (entry.target.id(), entry.server));
        for entry in entries {
            let rows = self.0.entry(entry.server).or_default();
            let last = rows.last().map_or(Place::START, Row::place);
            rows.push(keyring().append(last, act, entry));
        }
    }

    /// Asserts that each log of the store says this, and that there is no other.
    pub(super) async fn is_told_by(&self, store: &Store) {
        let told = Self::of(store).await;
        assert!(told.0.keys().eq(self.0.keys()));
        for (told, due) in told.0.values().zip(self.0.values()) {
            for (told, due) in told.iter().zip(due) {
                assert_eq!(told, due);
            }
            assert_eq!(told.len(), due.len(), "of server {}", due[0].server);
        }
    }
}
