//! What tokens are used for, gathered here so that no request costs a write.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use hush_domain::ids::{ServerId, TokenId};
use hush_domain::limits::Bucket;
use hush_domain::time::Timestamp;
use hush_domain::tokens::Token;
use hush_domain::usage::{Spent, Use};
use hush_ports::{BackendError, Clock, Usage};

/// How many parts there are, each with a lock of its own.
const SHARDS: usize = 64;
/// How long a minute's use is kept while the store cannot take it.
const PATIENCE: Duration = Duration::from_hours(1);

/// Gathers the use of tokens by the minute, and writes each minute once when it is over.
pub struct Uses {
    usage: Arc<dyn Usage>,
    clock: Arc<dyn Clock>,
    shards: Box<[Mutex<HashMap<Kind, u32>>]>,
}

/// The requests that are counted together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Kind {
    token: TokenId,
    server: Option<ServerId>,
    /// Minutes since the Unix epoch: a number is hashed for each request, where a time would cost several times as much.
    minute: i64,
}

impl Uses {
    pub(crate) fn new(usage: Arc<dyn Usage>, clock: Arc<dyn Clock>) -> Self {
        Self {
            usage,
            clock,
            shards: std::iter::repeat_with(Mutex::default)
                .take(SHARDS)
                .collect(),
        }
    }

    /// Notes that `token` was shown at `now`, and whether that spent one request out of `bucket`.
    pub(crate) fn note(&self, token: &Token, bucket: Bucket, admitted: bool, now: Timestamp) {
        let minute = minute(now);
        let server = match bucket {
            Bucket::Server(server) if admitted => Some(server),
            _ => None,
        };
        // What the store knows already need not be said again, unless there is something to count.
        if server.is_none() && token.last_used_at.map(self::minute) >= Some(minute) {
            return;
        }
        let kind = Kind {
            token: token.id,
            server,
            minute,
        };
        *self.shard(token.id).entry(kind).or_default() += u32::from(server.is_some());
    }

    /// Writes every minute that is over. What the store cannot take now is kept for the next time, for an hour.
    pub async fn flush(&self) -> Result<(), BackendError> {
        let now = minute(self.clock.wall());
        self.write(|minute| minute < now).await
    }

    /// Writes everything, because the process ends.
    pub async fn flush_all(&self) -> Result<(), BackendError> {
        self.write(|_| true).await
    }

    async fn write(&self, over: impl Fn(i64) -> bool) -> Result<(), BackendError> {
        let mut uses = Vec::new();
        for shard in &self.shards {
            let mut shard = lock(shard);
            let gone = shard.extract_if(|kind, _| over(kind.minute));
            uses.extend(gone.map(|(kind, requests)| Use {
                token: kind.token,
                minute: beginning(kind.minute),
                server: kind.server,
                requests,
            }));
        }
        if uses.is_empty() {
            return Ok(());
        }
        let written = self.usage.record(uses.clone()).await;
        if written.is_err() {
            self.put_back(uses);
        }
        written
    }

    fn put_back(&self, uses: Vec<Use>) {
        let oldest = minute(self.clock.wall().saturating_sub(PATIENCE));
        for used in uses {
            let kind = Kind {
                token: used.token,
                server: used.server,
                minute: minute(used.minute),
            };
            if kind.minute >= oldest {
                *self.shard(used.token).entry(kind).or_default() += used.requests;
            }
        }
    }

    /// The token with what is known here of its last use.
    pub(crate) fn complete(&self, mut token: Token) -> Token {
        let newest = self
            .shard(token.id)
            .keys()
            .filter(|kind| kind.token == token.id)
            .map(|kind| beginning(kind.minute))
            .max();
        token.last_used_at = token.last_used_at.max(newest);
        token
    }

    /// What each token spent of a server's limit since then, most first, then by id.
    pub(crate) async fn spent(
        &self,
        server: ServerId,
        since: Timestamp,
    ) -> Result<Vec<Spent>, BackendError> {
        let stored = self.usage.spent(server, since).await?;
        let mut by_token: HashMap<_, _> = stored
            .into_iter()
            .map(|spent| (spent.token, spent.requests))
            .collect();
        for shard in &self.shards {
            for (kind, requests) in lock(shard).iter() {
                if kind.server == Some(server) && beginning(kind.minute) >= since {
                    *by_token.entry(kind.token).or_default() += u64::from(*requests);
                }
            }
        }
        let mut spent: Vec<_> = by_token
            .into_iter()
            .map(|(token, requests)| Spent { token, requests })
            .collect();
        spent.sort_by_key(|spent| (std::cmp::Reverse(spent.requests), spent.token));
        Ok(spent)
    }

    fn shard(&self, token: TokenId) -> MutexGuard<'_, HashMap<Kind, u32>> {
        // The lower bits of an id are random. The remainder is always below the number of shards.
        let shard = usize::try_from(token.get() % SHARDS as u64).unwrap_or_default();
        lock(&self.shards[shard])
    }
}

fn minute(at: Timestamp) -> i64 {
    at.unix_seconds().div_euclid(60)
}

/// When a minute begins. Each was once that of a moment, so that there is one.
fn beginning(minute: i64) -> Timestamp {
    let micros = minute.saturating_mul(60_000_000);
    Timestamp::from_unix_micros(micros).unwrap_or(Timestamp::EPOCH)
}

// A poisoned lock is taken all the same: at worst one request is not counted.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
