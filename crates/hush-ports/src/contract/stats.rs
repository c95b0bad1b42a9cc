//! Member counts, and the time that they are of.

use hush_domain::events::{Change, Generation, Snapshot};
use hush_domain::presence::Presence;

use super::Store;
use super::examples::{
    at, bot, complete, member, named, partial, role, role_id, server, shown_as, user,
};

/// Hands the rules of this file to `$test`.
#[macro_export]
macro_rules! for_each_stats_rule {
    ($test:ident) => {
        $test! {
            stats {
                an_unknown_server_has_no_stats,
                a_complete_server_gives_all_numbers,
                a_partial_server_gives_what_it_says,
                unknown_presences_give_no_online,
                joins_leaves_bots_and_presences_adjust_the_numbers,
                each_server_has_its_own_numbers,
                the_time_is_that_of_the_newest_counted_change,
                the_time_never_goes_back,
            }
        }
    };
}

/// A server that no snapshot told of has no stats, whatever others have.
pub async fn an_unknown_server_has_no_stats(store: &Store) {
    store.given(complete(1), vec![member(2)]).await;
    assert_eq!(store.stats_of(2).await, None);
}

/// Members counts everyone, bots those that are bots, online whoever is neither offline nor invisible.
pub async fn a_complete_server_gives_all_numbers(store: &Store) {
    let people = (2..)
        .zip(Presence::ALL)
        .map(|(number, as_)| shown_as(as_, member(number)));
    let bots = (10..)
        .zip(Presence::ALL)
        .map(|(number, as_)| shown_as(as_, bot(number)));
    store
        .given(
            complete(1),
            people.chain(bots).chain([member(20), bot(21)]).collect(),
        )
        .await;
    assert_eq!(store.counts_of(1).await, [Some(12), Some(6), Some(6)]);
    store.given(complete(2), vec![]).await;
    assert_eq!(store.counts_of(2).await, [Some(0); 3]);
}

/// A partly known server gives the count that it says, or what is listed if that is more; bots and online
/// are not known.
pub async fn a_partial_server_gives_what_it_says(store: &Store) {
    let listed = vec![shown_as(Presence::Online, member(2)), bot(3)];
    store.given(partial(1, 120, 5), listed.clone()).await;
    assert_eq!(store.counts_of(1).await, [Some(120), None, None]);
    store.given(partial(2, 1, 5), listed).await;
    assert_eq!(store.counts_of(2).await, [Some(2), None, None]);
}

/// A feed that never sees presences gives no online, though a presence was said, until a snapshot with them.
pub async fn unknown_presences_give_no_online(store: &Store) {
    let listed = vec![shown_as(Presence::Online, member(2)), bot(3)];
    let blind = Snapshot {
        presences_known: false,
        ..complete(1)
    };
    store.given(blind, listed.clone()).await;
    assert_eq!(store.counts_of(1).await, [Some(2), Some(1), None]);
    let change = Change::PresenceChanged {
        user: user(3),
        presence: Presence::Idle,
    };
    store.change(1, 1, change).await;
    assert_eq!(store.counts_of(1).await, [Some(2), Some(1), None]);
    let blind = Snapshot {
        presences_known: false,
        ..partial(1, 2, 5)
    };
    store.given(blind, listed.clone()).await;
    let last = Change::MemberChunk {
        generation: Generation(5),
        members: vec![],
        last: true,
    };
    store.change(1, 2, last).await;
    assert_eq!(store.counts_of(1).await, [Some(2), Some(1), None]);
    store.given(complete(1), listed).await;
    assert_eq!(store.counts_of(1).await, [Some(2), Some(1), Some(2)]);
}

