//! Random snapshots and events, over so few users and roles that they meet.

use std::collections::BTreeMap;

use hush_domain::events::{Change, Extent, Generation, ListedMember, Snapshot};
use hush_domain::presence::Presence;
use proptest::collection::btree_map;
use proptest::prelude::{Just, any};
use proptest::prop_oneof;
use proptest::sample::{select, subsequence};
use proptest::strategy::{BoxedStrategy, Strategy};

use super::examples::{complete, holding, member, named, role, role_id, user};

#[derive(Debug, Clone)]
pub(super) enum Step {
    /// Always of server 1.
    Snapshot(Snapshot, Vec<ListedMember>),
    Change(Change),
}

/// Any step over six users, three roles and two generations.
pub(super) fn step() -> impl Strategy<Value = Step> {
    let generation = 1_i64..3;
    let chunk = (generation.clone(), listed(4), any::<bool>());
    let chunk = chunk.prop_map(|(generation, members, last)| Change::MemberChunk {
        generation: Generation(generation),
        members,
        last,
    });
    let roles = subsequence(vec![7_u64, 8, 9], 0..=3);
    let extent = prop_oneof![
        Just(Extent::Complete),
        (0_u64..9, generation).prop_map(|(member_count, generation)| Extent::Partial {
            member_count,
            generation: Generation(generation),
        }),
    ];
    let snapshot = (roles, extent, any::<bool>(), listed(6));
    let snapshot = snapshot.prop_map(|(roles, extent, presences_known, members)| {
        let roles = roles.into_iter().map(|number| role(number, "role", 1));
        let snapshot = Snapshot {
            roles: roles.collect(),
            extent,
            presences_known,
            ..complete(1)
        };
        Step::Snapshot(snapshot, members)
    });
    prop_oneof![
        2 => snapshot,
        4 => chunk.prop_map(Step::Change),
        1 => Just(Step::Change(Change::ServerRemoved)),
        16 => everyday().prop_map(Step::Change),
    ]
}

/// A change of one member, one role or the server's name.
pub(super) fn everyday() -> BoxedStrategy<Change> {
    let users = 1_u64..7;
    let presence = select(&Presence::ALL[..]);
    let position = -1_i32..3;
    prop_oneof![
        3 => anyone().prop_map(Change::MemberJoined),
        2 => anyone().prop_map(Change::MemberChanged),
        3 => users.clone().prop_map(|number| Change::MemberLeft(user(number))),
        3 => (users, presence).prop_map(|(number, presence)| Change::PresenceChanged {
            user: user(number),
            presence,
        }),
        1 => (7_u64..10, position).prop_map(|(number, position)| {
            Change::RoleChanged(role(number, "changed", position))
        }),
        1 => (7_u64..10).prop_map(|number| Change::RoleDeleted(role_id(number))),
    ]
    .boxed()
}

fn anyone() -> impl Strategy<Value = ListedMember> {
    (1_u64..7, looks()).prop_map(|(number, looks)| looking(number, looks))
}

/// Up to so many members, each listed once.
fn listed(most: usize) -> impl Strategy<Value = Vec<ListedMember>> {
    btree_map(1_u64..7, looks(), 0..=most).prop_map(|members: BTreeMap<_, _>| {
        let members = members.into_iter();
        members
            .map(|(number, looks)| looking(number, looks))
            .collect()
    })
}

type Looks = (bool, Vec<u64>, Option<Presence>, u64);

fn looks() -> impl Strategy<Value = Looks> {
    let presence = proptest::option::of(select(&Presence::ALL[..]));
    (
        any::<bool>(),
        subsequence(vec![7, 8, 9], 0..=3),
        presence,
        20_u64..22,
    )
}

fn looking(number: u64, (bot, roles, presence, name): Looks) -> ListedMember {
    let mut listed = named(member(number), member(name).user.username);
    listed.user.bot = bot;
    listed.presence = presence;
    holding(listed, &roles)
}
