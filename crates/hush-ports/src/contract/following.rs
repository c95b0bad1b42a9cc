//! What the feed follows: that which its own snapshots brought, through outages and new sessions.

use hush_domain::events::{Change, Extent, Generation, Snapshot};
use hush_domain::feed::{Epoch, Shard};
use hush_domain::ids::ServerId;

use super::Store;
use super::events::busy;
use super::examples::{complete, member, partial, server};
use super::steps::SOLE;
use crate::Followed;

/// Hands the rules of this file to `$test`.
#[macro_export]
macro_rules! for_each_following_rule {
    ($test:ident) => {
        $test! {
            following {
                the_feed_follows_what_its_snapshots_bring,
                the_operators_snapshots_leave_what_is_followed,
                each_shard_carries_its_own_servers,
                an_outage_keeps_what_is_known,
                only_what_is_available_can_become_unavailable,
                what_is_removed_is_followed_no_more,
                a_new_session_knows_nothing_to_be_available,
                a_new_session_tells_of_what_the_bot_has_left,
                a_new_session_concerns_its_shard_alone,
            }
        }
    };
}

/// A server on shard `n` % `total`, whatever the total. The low bits of its id say nothing.
pub(super) fn placed(n: u64) -> u64 {
    (n << 22) + 7
}

impl Store {
    /// The numbers of the servers that the feed follows, and whether each is available.
    async fn followed_on(&self, shard: Shard) -> Vec<(u64, bool)> {
        let followed = self.feed.followed(shard).await.unwrap();
        followed
            .iter()
            .map(|it| (it.server.get(), it.available))
            .collect()
    }

    async fn begin(&self, epoch: Epoch, shard: Shard, named: &[u64]) -> Vec<u64> {
        let named: Vec<_> = named.iter().copied().map(server).collect();
        let gone = self.feed.begin_session(epoch, shard, &named).await;
        gone.unwrap().into_iter().map(ServerId::get).collect()
    }
}

fn counted(number: u64) -> Snapshot {
    Snapshot {
        extent: Extent::Counted { member_count: 9 },
        ..complete(number)
    }
}

/// Whatever comes with them. A snapshot says which chunks are awaited, and the last chunk that none are.
pub async fn the_feed_follows_what_its_snapshots_bring(store: &Store) {
    let feed = store.led().await;
    assert_eq!(store.feed.followed(SOLE).await.unwrap(), []);
    store.given(complete(1), vec![]).await;
    store.given(partial(2, 9, 5), vec![]).await;
    assert_eq!(store.feed.followed(SOLE).await.unwrap(), []);
    // The first has the highest id, and 9 sorts after 10 as text.
    for snapshot in [
        complete(u64::MAX / 2),
        partial(10, 20, 6),
        complete(9),
        counted(11),
        partial(1, 20, i64::MAX),
    ] {
        feed.given_at(1, snapshot, vec![]).await;
    }
    let follows = |number, generation: Option<i64>| Followed {
        server: server(number),
        generation: generation.map(Generation),
        available: true,
    };
    let expected = [
        follows(1, Some(i64::MAX)),
        follows(9, None),
        follows(10, Some(6)),
        follows(11, None),
        follows(u64::MAX / 2, None),
    ];
    assert_eq!(store.feed.followed(SOLE).await.unwrap(), expected);
    let last = Change::MemberChunk {
        generation: Generation(6),
        members: vec![],
        last: true,
    };
    feed.change(10, 2, last).await;
    assert_eq!(store.followed(10).await, Some(follows(10, None)));
    feed.given_at(3, partial(9, 20, 7), vec![]).await;
    assert_eq!(store.followed(9).await, Some(follows(9, Some(7))));
}

/// They make the feed neither follow nor forget a server, nor do they end an outage.
pub async fn the_operators_snapshots_leave_what_is_followed(store: &Store) {
    let feed = store.led().await;
    for number in [1, 2] {
        feed.given(complete(number), vec![]).await;
    }
    feed.change(2, 1, Change::ServerUnavailable).await;
    for number in [1, 2, 3] {
        for snapshot in [complete(number), partial(number, 9, 5), counted(number)] {
            store.given_at(2, snapshot, vec![]).await;
        }
    }
    assert_eq!(store.followed_on(SOLE).await, [(1, true), (2, false)]);
    feed.given_at(3, complete(2), vec![]).await;
    assert_eq!(store.followed_on(SOLE).await, [(1, true), (2, true)]);
}

/// Which is said by their ids and the number of shards.
pub async fn each_shard_carries_its_own_servers(store: &Store) {
    let feed = store.led().await;
    let last = (1 << 41) - 1;
    for n in [0, 5, 1, 2, 3, last] {
        feed.given(complete(placed(n)), vec![]).await;
    }
    for (number, total, carried) in [
        (0, 1, &[0, 1, 2, 3, 5, last][..]),
        (0, 2, &[0, 2]),
        (1, 2, &[1, 3, 5, last]),
        (0, 3, &[0, 3]),
        (1, 3, &[1, last]),
        (2, 3, &[2, 5]),
        (5, 70_000, &[5]),
        (6, 70_000, &[]),
    ] {
        let shard = Shard { number, total };
        let expected: Vec<_> = carried.iter().map(|n| (placed(*n), true)).collect();
        assert_eq!(store.followed_on(shard).await, expected, "{shard}");
    }
}

