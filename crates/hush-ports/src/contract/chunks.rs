//! Member chunks: how a partial snapshot becomes complete.

use hush_domain::events::{Change, Generation, ListedMember};
use hush_domain::presence::Presence;

use super::Store;
use super::examples::{bot, complete, holding, member, partial, role, shown_as, user};

/// Hands the rules of this file to `$test`.
#[macro_export]
macro_rules! for_each_chunks_rule {
    ($test:ident) => {
        $test! {
            chunks {
                only_the_last_chunk_lets_absent_members_leave,
                the_last_chunk_completes_the_list,
                a_chunk_changes_whom_it_lists,
                who_joined_meanwhile_stays,
                who_left_meanwhile_is_gone,
                who_only_changed_meanwhile_leaves_with_the_last_chunk,
                who_was_only_seen_leaves_with_the_last_chunk,
                another_generation_is_ignored,
                a_newer_partial_snapshot_takes_over,
                a_complete_snapshot_ends_the_generation,
            }
        }
    };
}

fn chunk(generation: i64, members: Vec<ListedMember>, last: bool) -> Change {
    Change::MemberChunk {
        generation: Generation(generation),
        members,
        last,
    }
}

/// Members whom neither the snapshot nor a chunk lists stay until the last chunk has come.
pub async fn only_the_last_chunk_lets_absent_members_leave(store: &Store) {
    store
        .given(
            complete(1),
            vec![member(2), member(3), member(4), member(5)],
        )
        .await;
    store.given_at(1, partial(1, 4, 5), vec![member(3)]).await;
    assert_eq!(store.listed(1).await, [2, 3, 4, 5]);
    store
        .change(1, 2, chunk(5, vec![member(4), member(6)], false))
        .await;
    assert_eq!(store.listed(1).await, [2, 3, 4, 5, 6]);
    store.change(1, 3, chunk(5, vec![member(7)], true)).await;
    assert_eq!(store.listed(1).await, [3, 4, 6, 7]);
}

/// With the last chunk, be it empty, the counts are known; the generation is over.
pub async fn the_last_chunk_completes_the_list(store: &Store) {
    store
        .given(
            partial(1, 50, 5),
            vec![shown_as(Presence::Online, member(2))],
        )
        .await;
    store.change(1, 1, chunk(5, vec![bot(3)], false)).await;
    assert_eq!(store.counts_of(1).await, [Some(50), None, None]);
    store.change(1, 2, chunk(5, vec![], true)).await;
    assert_eq!(store.counts_of(1).await, [Some(2), Some(1), Some(1)]);
    store.ignored(1, 3, chunk(5, vec![member(9)], true)).await;
    assert_eq!(store.listed(1).await, [2, 3]);
}

/// A chunk says anew who is listed already, and keeps a presence that it does not say.
pub async fn a_chunk_changes_whom_it_lists(store: &Store) {
    let mut snapshot = partial(1, 50, 5);
    snapshot.roles = vec![role(7, "seven", 1)];
    let listed = vec![shown_as(Presence::Online, member(2)), member(3)];
    store.given(snapshot, listed).await;
    let listed = vec![holding(bot(2), &[7]), shown_as(Presence::Idle, member(3))];
    store.change(1, 1, chunk(5, listed, true)).await;
    assert_eq!(store.role_names(1, 2).await, ["seven"]);
    assert_eq!(store.counts_of(1).await, [Some(2), Some(1), Some(2)]);
}

/// Who joined after the snapshot is in no chunk and stays, listed before or not.
pub async fn who_joined_meanwhile_stays(store: &Store) {
    store.given(complete(1), vec![member(2), member(3)]).await;
    store.given_at(1, partial(1, 2, 5), vec![]).await;
    store.change(1, 2, Change::MemberJoined(member(4))).await;
    store.change(1, 3, Change::MemberJoined(member(2))).await;
    store.change(1, 4, chunk(5, vec![], true)).await;
    assert_eq!(store.listed(1).await, [2, 4]);
}

