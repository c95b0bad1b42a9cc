//! Many changes of presence at once: as one by one, and in one go.

use hush_domain::events::{Change, Event, ListedMember, PresenceChange, Snapshot};
use hush_domain::presence::Presence;
use proptest::collection::vec;
use proptest::prop_oneof;
use proptest::sample::select;
use proptest::strategy::Strategy;
use tokio::task::JoinSet;

use super::Store;
use super::counts::{counts_are_those_of_the_members, no_drift};
use super::examples::{at, bot, cases, complete, member, partial, server, shown_as, user};
use super::random::{Step, everyday, step};
use crate::Applied;

/// Hands the rules of this file to `$test`.
#[macro_export]
macro_rules! for_each_presences_rule {
    ($test:ident) => {
        $test! {
            presences {
                each_change_is_of_its_member_in_its_server,
                the_latest_of_a_member_wins,
                what_has_nothing_to_say_is_left_out,
                the_time_is_that_of_the_newest_that_was_counted,
                random_presences_read_as_one_by_one,
                tens_of_thousands_are_applied_in_one_go,
                batches_at_once_lose_no_count,
                batches_among_events_lose_no_count,
            }
        }
    };
}

use Presence::{DoNotDisturb, Idle, Invisible, Offline, Online};

fn shows(number: u64, member: u64, presence: Presence, second: i64) -> PresenceChange {
    PresenceChange {
        server: server(number),
        user: user(member),
        presence,
        received_at: at(second),
    }
}

impl Store {
    /// How many of the changes had something to say.
    async fn show(&self, changes: Vec<PresenceChange>) -> u64 {
        self.ingest.apply_presences(changes).await.unwrap()
    }

    /// The same, one by one.
    async fn show_each(&self, changes: Vec<PresenceChange>) -> u64 {
        let mut applied = 0;
        for PresenceChange {
            server,
            user,
            presence,
            received_at,
        } in changes
        {
            let change = Change::PresenceChanged { user, presence };
            let event = Event { server, change };
            let done = self.ingest.apply(event, received_at).await.unwrap();
            applied += u64::from(done == Applied::Changed);
        }
        applied
    }

    /// Which members of a server are online, as their leaving shows. They come back offline.
    async fn online_in(&self, number: u64) -> Vec<u64> {
        let mut online = Vec::new();
        self.given_at(1000, complete(number), self.relisted(number).await)
            .await;
        for listed in self.relisted(number).await {
            let before = self.counts_of(number).await[2];
            let id = listed.user.id;
            self.change(number, 1000, Change::MemberLeft(id)).await;
            let after = self.counts_of(number).await[2];
            online.extend((before != after).then_some(id.get()));
            self.change(number, 1000, Change::MemberJoined(listed))
                .await;
        }
        online
    }

    /// A server's members without their roles, of whose presence nothing is said.
    async fn relisted(&self, number: u64) -> Vec<ListedMember> {
        let members = self.members(number).await.into_iter();
        let relisted = members.map(|listed| ListedMember {
            user: listed.user,
            roles: vec![],
            presence: None,
        });
        relisted.collect()
    }
}

/// In however many servers; members of other servers with the same ids stay as they are.
pub async fn each_change_is_of_its_member_in_its_server(store: &Store) {
    for number in [1, 2, 3] {
        let listed = vec![member(2), shown_as(Online, bot(3)), member(4)];
        store.given(complete(number), listed).await;
    }
    let changes = vec![
        shows(2, 3, Offline, 1),
        shows(1, 2, Idle, 2),
        shows(2, 4, DoNotDisturb, 3),
        shows(1, 4, Online, 4),
        shows(2, 2, Invisible, 5),
    ];
    assert_eq!(store.show(changes).await, 5);
    let counts = [(1, 3), (2, 1), (3, 1)];
    for (number, online) in counts {
        let expected = [Some(3), Some(1), Some(online)];
        assert_eq!(store.counts_of(number).await, expected);
    }
    assert_eq!(store.online_in(1).await, [2, 3, 4]);
    assert_eq!(store.online_in(2).await, [4]);
    assert_eq!(store.online_in(3).await, [3]);
    no_drift(store).await;
}

/// Their order says which is the latest, and not the time at which it was received. Each of them counts as applied.
pub async fn the_latest_of_a_member_wins(store: &Store) {
    let listed = vec![member(2), member(3), shown_as(Idle, member(4))];
    store.given(complete(1), listed).await;
    let changes = vec![
        shows(1, 2, Online, 1),
        shows(1, 3, Online, 9),
        shows(1, 2, Offline, 2),
        shows(1, 4, Offline, 3),
        shows(1, 3, Offline, 8),
        shows(1, 2, Idle, 3),
        shows(1, 4, Online, 3),
    ];
    assert_eq!(store.show(changes).await, 7);
    assert_eq!(store.counts_of(1).await, [Some(3), Some(0), Some(2)]);
    assert_eq!(store.online_in(1).await, [2, 4]);
}

