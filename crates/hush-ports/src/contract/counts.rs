//! The kept counts: equal to a recount after whatever happened, in whatever order and however many at once.

use hush_domain::events::{Change, Snapshot};
use hush_domain::presence::Presence;
use proptest::collection::vec;
use tokio::task::JoinSet;

use super::Store;
use super::examples::{cases, complete, member, partial, server, shown_as, user};
use super::model::Model;
use super::random::{By, Step, everyday, step};

/// Hands the rules of this file to `$test`.
#[macro_export]
macro_rules! for_each_counts_rule {
    ($test:ident) => {
        $test! {
            counts {
                a_recount_of_nothing_finds_nothing,
                random_events_read_as_a_plain_list_says,
                events_at_once_lose_no_count,
                joins_at_once_count_a_member_once,
                snapshots_and_events_at_once_lose_no_count,
                servers_at_once_do_not_mix,
            }
        }
    };
}

/// Where nothing drifted, a recount names nothing, and a repair changes nothing.
pub async fn a_recount_of_nothing_finds_nothing(store: &Store) {
    no_drift(store).await;
    store
        .given(complete(1), vec![shown_as(Presence::Online, member(2))])
        .await;
    store.given(partial(2, 50, 5), vec![member(2)]).await;
    let before = [store.whole(1).await, store.whole(2).await];
    no_drift(store).await;
    assert_eq!(store.counts.recount(true).await.unwrap(), []);
    assert_eq!([store.whole(1).await, store.whole(2).await], before);
}

/// After each of many random snapshots and events, of the feed and of the operator, what is read is what a plain list
/// says that is counted anew each time; the time of the counts never goes back; and a recount finds no drift.
pub async fn random_events_read_as_a_plain_list_says(store: &Store) {
    let feed = store.led().await;
    let mut numbers = 1_u64..;
    for steps in cases(8, &vec((step(), 0_i64..100), 60)) {
        let number = numbers.next().unwrap();
        let mut model = Model::default();
        let mut time = None;
        for (index, (step, second)) in steps.iter().enumerate() {
            let (place, step) = ((number, *second), step.clone());
            carry_out(&feed, store, place, step, &mut model).await;
            let stats = store.stats_of(number).await;
            let counts = stats.map(|stats| [stats.members, stats.bots, stats.online]);
            assert_eq!(counts, model.counts(), "after step {index} of {steps:#?}");
            let now = stats.map(|stats| stats.as_of);
            assert!(
                now.is_none() || time <= now,
                "after step {index} of {steps:#?}"
            );
            time = now;
            let channels = store.channels_of(number).await;
            assert_eq!(
                channels,
                model.channels(),
                "after step {index} of {steps:#?}"
            );
            let followed = store.followed(number).await;
            assert_eq!(
                followed,
                model.followed(),
                "after step {index} of {steps:#?}"
            );
        }
        assert_eq!(store.roles_of(number).await, model.roles(), "{steps:#?}");
        assert_eq!(store.members(number).await, model.members(), "{steps:#?}");
    }
    no_drift(store).await;
}

/// Takes a step in server `number` at `second`, a snapshot of the operator's through that door, and in the model.
pub(super) async fn carry_out(
    feed: &Store,
    operator: &Store,
    (number, second): (u64, i64),
    step: Step,
    model: &mut Model,
) {
    match step {
        Step::Snapshot(snapshot, members, by) => {
            let server = server(number);
            let snapshot = Snapshot { server, ..snapshot };
            let door = if by == By::Feed { feed } else { operator };
            door.given_at(second, snapshot.clone(), members.clone())
                .await;
            model.snapshot(snapshot, members, by);
        }
        Step::Change(change) => {
            let applied = feed.apply(number, second, change.clone()).await;
            assert_eq!(applied, model.apply(change.clone()), "{change:?}");
        }
    }
}

/// Many writers at once over the same members of one server: none of them fails, no drift, and the counts
/// are those of the members who are there in the end.
pub async fn events_at_once_lose_no_count(store: &Store) {
    let members = (1..=6).map(member).collect();
    store.given(complete(1), members).await;
    let mut writers = JoinSet::new();
    for changes in cases(8, &vec(everyday(), 25)) {
        let store = store.clone();
        writers.spawn(async move {
            for change in changes {
                store.apply(1, 1, change).await;
            }
        });
    }
    writers.join_all().await;
    no_drift(store).await;
    counts_are_those_of_the_members(store, 1).await;
}

/// Of many who report at once that the same member joined, or left, one is counted.
pub async fn joins_at_once_count_a_member_once(store: &Store) {
    store.given(partial(1, 10, 5), vec![]).await;
    for (change, members) in [
        (Change::MemberJoined(member(2)), 11),
        (Change::MemberLeft(user(2)), 10),
    ] {
        let mut writers = JoinSet::new();
        for _ in 0..8 {
            let (store, change) = (store.clone(), change.clone());
            writers.spawn(async move { store.apply(1, 1, change).await });
        }
        writers.join_all().await;
        assert_eq!(
            store.counts_of(1).await,
            [Some(members), None, None],
            "{change:?}"
        );
        no_drift(store).await;
    }
}

/// Snapshots, chunks and removals among the events lose no count either.
pub async fn snapshots_and_events_at_once_lose_no_count(store: &Store) {
    let mut writers = JoinSet::new();
    for steps in cases(6, &vec(step(), 12)) {
        let store = store.clone();
        writers.spawn(async move {
            for step in steps {
                match step {
                    Step::Snapshot(snapshot, members, _) => store.given(snapshot, members).await,
                    Step::Change(change) => {
                        store.apply(1, 1, change).await;
                    }
                }
            }
        });
    }
    writers.join_all().await;
    no_drift(store).await;
    store.given(complete(1), vec![member(2), member(3)]).await;
    assert_eq!(store.listed(1).await, [2, 3]);
    counts_are_those_of_the_members(store, 1).await;
}

/// The same events in many servers at once read in each as if it were alone.
pub async fn servers_at_once_do_not_mix(store: &Store) {
    let changes = cases(1, &vec(everyday(), 30)).remove(0);
    let mut model = Model::default();
    model.snapshot(complete(1), vec![member(2)], By::Operator);
    let mut writers = JoinSet::new();
    for number in 1..=6 {
        let (store, changes) = (store.clone(), changes.clone());
        writers.spawn(async move {
            store.given(complete(number), vec![member(2)]).await;
            for change in changes {
                store.apply(number, 1, change).await;
            }
        });
    }
    writers.join_all().await;
    for change in changes {
        model.apply(change);
    }
    for number in 1..=6 {
        assert_eq!(Some(store.counts_of(number).await), model.counts());
        assert_eq!(store.members(number).await, model.members());
    }
    no_drift(store).await;
}

/// A recount finds what is kept.
pub(super) async fn no_drift(store: &Store) {
    assert_eq!(store.counts.recount(false).await.unwrap(), []);
}

/// Counts of a complete server against its pages, and online, which no page shows, against everybody's being
/// offline and then online.
pub(super) async fn counts_are_those_of_the_members(store: &Store, number: u64) {
    let members = store.members(number).await;
    let all = members.len() as u64;
    let bots = members.iter().filter(|member| member.user.bot).count() as u64;
    for (presence, online) in [(Presence::Offline, 0), (Presence::Online, all)] {
        for member in &members {
            let user = member.user.id;
            store
                .change(number, 2, Change::PresenceChanged { user, presence })
                .await;
        }
        let expected = [Some(all), Some(bots), Some(online)];
        assert_eq!(store.counts_of(number).await, expected);
    }
}
