//! Roles: named sets of permissions in one server.

use std::cmp::{Ordering, Reverse};

use crate::ids::RoleId;
use crate::permission::Permissions;
use crate::text::name;

name! {
    /// A role's name, 1 to 100 characters.
    RoleName, 100
}

/// A role.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Role {
    /// Its id.
    pub id: RoleId,
    /// Its name.
    pub name: RoleName,
    /// Its place in the hierarchy; higher stands above. The everyone-role has 0.
    pub position: i32,
    /// What it lets its holders do.
    pub permissions: Permissions,
    /// Whether it belongs to an integration, a bot or the boosts of the server, and is given by the platform alone.
    pub managed: bool,
}

impl Role {
    /// The order in which roles are shown: highest position first, then the lower id.
    pub fn by_rank(&self, other: &Self) -> Ordering {
        (Reverse(self.position), self.id).cmp(&(Reverse(other.position), other.id))
    }
}
