//! The rate limit.

use async_trait::async_trait;
use hush_domain::limits::{Bucket, Decision, Left, Rule};

use crate::BackendError;

/// Decides and records in one step. The limiter owns its time: nobody passes it a `now`.
///
/// Every decision is the one of [`Ring::take`](hush_domain::limits::Ring::take) over the bucket's stored
/// ring, to the microsecond.
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait Limiter: Send + Sync {
    /// Takes one request out of `bucket` under `rule`. If it is admitted, that is recorded before this
    /// returns; a refusal changes nothing.
    async fn take(&self, bucket: Bucket, rule: Rule) -> Result<Decision, BackendError>;

    /// What `bucket` has left under `rule`. Nothing is taken.
    async fn left(&self, bucket: Bucket, rule: Rule) -> Result<Left, BackendError>;
}
