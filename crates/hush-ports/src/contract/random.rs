//! Random snapshots and events, over so few users, roles and channels that they meet.

use std::collections::BTreeMap;

use hush_domain::channels::{Channel, ChannelKind};
use hush_domain::events::{Change, Extent, Generation, ListedMember, Snapshot};
use hush_domain::presence::Presence;
use hush_domain::roles::Role;
use proptest::collection::btree_map;
use proptest::prelude::{Just, any};
use proptest::prop_oneof;
use proptest::sample::{select, subsequence};
use proptest::strategy::{BoxedStrategy, Strategy};

use super::examples::{channel, channel_id, complete, holding, member, named, role, role_id, user};

#[derive(Debug, Clone)]
pub(super) enum Step {
    /// Always of server 1.
    Snapshot(Snapshot, Vec<ListedMember>, By),
    Change(Change),
}

/// Through which door a snapshot comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum By {
    /// The live feed's.
    Feed,
    /// The operator's own.
    Operator,
}

/// Any step over six users, three roles, six channels and two generations.
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
        2 => Just(Extent::Complete),
        2 => (0_u64..9, generation).prop_map(|(member_count, generation)| Extent::Partial {
            member_count,
            generation: Generation(generation),
        }),
        1 => (0_u64..9).prop_map(|member_count| Extent::Counted { member_count }),
    ];
    let by = prop_oneof![2 => Just(By::Feed), 1 => Just(By::Operator)];
    let snapshot = (roles, channels(), extent, any::<bool>(), listed(6), by);
    let snapshot = snapshot.prop_map(|(roles, channels, extent, presences_known, members, by)| {
        let roles = roles.into_iter().map(|number| role(number, "role", 1));
        let counted = matches!(extent, Extent::Counted { .. });
        let snapshot = Snapshot {
            roles: roles.collect(),
            channels,
            extent,
            presences_known,
            ..complete(1)
        };
        Step::Snapshot(snapshot, if counted { vec![] } else { members }, by)
    });
    prop_oneof![
        4 => snapshot,
        8 => chunk.prop_map(Step::Change),
        2 => Just(Step::Change(Change::ServerRemoved)),
        1 => Just(Step::Change(Change::ServerUnavailable)),
        6 => of_channels().prop_map(Step::Change),
        32 => everyday().prop_map(Step::Change),
    ]
}

/// A change of channels and threads, among which all can become all.
pub(super) fn of_channels() -> BoxedStrategy<Change> {
    let parents = proptest::option::of(subsequence(vec![20_u64, 21, 22], 0..=3));
    let changed = (20_u64..26, place()).prop_map(|(number, place)| at_place(number, place));
    let threads = (parents, channels()).prop_map(|(parents, threads)| Change::ThreadsListed {
        parents: parents.map(|parents| parents.into_iter().map(channel_id).collect()),
        threads,
    });
    prop_oneof![
        4 => changed.prop_map(Change::ChannelChanged),
        2 => (20_u64..26).prop_map(|number| Change::ChannelDeleted(channel_id(number))),
        1 => threads,
    ]
    .boxed()
}

fn channels() -> impl Strategy<Value = Vec<Channel>> {
    btree_map(20_u64..26, place(), 0..=4).prop_map(|channels: BTreeMap<_, _>| {
        let channels = channels.into_iter();
        channels
            .map(|(number, place)| at_place(number, place))
            .collect()
    })
}

type Place = (u8, Option<u64>);

/// A kind of channel, and its parent.
fn place() -> impl Strategy<Value = Place> {
    let kind = select(vec![0_u8, 4, 10, 11, 12]);
    (kind, proptest::option::weighted(0.8, 20_u64..23))
}

fn at_place(number: u64, (kind, parent): Place) -> Channel {
    Channel {
        kind: ChannelKind(kind),
        parent: parent.map(channel_id),
        ..channel(number, &format!("kind-{kind}"))
    }
}

/// A change of one member, one role or the server's name.
pub(super) fn everyday() -> BoxedStrategy<Change> {
    let users = 1_u64..7;
    let presence = select(&Presence::ALL[..]);
    let position = -1_i32..3;
    prop_oneof![
        3 => anyone().prop_map(Change::MemberJoined),
        2 => anyone().prop_map(Change::MemberChanged),
        1 => anyone().prop_map(Change::MemberSeen),
        3 => users.clone().prop_map(|number| Change::MemberLeft(user(number))),
        3 => (users, presence).prop_map(|(number, presence)| Change::PresenceChanged {
            user: user(number),
            presence,
        }),
        1 => (7_u64..10, position, any::<bool>()).prop_map(|(number, position, managed)| {
            Change::RoleChanged(Role { managed, ..role(number, "changed", position) })
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
