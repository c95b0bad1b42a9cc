//! Who may order what, held against an independent statement of the rules: places are numbers here, and each sentence of
//! the rules is one that says when an order is refused.
#![expect(clippy::unwrap_used, reason = "a test says by a panic that it fails")]

use std::collections::BTreeMap;
use std::time::Duration;

use hush_domain::channels::ChannelKind;
use hush_domain::commands::rules::{Situation, check};
use hush_domain::commands::{BannedUsers, FailureCode, Order};
use hush_domain::ids::{RoleId, UserId};
use hush_domain::permission::Permissions;
use hush_domain::roles::Role;
use proptest::prelude::*;

const SERVER: u64 = 1;
/// One more role than there are, and one more user than are ever listed.
const ROLES: std::ops::Range<u64> = 2..7;
const USERS: std::ops::Range<u64> = 1..6;
const BITS: [u64; 7] = [1 << 1, 1 << 2, 1 << 3, 1 << 5, 1 << 27, 1 << 28, 1 << 40];

fn user(id: u64) -> UserId {
    id.try_into().unwrap()
}

fn role_id(id: u64) -> RoleId {
    id.try_into().unwrap()
}

/// A world in plain numbers.
#[derive(Debug, Clone)]
struct Plain {
    owner: u64,
    /// By id: position, permissions, managed. The everyone-role is role 1.
    roles: BTreeMap<u64, (i32, u64, bool)>,
    members: BTreeMap<u64, Vec<u64>>,
    complete: bool,
    channel: Option<u8>,
}

impl Plain {
    fn situation(&self) -> Situation {
        let role = |(id, (position, bits, managed)): (&u64, &(i32, u64, bool))| Role {
            id: role_id(*id),
            name: "role".parse().unwrap(),
            position: *position,
            permissions: Permissions::from_bits(*bits),
            managed: *managed,
        };
        let member = |(id, held): (&u64, &Vec<u64>)| {
            let held = held.iter().map(|id| role_id(*id)).collect();
            (user(*id), held)
        };
        Situation {
            server: SERVER.try_into().unwrap(),
            owner: user(self.owner),
            roles: self.roles.iter().map(role).collect(),
            members: self.members.iter().map(member).collect(),
            complete: self.complete,
            channel: self.channel.map(ChannelKind),
        }
    }

    /// The place of a role among all, from 1 for the lowest.
    fn place(&self, role: u64) -> usize {
        let mut order: Vec<_> = self.roles.iter().map(|(id, it)| (it.0, id)).collect();
        order.sort_by(|one, other| one.0.cmp(&other.0).then(other.1.cmp(one.1)));
        1 + order.iter().position(|(_, id)| **id == role).unwrap()
    }

    fn held(&self, user: u64) -> Vec<u64> {
        let Some(held) = self.members.get(&user) else {
            return vec![];
        };
        let mut held = held.clone();
        held.push(SERVER);
        held.retain(|role| self.roles.contains_key(role));
        held
    }

    /// How high a user stands: 0 for who is no member, the place of their highest role, and above all roles the owner.
    fn rank(&self, user: u64) -> usize {
        if user == self.owner {
            return usize::MAX;
        }
        let places = self.held(user).into_iter().map(|role| self.place(role));
        places.max().unwrap_or(0)
    }

    fn may(&self, bot: u64, bits: u64) -> bool {
        let union = self
            .held(bot)
            .iter()
            .fold(0, |bits, id| bits | self.roles[id].1);
        bot == self.owner || union & 8 != 0 || union & bits == bits
    }

