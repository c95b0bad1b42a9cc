//! Who may order what: Discord's hierarchy of roles, for whoever orders and for the bot that carries it out.
//!
//! Source: "Permission Hierarchy" in Discord's developer documentation. The rules are looked at when a command is queued,
//! and again before each attempt, against the facts of that moment.

use std::collections::BTreeMap;

use super::{FailureCode, Order};
use crate::channels::ChannelKind;
use crate::ids::{RoleId, ServerId, UserId};
use crate::permission::Permissions;
use crate::roles::Role;

/// What is known of a server in one moment, as far as an order is about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Situation {
    /// The server.
    pub server: ServerId,
    /// Its owner, who stands above all.
    pub owner: UserId,
    /// All its roles.
    pub roles: Vec<Role>,
    /// Those of the users in question who are listed as members, with the ids of the roles that they hold. Ids of roles that
    /// the server does not have mean nothing.
    pub members: BTreeMap<UserId, Vec<RoleId>>,
    /// Whether the list of members is complete, so that who is not listed is no member.
    pub complete: bool,
    /// What the channel in question is for, if the server has it.
    pub channel: Option<ChannelKind>,
}

/// Why an order must not be carried out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Forbidden {
    /// Why.
    pub code: FailureCode,
    /// Because of which user, if it is about one.
    pub user: Option<UserId>,
}

/// Whether `actor` may let `bot` carry out `order`.
pub fn check(
    order: &Order,
    actor: UserId,
    bot: UserId,
    situation: &Situation,
) -> Result<(), Forbidden> {
    let forbidden = |code| Forbidden { code, user: None };
    situation.find(order).map_err(forbidden)?;
    for user in order.users() {
        let about = |code| Forbidden {
            code,
            user: Some(*user),
        };
        situation.check_actor(order, actor, *user).map_err(about)?;
    }
    if !situation.role_is_below(order, actor) {
        return Err(forbidden(FailureCode::RoleNotBelowYou));
    }
    situation.check_bot(order, bot).map_err(forbidden)?;
    for user in order.users() {
        let about = |code| Forbidden {
            code,
            user: Some(*user),
        };
        situation.check_target(order, bot, *user).map_err(about)?;
    }
    if !situation.role_is_below(order, bot) {
        return Err(forbidden(FailureCode::RoleNotBelowBot));
    }
    Ok(())
}

impl Situation {
    /// Whether there is something that the order can be about.
    fn find(&self, order: &Order) -> Result<(), FailureCode> {
        if let Order::SendMessage { .. } = order {
            let kind = self.channel.ok_or(FailureCode::ChannelNotFound)?;
            if !kind.takes_messages() {
                return Err(FailureCode::ChannelTakesNoMessages);
            }
        }
        if let Some(role) = order.role() {
            let known = self.role(role).ok_or(FailureCode::RoleNotFound)?;
            if known.id == self.server.everyone_role() {
                return Err(FailureCode::RoleIsEveryone);
            }
            if known.managed {
                return Err(FailureCode::RoleIsManaged);
            }
        }
        Ok(())
    }

    /// Whether `actor` may do that to `user`.
    fn check_actor(&self, order: &Order, actor: UserId, user: UserId) -> Result<(), FailureCode> {
        let is_self = user == actor;
        if is_self && is_punishing(order) {
            return Err(FailureCode::TargetIsYourself);
        }
        if user == self.owner && !is_self {
            return Err(FailureCode::TargetIsOwner);
        }
        self.find_member(order, user)?;
        if is_self || self.outranks(actor, user) {
            Ok(())
        } else {
            Err(FailureCode::TargetNotBelowYou)
        }
    }

    /// Whether a user to whom something shall be done is known well enough. A ban can meet who is no member; but then it
    /// has to be sure that they are none.
    fn find_member(&self, order: &Order, user: UserId) -> Result<(), FailureCode> {
        if self.members.contains_key(&user) || matches!(order, Order::Unban { .. }) {
            Ok(())
        } else if !self.complete {
            Err(FailureCode::MembersUnknown)
        } else if matches!(order, Order::Ban { .. } | Order::BulkBan { .. }) || user == self.owner {
            Ok(())
        } else {
            Err(FailureCode::UserNotFound)
        }
    }

