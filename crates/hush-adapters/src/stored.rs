//! What databases hold, read back as the domain has it.

use std::fmt::Display;

use hush_domain::ids::{RoleId, ServerId, UserId};
use hush_domain::permission::Permissions;
use hush_domain::roles::Role;
use hush_domain::users::{Member, User, Username};
use hush_ports::Drift;

/// A database holds what the domain does not allow.
#[derive(Debug, thiserror::Error)]
#[error("stored {what} is invalid: {reason}")]
pub(crate) struct Invalid {
    what: &'static str,
    reason: String,
}

/// For a stored fact that breaks a rule of the domain.
pub(crate) fn invalid<E: Display>(what: &'static str) -> impl Fn(E) -> Invalid {
    move |reason| Invalid {
        what,
        reason: reason.to_string(),
    }
}

/// A stored count as the domain counts.
pub(crate) fn count(stored: i64) -> Result<u64, Invalid> {
    u64::try_from(stored).map_err(invalid("count"))
}

pub(crate) fn server_id(stored: i64) -> Result<ServerId, Invalid> {
    ServerId::try_from(stored).map_err(invalid("server id"))
}

/// A member who holds roles, each given by id, name and position.
pub(crate) fn member(
    server: ServerId,
    user: i64,
    (name, discriminator): (&str, Option<u16>),
    bot: bool,
    roles: impl Iterator<Item = (i64, String, i32)>,
) -> Result<Member, Invalid> {
    let user = User {
        id: UserId::try_from(user).map_err(invalid("user id"))?,
        username: Username::new(name, discriminator).map_err(invalid("username"))?,
        bot,
    };
    let roles = roles.map(|(id, name, position)| {
        Ok(Role {
            id: RoleId::try_from(id).map_err(invalid("role id"))?,
            name: name.parse().map_err(invalid("role name"))?,
            position,
            // A member shows no permissions, so that none are fetched.
            permissions: Permissions::default(),
        })
    });
    Ok(Member::new(
        server,
        user,
        roles.collect::<Result<_, Invalid>>()?,
    ))
}

/// What is kept of a server and what was found.
#[derive(sqlx::FromRow)]
pub(crate) struct Recounted {
    pub(crate) id: i64,
    pub(crate) listed: i64,
    pub(crate) bots: i64,
    pub(crate) online: i64,
    pub(crate) members_found: i64,
    pub(crate) bots_found: i64,
    pub(crate) online_found: i64,
}

impl Recounted {
    /// Each kept number that is not what was found.
    pub(crate) fn drifts(&self) -> Result<Vec<Drift>, Invalid> {
        let server = server_id(self.id)?;
        let numbers = [
            ("members", self.listed, self.members_found),
            ("bots", self.bots, self.bots_found),
            ("online", self.online, self.online_found),
        ];
        let drifted = numbers
            .into_iter()
            .filter(|(_, kept, recounted)| kept != recounted);
        drifted
            .map(|(name, kept, recounted)| {
                Ok(Drift {
                    server,
                    count: name,
                    kept: count(kept)?,
                    recounted: count(recounted)?,
                })
            })
            .collect()
    }
}
