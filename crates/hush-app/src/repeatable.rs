//! Requests that may be sent again.

use hush_domain::idempotency::{Fingerprint, IdempotencyKey, RequestKey};
use hush_domain::ids::TokenId;
use hush_ports::{Answering, Idempotency};

/// A request that may be sent again, as the door knows it. The token that asks belongs to its key.
#[derive(Clone)]
pub struct Repeatable<T> {
    /// What it asks for: method and path.
    pub route: Box<str>,
    /// What the client calls it.
    pub key: IdempotencyKey,
    /// The digest of what it asks for.
    pub fingerprint: Fingerprint,
    /// Makes the answer that is given to whoever asks again, out of what was made.
    pub answer: Answering<T>,
}

impl<T> Repeatable<T> {
    /// What the store needs of it, for the token that asks.
    pub(crate) fn of(self, token: TokenId) -> Idempotency<T> {
        Idempotency {
            key: RequestKey {
                token,
                route: self.route,
                key: self.key,
            },
            fingerprint: self.fingerprint,
            answer: self.answer,
        }
    }
}