/// What is told of servers and members that are not there; what says what is known already does count, as for one alone.
pub async fn what_has_nothing_to_say_is_left_out(store: &Store) {
    let listed = vec![shown_as(Online, member(2)), member(3)];
    store.given(complete(1), listed.clone()).await;
    store.given(partial(2, 9, 5), listed).await;
    let before = [store.whole(1).await, store.whole(2).await];
    assert_eq!(store.show(vec![]).await, 0);
    let nothing = vec![
        shows(3, 2, Online, 1),
        shows(1, 4, Online, 1),
        shows(2, 4, Online, 1),
        shows(u64::MAX / 2, u64::MAX / 2, Online, 1),
    ];
    assert_eq!(store.show(nothing.clone()).await, 0);
    let same = vec![
        shows(1, 2, Online, 1),
        shows(1, 3, Offline, 1),
        shows(1, 2, DoNotDisturb, 1),
        shows(2, 2, Online, 1),
    ];
    assert_eq!(store.show([nothing, same].concat()).await, 4);
    assert_eq!([store.whole(1).await, store.whole(2).await], before);
    assert_eq!(store.stats_of(3).await, None);
    no_drift(store).await;
}

/// Of each server; a change that moves the count of those online moves the time, though another moves the count back.
pub async fn the_time_is_that_of_the_newest_that_was_counted(store: &Store) {
    for number in [1, 2, 3, 4, 5, 6] {
        let listed = vec![member(2), shown_as(Online, member(3))];
        store.given_at(10, complete(number), listed).await;
    }
    let changes = vec![
        // One who comes and does something else: the first alone counts.
        shows(1, 2, Online, 20),
        shows(1, 2, Idle, 30),
        // One who comes and goes.
        shows(2, 2, Online, 20),
        shows(2, 2, Offline, 30),
        // One comes, another goes.
        shows(3, 3, Offline, 40),
        shows(3, 2, Online, 20),
        // Nobody comes or goes.
        shows(4, 2, Invisible, 20),
        shows(4, 3, Idle, 30),
        // Late.
        shows(5, 2, Online, 5),
        // Nobody is there.
        shows(6, 4, Online, 20),
        shows(6, 2, Online, 15),
    ];
    assert_eq!(store.show(changes).await, 10);
    for (number, online, second) in [
        (1, 2, 20),
        (2, 1, 30),
        (3, 1, 40),
        (4, 1, 10),
        (5, 2, 10),
        (6, 2, 15),
    ] {
        let stats = store.stats_of(number).await.unwrap();
        let expected = (Some(online), at(second));
        assert_eq!((stats.online, stats.as_of), expected, "server {number}");
    }
}

/// Changes in three servers, of which steps may remove some, and one that is not there.
fn changes() -> impl Strategy<Value = Vec<(u64, u64, Presence, i64)>> {
    let presence = select(&Presence::ALL[..]);
    vec((0_u64..4, 1_u64..8, presence, 0_i64..200), 0..40)
}

/// The same steps in two sets of servers, with the changes in one go here and one by one there: counts, times and how many
/// had something to say are the same after each, and in the end who is online.
pub async fn random_presences_read_as_one_by_one(store: &Store) {
    let step = prop_oneof![
        1 => (0_u64..3, step(), 0_i64..200).prop_map(|it| (Some(it), vec![])),
        1 => changes().prop_map(|changes| (None, changes)),
    ];
    for (round, steps) in (0..).zip(cases(6, &vec(step, 25))) {
        let base = 1 + 100 * round;
        for number in 0..3 {
            for number in [base + number, base + 50 + number] {
                let listed = vec![member(2), shown_as(Idle, member(3)), bot(4)];
                store.given(complete(number), listed).await;
            }
        }
        for (step, changes) in &steps {
            if let Some((number, step, second)) = step {
                for number in [base + number, base + 50 + number] {
                    take(store, number, step.clone(), *second).await;
                }
            }
            let all = |base: u64| {
                let changes = changes.iter();
                let shown = changes.map(|(number, member, presence, second)| {
                    shows(base + number, *member, *presence, *second)
                });
                shown.collect::<Vec<_>>()
            };
            let at_once = store.show(all(base)).await;
            let one_by_one = store.show_each(all(base + 50)).await;
            assert_eq!(at_once, one_by_one, "{changes:?} in {steps:#?}");
            for number in base..base + 4 {
                let at_once = store.stats_of(number).await;
                let one_by_one = store.stats_of(number + 50).await;
                assert_eq!(at_once, one_by_one, "{changes:?} in {steps:#?}");
            }
        }
        no_drift(store).await;
        for number in base..base + 3 {
            if store.stats_of(number).await.is_some() {
                let one_by_one = store.online_in(number + 50).await;
                assert_eq!(store.online_in(number).await, one_by_one, "{steps:#?}");
            }
        }
    }
}

