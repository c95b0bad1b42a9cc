//! Whoever no longer leads the feed writes nothing; whoever leads writes as the operator does.

use std::sync::mpsc;
use std::time::Duration;

use hush_domain::events::{Change, Event, ListedMember, PresenceChange};
use hush_domain::feed::{Epoch, Session};
use hush_domain::presence::Presence;
use tokio::sync::oneshot;
use tokio::task::JoinSet;

use super::Store;
use super::events::{busy, one_of_each};
use super::examples::{at, complete, member, server, shown_as, user};
use super::snapshots::{
    a_chunk_with_a_user_twice_changes_nothing, a_source_that_fails_changes_nothing,
    a_user_listed_twice_changes_nothing,
};
use super::stats::the_time_is_that_of_the_newest_counted_change;
use super::steps::{SOLE, Whole};
use crate::{FeedError, Identify, IngestError, MemberSource, SourceError};

/// Hands the rules of this file to `$test`.
#[macro_export]
macro_rules! for_each_fencing_rule {
    ($test:ident) => {
        $test! {
            fencing {
                who_no_longer_leads_writes_nothing,
                who_gave_up_the_lead_writes_nothing,
                who_never_led_writes_nothing,
                the_operator_writes_whoever_leads,
                nothing_is_written_once_another_epoch_has_begun,
                a_snapshot_under_way_is_whole_before_the_next_epoch_or_not_at_all,
                the_feeds_door_is_as_the_operators,
            }
        }
    };
}

fn session(id: &str) -> Session {
    Session {
        shard: SOLE,
        intents: 259,
        id: id.into(),
        sequence: 7,
        resume_url: "wss://resume.example".into(),
    }
}

/// All that a feed can change.
async fn everything(store: &Store) -> (Vec<Whole>, Vec<Session>, Vec<u64>) {
    let mut wholes = Vec::new();
    let mut samples = Vec::new();
    for number in [1, 2, 3] {
        wholes.push(store.whole(number).await);
        samples.push(store.samples_of(number).await.len() as u64);
    }
    (wholes, store.sessions.stored().await.unwrap(), samples)
}

/// A busy server that the feed follows, one of the operator's, and the session of a connection.
async fn given_feed(store: &Store) -> Epoch {
    let epoch = store.lead().await;
    busy(&store.in_epoch(epoch), 1).await;
    busy(store, 2).await;
    let recorded = store.sessions.record(epoch, &session("first")).await;
    recorded.unwrap();
    epoch
}

/// Whether every call in `epoch` is refused, and changes nothing.
async fn is_shut_out(store: &Store, epoch: Epoch) {
    let before = everything(store).await;
    let ingest = store.feed.ingest(epoch);
    for number in [1, 2, 3] {
        let members = Box::new(vec![member(9)].into_iter());
        let applied = ingest.apply_snapshot(complete(number), members, at(5));
        assert_refused!(applied.await, IngestError::Deposed);
        for change in one_of_each(number)
            .into_iter()
            .chain([Change::ServerUnavailable])
        {
            let server = server(number);
            let applied = ingest.apply(Event { server, change }, at(5)).await;
            assert_refused!(applied, IngestError::Deposed);
        }
    }
    let presence = PresenceChange {
        server: server(1),
        user: user(3),
        presence: Presence::Online,
        received_at: at(5),
    };
    for changes in [vec![presence], vec![]] {
        let applied = ingest.apply_presences(changes).await;
        assert_refused!(applied, IngestError::Deposed);
    }
    let begun = store.feed.begin_session(epoch, SOLE, &[]).await;
    assert_refused!(begun, FeedError::Deposed);
    let recorded = store.sessions.record(epoch, &session("second")).await;
    assert_refused!(recorded, FeedError::Deposed);
    let minute = Duration::from_mins(1);
    let identified = store.sessions.identify(epoch, SOLE, at(5), minute).await;
    assert_refused!(identified, FeedError::Deposed);
    let taken = store.samples.take(epoch, &[SOLE], at(5)).await;
    assert_refused!(taken, FeedError::Deposed);
    assert_eq!(everything(store).await, before);
}

/// Whether a leader in `epoch` writes as if nobody had tried in vain before.
async fn writes(store: &Store, epoch: Epoch) {
    let minute = Duration::from_mins(1);
    let identified = store.sessions.identify(epoch, SOLE, at(6), minute).await;
    assert_eq!(identified.unwrap(), Identify::Now);
    let recorded = store.sessions.record(epoch, &session("third")).await;
    recorded.unwrap();
    assert_eq!(store.sessions.stored().await.unwrap(), [session("third")]);
    let taken = store.samples.take(epoch, &[SOLE], at(6)).await;
    assert_eq!(taken.unwrap(), 1);
    let gone = store.feed.begin_session(epoch, SOLE, &[]).await;
    assert_eq!(gone.unwrap(), [server(1)]);
    let feed = store.in_epoch(epoch);
    feed.change(1, 6, Change::MemberJoined(member(8))).await;
    feed.given_at(6, complete(3), vec![member(8)]).await;
    assert_eq!(store.listed(1).await, [3, 4, 5, 6, 8]);
    assert_eq!(store.listed(3).await, [8]);
}

/// Neither events nor presences, neither sessions nor samples, whether they would have anything to say or not.
pub async fn who_no_longer_leads_writes_nothing(store: &Store) {
    let former = given_feed(store).await;
    let epoch = store.lead().await;
    is_shut_out(store, former).await;
    writes(store, epoch).await;
}

/// Though nobody else leads yet.
pub async fn who_gave_up_the_lead_writes_nothing(store: &Store) {
    let former = given_feed(store).await;
    assert!(store.feed.resign(former).await.unwrap());
    is_shut_out(store, former).await;
    let epoch = store.lead().await;
    is_shut_out(store, former).await;
    writes(store, epoch).await;
}

