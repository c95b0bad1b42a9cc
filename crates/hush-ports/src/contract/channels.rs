//! Channels and threads, as snapshots and events say them.

use hush_domain::channels::{Channel, ChannelKind};
use hush_domain::events::{Change, Extent, Snapshot};

use super::Store;
use super::examples::{channel, channel_id, complete, member, partial, thread};

/// Hands the rules of this file to `$test`.
#[macro_export]
macro_rules! for_each_channels_rule {
    ($test:ident) => {
        $test! {
            channels {
                a_channel_reads_back_field_by_field,
                a_snapshot_replaces_every_channel,
                a_change_makes_or_replaces_a_channel,
                threads_go_with_their_channel,
                only_what_is_there_can_be_deleted,
                a_list_of_threads_is_all_that_its_channels_have,
                a_list_of_all_threads_leaves_no_other,
                channels_stay_in_their_server,
                channels_move_no_number_and_no_time,
                channels_go_with_their_server,
            }
        }
    };
}

fn of_kind(kind: u8, channel: Channel) -> Channel {
    Channel {
        kind: ChannelKind(kind),
        ..channel
    }
}

fn under(parent: u64, channel: Channel) -> Channel {
    Channel {
        parent: Some(channel_id(parent)),
        ..channel
    }
}

/// A complete server without members.
fn with(number: u64, channels: &[Channel]) -> Snapshot {
    Snapshot {
        channels: channels.to_vec(),
        ..complete(number)
    }
}

fn threads_of(parents: Option<&[u64]>, threads: &[Channel]) -> Change {
    let parents = parents.map(|parents| parents.iter().map(|number| channel_id(*number)));
    Change::ThreadsListed {
        parents: parents.map(Iterator::collect),
        threads: threads.to_vec(),
    }
}

fn deleted(number: u64) -> Change {
    Change::ChannelDeleted(channel_id(number))
}

impl Store {
    /// The numbers of a server's channels.
    async fn numbered(&self, number: u64) -> Vec<u64> {
        let channels = self.channels_of(number).await.unwrap().into_iter();
        channels.map(|channel| channel.id.get()).collect()
    }
}

/// By ascending id, whatever order they came in; a server without any has an empty list, one that is not known none.
pub async fn a_channel_reads_back_field_by_field(store: &Store) {
    let highest = u64::MAX / 2;
    let channels = [
        channel(9, "9 sorts after 10 as text"),
        of_kind(4, channel(10, "ünïcode 🦀 — 名前 'quoted'")),
        under(10, of_kind(15, channel(11, &"名".repeat(100)))),
        thread(12, 11),
        under(highest, of_kind(255, channel(13, "of a kind to come"))),
        of_kind(2, channel(highest, "x")),
    ];
    let mut mixed = channels.to_vec();
    mixed.reverse();
    mixed.swap(1, 3);
    store.given(with(1, &mixed), vec![]).await;
    assert_eq!(store.channels_of(1).await.unwrap(), channels);
    store.given(complete(2), vec![]).await;
    assert_eq!(store.channels_of(2).await, Some(vec![]));
    assert_eq!(store.channels_of(3).await, None);
}

/// However much of the member list comes with it.
pub async fn a_snapshot_replaces_every_channel(store: &Store) {
    let before = [channel(20, "before"), channel(21, "gone"), thread(22, 20)];
    let after = [thread(19, 20), channel(20, "after"), channel(23, "new")];
    for extent in [
        Extent::Complete,
        partial(1, 9, 5).extent,
        Extent::Counted { member_count: 9 },
    ] {
        store.given(with(1, &before), vec![]).await;
        let snapshot = Snapshot {
            extent,
            ..with(1, &after)
        };
        store.given_at(1, snapshot, vec![]).await;
        assert_eq!(store.channels_of(1).await.unwrap(), after, "{extent:?}");
    }
    store.given_at(2, complete(1), vec![]).await;
    assert_eq!(store.channels_of(1).await, Some(vec![]));
}

/// Each of its fields; all others stay as they are.
pub async fn a_change_makes_or_replaces_a_channel(store: &Store) {
    let other = channel(20, "other");
    let children = [thread(22, 21), under(21, channel(23, "in a category"))];
    let [child, sibling] = children.clone();
    let known = [other.clone(), child.clone(), sibling.clone()];
    store.given(with(1, &known), vec![]).await;
    for changed in [
        channel(21, "made"),
        channel(21, "renamed"),
        under(20, channel(21, "renamed")),
        of_kind(5, under(20, channel(21, "renamed"))),
        of_kind(5, under(24, channel(21, "renamed"))),
        of_kind(11, channel(21, "no longer in it")),
        of_kind(11, channel(21, "no longer in it")),
    ] {
        let change = Change::ChannelChanged(changed.clone());
        store.change(1, 1, change).await;
        let expected = [other.clone(), changed, child.clone(), sibling.clone()];
        assert_eq!(store.channels_of(1).await.unwrap(), expected);
    }
}

/// Threads of each kind, but neither the channels of a category nor the threads of its channels.
pub async fn threads_go_with_their_channel(store: &Store) {
    let kinds = [9, 10, 11, 12, 13];
    let children = (30..)
        .zip(kinds)
        .map(|(number, kind)| of_kind(kind, thread(number, 20)));
    let mut channels: Vec<_> = children.collect();
    channels.extend([
        channel(20, "twenty"),
        channel(21, "twenty-one"),
        thread(22, 21),
        of_kind(12, channel(23, "of no channel")),
    ]);
    store.given(with(1, &channels), vec![]).await;
    store.change(1, 1, deleted(20)).await;
    assert_eq!(store.numbered(1).await, [21, 22, 23, 30, 34]);
    store.change(1, 2, deleted(22)).await;
    store.change(1, 3, deleted(30)).await;
    assert_eq!(store.numbered(1).await, [21, 23, 34]);
}

