//! The users of a server.

use std::sync::Arc;

use hush_domain::ids::UserId;
use hush_domain::operations::Operation;
use hush_domain::users::Member;
use hush_ports::{PageRequest, UserFilter, Users};

use crate::{Failure, Permit};

/// A page of users.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// The users, by ascending id.
    pub members: Vec<Member>,
    /// The user after whom the next page begins; `None` on the last page.
    pub next: Option<UserId>,
}

/// Reads the users of the addressed server.
pub struct UsersOfServers {
    users: Arc<dyn Users>,
}

impl UsersOfServers {
    pub(crate) fn new(users: Arc<dyn Users>) -> Self {
        Self { users }
    }

    /// One user; `None` if they are not in the addressed server.
    pub async fn get(&self, permit: &Permit, user: UserId) -> Result<Option<Member>, Failure> {
        let server = permit.server_for(Operation::GetUser)?;
        Ok(self.users.get(server, user).await?)
    }

    /// At most `limit` of those users of whom `filter` says so that come after `after`.
    pub async fn page(
        &self,
        permit: &Permit,
        filter: UserFilter,
        after: Option<UserId>,
        limit: u16,
    ) -> Result<Page, Failure> {
        let server = permit.server_for(Operation::ListUsers)?;
        // One more than asked for tells whether there is a next page.
        let request = PageRequest {
            filter,
            after,
            limit: limit.saturating_add(1),
        };
        let mut members = self.users.page(server, request).await?;
        let more = members.len() > usize::from(limit);
        members.truncate(usize::from(limit));
        let next = members.last().filter(|_| more).map(|member| member.user.id);
        Ok(Page { members, next })
    }
}
