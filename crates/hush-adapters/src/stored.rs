//! What databases hold, read back as the domain has it.

use std::fmt::Display;

use hush_domain::audit::chain::{KeyId, Link, Place, Row};
use hush_domain::audit::{Actor, Details, GivenReason, Target};
use hush_domain::ids::{ChannelId, RoleId, ServerId, TokenId, UserId};
use hush_domain::permission::Permissions;
use hush_domain::roles::Role;
use hush_domain::servers::Server;
use hush_domain::time::Timestamp;
use hush_domain::users::{Member, User, Username};
use hush_ports::{Drift, Ends};

mod commands;

pub(crate) use commands::{CommandRow, SituationJson, body, end, lane, waiting};

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

pub(crate) fn token_id(stored: i64) -> Result<TokenId, Invalid> {
    TokenId::try_from(stored).map_err(invalid("token id"))
}

pub(crate) fn role_id(stored: i64) -> Result<RoleId, Invalid> {
    RoleId::try_from(stored).map_err(invalid("role id"))
}

pub(crate) fn channel_id(stored: i64) -> Result<ChannelId, Invalid> {
    ChannelId::try_from(stored).map_err(invalid("channel id"))
}

pub(crate) fn user_id(stored: i64) -> Result<UserId, Invalid> {
    UserId::try_from(stored).map_err(invalid("user id"))
}

/// A time that is stored in microseconds since the Unix epoch.
pub(crate) fn time(micros: i64) -> Result<Timestamp, Invalid> {
    Timestamp::from_unix_micros(micros).ok_or_else(|| invalid("time")(format!("{micros} µs")))
}

/// Bytes of which there must be `N`.
fn bytes<const N: usize>(what: &'static str, stored: &[u8]) -> Result<[u8; N], Invalid> {
    stored.try_into().map_err(invalid(what))
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
        id: user_id(user)?,
        username: Username::new(name, discriminator).map_err(invalid("username"))?,
        bot,
    };
    let roles = roles.map(|(id, name, position)| {
        Ok(Role {
            id: role_id(id)?,
            name: name.parse().map_err(invalid("role name"))?,
            position,
            // A member shows neither, so that they are not fetched.
            permissions: Permissions::default(),
            managed: false,
        })
    });
    Ok(Member::new(
        server,
        user,
        roles.collect::<Result<_, Invalid>>()?,
    ))
}

/// A server by id, name and owner.
pub(crate) fn server(id: i64, name: &str, owner: i64) -> Result<Server, Invalid> {
    Ok(Server {
        id: server_id(id)?,
        name: name.parse().map_err(invalid("server name"))?,
        owner: user_id(owner)?,
    })
}

/// A role of a known server, or that it has none.
#[derive(sqlx::FromRow)]
pub(crate) struct RoleRow {
    pub(crate) id: Option<i64>,
    pub(crate) name: Option<String>,
    pub(crate) position: Option<i32>,
    pub(crate) permissions: Option<i64>,
    pub(crate) managed: Option<bool>,
}

impl RoleRow {
    /// The role; `None` if there is none.
    fn read(self) -> Option<Result<Role, Invalid>> {
        let named = self.id.zip(self.name).zip(self.position);
        let parts = named.zip(self.permissions).zip(self.managed);
        parts.map(|((((id, name), position), permissions), managed)| {
            Ok(Role {
                id: role_id(id)?,
                name: name.parse().map_err(invalid("role name"))?,
                position,
                permissions: Permissions::from_bits(permissions.cast_unsigned()),
                managed,
            })
        })
    }
}

