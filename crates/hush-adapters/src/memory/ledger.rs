//! What is written beside servers and tokens whenever those change: the audit logs, the requests that may be
//! repeated, and the servers that have gone.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, MutexGuard, PoisonError};

use hush_domain::audit::chain::{End, Keyring, Link, Place, Row};
use hush_domain::audit::{Act, Entry};
use hush_domain::idempotency::{Fingerprint, REMEMBERED, RequestKey};
use hush_domain::ids::{ServerId, TokenId};
use hush_domain::settings::ServerSettings;
use hush_domain::time::Timestamp;
use hush_ports::{Idempotency, IdempotencyConflict};

/// All of it, behind one lock.
#[derive(Default)]
pub(super) struct Ledger {
    keys: Keyring,
    books: Mutex<Books>,
}

/// The ledger while nobody else has it.
pub(super) struct Open<'a> {
    keys: &'a Keyring,
    pub(super) books: MutexGuard<'a, Books>,
}

#[derive(Default)]
pub(super) struct Books {
    pub(super) logs: BTreeMap<ServerId, Log>,
    pub(super) requests: HashMap<RequestKey, Remembered>,
    pub(super) departed: BTreeMap<ServerId, Departed>,
    /// The requests that were counted, by server, minute and token.
    pub(super) spent: BTreeMap<(ServerId, Timestamp, TokenId), u64>,
}

/// The audit log of one server.
pub(super) struct Log {
    pub(super) rows: Vec<Row>,
    pub(super) head_seal: Link,
    pub(super) checkpoint: Place,
    pub(super) checkpoint_seal: Link,
}

/// A request that was carried out.
pub(super) struct Remembered {
    fingerprint: Fingerprint,
    answer: Vec<u8>,
    pub(super) at: Timestamp,
}

/// What is left of a server that is gone.
pub(super) struct Departed {
    pub(super) at: Timestamp,
    pub(super) settings: ServerSettings,
}

impl Ledger {
    pub(super) fn new(keys: Keyring) -> Self {
        Self {
            keys,
            books: Mutex::default(),
        }
    }

    pub(super) fn open(&self) -> Open<'_> {
        Open {
            keys: &self.keys,
            // A poisoned lock is taken all the same: nothing that can panic stands in the middle of a write.
            books: self.books.lock().unwrap_or_else(PoisonError::into_inner),
        }
    }
}

impl Open<'_> {
    /// Writes what was done into the logs of its servers, in ascending order of token and then server.
    pub(super) fn write(&mut self, act: &Act, mut entries: Vec<Entry>) {
        entries.sort_by_key(|entry| (entry.target.id(), entry.server));
        for entry in entries {
            let server = entry.server;
            let log = self.books.logs.entry(server).or_insert_with(|| Log {
                rows: Vec::new(),
                head_seal: Link::START,
                checkpoint: Place::START,
                checkpoint_seal: self.keys.seal(End::Checkpoint, server, Place::START),
            });
            let row = self.keys.append(log.head(), act, entry);
            log.head_seal = self.keys.seal(End::Head, server, row.place());
            log.rows.push(row);
        }
    }

    /// Removes the oldest rows of each log, up to the last one before the first that was written at `since` or
    /// later. Returns how many.
    pub(super) fn cut_before(&mut self, since: Timestamp) -> u64 {
        let mut cut = 0;
        for (server, log) in &mut self.books.logs {
            let stays = log.rows.iter().position(|row| row.at >= since);
            let gone: Vec<_> = log.rows.drain(..stays.unwrap_or(log.rows.len())).collect();
            if let Some(last) = gone.last() {
                log.checkpoint = last.place();
                log.checkpoint_seal = self.keys.seal(End::Checkpoint, *server, log.checkpoint);
            }
            cut += gone.len() as u64;
        }
        cut
    }

    /// The answer to a request that was carried out before, if it was.
    pub(super) fn replay<T>(
        &self,
        idempotency: Option<&Idempotency<T>>,
        now: Timestamp,
    ) -> Result<Option<Vec<u8>>, IdempotencyConflict> {
        idempotency.map_or(Ok(None), |it| self.kept(&it.key, &it.fingerprint, now))
    }

    /// The same of a request that has a key.
    pub(super) fn kept(
        &self,
        key: &RequestKey,
        fingerprint: &Fingerprint,
        now: Timestamp,
    ) -> Result<Option<Vec<u8>>, IdempotencyConflict> {
        match self.books.requests.get(key) {
            Some(known) if known.at.checked_add(REMEMBERED).is_none_or(|end| now < end) => {
                if known.fingerprint == *fingerprint {
                    Ok(Some(known.answer.clone()))
                } else {
                    Err(IdempotencyConflict::Reused)
                }
            }
            _ => Ok(None),
        }
    }

    /// Remembers that a request was carried out, which left `made` as it is.
    pub(super) fn remember<T>(
        &mut self,
        idempotency: Option<Idempotency<T>>,
        made: &T,
        at: Timestamp,
    ) {
        if let Some(Idempotency {
            key,
            fingerprint,
            answer,
        }) = idempotency
        {
            let answer = answer(made);
            let remembered = Remembered {
                fingerprint,
                answer,
                at,
            };
            self.books.requests.insert(key, remembered);
        }
    }
}

impl Log {
    /// The newest row's place.
    pub(super) fn head(&self) -> Place {
        self.rows.last().map_or(self.checkpoint, Row::place)
    }
}
