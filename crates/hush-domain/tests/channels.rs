//! Channels, and which of them are threads.
#![expect(clippy::unwrap_used, reason = "a test says by a panic that it fails")]

use hush_domain::channels::{Channel, ChannelKind};
use hush_domain::ids::ChannelId;

fn id(number: u64) -> ChannelId {
    number.try_into().unwrap()
}

#[test]
fn three_kinds_are_threads() {
    let threads: Vec<_> = (0..=u8::MAX)
        .filter(|kind| ChannelKind(*kind).is_thread())
        .collect();
    assert_eq!(threads, [10, 11, 12]);
}

#[test]
fn a_thread_is_one_of_its_parent_alone() {
    for (kind, parent, of_seven) in [
        (11, Some(7), true),
        (10, Some(7), true),
        (12, Some(8), false),
        (11, None, false),
        (0, Some(7), false),
        (4, Some(7), false),
    ] {
        let channel = Channel {
            id: id(9),
            name: "nine".parse().unwrap(),
            kind: ChannelKind(kind),
            parent: parent.map(id),
        };
        assert_eq!(channel.is_thread_of(id(7)), of_seven, "{channel:?}");
        assert!(!channel.is_thread_of(id(9)));
    }
}
