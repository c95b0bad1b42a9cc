//! Servers: communities on the chat platform.

use crate::ids::{ServerId, UserId};
use crate::permission::Standing;
use crate::text::name;

name! {
    /// A server's name, 1 to 100 characters.
    ServerName, 100
}

/// A server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Server {
    /// Its id.
    pub id: ServerId,
    /// Its name.
    pub name: ServerName,
    /// Who owns it.
    pub owner: UserId,
}

/// A server as one of its members sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Membership {
    /// The server.
    pub server: ServerId,
    /// Its name.
    pub name: ServerName,
    /// How the member stands in it.
    pub standing: Standing,
}
