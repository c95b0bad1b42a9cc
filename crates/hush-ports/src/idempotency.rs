//! Requests that may be sent again.

use std::fmt;
use std::sync::Arc;

use hush_domain::idempotency::{Fingerprint, RequestKey};

/// Makes the answer that is kept, out of what the request made or changed, as it left that.
pub type Answering<T> = Arc<dyn Fn(&T) -> Vec<u8> + Send + Sync>;

/// What makes a request repeatable. It travels with the write, and is remembered in its transaction for
/// [`REMEMBERED`](hush_domain::idempotency::REMEMBERED).
#[derive(Clone)]
pub struct Idempotency<T> {
    /// The request.
    pub key: RequestKey,
    /// What it asks for.
    pub fingerprint: Fingerprint,
    /// What whoever asks again is answered. The store keeps the bytes and never looks into them.
    pub answer: Answering<T>,
}

impl<T> fmt::Debug for Idempotency<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Idempotency")
            .field("key", &self.key)
            .finish_non_exhaustive()
    }
}

/// What a repeatable write came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome<T> {
    /// It was carried out now.
    Done(T),
    /// It had been carried out before. Nothing was changed; this is the answer that was kept.
    Replayed(Vec<u8>),
}

/// Why a repeatable write was not carried out. Nothing was changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum IdempotencyConflict {
    /// The same request is being carried out right now.
    #[error("the request is still being carried out")]
    InProgress,
    /// Another request was carried out under the key.
    #[error("the key was used for another request")]
    Reused,
}
