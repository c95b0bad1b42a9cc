//! Hourly samples of the counts.

use hush_domain::events::{Change, Snapshot};
use hush_domain::feed::{Epoch, Shard};
use hush_domain::presence::Presence;
use hush_domain::samples::{HourlySample, Spread};
use hush_domain::time::Timestamp;
use tokio::task::JoinSet;

use super::Store;
use super::examples::{at, bot, complete, just_before, member, partial, server, shown_as, user};
use super::following::placed;
use super::steps::SOLE;
use super::upkeep::nothing;
use crate::{Cutoffs, Tidied};

/// Hands the rules of this file to `$test`.
#[macro_export]
macro_rules! for_each_samples_rule {
    ($test:ident) => {
        $test! {
            samples {
                a_sample_says_how_the_counts_were,
                what_is_not_known_is_not_sampled,
                a_sample_is_of_the_hour_in_which_it_was_taken,
                the_hours_of_a_server_are_those_that_began_in_between,
                only_what_is_followed_and_available_is_looked_at,
                a_server_is_looked_at_once,
                of_many_at_once_each_is_counted,
                samples_go_whose_hour_began_before,
                samples_go_with_what_is_left_of_their_server,
            }
        }
    };
}

/// [`at`] 0 lies within the first second of an hour; this is where that begins.
pub(super) fn hour(hours: i64) -> Timestamp {
    Timestamp::from_unix_micros((1_800_000_000 + hours * 3600) * 1_000_000).unwrap()
}

fn spread(samples: u32, min: u64, max: u64, last: u64) -> Spread {
    Spread {
        samples,
        min,
        max,
        last,
    }
}

/// The same number `samples` times.
fn only(samples: u32, count: u64) -> Spread {
    spread(samples, count, count, count)
}

impl Store {
    /// How many servers were looked at, of all.
    async fn sample(&self, epoch: Epoch, at: Timestamp) -> u64 {
        self.sample_on(epoch, &[SOLE], at).await
    }

    pub(super) async fn sample_on(&self, epoch: Epoch, shards: &[Shard], at: Timestamp) -> u64 {
        self.samples.take(epoch, shards, at).await.unwrap()
    }

    async fn hours(&self, number: u64, from: Timestamp, until: Timestamp) -> Vec<i64> {
        let samples = self.samples.of_server(server(number), from, until).await;
        let began = |sample: HourlySample| sample.hour.unix_micros() - hour(0).unix_micros();
        let hours = samples.unwrap().into_iter().map(began);
        hours.map(|micros| micros / 3_600_000_000).collect()
    }

    /// Every sample of a server.
    pub(super) async fn samples_of(&self, number: u64) -> Vec<HourlySample> {
        let (server, far) = (server(number), 1_000_000_000);
        let samples = self.samples.of_server(server, at(-far), at(far)).await;
        samples.unwrap()
    }
}

/// How often they were looked at, the lowest, the highest and the last.
pub async fn a_sample_says_how_the_counts_were(store: &Store) {
    let epoch = store.lead().await;
    let feed = store.in_epoch(epoch);
    let members = vec![
        shown_as(Presence::Online, member(2)),
        shown_as(Presence::Idle, member(3)),
        bot(4),
    ];
    feed.given(complete(1), members).await;
    assert_eq!(store.samples_of(1).await, []);
    assert_eq!(store.sample(epoch, at(0)).await, 1);
    let first = HourlySample {
        hour: hour(0),
        members: Some(only(1, 3)),
        bots: Some(only(1, 1)),
        online: Some(only(1, 2)),
    };
    assert_eq!(store.samples_of(1).await, [first]);
    let offline = Change::PresenceChanged {
        user: user(2),
        presence: Presence::Offline,
    };
    for (second, change) in [
        (1, Change::MemberJoined(bot(5))),
        (2, Change::MemberJoined(bot(6))),
        (3, offline),
        (4, Change::MemberLeft(user(3))),
    ] {
        feed.change(1, second, change).await;
        assert_eq!(store.sample(epoch, at(second)).await, 1);
    }
    let later = HourlySample {
        hour: hour(0),
        members: Some(spread(5, 3, 5, 4)),
        bots: Some(spread(5, 1, 3, 3)),
        online: Some(spread(5, 0, 2, 0)),
    };
    assert_eq!(store.samples_of(1).await, [later]);
}

