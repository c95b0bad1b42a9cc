//! Requests that may be sent again: the same key carries out the same request once.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use crate::ids::TokenId;

/// For how long a request that was carried out is remembered.
pub const REMEMBERED: Duration = Duration::from_hours(24);

/// The longest key, in characters.
const MAX: usize = 64;

/// What a client calls one request: 1 to 64 visible ASCII characters or spaces.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct IdempotencyKey(Box<str>);

/// The text is no key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be 1 to {MAX} visible ASCII characters")]
pub struct InvalidIdempotencyKey;

impl IdempotencyKey {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for IdempotencyKey {
    type Err = InvalidIdempotencyKey;

    fn from_str(text: &str) -> Result<Self, InvalidIdempotencyKey> {
        let fits = (1..=MAX).contains(&text.len())
            && text
                .bytes()
                .all(|byte| byte == b' ' || byte.is_ascii_graphic());
        if fits {
            Ok(Self(text.into()))
        } else {
            Err(InvalidIdempotencyKey)
        }
    }
}

impl fmt::Display for IdempotencyKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The SHA-256 of what a request asks for, by which another request under the same key is told apart.
pub type Fingerprint = [u8; 32];

/// One request among all that were ever sent under a key.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct RequestKey {
    /// The token that asks.
    pub token: TokenId,
    /// What it asks for: method and path.
    pub route: Box<str>,
    /// What the client calls it.
    pub key: IdempotencyKey,
}
