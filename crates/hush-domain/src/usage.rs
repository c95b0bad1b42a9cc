//! What tokens were used for, gathered by the minute.

use crate::ids::{ServerId, TokenId};
use crate::time::Timestamp;

/// The use of one token in one minute.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Use {
    /// The token.
    pub token: TokenId,
    /// The minute, by its beginning.
    pub minute: Timestamp,
    /// The server whose limit was spent, if it was a server's.
    pub server: Option<ServerId>,
    /// How many requests were admitted.
    pub requests: u32,
}

/// What a token spent of a server's limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Spent {
    /// The token.
    pub token: TokenId,
    /// How many requests were admitted.
    pub requests: u64,
}
