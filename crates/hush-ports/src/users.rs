//! Users of a server.

use std::collections::BTreeSet;

use async_trait::async_trait;
use hush_domain::ids::{RoleId, ServerId, UserId};
use hush_domain::users::Member;

use crate::BackendError;

/// Which users of a server; all of them if nothing is said.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct UserFilter {
    /// Only those who hold this role. Nobody holds a role that the server does not have; everybody holds its
    /// everyone-role.
    pub role: Option<RoleId>,
    /// Only bots, or only those who are none.
    pub bot: Option<bool>,
    /// Only these.
    pub ids: Option<BTreeSet<UserId>>,
}

impl UserFilter {
    /// The role that tells the users of `server` apart, if one does.
    pub fn distinctive_role(&self, server: ServerId) -> Option<RoleId> {
        self.role.filter(|role| *role != server.everyone_role())
    }
}

/// Which page of a list ordered by id.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PageRequest {
    /// Of whom.
    pub filter: UserFilter,
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
    /// wherever the page starts. With a filter it reads no more than the server's members, or than those that are named.
    async fn page(&self, server: ServerId, page: PageRequest) -> Result<Vec<Member>, BackendError>;
}