/// Neither as 0 nor as anything else: each count is sampled as often as it was known, and one that never was has none.
pub async fn what_is_not_known_is_not_sampled(store: &Store) {
    let epoch = store.lead().await;
    let feed = store.in_epoch(epoch);
    let listed = || vec![shown_as(Presence::Online, member(2)), bot(3)];
    let highest = 1 << 40;
    feed.given(partial(1, highest, 5), listed()).await;
    feed.given(partial(2, 1, 5), listed()).await;
    for second in [0, 1] {
        assert_eq!(store.sample(epoch, at(second)).await, 2);
    }
    let unknown = HourlySample {
        hour: hour(0),
        members: Some(only(2, highest)),
        bots: None,
        online: None,
    };
    assert_eq!(store.samples_of(1).await, [unknown]);
    // More are listed than the server says: those are there.
    let more = HourlySample {
        members: Some(only(2, 2)),
        ..unknown
    };
    assert_eq!(store.samples_of(2).await, [more]);
    let blind = Snapshot {
        presences_known: false,
        ..complete(1)
    };
    feed.given(blind, listed()).await;
    store.sample(epoch, at(2)).await;
    let blind = HourlySample {
        members: Some(spread(3, 2, highest, 2)),
        bots: Some(only(1, 1)),
        ..unknown
    };
    assert_eq!(store.samples_of(1).await, [blind]);
    feed.given(complete(1), vec![]).await;
    store.sample(epoch, at(3)).await;
    feed.given(partial(1, 9, 5), listed()).await;
    store.sample(epoch, at(4)).await;
    let known_for_a_while = HourlySample {
        hour: hour(0),
        members: Some(spread(5, 0, highest, 9)),
        bots: Some(spread(2, 0, 1, 0)),
        online: Some(only(1, 0)),
    };
    assert_eq!(store.samples_of(1).await, [known_for_a_while]);
}

/// From its first moment to its last; what is looked at late counts there all the same.
pub async fn a_sample_is_of_the_hour_in_which_it_was_taken(store: &Store) {
    let epoch = store.lead().await;
    let feed = store.in_epoch(epoch);
    feed.given(complete(1), vec![member(2)]).await;
    for at in [
        just_before(hour(0)),
        hour(0),
        just_before(hour(1)),
        hour(1),
        hour(30),
        just_before(hour(-500_000)),
        at(-1),
    ] {
        assert_eq!(store.sample(epoch, at).await, 1);
    }
    let taken = [(-500_001, 1), (-1, 2), (0, 2), (1, 1), (30, 1)];
    let expected = taken.map(|(hours, samples)| HourlySample {
        hour: hour(hours),
        members: Some(only(samples, 1)),
        bots: Some(only(samples, 0)),
        online: Some(only(samples, 0)),
    });
    let all = store.samples.of_server(server(1), hour(-600_000), hour(31));
    assert_eq!(all.await.unwrap(), expected);
}

/// Ascending; the first moment counts and the last does not. Hours without the feed have none.
pub async fn the_hours_of_a_server_are_those_that_began_in_between(store: &Store) {
    let epoch = store.lead().await;
    let feed = store.in_epoch(epoch);
    feed.given(complete(1), vec![]).await;
    for hours in [3, 0, 1] {
        store.sample(epoch, hour(hours)).await;
    }
    feed.given(complete(2), vec![]).await;
    store.sample(epoch, hour(7)).await;
    for (from, until, expected) in [
        (hour(-9), hour(9), &[0, 1, 3, 7][..]),
        (hour(0), hour(7), &[0, 1, 3]),
        (hour(1), hour(2), &[1]),
        (at(1), hour(3), &[1]),
        (just_before(hour(1)), at(3601), &[1]),
        (hour(2), hour(3), &[]),
        (hour(1), hour(1), &[]),
        (hour(9), hour(-9), &[]),
    ] {
        let hours = store.hours(1, from, until).await;
        assert_eq!(hours, expected, "from {from} until {until}");
    }
    assert_eq!(store.hours(2, hour(-9), hour(9)).await, [7]);
    assert_eq!(store.hours(3, hour(-9), hour(9)).await, [0; 0]);
}

/// Neither what the operator brought, nor what is unavailable or gone, nor what other shards carry.
pub async fn only_what_is_followed_and_available_is_looked_at(store: &Store) {
    let epoch = store.lead().await;
    let feed = store.in_epoch(epoch);
    let shard = |number| Shard { number, total: 3 };
    for n in 0..6 {
        feed.given(complete(placed(n)), vec![]).await;
    }
    store.given(complete(placed(9)), vec![]).await;
    feed.change(placed(0), 1, Change::ServerUnavailable).await;
    feed.change(placed(1), 1, Change::ServerRemoved).await;
    assert_eq!(store.sample(epoch, at(2)).await, 4);
    assert_eq!(store.sample_on(epoch, &[shard(0)], at(3)).await, 1);
    let two = [shard(2), shard(1)];
    assert_eq!(store.sample_on(epoch, &two, at(4)).await, 3);
    assert_eq!(store.sample_on(epoch, &[], at(5)).await, 0);
    let gone = store.feed.begin_session(epoch, shard(2), &[]).await;
    assert_eq!(gone.unwrap().len(), 2);
    assert_eq!(store.sample_on(epoch, &two, at(6)).await, 1);
    feed.given(complete(placed(0)), vec![]).await;
    assert_eq!(store.sample_on(epoch, &[shard(0)], at(7)).await, 2);
    for (n, samples) in [(0, 1), (2, 2), (3, 3), (4, 3), (5, 2)] {
        let [sample] = store.samples_of(placed(n)).await[..] else {
            panic!("server {n} has one hour");
        };
        assert_eq!(sample.members, Some(only(samples, 0)), "server {n}");
    }
    for n in [1, 9] {
        assert_eq!(store.samples_of(placed(n)).await, [], "server {n}");
    }
}