    /// Whether the bot is there and has the permission.
    fn check_bot(&self, order: &Order, bot: UserId) -> Result<(), FailureCode> {
        let is_listed = self.members.contains_key(&bot) || bot == self.owner;
        if !is_listed && self.complete {
            return Err(FailureCode::BotNotInServer);
        }
        // What it may do in a channel Discord says itself, since channels have rules of their own.
        let Some(needed) = needed(order) else {
            return Ok(());
        };
        if !is_listed {
            return Err(FailureCode::MembersUnknown);
        }
        let held = self.permissions(bot);
        let suffices =
            bot == self.owner || held.contains(Permissions::ADMINISTRATOR) || held.contains(needed);
        suffices
            .then_some(())
            .ok_or(FailureCode::BotLacksPermission)
    }

    /// Whether the bot can do that to `user`. Roles are given and taken whatever the member's own place.
    fn check_target(&self, order: &Order, bot: UserId, user: UserId) -> Result<(), FailureCode> {
        if let Order::Timeout { .. } = order
            && self.permissions(user).contains(Permissions::ADMINISTRATOR)
        {
            return Err(FailureCode::TargetIsAdministrator);
        }
        let is_free = matches!(
            order,
            Order::AddRole { .. } | Order::RemoveRole { .. } | Order::Unban { .. }
        );
        if is_free || self.outranks(bot, user) {
            Ok(())
        } else {
            Err(FailureCode::TargetNotBelowBot)
        }
    }

    /// Whether the role that the order gives or takes, if it does so, stands below `by`.
    fn role_is_below(&self, order: &Order, by: UserId) -> bool {
        let role = order.role().and_then(|role| self.role(role));
        role.is_none_or(|role| by == self.owner || is_above(self.highest(by), Some(role)))
    }

    fn role(&self, id: RoleId) -> Option<&Role> {
        self.roles.iter().find(|role| role.id == id)
    }

    /// Whether `one` stands above `other`. The owner stands above all others, and who is no member below all members.
    fn outranks(&self, one: UserId, other: UserId) -> bool {
        other != self.owner
            && one != other
            && (one == self.owner
                || !self.members.contains_key(&other) && self.members.contains_key(&one)
                || is_above(self.highest(one), self.highest(other)))
    }

    /// The highest role that a member holds, the everyone-role included.
    fn highest(&self, user: UserId) -> Option<&Role> {
        self.held(user).min_by(|one, other| one.by_rank(other))
    }

    /// What a member may do in the server.
    fn permissions(&self, user: UserId) -> Permissions {
        self.held(user).map(|role| role.permissions).collect()
    }

    fn held(&self, user: UserId) -> impl Iterator<Item = &Role> {
        let held = self.members.get(&user);
        let everyone = self.server.everyone_role();
        let holds = move |role: &&Role| {
            held.is_some_and(|held| role.id == everyone || held.contains(&role.id))
        };
        self.roles.iter().filter(holds)
    }
}

/// Whether one role stands above another. No role at all stands below every role.
fn is_above(one: Option<&Role>, other: Option<&Role>) -> bool {
    match (one, other) {
        (Some(one), Some(other)) => one.by_rank(other).is_lt(),
        (Some(_), None) => true,
        (None, _) => false,
    }
}

/// Whether nobody does it to themselves.
fn is_punishing(order: &Order) -> bool {
    matches!(
        order,
        Order::Timeout { .. }
            | Order::RemoveTimeout { .. }
            | Order::Kick { .. }
            | Order::Ban { .. }
            | Order::BulkBan { .. }
    )
}

/// The permission that it takes, if it is one that holds in the whole server.
fn needed(order: &Order) -> Option<Permissions> {
    match order {
        Order::Timeout { .. } | Order::RemoveTimeout { .. } => Some(Permissions::MODERATE_MEMBERS),
        Order::Kick { .. } => Some(Permissions::KICK_MEMBERS),
        Order::Ban { .. } | Order::Unban { .. } => Some(Permissions::BAN_MEMBERS),
        Order::BulkBan { .. } => Some(Permissions::BAN_MEMBERS | Permissions::MANAGE_SERVER),
        Order::AddRole { .. } | Order::RemoveRole { .. } => Some(Permissions::MANAGE_ROLES),
        Order::SetNickname { .. } => Some(Permissions::MANAGE_NICKNAMES),
        Order::SendMessage { .. } => None,
    }
}
