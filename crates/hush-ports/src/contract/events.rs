//! Events one by one. Snapshots and member chunks have files of their own.

use hush_domain::events::{Change, Generation};
use hush_domain::permission::Permissions;
use hush_domain::presence::Presence;
use hush_domain::users::Username;

use super::Store;
use super::examples::{
    bot, channel, channel_id, complete, holding, member, named, partial, permitting, role, role_id,
    shown_as, thread, token, user,
};

/// Hands the rules of this file to `$test`.
#[macro_export]
macro_rules! for_each_events_rule {
    ($test:ident) => {
        $test! {
            events {
                each_event_reads_back,
                each_event_twice_is_as_once,
                each_event_stays_in_its_server,
                events_of_unknown_servers_are_ignored,
                events_of_unlisted_members_are_ignored,
                a_removed_server_is_unknown,
                who_joins_a_partial_server_raises_its_count_once,
                who_leaves_a_partial_server_lowers_its_count_once,
                who_changes_in_a_partial_server_is_listed,
                a_presence_that_is_not_said_stays,
            }
        }
    };
}

/// One event of each kind, in an order in which each has something to say in the server of [`busy`].
pub(super) fn one_of_each(everyone: u64) -> Vec<Change> {
    let renamed = named(member(3), Username::new("renamed", Some(42)).unwrap());
    vec![
        Change::MemberJoined(shown_as(Presence::Idle, holding(bot(9), &[7]))),
        Change::MemberChanged(holding(renamed, &[8, 7])),
        Change::MemberLeft(user(4)),
        Change::PresenceChanged {
            user: user(5),
            presence: Presence::DoNotDisturb,
        },
        Change::RoleChanged(permitting(
            role(7, "changed", 9),
            Permissions::ADMINISTRATOR,
        )),
        Change::RoleChanged(role(10, "made", 4)),
        Change::RoleChanged(permitting(
            role(everyone, "@everyone", 0),
            Permissions::from_bits(64),
        )),
        Change::RoleDeleted(role_id(8)),
        Change::ChannelChanged(thread(23, 20)),
        Change::ChannelDeleted(channel_id(20)),
        Change::ThreadsListed {
            parents: Some(vec![channel_id(21)]),
            threads: vec![thread(24, 21)],
        },
        Change::ServerChanged {
            name: "renamed".parse().unwrap(),
            owner: user(6),
        },
        Change::MemberChunk {
            generation: Generation(5),
            members: vec![bot(11), member(3)],
            last: false,
        },
        Change::MemberChunk {
            generation: Generation(5),
            members: vec![member(12)],
            last: true,
        },
        Change::ServerRemoved,
    ]
}

/// A partly known server in which every event has something to say.
pub(super) async fn busy(store: &Store, number: u64) {
    let mut snapshot = partial(number, 20, 5);
    snapshot.roles = vec![
        role(7, "seven", 1),
        role(8, "eight", 2),
        role(number, "@everyone", 0),
    ];
    snapshot.channels = vec![
        channel(20, "twenty"),
        channel(21, "twenty-one"),
        thread(22, 21),
    ];
    let members = [3, 4, 5, 6].map(|number| holding(member(number), &[8, 7, 10]));
    store.given(snapshot, members.to_vec()).await;
}