    /// Every code that a sentence of the rules gives for the order.
    fn reasons(&self, order: &Order, actor: u64, bot: u64) -> Vec<FailureCode> {
        use FailureCode as Code;
        let mut reasons = Vec::new();
        let mut when = |holds: bool, code| {
            if holds {
                reasons.push(code);
            }
        };
        let punishes = matches!(
            order,
            Order::Timeout { .. }
                | Order::RemoveTimeout { .. }
                | Order::Kick { .. }
                | Order::Ban { .. }
                | Order::BulkBan { .. }
        );
        let on_roles = matches!(order, Order::AddRole { .. } | Order::RemoveRole { .. });
        let bans = matches!(order, Order::Ban { .. } | Order::BulkBan { .. });
        let unbans = matches!(order, Order::Unban { .. });
        for target in order.users().iter().map(|it| it.get()) {
            let listed = self.members.contains_key(&target);
            when(punishes && target == actor, Code::TargetIsYourself);
            when(target == self.owner && target != actor, Code::TargetIsOwner);
            when(!listed && !self.complete && !unbans, Code::MembersUnknown);
            when(
                !listed && self.complete && !unbans && !bans && target != self.owner,
                Code::UserNotFound,
            );
            when(
                target != actor && self.rank(target) >= self.rank(actor),
                Code::TargetNotBelowYou,
            );
            when(
                !on_roles && !unbans && (target == bot || self.rank(target) >= self.rank(bot)),
                Code::TargetNotBelowBot,
            );
            let administrates = self.held(target).iter().any(|id| self.roles[id].1 & 8 != 0);
            when(
                matches!(order, Order::Timeout { .. }) && administrates,
                Code::TargetIsAdministrator,
            );
        }
        if let Order::AddRole { role, .. } | Order::RemoveRole { role, .. } = order {
            let role = role.get();
            when(!self.roles.contains_key(&role), Code::RoleNotFound);
            if let Some((_, _, managed)) = self.roles.get(&role) {
                when(role == SERVER, Code::RoleIsEveryone);
                when(*managed, Code::RoleIsManaged);
                when(self.place(role) >= self.rank(actor), Code::RoleNotBelowYou);
                when(self.place(role) >= self.rank(bot), Code::RoleNotBelowBot);
            }
        }
        let bot_is_listed = self.members.contains_key(&bot) || bot == self.owner;
        when(!bot_is_listed && self.complete, Code::BotNotInServer);
        let bits = match order {
            Order::Timeout { .. } | Order::RemoveTimeout { .. } => 1 << 40,
            Order::Kick { .. } => 1 << 1,
            Order::Ban { .. } | Order::Unban { .. } => 1 << 2,
            Order::BulkBan { .. } => 1 << 2 | 1 << 5,
            Order::AddRole { .. } | Order::RemoveRole { .. } => 1 << 28,
            Order::SetNickname { .. } => 1 << 27,
            Order::SendMessage { .. } => 0,
        };
        if bits != 0 {
            when(!bot_is_listed && !self.complete, Code::MembersUnknown);
            when(
                bot_is_listed && !self.may(bot, bits),
                Code::BotLacksPermission,
            );
        }
        if let Order::SendMessage { .. } = order {
            when(self.channel.is_none(), Code::ChannelNotFound);
            let written = [0, 2, 5, 10, 11, 12, 13];
            let takes = self.channel.is_none_or(|kind| written.contains(&kind));
            when(!takes, Code::ChannelTakesNoMessages);
        }
        reasons
    }
}

fn plain() -> impl Strategy<Value = Plain> {
    let bits = proptest::sample::subsequence(BITS.to_vec(), 0..3)
        .prop_map(|bits| bits.into_iter().fold(0, |all, bit| all | bit));
    let role = (0..4_i32, bits, proptest::bool::weighted(0.2));
    let roles = proptest::collection::btree_map(ROLES, role.clone(), 0..5);
    let held = proptest::sample::subsequence(ROLES.collect::<Vec<_>>(), 0..3);
    let members = proptest::collection::btree_map(USERS, held, 0..5);
    let channel = proptest::option::of(proptest::sample::select(vec![0, 4, 11, 15]));
    (
        USERS,
        roles,
        role,
        members,
        proptest::bool::weighted(0.8),
        channel,
    )
        .prop_map(|(owner, mut roles, everyone, members, complete, channel)| {
            roles.insert(SERVER, (0, everyone.1, false));
            Plain {
                owner,
                roles,
                members,
                complete,
                channel,
            }
        })
}

fn order() -> impl Strategy<Value = Order> {
    let seconds = Duration::from_secs(60);
    let someone = USERS.prop_map(user);
    let some_role = (1..8_u64).prop_map(role_id);
    let both = (someone.clone(), some_role);
    let many = proptest::sample::subsequence(USERS.collect::<Vec<_>>(), 1..4);
    prop_oneof![
        someone.clone().prop_map(move |user| Order::Timeout {
            user,
            lasting: seconds
        }),
        someone
            .clone()
            .prop_map(|user| Order::RemoveTimeout { user }),
        someone.clone().prop_map(|user| Order::Kick { user }),
        someone.clone().prop_map(move |user| Order::Ban {
            user,
            deleting: seconds
        }),
        someone.clone().prop_map(|user| Order::Unban { user }),
        many.prop_map(move |users| {
            let users = users.into_iter().map(user).collect();
            let users = BannedUsers::new(users).unwrap();
            Order::BulkBan {
                users,
                deleting: seconds,
            }
        }),
        both.clone()
            .prop_map(|(user, role)| Order::AddRole { user, role }),
        both.prop_map(|(user, role)| Order::RemoveRole { user, role }),
        someone.prop_map(|user| Order::SetNickname {
            user,
            nickname: None
        }),
        Just(Order::SendMessage {
            channel: 9_u64.try_into().unwrap(),
            content: "hello".parse().unwrap(),
        }),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(20_000))]

    #[test]
    fn an_order_is_refused_for_one_of_the_reasons_and_carried_out_without_any(
        plain in plain(), order in order(), actor in USERS, bot in USERS,
    ) {
        let reasons = plain.reasons(&order, actor, bot);
        match check(&order, user(actor), user(bot), &plain.situation()) {
            Ok(()) => prop_assert!(reasons.is_empty(), "{reasons:?}"),
            Err(forbidden) => prop_assert!(
                reasons.contains(&forbidden.code),
                "{:?} is none of {reasons:?}", forbidden.code
            ),
        }
    }

    /// What nobody may do a higher place does not change, and who may do something may still do it one place higher.
    #[test]
    fn a_higher_role_takes_nothing_away(
        plain in plain(), order in order(), actor in USERS, bot in USERS,
    ) {
        let allowed = check(&order, user(actor), user(bot), &plain.situation()).is_ok();
        let mut higher = plain;
        higher.roles.insert(99, (50, 0, false));
        higher.members.entry(actor).or_default().push(99);
        let still = check(&order, user(actor), user(bot), &higher.situation());
        // It may be the bot or the target itself that stands higher now.
        if allowed && !order.users().contains(&user(actor)) && actor != bot {
            prop_assert!(still.is_ok(), "{still:?}");
        }
    }
}