/// Who left after the snapshot that listed them is gone, and so is the count of them.
pub async fn who_left_meanwhile_is_gone(store: &Store) {
    store
        .given(partial(1, 2, 5), vec![member(2), member(3)])
        .await;
    store.change(1, 1, Change::MemberLeft(user(2))).await;
    store.change(1, 2, chunk(5, vec![], true)).await;
    assert_eq!(store.listed(1).await, [3]);
    assert_eq!(store.counts_of(1).await, [Some(1), Some(0), Some(0)]);
}

/// A change says nothing of the list: who is in no chunk and did not join leaves with the last one.
pub async fn who_only_changed_meanwhile_leaves_with_the_last_chunk(store: &Store) {
    store.given(complete(1), vec![member(2)]).await;
    store.given_at(1, partial(1, 3, 5), vec![member(4)]).await;
    for number in [2, 3, 4] {
        store.change(1, 2, Change::MemberChanged(bot(number))).await;
    }
    store.change(1, 3, chunk(5, vec![], true)).await;
    assert_eq!(store.listed(1).await, [4]);
}

/// Only who is not listed yet is listed by that, and only while chunks are awaited.
pub async fn who_was_only_seen_leaves_with_the_last_chunk(store: &Store) {
    let mut snapshot = partial(1, 9, 5);
    snapshot.roles = vec![role(7, "seven", 1)];
    store.given(snapshot, vec![member(2)]).await;
    let seen = |number| Change::MemberSeen(holding(bot(number), &[7]));
    for number in [3, 4] {
        store.change(1, 1, seen(number)).await;
        assert_eq!(store.role_names(1, number).await, ["seven"]);
    }
    store.change(1, 2, chunk(5, vec![member(3)], false)).await;
    for number in [2, 3, 4] {
        store.ignored(1, 3, seen(number)).await;
    }
    assert_eq!(store.role_names(1, 3).await, [""; 0]);
    assert_eq!(store.counts_of(1).await, [Some(9), None, None]);
    store.change(1, 4, chunk(5, vec![member(5)], true)).await;
    assert_eq!(store.listed(1).await, [2, 3, 5]);
    store.ignored(1, 5, seen(4)).await;
    assert_eq!(store.listed(1).await, [2, 3, 5]);
}

/// Chunks of another generation change nothing, nor does any where none is open.
pub async fn another_generation_is_ignored(store: &Store) {
    store.given(partial(1, 50, 5), vec![member(2)]).await;
    store.given(complete(2), vec![member(2)]).await;
    for (number, generation) in [(1, 4), (1, 6), (2, 5), (2, 0)] {
        let before = store.whole(number).await;
        store
            .ignored(number, 1, chunk(generation, vec![member(3)], true))
            .await;
        assert_eq!(store.whole(number).await, before);
    }
    store.change(1, 2, chunk(5, vec![member(4)], true)).await;
    assert_eq!(store.listed(1).await, [2, 4]);
}

/// A newer partial snapshot opens its own generation: what carries only the older one leaves with its last.
pub async fn a_newer_partial_snapshot_takes_over(store: &Store) {
    store.given(partial(1, 50, 5), vec![member(2)]).await;
    store.change(1, 1, chunk(5, vec![member(3)], false)).await;
    store.change(1, 2, Change::MemberJoined(member(4))).await;
    store.given_at(3, partial(1, 60, 6), vec![member(5)]).await;
    assert_eq!(store.counts_of(1).await, [Some(60), None, None]);
    store.ignored(1, 4, chunk(5, vec![member(6)], true)).await;
    store.change(1, 5, chunk(6, vec![member(3)], true)).await;
    assert_eq!(store.listed(1).await, [3, 5]);
}

/// After a complete snapshot no chunk of before means anything.
pub async fn a_complete_snapshot_ends_the_generation(store: &Store) {
    store.given(partial(1, 50, 5), vec![member(2)]).await;
    store.given_at(1, complete(1), vec![member(3)]).await;
    store.ignored(1, 2, chunk(5, vec![member(4)], true)).await;
    assert_eq!(store.listed(1).await, [3]);
    assert_eq!(store.counts_of(1).await, [Some(1), Some(0), Some(0)]);
}