/// Though several of the shards carry it.
pub async fn a_server_is_looked_at_once(store: &Store) {
    let epoch = store.lead().await;
    let feed = store.in_epoch(epoch);
    for n in [1, 2] {
        feed.given(complete(placed(n)), vec![]).await;
    }
    let odd = Shard {
        number: 1,
        total: 2,
    };
    for shards in [[odd, SOLE, odd], [SOLE, SOLE, SOLE]] {
        assert_eq!(store.sample_on(epoch, &shards, at(0)).await, 2);
    }
    for n in [1, 2] {
        let samples = store.samples_of(placed(n)).await;
        assert_eq!(samples[0].members, Some(only(2, 0)));
    }
}

/// None is lost.
pub async fn of_many_at_once_each_is_counted(store: &Store) {
    let epoch = store.lead().await;
    let feed = store.in_epoch(epoch);
    for number in [1, 2, 3] {
        feed.given(complete(number), vec![member(2)]).await;
    }
    let mut looking = JoinSet::new();
    for _ in 0..8 {
        let store = store.clone();
        looking.spawn(async move { store.sample(epoch, at(0)).await });
    }
    assert_eq!(looking.join_all().await, [3; 8]);
    for number in [1, 2, 3] {
        let samples = store.samples_of(number).await;
        assert_eq!(samples[0].members, Some(only(8, 1)));
    }
}

/// Of whatever server, followed or not; neither the hour that begins then nor any later one.
pub async fn samples_go_whose_hour_began_before(store: &Store) {
    let epoch = store.lead().await;
    let feed = store.in_epoch(epoch);
    for number in [1, 2] {
        feed.given(complete(number), vec![member(2)]).await;
    }
    for hours in 0..6 {
        store.sample(epoch, hour(hours)).await;
    }
    feed.change(2, 1, Change::ServerRemoved).await;
    let whole = store.whole(1).await;
    for (cutoff, gone, left) in [
        (hour(0), 0, 0..6),
        (just_before(hour(1)), 2, 1..6),
        (hour(1), 0, 1..6),
        (at(7200), 4, 3..6),
        (hour(2), 0, 3..6),
    ] {
        let cutoffs = Cutoffs {
            samples: cutoff,
            ..nothing()
        };
        let expected = Tidied {
            samples: gone,
            ..Tidied::default()
        };
        assert_eq!(store.tidy(cutoffs).await, expected, "{cutoff}");
        for number in [1, 2] {
            let hours = store.hours(number, hour(-9), hour(9)).await;
            assert_eq!(hours, left.clone().collect::<Vec<_>>(), "{cutoff}");
        }
    }
    assert_eq!(store.whole(1).await, whole);
}

/// They outlive the server as its settings do, and are erased with it, there or not.
pub async fn samples_go_with_what_is_left_of_their_server(store: &Store) {
    let epoch = store.lead().await;
    let feed = store.in_epoch(epoch);
    for number in 1..=5 {
        feed.given(complete(number), vec![]).await;
    }
    store.sample(epoch, at(0)).await;
    for (number, second) in [(1, 10), (2, 10), (3, 30), (4, 10)] {
        feed.change(number, second, Change::ServerRemoved).await;
    }
    feed.given_at(15, complete(4), vec![]).await;
    for number in 1..=5 {
        assert_eq!(store.samples_of(number).await.len(), 1);
    }
    store.erase_server(1).await;
    store.erase_server(5).await;
    let cutoffs = Cutoffs {
        servers: at(20),
        ..nothing()
    };
    assert_eq!(store.tidy(cutoffs).await.servers, 1);
    for (number, samples) in [(1, 0), (2, 0), (3, 1), (4, 1), (5, 0)] {
        assert_eq!(store.samples_of(number).await.len(), samples, "{number}");
    }
    store.sample(epoch, at(1)).await;
    let samples = store.samples_of(4).await;
    assert_eq!(samples[0].members, Some(only(2, 0)));
}