/// Each event moves the numbers by what it says and no more.
pub async fn joins_leaves_bots_and_presences_adjust_the_numbers(store: &Store) {
    use Change::{MemberChanged, MemberJoined, MemberLeft, PresenceChanged};
    use Presence::{DoNotDisturb, Idle, Invisible, Offline, Online};
    let shows = |number, presence| PresenceChanged {
        user: user(number),
        presence,
    };
    store.given(complete(1), vec![member(2)]).await;
    for (change, expected) in [
        (MemberJoined(shown_as(Online, bot(3))), [2, 1, 1]),
        (MemberJoined(shown_as(Online, bot(3))), [2, 1, 1]),
        (MemberJoined(member(4)), [3, 1, 1]),
        (shows(4, Idle), [3, 1, 2]),
        (shows(4, DoNotDisturb), [3, 1, 2]),
        (shows(3, Invisible), [3, 1, 1]),
        (shows(3, Offline), [3, 1, 1]),
        (MemberChanged(member(3)), [3, 0, 1]),
        (MemberChanged(shown_as(Online, bot(2))), [3, 1, 2]),
        (MemberJoined(shown_as(Offline, member(2))), [3, 0, 1]),
        (MemberLeft(user(3)), [2, 0, 1]),
        (MemberLeft(user(4)), [1, 0, 0]),
        (MemberLeft(user(2)), [0, 0, 0]),
    ] {
        store.change(1, 1, change.clone()).await;
        assert_eq!(store.counts_of(1).await, expected.map(Some), "{change:?}");
    }
}

/// What happens in one server moves no number and no time of another.
pub async fn each_server_has_its_own_numbers(store: &Store) {
    for number in [1, 2] {
        store
            .given(
                complete(number),
                vec![shown_as(Presence::Online, bot(2)), member(3)],
            )
            .await;
    }
    let untouched = store.stats_of(2).await;
    store.change(1, 1, Change::MemberJoined(member(4))).await;
    store.change(1, 2, Change::MemberLeft(user(2))).await;
    assert_eq!(store.counts_of(1).await, [Some(2), Some(0), Some(0)]);
    assert_eq!(store.stats_of(2).await, untouched);
    store.change(1, 3, Change::ServerRemoved).await;
    assert_eq!(store.stats_of(2).await, untouched);
}

/// The numbers are of the newest snapshot or event that moved one of them; an event that moves none is not
/// among what they include.
pub async fn the_time_is_that_of_the_newest_counted_change(store: &Store) {
    let user = user(2);
    let mut renamed = named(member(2), member(9).user.username);
    renamed.roles = vec![role_id(7)];
    store.given_at(1, complete(1), vec![member(2)]).await;
    let online = Presence::Online;
    for (second, moves, change) in [
        (2, true, Change::MemberJoined(member(3))),
        (3, false, Change::MemberJoined(member(3))),
        (
            4,
            true,
            Change::PresenceChanged {
                user,
                presence: online,
            },
        ),
        (
            5,
            false,
            Change::PresenceChanged {
                user,
                presence: online,
            },
        ),
        (6, false, Change::MemberChanged(renamed)),
        (7, true, Change::MemberChanged(bot(2))),
        (8, false, Change::RoleChanged(role(7, "seven", 1))),
        (9, false, Change::RoleDeleted(role_id(7))),
        (10, true, Change::MemberLeft(user)),
        (11, false, Change::MemberLeft(user)),
    ] {
        let before = store.stats_of(1).await.unwrap().as_of;
        store.apply(1, second, change.clone()).await;
        let expected = if moves { at(second) } else { before };
        assert_eq!(
            store.stats_of(1).await.unwrap().as_of,
            expected,
            "{change:?}"
        );
    }
    store.given_at(12, complete(1), vec![member(3)]).await;
    assert_eq!(store.stats_of(1).await.unwrap().as_of, at(12));
    store.given_at(13, partial(1, 9, 5), vec![]).await;
    assert_eq!(store.stats_of(1).await.unwrap().as_of, at(13));
    let last = Change::MemberChunk {
        generation: Generation(5),
        members: vec![],
        last: true,
    };
    store.change(1, 14, last).await;
    assert_eq!(store.stats_of(1).await.unwrap().as_of, at(14));
}

/// What is received late counts, and leaves the time of what is newer.
pub async fn the_time_never_goes_back(store: &Store) {
    store.given_at(10, complete(1), vec![member(2)]).await;
    store.change(1, 5, Change::MemberJoined(bot(3))).await;
    let stats = store.stats.server_stats(server(1)).await.unwrap().unwrap();
    assert_eq!(
        (stats.members, stats.bots, stats.as_of),
        (Some(2), Some(1), at(10))
    );
    store.change(1, 12, Change::MemberLeft(user(3))).await;
    for (second, snapshot) in [(11, complete(1)), (1, partial(1, 7, 5))] {
        store.given_at(second, snapshot, vec![member(2)]).await;
        assert_eq!(store.stats_of(1).await.unwrap().as_of, at(12));
    }
    assert_eq!(store.counts_of(1).await, [Some(7), None, None]);
}