async fn take(store: &Store, number: u64, step: Step, second: i64) {
    match step {
        Step::Snapshot(snapshot, members, _) => {
            let server = server(number);
            let snapshot = Snapshot { server, ..snapshot };
            store.given_at(second, snapshot, members).await;
        }
        Step::Change(change) => {
            store.apply(number, second, change).await;
        }
    }
}

/// Whatever a store can say in one statement.
pub async fn tens_of_thousands_are_applied_in_one_go(store: &Store) {
    let servers = 1..=40_u64;
    for number in servers.clone() {
        let listed = (1..=50).map(member).collect();
        store.given(complete(number), listed).await;
    }
    let round = |presence: fn(u64) -> Presence, second| {
        let all = servers.clone().flat_map(|number| {
            (1..=51).map(move |member| shows(number, member, presence(member), second))
        });
        all.collect::<Vec<_>>()
    };
    let mut changes = Vec::new();
    for second in 1..=9 {
        changes.extend(round(|_| Online, 2 * second));
        changes.extend(round(|_| Offline, 2 * second + 1));
    }
    let some = |member| if member % 5 == 0 { Idle } else { Offline };
    changes.extend(round(some, 100));
    assert_eq!(changes.len(), 19 * 40 * 51);
    assert_eq!(store.show(changes).await, 19 * 40 * 50);
    for number in servers {
        let stats = store.stats_of(number).await.unwrap();
        assert_eq!((stats.online, stats.as_of), (Some(10), at(100)));
    }
    assert_eq!(
        store.online_in(40).await,
        (1..=10).map(|it| 5 * it).collect::<Vec<_>>()
    );
    no_drift(store).await;
}

/// Over the same members, in whatever order each names them: none fails, and what is kept is what there is.
pub async fn batches_at_once_lose_no_count(store: &Store) {
    for number in 0..4 {
        let listed = (1..=7).map(member).collect();
        store.given(complete(1 + number), listed).await;
    }
    let mut writers = JoinSet::new();
    for batches in cases(8, &vec(changes(), 6)) {
        let store = store.clone();
        writers.spawn(async move {
            for batch in batches {
                let changes = batch.into_iter();
                let shown = changes.map(|(number, member, presence, second)| {
                    shows(1 + number, member, presence, second)
                });
                let shown: Vec<_> = shown.collect();
                let all = shown.len() as u64;
                assert_eq!(store.show(shown).await, all);
            }
        });
    }
    writers.join_all().await;
    no_drift(store).await;
    for number in 1..=4 {
        let online = store.counts_of(number).await[2].unwrap();
        let shown = store.online_in(number).await;
        assert_eq!(shown.len() as u64, online, "server {number}: {shown:?}");
    }
}

/// Joins, leaves, snapshots, chunks and removals among them, and single changes of presence too.
pub async fn batches_among_events_lose_no_count(store: &Store) {
    for number in 1..=3 {
        let listed = (1..=6).map(member).collect();
        store.given(complete(number), listed).await;
    }
    let mut writers = JoinSet::new();
    for steps in cases(3, &vec((1_u64..4, step()), 12)) {
        let store = store.clone();
        writers.spawn(async move {
            for (number, step) in steps {
                take(&store, number, step, 1).await;
            }
        });
    }
    for changes in cases(3, &vec((1_u64..4, everyday()), 20)) {
        let store = store.clone();
        writers.spawn(async move {
            for (number, change) in changes {
                store.apply(number, 1, change).await;
            }
        });
    }
    for batches in cases(3, &vec(changes(), 10)) {
        let store = store.clone();
        writers.spawn(async move {
            for batch in batches {
                let changes = batch.into_iter();
                let shown = changes.map(|(number, member, presence, second)| {
                    shows(1 + number, member, presence, second)
                });
                store.show(shown.collect()).await;
            }
        });
    }
    writers.join_all().await;
    no_drift(store).await;
    for number in 1..=3 {
        store.given(complete(number), vec![member(2), bot(3)]).await;
        counts_are_those_of_the_members(store, number).await;
    }
}