/// What an event says is what is read afterwards, field by field.
pub async fn each_event_reads_back(store: &Store) {
    let mut snapshot = complete(1);
    snapshot.roles = vec![role(7, "seven", 1), role(8, "eight", 2)];
    let members = [2, 3].map(|number| holding(member(number), &[7, 8]));
    store.given(snapshot, members.to_vec()).await;

    let joined = named(bot(9), Username::new("Zoë 🦀", Some(7)).unwrap());
    let join = Change::MemberJoined(shown_as(Presence::Idle, holding(joined.clone(), &[8])));
    store.change(1, 1, join).await;
    assert_eq!(store.members(1).await[2].user, joined.user);
    assert_eq!(store.role_names(1, 9).await, ["eight"]);
    assert_eq!(store.counts_of(1).await, [Some(3), Some(1), Some(1)]);

    let changed = named(member(9), Username::new("名前", None).unwrap());
    store
        .change(1, 2, Change::MemberChanged(holding(changed.clone(), &[7])))
        .await;
    assert_eq!(store.members(1).await[2].user, changed.user);
    assert_eq!(store.role_names(1, 9).await, ["seven"]);
    assert_eq!(store.counts_of(1).await, [Some(3), Some(0), Some(1)]);

    for (presence, online) in Presence::ALL.into_iter().zip([2, 2, 2, 1, 1]) {
        let user = user(2);
        store
            .change(1, 3, Change::PresenceChanged { user, presence })
            .await;
        assert_eq!(
            store.counts_of(1).await,
            [Some(3), Some(0), Some(online)],
            "{presence:?}"
        );
    }

    store
        .change(1, 4, Change::RoleChanged(role(7, "first", 3)))
        .await;
    assert_eq!(store.role_names(1, 2).await, ["first", "eight"]);
    store.change(1, 5, Change::RoleDeleted(role_id(8))).await;
    assert_eq!(store.role_names(1, 2).await, ["first"]);

    let rename = Change::ServerChanged {
        name: "ünbenannt".parse().unwrap(),
        owner: user(2),
    };
    store.change(1, 6, rename).await;
    let key = token(1, 2, &[1]).token;
    let [membership] = &store.tokens.memberships(&key).await.unwrap()[..] else {
        panic!("user 2 is in one server");
    };
    assert_eq!(membership.name.as_str(), "ünbenannt");
    assert!(membership.standing.owner);

    store.change(1, 7, Change::MemberLeft(user(9))).await;
    assert_eq!(store.listed(1).await, [2, 3]);
    assert_eq!(store.counts_of(1).await, [Some(2), Some(0), Some(0)]);
}

/// An event that comes again changes nothing that is read.
pub async fn each_event_twice_is_as_once(store: &Store) {
    busy(store, 1).await;
    for (second, change) in (1..).zip(one_of_each(1)) {
        store.change(1, second, change.clone()).await;
        let once = store.whole(1).await;
        store.apply(1, second, change.clone()).await;
        assert_eq!(store.whole(1).await, once, "{change:?}");
    }
}

/// No event in one server changes what is read of another with the same members and roles.
pub async fn each_event_stays_in_its_server(store: &Store) {
    busy(store, 1).await;
    busy(store, 2).await;
    let untouched = store.whole(2).await;
    for (second, change) in (1..).zip(one_of_each(1)) {
        store.change(1, second, change.clone()).await;
        assert_eq!(store.whole(2).await, untouched, "{change:?}");
    }
}

/// Whatever happens in a server that is not known has nothing to say, and makes it no more known.
pub async fn events_of_unknown_servers_are_ignored(store: &Store) {
    busy(store, 2).await;
    for change in one_of_each(1) {
        store.ignored(1, 1, change).await;
        assert_eq!(store.stats_of(1).await, None);
    }
    assert_eq!(store.listed(1).await, [0; 0]);
    assert_eq!(store.listed(2).await, [3, 4, 5, 6]);
}

/// Who is not listed in a complete server neither changes, leaves nor comes online, and is not listed by
/// trying; nor is a role deleted that is not there.
pub async fn events_of_unlisted_members_are_ignored(store: &Store) {
    store.given(complete(1), vec![member(2)]).await;
    store.given(complete(2), vec![member(3)]).await;
    let before = store.whole(1).await;
    for change in [
        Change::MemberChanged(member(3)),
        Change::MemberLeft(user(3)),
        Change::PresenceChanged {
            user: user(3),
            presence: Presence::Online,
        },
        Change::RoleDeleted(role_id(7)),
    ] {
        store.ignored(1, 1, change).await;
        assert_eq!(store.whole(1).await, before);
    }
}

