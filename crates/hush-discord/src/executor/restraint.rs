//! What is not asked, so that Discord does not shut the bot out: it does so after 10,000 requests in 10 minutes that it
//! answered with 401, 403 or 429.
//!
//! Source: "Invalid Request Limit" in Discord's developer documentation.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http::StatusCode;
use hush_domain::commands::OrderType;
use hush_domain::limits::{InvalidRule, Ring, Rule};
use tokio::time::Instant;

use super::calls::Call;

/// How many such answers there may be in ten minutes, far below what Discord bears, since other programs may share the address.
const INVALID: (u32, Duration) = (1000, Duration::from_mins(10));
/// For how long what was forbidden is not asked again: somebody has to change something first.
const FORBIDDEN: Duration = Duration::from_secs(30);
/// For how long nothing is asked once Discord does not know the bot. Then one asks for all.
const UNKNOWN: Duration = Duration::from_secs(60);
/// How much that was forbidden is remembered.
const REMEMBERED: usize = 4096;

/// What was asked: by its type too, since different ones that are about a member have the same path.
type Asked = (Option<OrderType>, String);

/// Remembers what Discord did not like.
pub(super) struct Restraint {
    began: Instant,
    rule: Result<Rule, InvalidRule>,
    invalid: Mutex<Ring>,
    forbidden: Mutex<HashMap<Asked, (Instant, Bytes)>>,
    /// Until when nobody asks, if Discord did not know the bot by its token the last time.
    unknown_until: Mutex<Option<Instant>>,
}

impl Restraint {
    pub(super) fn new() -> Self {
        Self {
            began: Instant::now(),
            rule: Rule::new(INVALID.0, INVALID.1),
            invalid: Mutex::default(),
            forbidden: Mutex::default(),
            unknown_until: Mutex::default(),
        }
    }

    /// Whether Discord knows the bot, or it is time that one asks for all whether it does by now. Asked right before
    /// something is sent.
    pub(super) fn may_ask(&self) -> bool {
        let (now, mut unknown_until) = (Instant::now(), lock(&self.unknown_until));
        let Some(until) = &mut *unknown_until else {
            return true;
        };
        let is_time = now >= *until;
        if is_time {
            *until = now + UNKNOWN;
        }
        is_time
    }

    /// Whether so much was not in order that nothing more shall be asked for a while.
    pub(super) fn is_spent(&self) -> bool {
        let (now, ring) = (self.micros(), lock(&self.invalid));
        self.rule
            .as_ref()
            .is_ok_and(|rule| ring.left(now, *rule).remaining == 0)
    }

    /// What Discord said a moment ago to the same request, if it forbade it.
    pub(super) fn forbidden(&self, call: &Call<'_>) -> Option<Bytes> {
        let forbidden = lock(&self.forbidden);
        let (at, body) = forbidden.get(&asked(call))?;
        (at.elapsed() < FORBIDDEN).then(|| body.clone())
    }

    /// Takes note of an answer.
    pub(super) fn note(&self, call: &Call<'_>, status: StatusCode, body: &Bytes) {
        if matches!(
            status,
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN | StatusCode::TOO_MANY_REQUESTS
        ) && let Ok(rule) = self.rule
        {
            lock(&self.invalid).take(self.micros(), rule);
            if self.is_spent() {
                tracing::error!(
                    "Discord has refused {} requests in ten minutes: no commands are sent for a while, lest it shuts the \
                     bot out; see which commands fail, and why",
                    INVALID.0
                );
            }
        }
        let is_unknown = status == StatusCode::UNAUTHORIZED;
        if is_unknown {
            tracing::error!(
                "Discord does not know the bot's token, so commands wait: copy it anew from the page Bot of your \
                 application in Discord's developer portal"
            );
        }
        *lock(&self.unknown_until) = is_unknown.then(|| Instant::now() + UNKNOWN);
        if status == StatusCode::FORBIDDEN {
            let mut forbidden = lock(&self.forbidden);
            if forbidden.len() >= REMEMBERED {
                forbidden.retain(|_, (at, _)| at.elapsed() < FORBIDDEN);
            }
            if forbidden.len() < REMEMBERED {
                forbidden.insert(asked(call), (Instant::now(), body.clone()));
            }
        }
    }

    fn micros(&self) -> u64 {
        // The ring takes 0 for the beginning of time.
        u64::try_from(self.began.elapsed().as_micros()).map_or(u64::MAX, |micros| micros.max(1))
    }
}

fn asked(call: &Call<'_>) -> Asked {
    (call.kind(), call.path.clone())
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // Nothing that can panic stands in the middle of a change.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
