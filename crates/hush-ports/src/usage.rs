//! What tokens were used for.

use async_trait::async_trait;
use hush_domain::ids::ServerId;
use hush_domain::time::Timestamp;
use hush_domain::usage::{Spent, Use};

use crate::BackendError;

/// Keeps what was gathered about the use of tokens.
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait Usage: Send + Sync {
    /// Adds `uses` to what is kept. A token's `last_used_at` becomes the newest of their minutes and never goes back;
    /// what is spent of a server's limit is added up by token and minute. Unknown tokens are left out.
    async fn record(&self, uses: Vec<Use>) -> Result<(), BackendError>;

    /// What each token spent of a server's limit in the minutes that begin at or after `since`, most first, then by
    /// id.
    async fn spent(&self, server: ServerId, since: Timestamp) -> Result<Vec<Spent>, BackendError>;
}