/// A removed server is as one that was never there; a snapshot brings it back with nothing of its past.
pub async fn a_removed_server_is_unknown(store: &Store) {
    let mut snapshot = complete(1);
    snapshot.roles = vec![role(7, "seven", 1)];
    let listed = shown_as(Presence::Online, holding(member(2), &[7]));
    store.given(snapshot, vec![listed]).await;
    store.change(1, 1, Change::ServerRemoved).await;
    assert_eq!(store.stats_of(1).await, None);
    assert_eq!(store.listed(1).await, [0; 0]);
    let key = token(1, 2, &[1]).token;
    assert_eq!(store.tokens.memberships(&key).await.unwrap(), []);
    store
        .given_at(2, complete(1), vec![holding(member(2), &[7])])
        .await;
    assert_eq!(store.counts_of(1).await, [Some(1), Some(0), Some(0)]);
    assert_eq!(store.role_names(1, 2).await, [""; 0]);
}

/// In a partly known server the member count goes up with each new member, but not again with the same.
pub async fn who_joins_a_partial_server_raises_its_count_once(store: &Store) {
    store.given(partial(1, 10, 5), vec![member(2)]).await;
    for (number, members) in [(3, 11), (3, 11), (2, 11), (4, 12)] {
        store
            .change(1, 1, Change::MemberJoined(member(number)))
            .await;
        assert_eq!(store.counts_of(1).await, [Some(members), None, None]);
    }
    assert_eq!(store.listed(1).await, [2, 3, 4]);
}

/// In a partly known server the member count goes down with each listed member who leaves, and never below
/// what is there.
pub async fn who_leaves_a_partial_server_lowers_its_count_once(store: &Store) {
    store
        .given(partial(1, 10, 5), vec![member(2), member(3)])
        .await;
    store.change(1, 1, Change::MemberLeft(user(2))).await;
    assert_eq!(store.counts_of(1).await, [Some(9), None, None]);
    store.ignored(1, 2, Change::MemberLeft(user(2))).await;
    store.ignored(1, 3, Change::MemberLeft(user(4))).await;
    assert_eq!(store.counts_of(1).await, [Some(9), None, None]);
    store.given(partial(2, 0, 5), vec![member(2)]).await;
    store.change(2, 1, Change::MemberLeft(user(2))).await;
    assert_eq!(store.counts_of(2).await, [Some(0), None, None]);
}

/// A change of somebody whom a partly known server did not list yet lists them; its member count knew them.
pub async fn who_changes_in_a_partial_server_is_listed(store: &Store) {
    store.given(partial(1, 10, 5), vec![member(2)]).await;
    store.change(1, 1, Change::MemberChanged(member(3))).await;
    assert_eq!(store.listed(1).await, [2, 3]);
    assert_eq!(store.counts_of(1).await, [Some(10), None, None]);
    let user = user(4);
    let presence = Presence::Online;
    store
        .ignored(1, 2, Change::PresenceChanged { user, presence })
        .await;
    assert_eq!(store.listed(1).await, [2, 3]);
}

/// A member of whom no presence is said keeps the known one; a new member without one is offline.
pub async fn a_presence_that_is_not_said_stays(store: &Store) {
    store
        .given(
            complete(1),
            vec![shown_as(Presence::Online, member(2)), member(3)],
        )
        .await;
    assert_eq!(store.counts_of(1).await, [Some(2), Some(0), Some(1)]);
    for change in [
        Change::MemberChanged(member(2)),
        Change::MemberJoined(member(2)),
        Change::MemberChanged(member(3)),
    ] {
        store.change(1, 1, change).await;
        assert_eq!(store.counts_of(1).await, [Some(2), Some(0), Some(1)]);
    }
    store
        .given_at(2, complete(1), vec![member(2), member(3), member(4)])
        .await;
    assert_eq!(store.counts_of(1).await, [Some(3), Some(0), Some(1)]);
    store.change(1, 3, Change::MemberLeft(user(2))).await;
    store.change(1, 4, Change::MemberJoined(member(2))).await;
    assert_eq!(store.counts_of(1).await, [Some(3), Some(0), Some(0)]);
}