/// A server whose owner is 1; 2 holds the role 30, 3 and 4 hold 20, 5 holds 10, and 9 is the bot with 40 and all it takes.
fn place() -> Plain {
    let all = BITS.iter().fold(0, |all, bit| all | bit) & !8;
    Plain {
        owner: 1,
        roles: [
            (1, (0, 0, false)),
            (10, (1, 0, false)),
            (20, (2, 0, false)),
            (25, (2, 0, true)),
            (30, (3, 8, false)),
            (40, (4, all, true)),
            (50, (5, 0, false)),
        ]
        .into(),
        members: [
            (1, vec![]),
            (2, vec![30]),
            (3, vec![20]),
            (4, vec![20]),
            (5, vec![10]),
            (6, vec![50]),
            (9, vec![40]),
        ]
        .into(),
        complete: true,
        channel: Some(0),
    }
}

#[test]
fn each_rule_has_its_example() {
    use FailureCode as Code;
    let kick = |id| Order::Kick { user: user(id) };
    let ban = |id| Order::Ban {
        user: user(id),
        deleting: Duration::ZERO,
    };
    let give = |id, role| Order::AddRole {
        user: user(id),
        role: role_id(role),
    };
    let timeout = |id| Order::Timeout {
        user: user(id),
        lasting: Duration::from_secs(1),
    };
    let call = |id| Order::SetNickname {
        user: user(id),
        nickname: None,
    };
    let bulk = |ids: &[u64]| Order::BulkBan {
        users: BannedUsers::new(ids.iter().map(|id| user(*id)).collect()).unwrap(),
        deleting: Duration::ZERO,
    };
    for (actor, order, expected) in [
        (2, kick(3), None),
        (2, kick(1), Some((Code::TargetIsOwner, Some(1)))),
        (2, kick(2), Some((Code::TargetIsYourself, Some(2)))),
        (3, kick(4), Some((Code::TargetNotBelowYou, Some(4)))),
        (3, kick(2), Some((Code::TargetNotBelowYou, Some(2)))),
        (3, kick(77), Some((Code::UserNotFound, Some(77)))),
        (3, ban(77), None),
        (1, kick(6), Some((Code::TargetNotBelowBot, Some(6)))),
        (1, kick(9), Some((Code::TargetNotBelowBot, Some(9)))),
        (1, timeout(2), Some((Code::TargetIsAdministrator, Some(2)))),
        (1, kick(2), None),
        (2, give(3, 10), None),
        (3, give(3, 10), None),
        (3, give(5, 20), Some((Code::RoleNotBelowYou, None))),
        (1, give(5, 50), Some((Code::RoleNotBelowBot, None))),
        (1, give(6, 10), None),
        (1, give(1, 10), None),
        (1, give(5, 25), Some((Code::RoleIsManaged, None))),
        (1, give(5, 1), Some((Code::RoleIsEveryone, None))),
        (1, give(5, 77), Some((Code::RoleNotFound, None))),
        (3, call(3), None),
        (1, call(1), Some((Code::TargetNotBelowBot, Some(1)))),
        (2, bulk(&[3, 77, 5]), None),
        (2, bulk(&[5, 2, 3]), Some((Code::TargetIsYourself, Some(2)))),
    ] {
        let found = check(&order, user(actor), user(9), &place().situation());
        let expected = expected.map(|(code, about)| (code, about.map(user)));
        let found = found.err().map(|it| (it.code, it.user));
        assert_eq!(found, expected, "{actor}: {order:?}");
    }
}

#[test]
fn what_is_not_known_is_not_guessed() {
    let mut partial = place();
    partial.complete = false;
    let ban = Order::Ban {
        user: user(77),
        deleting: Duration::ZERO,
    };
    let unban = Order::Unban { user: user(77) };
    let say = Order::SendMessage {
        channel: 9_u64.try_into().unwrap(),
        content: "hello".parse().unwrap(),
    };
    let code = |plain: &Plain, order: &Order| {
        let found = check(order, user(1), user(9), &plain.situation());
        found.err().map(|it| it.code)
    };
    assert_eq!(code(&partial, &ban), Some(FailureCode::MembersUnknown));
    assert_eq!(code(&partial, &unban), None);
    // Nobody is listed where the bot may not know members: messages still go.
    partial.members.clear();
    assert_eq!(code(&partial, &unban), Some(FailureCode::MembersUnknown));
    assert_eq!(code(&partial, &say), None);
    partial.complete = true;
    assert_eq!(code(&partial, &say), Some(FailureCode::BotNotInServer));
}
