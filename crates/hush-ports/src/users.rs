//! Users of a server.

use async_trait::async_trait;
use hush_domain::ids::{ServerId, UserId};
use hush_domain::users::Member;

use crate::BackendError;

/// Which page of a list ordered by id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PageRequest {
    /// Only what comes after this user.
    pub after: Option<UserId>,
    /// At most so many.
    pub limit: u16,
}

/// Reads the users of a server.
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait Users: Send + Sync {
    /// The member `user` of `server`, if listed.
    async fn get(&self, server: ServerId, user: UserId) -> Result<Option<Member>, BackendError>;

    /// The members of `server` in ascending order of user id, from one consistent state. Costs the same
    /// wherever the page starts.
    async fn page(&self, server: ServerId, page: PageRequest) -> Result<Vec<Member>, BackendError>;
}