/// Be it only the threads of what is deleted.
pub async fn only_what_is_there_can_be_deleted(store: &Store) {
    let channels = [
        thread(22, 21),
        thread(23, 20),
        under(24, channel(25, "child")),
    ];
    store.given(with(1, &channels), vec![]).await;
    store.given(with(2, &[channel(26, "other")]), vec![]).await;
    for number in [26, 24] {
        store.ignored(1, 1, deleted(number)).await;
        assert_eq!(store.channels_of(1).await.unwrap(), channels);
    }
    store.change(1, 2, deleted(21)).await;
    assert_eq!(store.numbered(1).await, [23, 25]);
    store.ignored(1, 3, deleted(21)).await;
    assert_eq!(store.numbered(2).await, [26]);
}

/// Those that it does not name are gone; those of other channels and all that are no threads stay.
pub async fn a_list_of_threads_is_all_that_its_channels_have(store: &Store) {
    let channels = [
        of_kind(4, channel(20, "category")),
        under(20, channel(21, "in it")),
        channel(22, "twenty-two"),
        thread(30, 20),
        thread(31, 21),
        thread(32, 21),
        of_kind(10, thread(33, 22)),
        of_kind(12, thread(34, 22)),
        of_kind(12, channel(35, "of no channel")),
    ];
    store.given(with(1, &channels), vec![]).await;
    let renamed = Channel {
        name: "renamed".parse().unwrap(),
        ..thread(31, 21)
    };
    let change = threads_of(Some(&[20, 21]), &[thread(36, 21), renamed.clone()]);
    store.change(1, 1, change).await;
    assert_eq!(store.numbered(1).await, [20, 21, 22, 31, 33, 34, 35, 36]);
    let all = store.channels_of(1).await.unwrap();
    assert!(all.contains(&renamed) && all.contains(&channels[1]));
    // It speaks of no channel, and so takes nothing away.
    let change = threads_of(Some(&[]), &[thread(37, 22)]);
    store.change(1, 2, change).await;
    assert_eq!(
        store.numbered(1).await,
        [20, 21, 22, 31, 33, 34, 35, 36, 37]
    );
    // One may have moved, and the channel need not be known.
    let change = threads_of(Some(&[22, 99]), &[thread(31, 22), thread(38, 99)]);
    store.change(1, 3, change).await;
    assert_eq!(store.numbered(1).await, [20, 21, 22, 31, 35, 36, 38]);
    store.change(1, 4, threads_of(Some(&[22]), &[])).await;
    assert_eq!(store.numbered(1).await, [20, 21, 22, 35, 36, 38]);
}

/// Of whatever channel, or of none.
pub async fn a_list_of_all_threads_leaves_no_other(store: &Store) {
    let channels = [
        of_kind(4, channel(20, "category")),
        under(20, channel(21, "in it")),
        thread(31, 21),
        of_kind(10, thread(32, 99)),
        of_kind(12, channel(33, "of no channel")),
    ];
    store.given(with(1, &channels), vec![]).await;
    store.given(with(2, &channels), vec![]).await;
    let change = threads_of(None, &[thread(31, 20), thread(34, 21)]);
    store.change(1, 1, change).await;
    let expected = [
        channels[0].clone(),
        channels[1].clone(),
        thread(31, 20),
        thread(34, 21),
    ];
    assert_eq!(store.channels_of(1).await.unwrap(), expected);
    store.change(1, 2, threads_of(None, &[])).await;
    assert_eq!(store.channels_of(1).await.unwrap(), channels[..2]);
    assert_eq!(store.channels_of(2).await.unwrap(), channels);
}

/// Though another server has channels of the same ids.
pub async fn channels_stay_in_their_server(store: &Store) {
    let channels = [channel(20, "twenty"), thread(21, 20), thread(22, 20)];
    for number in [1, 2] {
        store.given(with(number, &channels), vec![]).await;
    }
    for change in [
        Change::ChannelChanged(channel(20, "renamed")),
        threads_of(Some(&[20]), &[thread(22, 20)]),
        threads_of(None, &[thread(23, 20)]),
        deleted(23),
        deleted(20),
    ] {
        store.change(1, 1, change).await;
        assert_eq!(store.channels_of(2).await.unwrap(), channels);
    }
    store.given_at(2, with(1, &[]), vec![]).await;
    assert_eq!(store.channels_of(2).await.unwrap(), channels);
}

/// They are no part of what the counts say.
pub async fn channels_move_no_number_and_no_time(store: &Store) {
    store.given(complete(1), vec![member(2)]).await;
    let stats = store.stats_of(1).await;
    for change in [
        Change::ChannelChanged(channel(20, "twenty")),
        threads_of(None, &[thread(21, 20)]),
        deleted(20),
    ] {
        store.change(1, 5, change).await;
        assert_eq!(store.stats_of(1).await, stats);
    }
}

/// And do not come back with it.
pub async fn channels_go_with_their_server(store: &Store) {
    let channels = [channel(20, "twenty"), thread(21, 20)];
    for number in [1, 2, 3] {
        store.given(with(number, &channels), vec![]).await;
    }
    store.change(1, 1, Change::ServerRemoved).await;
    store.erase_server(2).await;
    for number in [1, 2] {
        assert_eq!(store.channels_of(number).await, None);
        store.given_at(2, complete(number), vec![]).await;
        assert_eq!(store.channels_of(number).await, Some(vec![]));
    }
    assert_eq!(store.channels_of(3).await.unwrap(), channels);
}