/// Neither before there was a leader nor beside one.
pub async fn who_never_led_writes_nothing(store: &Store) {
    is_shut_out(store, Epoch(0)).await;
    is_shut_out(store, Epoch(1)).await;
    let epoch = given_feed(store).await;
    is_shut_out(store, Epoch(epoch.0 + 1)).await;
    is_shut_out(store, Epoch(epoch.0 - 1)).await;
    writes(store, epoch).await;
}

/// The operator's door has no fence, in servers of the feed and in others.
pub async fn the_operator_writes_whoever_leads(store: &Store) {
    store.given(complete(1), vec![member(2)]).await;
    let epoch = store.lead().await;
    let feed = store.in_epoch(epoch);
    feed.given_at(1, complete(2), vec![member(2)]).await;
    for second in [2, 3] {
        for number in [1, 2] {
            let join = Change::MemberJoined(member(8));
            store.change(number, second, join).await;
            let present = vec![PresenceChange {
                server: server(number),
                user: user(8),
                presence: Presence::Idle,
                received_at: at(second),
            }];
            let applied = store.ingest.apply_presences(present).await;
            assert_eq!(applied.unwrap(), 1);
            assert_eq!(store.counts_of(number).await, [Some(2), Some(0), Some(1)]);
            store.given(complete(number), vec![member(2)]).await;
        }
        store.feed.resign(epoch).await.unwrap();
    }
}

/// What a new leader reads first is what the former one has written, and stays so, however much that one has under way.
pub async fn nothing_is_written_once_another_epoch_has_begun(store: &Store) {
    let numbers = 1..=4_u64;
    for _ in 0..8 {
        let former = store.in_epoch(store.lead().await);
        let mut writers = JoinSet::new();
        for number in numbers.clone() {
            former.given(complete(number), vec![member(2)]).await;
            let former = former.clone();
            writers.spawn(async move { writes_until_deposed(&former, number).await });
        }
        tokio::task::yield_now().await;
        store.lead().await;
        let mut read = Vec::new();
        for number in numbers.clone() {
            read.push(store.whole(number).await);
        }
        writers.join_all().await;
        for (number, read) in numbers.clone().zip(read) {
            assert_eq!(store.whole(number).await, read);
        }
    }
}

/// Snapshots and events in turn, each of which can be read afterwards.
async fn writes_until_deposed(feed: &Store, number: u64) {
    for second in 1.. {
        let ingest = &feed.ingest;
        let members = Box::new(vec![member(2)].into_iter());
        let snapshot = ingest.apply_snapshot(complete(number), members, at(second));
        if let Err(error) = snapshot.await {
            assert!(matches!(error, IngestError::Deposed), "{error:?}");
            return;
        }
        let event = Event {
            server: server(number),
            change: Change::MemberJoined(shown_as(Presence::Online, member(3))),
        };
        if let Err(error) = ingest.apply(event, at(second)).await {
            assert!(matches!(error, IngestError::Deposed), "{error:?}");
            return;
        }
    }
}

/// The next epoch waits for it, or it comes too late: whoever leads then sees all of it or nothing.
pub async fn a_snapshot_under_way_is_whole_before_the_next_epoch_or_not_at_all(store: &Store) {
    for round in 1..=5 {
        let former = store.in_epoch(store.lead().await);
        former.given_at(round, complete(1), vec![member(2)]).await;
        let (begun, under_way) = oneshot::channel();
        let (go_on, signal) = mpsc::channel();
        let source = Box::new(Halting {
            begun: Some(begun),
            go_on: signal,
            left: 4,
        });
        let applying = tokio::spawn(async move {
            let snapshot = former.ingest.apply_snapshot(complete(1), source, at(round));
            snapshot.await
        });
        under_way.await.unwrap();
        let next = store.clone();
        let (trying, tries) = oneshot::channel();
        let taking = tokio::spawn(async move {
            trying.send(()).unwrap();
            next.lead().await;
            next.listed(1).await.len()
        });
        tries.await.unwrap();
        go_on.send(()).unwrap();
        let written = applying.await.unwrap();
        let first_read = taking.await.unwrap();
        match written {
            Ok(()) => assert_eq!(first_read, 100),
            Err(IngestError::Deposed) => assert_eq!(first_read, 1),
            Err(error) => panic!("{error:?}"),
        }
        assert_eq!(store.listed(1).await.len(), first_read);
    }
}

/// Four parts of 25 members, before the second of which it says so and waits.
struct Halting {
    begun: Option<oneshot::Sender<()>>,
    go_on: mpsc::Receiver<()>,
    left: u64,
}

impl MemberSource for Halting {
    fn next_part(&mut self) -> Result<Option<Vec<ListedMember>>, SourceError> {
        if self.left == 0 {
            return Ok(None);
        }
        if self.left == 3
            && let Some(begun) = self.begun.take()
        {
            begun.send(()).unwrap();
            self.go_on.recv().unwrap();
        }
        self.left -= 1;
        let first = 25 * self.left + 1;
        Ok(Some((first..first + 25).map(member).collect()))
    }
}

/// What it refuses and how it counts. What it stores is held against a plain list with the counts.
pub async fn the_feeds_door_is_as_the_operators(store: &Store) {
    let feed = store.led().await;
    a_source_that_fails_changes_nothing(&feed).await;
    a_user_listed_twice_changes_nothing(&feed).await;
    a_chunk_with_a_user_twice_changes_nothing(&feed).await;
    the_time_is_that_of_the_newest_counted_change(&feed).await;
}
