//! Snapshots of a server of which only the number of members is known.

use hush_domain::events::{Change, Extent, Generation, ListedMember, Snapshot};
use hush_domain::permission::Permissions;
use hush_domain::presence::Presence;

use super::Store;
use super::counts::no_drift;
use super::examples::{
    at, bot, complete, member, partial, permitting, role, server, shown_as, token, user,
};
use crate::Addressed;

/// Hands the rules of this file to `$test`.
#[macro_export]
macro_rules! for_each_counted_rule {
    ($test:ident) => {
        $test! {
            counted {
                nobody_is_listed_and_the_number_is_known,
                whoever_was_listed_is_no_longer,
                no_chunk_means_anything_then,
                who_comes_and_goes_moves_the_number,
                a_list_that_comes_later_stands_in_its_place,
            }
        }
    };
}

/// A server of user 1 that says how many it has.
fn counted(number: u64, member_count: u64) -> Snapshot {
    Snapshot {
        extent: Extent::Counted { member_count },
        ..complete(number)
    }
}

fn chunk(generation: i64, members: Vec<ListedMember>, last: bool) -> Change {
    Change::MemberChunk {
        generation: Generation(generation),
        members,
        last,
    }
}

/// Known before or not. Whoever is no owner cannot be found.
pub async fn nobody_is_listed_and_the_number_is_known(store: &Store) {
    let listed = vec![shown_as(Presence::Online, member(2)), bot(3)];
    store.given(complete(1), listed.clone()).await;
    store.given(partial(2, 9, 5), listed).await;
    for number in [1, 2, 3] {
        store.given_at(1, counted(number, 1 << 40), vec![]).await;
        assert_eq!(store.listed(number).await, [0; 0]);
        let stats = store.stats_of(number).await.unwrap();
        let counts = [stats.members, stats.bots, stats.online];
        assert_eq!(counts, [Some(1 << 40), None, None]);
        assert_eq!(stats.as_of, at(1));
        let found = store.users.get(server(number), user(2)).await.unwrap();
        assert_eq!(found, None);
    }
    store.given_at(2, counted(1, 0), vec![]).await;
    assert_eq!(store.counts_of(1).await, [Some(0), None, None]);
    no_drift(store).await;
}

/// They have no standing any more, and their tokens stay; the owner stands as before.
pub async fn whoever_was_listed_is_no_longer(store: &Store) {
    let everyone = permitting(role(1, "@everyone", 0), Permissions::from_bits(4));
    let roles = || vec![everyone.clone()];
    let known = Snapshot {
        roles: roles(),
        ..complete(1)
    };
    store.given(known, vec![member(1), member(2)]).await;
    let (owners, members) = (token(7, 1, &[1]), token(8, 2, &[1]));
    for new in [&owners, &members] {
        store.create(new.clone()).await;
        assert!(store.standing(new, Addressed::Sole).await.is_some());
    }
    let before = store.all_tokens().await;
    let snapshot = Snapshot {
        roles: roles(),
        ..counted(1, 9)
    };
    store.given_at(1, snapshot, vec![]).await;
    let (_, standing) = store.standing(&owners, Addressed::Sole).await.unwrap();
    assert!(standing.owner);
    assert_eq!(standing.permissions, everyone.permissions);
    assert_eq!(store.standing(&members, Addressed::Sole).await, None);
    assert_eq!(store.all_tokens().await, before);
    // Who becomes the owner stands as one without being listed.
    let change = Change::ServerChanged {
        name: "renamed".parse().unwrap(),
        owner: user(2),
    };
    store.change(1, 2, change).await;
    assert_eq!(store.standing(&owners, Addressed::Sole).await, None);
    let (_, standing) = store.standing(&members, Addressed::Sole).await.unwrap();
    assert!(standing.owner);
}

/// Neither of a generation that was open before nor of any other; none is awaited.
pub async fn no_chunk_means_anything_then(store: &Store) {
    let feed = store.led().await;
    feed.given(partial(1, 9, 5), vec![member(2)]).await;
    feed.change(1, 1, chunk(5, vec![member(3)], false)).await;
    feed.given_at(2, counted(1, 20), vec![]).await;
    assert_eq!(store.followed(1).await.unwrap().generation, None);
    for generation in [5, 6, 1, -1] {
        for last in [false, true] {
            let change = chunk(generation, vec![member(4)], last);
            feed.ignored(1, 3, change).await;
        }
    }
    assert_eq!(store.listed(1).await, [0; 0]);
    assert_eq!(store.counts_of(1).await, [Some(20), None, None]);
}

/// As in a server whose list is known in part: who joins or changes is listed from then on, and who is not listed cannot
/// leave.
pub async fn who_comes_and_goes_moves_the_number(store: &Store) {
    store.given(counted(1, 20), vec![]).await;
    let online = Change::PresenceChanged {
        user: user(2),
        presence: Presence::Online,
    };
    store.ignored(1, 1, online.clone()).await;
    store.ignored(1, 1, Change::MemberLeft(user(2))).await;
    store.ignored(1, 1, Change::MemberSeen(member(2))).await;
    for (change, members) in [
        (Change::MemberJoined(member(2)), 21),
        (Change::MemberJoined(member(2)), 21),
        (online, 21),
        (Change::MemberChanged(bot(3)), 21),
        (Change::MemberLeft(user(2)), 20),
        (Change::MemberLeft(user(3)), 19),
        (Change::MemberJoined(member(4)), 20),
    ] {
        store.change(1, 2, change).await;
        assert_eq!(store.counts_of(1).await, [Some(members), None, None]);
    }
    assert_eq!(store.listed(1).await, [4]);
    store.given_at(3, counted(1, 30), vec![]).await;
    assert_eq!(store.listed(1).await, [0; 0]);
    assert_eq!(store.counts_of(1).await, [Some(30), None, None]);
    no_drift(store).await;
}

/// Whole, or in chunks, of which the last lets go whom only events had listed before.
pub async fn a_list_that_comes_later_stands_in_its_place(store: &Store) {
    for number in [1, 2] {
        store.given(counted(number, 20), vec![]).await;
        let join = Change::MemberJoined(shown_as(Presence::Online, bot(9)));
        store.change(number, 1, join).await;
    }
    store.given_at(2, complete(1), vec![member(2)]).await;
    assert_eq!(store.listed(1).await, [2]);
    assert_eq!(store.counts_of(1).await, [Some(1), Some(0), Some(0)]);
    store.given_at(2, partial(2, 30, 5), vec![member(2)]).await;
    assert_eq!(store.listed(2).await, [2, 9]);
    assert_eq!(store.counts_of(2).await, [Some(30), None, None]);
    store.change(2, 3, chunk(5, vec![member(3)], true)).await;
    assert_eq!(store.listed(2).await, [2, 3]);
    assert_eq!(store.counts_of(2).await, [Some(2), Some(0), Some(0)]);
    no_drift(store).await;
}