/// The roles of a server by rank; `None` if it is unknown, which is no row at all.
pub(crate) fn roles(rows: Vec<RoleRow>) -> Result<Option<Vec<Role>>, Invalid> {
    if rows.is_empty() {
        return Ok(None);
    }
    let roles = rows.into_iter().filter_map(RoleRow::read);
    let mut roles: Vec<_> = roles.collect::<Result<_, _>>()?;
    roles.sort_by(Role::by_rank);
    Ok(Some(roles))
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

/// A row of an audit log in its parts, with its time in microseconds since the Unix epoch.
#[derive(sqlx::FromRow)]
pub(crate) struct AuditRow {
    pub(crate) server_id: i64,
    pub(crate) number: i64,
    pub(crate) at: i64,
    pub(crate) actor: String,
    pub(crate) actor_token_id: Option<i64>,
    pub(crate) actor_user_id: Option<i64>,
    pub(crate) action: String,
    /// The id of the token or command to which it was done.
    pub(crate) target_token_id: Option<i64>,
    pub(crate) target_user_id: Option<i64>,
    pub(crate) before: Option<String>,
    pub(crate) after: Option<String>,
    pub(crate) request_id: Option<String>,
    pub(crate) commitment: Option<Vec<u8>>,
    pub(crate) key_id: Option<Vec<u8>>,
    pub(crate) link: Vec<u8>,
    pub(crate) reason: Option<String>,
    pub(crate) salt: Option<Vec<u8>>,
}

impl AuditRow {
    pub(crate) fn read(self) -> Result<Row, Invalid> {
        let actor_token = self.actor_token_id.map(token_id).transpose()?;
        let actor_user = self.actor_user_id.map(user_id).transpose()?;
        let actor = Actor::from_parts(&self.actor, actor_token, actor_user);
        let action = self.action.parse().map_err(invalid("action"))?;
        let target_id = self.target_token_id.map(i64::cast_unsigned);
        let target_user = self.target_user_id.map(user_id).transpose()?;
        let target = Target::from_parts(action, target_id, target_user);
        let apart = |what| invalid(what)("its parts do not belong together");
        let request_id = self.request_id.map(|id| id.parse()).transpose();
        let commitment = self.commitment.map(|it| bytes("commitment", &it));
        let key = self
            .key_id
            .map(|id| bytes("id of a key", &id))
            .transpose()?;
        let reason = match (self.reason, self.salt) {
            (Some(text), Some(salt)) => Some(GivenReason {
                text: text.parse().map_err(invalid("reason"))?,
                salt: bytes("salt", &salt)?,
            }),
            _ => None,
        };
        Ok(Row {
            server: server_id(self.server_id)?,
            number: count(self.number)?,
            at: time(self.at)?,
            actor: actor.ok_or_else(|| apart("actor"))?,
            action,
            target: target.ok_or_else(|| apart("target"))?,
            before: self.before.map(Details::stored),
            after: self.after.map(Details::stored),
            request_id: request_id.map_err(invalid("request id"))?,
            commitment: commitment.transpose()?,
            reason,
            key: key.map(KeyId::from_bytes),
            link: link(&self.link)?,
        })
    }
}

/// Both ends of a server's audit log.
#[derive(sqlx::FromRow)]
pub(crate) struct AuditHead {
    pub(crate) server_id: i64,
    pub(crate) number: i64,
    pub(crate) link: Vec<u8>,
    pub(crate) seal: Vec<u8>,
    pub(crate) checkpoint_number: i64,
    pub(crate) checkpoint_link: Vec<u8>,
    pub(crate) checkpoint_seal: Vec<u8>,
}

impl AuditHead {
    pub(crate) fn read(&self) -> Result<Ends, Invalid> {
        Ok(Ends {
            server: server_id(self.server_id)?,
            head: place(self.number, &self.link)?,
            head_seal: link(&self.seal)?,
            checkpoint: place(self.checkpoint_number, &self.checkpoint_link)?,
            checkpoint_seal: link(&self.checkpoint_seal)?,
        })
    }
}

/// A row's place in its log.
pub(crate) fn place(number: i64, stored: &[u8]) -> Result<Place, Invalid> {
    Ok(Place {
        number: count(number)?,
        link: link(stored)?,
    })
}

pub(crate) fn link(stored: &[u8]) -> Result<Link, Invalid> {
    bytes("link", stored).map(Link::from_bytes)
}