/// Members, roles, channels, counts and their time: all stays, but that the server is available. What is told of it
/// meanwhile is stored.
pub async fn an_outage_keeps_what_is_known(store: &Store) {
    let feed = store.led().await;
    busy(&feed, 1).await;
    feed.given(complete(2), vec![member(2)]).await;
    let (before, other) = (store.whole(1).await, store.whole(2).await);
    feed.change(1, 5, Change::ServerUnavailable).await;
    assert_eq!(store.followed_on(SOLE).await, [(1, false), (2, true)]);
    assert_eq!(store.whole(1).await, before.in_an_outage());
    assert_eq!(store.whole(2).await, other);
    feed.change(1, 6, Change::MemberJoined(member(8))).await;
    assert_eq!(store.listed(1).await, [3, 4, 5, 6, 8]);
    assert_eq!(store.followed_on(SOLE).await, [(1, false), (2, true)]);
    feed.given_at(7, complete(1), vec![member(2)]).await;
    assert_eq!(store.followed_on(SOLE).await, [(1, true), (2, true)]);
}

/// Neither what is unavailable already, nor what the feed does not follow, nor what is not known.
pub async fn only_what_is_available_can_become_unavailable(store: &Store) {
    let feed = store.led().await;
    feed.given(complete(1), vec![]).await;
    store.given(complete(2), vec![]).await;
    feed.change(1, 1, Change::ServerUnavailable).await;
    for number in [1, 2, 3] {
        let before = store.whole(number).await;
        feed.ignored(number, 2, Change::ServerUnavailable).await;
        assert_eq!(store.whole(number).await, before);
    }
}

/// It comes back as what brings it back: the operator's or the feed's.
pub async fn what_is_removed_is_followed_no_more(store: &Store) {
    let feed = store.led().await;
    for number in [1, 2, 3] {
        feed.given(complete(number), vec![]).await;
    }
    feed.change(1, 1, Change::ServerRemoved).await;
    feed.change(2, 1, Change::ServerUnavailable).await;
    feed.change(2, 1, Change::ServerRemoved).await;
    store.erase_server(3).await;
    assert_eq!(store.followed_on(SOLE).await, []);
    for number in [1, 2, 3] {
        store.given_at(2, complete(number), vec![]).await;
    }
    assert_eq!(store.followed_on(SOLE).await, []);
    for number in [1, 2] {
        feed.given_at(3, complete(number), vec![]).await;
    }
    assert_eq!(store.followed_on(SOLE).await, [(1, true), (2, true)]);
}

/// Named or not, each is unavailable until its snapshot comes; what is known of it stays, and nothing is removed.
pub async fn a_new_session_knows_nothing_to_be_available(store: &Store) {
    let epoch = store.lead().await;
    let feed = store.in_epoch(epoch);
    busy(&feed, 1).await;
    feed.given(complete(2), vec![member(2)]).await;
    store.given(complete(3), vec![member(2)]).await;
    let before = [store.whole(1).await, store.whole(2).await];
    let operators = store.whole(3).await;
    assert_eq!(store.begin(epoch, SOLE, &[1]).await, [2]);
    assert_eq!(store.followed_on(SOLE).await, [(1, false), (2, false)]);
    for (number, before) in (1..).zip(before) {
        assert_eq!(store.whole(number).await, before.in_an_outage());
    }
    assert_eq!(store.whole(3).await, operators);
    feed.ignored(1, 1, Change::ServerUnavailable).await;
    feed.given_at(2, complete(1), vec![member(2)]).await;
    assert_eq!(store.followed_on(SOLE).await, [(1, true), (2, false)]);
}

/// Those that it does not name, available or not, until they are removed; never those of the operator, and never one
/// that is named without being known.
pub async fn a_new_session_tells_of_what_the_bot_has_left(store: &Store) {
    let epoch = store.lead().await;
    let feed = store.in_epoch(epoch);
    for number in [10, 2, 9, u64::MAX / 2] {
        feed.given(complete(number), vec![]).await;
    }
    store.given(complete(3), vec![]).await;
    feed.change(9, 1, Change::ServerUnavailable).await;
    let all = [2, 9, 10, u64::MAX / 2];
    for _ in 0..2 {
        assert_eq!(store.begin(epoch, SOLE, &[]).await, all);
    }
    assert_eq!(store.begin(epoch, SOLE, &all).await, [0; 0]);
    let named = [u64::MAX / 2, 4, 10, 10, 3];
    assert_eq!(store.begin(epoch, SOLE, &named).await, [2, 9]);
    feed.change(2, 2, Change::ServerRemoved).await;
    assert_eq!(store.begin(epoch, SOLE, &named).await, [9]);
    assert_eq!(store.channels_of(4).await, None);
    let mut many: Vec<_> = (100..40_000).collect();
    many.push(9);
    let left = [10, u64::MAX / 2];
    assert_eq!(store.begin(epoch, SOLE, &many).await, left);
}

/// What others carry goes on, whatever the session names.
pub async fn a_new_session_concerns_its_shard_alone(store: &Store) {
    let epoch = store.lead().await;
    let feed = store.in_epoch(epoch);
    for n in 0..6 {
        feed.given(complete(placed(n)), vec![]).await;
    }
    let shard = Shard {
        number: 1,
        total: 3,
    };
    let gone = store.begin(epoch, shard, &[placed(4), placed(2)]).await;
    assert_eq!(gone, [placed(1)]);
    let followed = store.followed_on(SOLE).await;
    let expected = (0..6).map(|n| (placed(n), n % 3 != 1));
    assert_eq!(followed, expected.collect::<Vec<_>>());
}
