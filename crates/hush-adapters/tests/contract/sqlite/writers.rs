//! Several who write, in one process and in several: here two stores over one file, which know nothing of each other.

use std::sync::Arc;

use hush_domain::events::{Change, Event, Extent, ListedMember, Snapshot};
use hush_domain::idempotency::RequestKey;
use hush_domain::ids::{ServerId, TokenId, UserId};
use hush_domain::time::Timestamp;
use hush_domain::tokens::Token;
use hush_domain::users::{User, Username};
use hush_ports::{Counts, Feed, Idempotency, Ingest, IngestError, Outcome, StatsReader, Tokens};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions, Connection};
use tokio::task::JoinSet;

use super::TestFile;
use super::erasing::{act, filled, lead, token};

fn at(second: i64) -> Timestamp {
    Timestamp::from_unix_micros(second * 1_000_000).unwrap()
}

fn server() -> ServerId {
    ServerId::try_from(7_u64).unwrap()
}

fn snapshot() -> Snapshot {
    Snapshot {
        server: server(),
        name: "seven".parse().unwrap(),
        owner: UserId::try_from(1_u64).unwrap(),
        roles: Vec::new(),
        channels: vec![],
        extent: Extent::Complete,
        presences_known: true,
    }
}

fn joined(id: u64) -> Event {
    let user = User {
        id: UserId::try_from(id).unwrap(),
        username: Username::new("somebody", None).unwrap(),
        bot: id.is_multiple_of(5),
    };
    let member = ListedMember {
        user,
        roles: Vec::new(),
        presence: None,
    };
    Event {
        server: server(),
        change: Change::MemberJoined(member),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_who_write_at_once_lose_nothing() {
    let file = TestFile::new().await;
    let stores = [Arc::new(file.open().await), Arc::new(file.open().await)];
    let nobody = Vec::new().into_iter();
    stores[0]
        .apply_snapshot(snapshot(), Box::new(nobody), at(1))
        .await
        .unwrap();
    let mut writing = JoinSet::new();
    for (offset, store) in (1..).zip(&stores) {
        for step in 0..4 {
            let store = store.clone();
            writing.spawn(async move {
                for number in 0..25 {
                    let id = offset + 2 * (step * 25 + number);
                    store.apply(joined(id), at(2)).await.unwrap();
                }
            });
        }
    }
    writing.join_all().await;
    let stats = stores[1].server_stats(server()).await.unwrap().unwrap();
    assert_eq!((stats.members, stats.bots), (Some(200), Some(40)));
    assert_eq!(stores[0].recount(false).await.unwrap(), []);
}

#[tokio::test]
async fn who_waits_too_long_for_the_file_is_told_to_come_again_and_readers_do_not_wait() {
    let file = TestFile::new().await;
    let store = file.open().await;
    let nobody = || Box::new(Vec::new().into_iter());
    store
        .apply_snapshot(snapshot(), nobody(), at(1))
        .await
        .unwrap();
    let options = SqliteConnectOptions::new().filename(file.path());
    let mut other = options.connect().await.unwrap();
    let held = other.begin_with("BEGIN IMMEDIATE").await.unwrap();
    let applied = store.apply(joined(5), at(2)).await;
    let Err(IngestError::Backend(error)) = applied else {
        unreachable!("written under another's lock: {applied:?}");
    };
    assert!(error.is_transient(), "{error}");
    assert!(store.server_stats(server()).await.unwrap().is_some());
    held.rollback().await.unwrap();
    store.apply(joined(5), at(2)).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_several_processes_are_asked_for_under_one_key_is_done_once() {
    let file = filled().await;
    let request = || Idempotency {
        key: RequestKey {
            token: TokenId::try_from(9_u64).unwrap(),
            route: "POST /v1/tokens".into(),
            key: "once".parse().unwrap(),
        },
        fingerprint: [1; 32],
        answer: Arc::new(|token: &Token| token.id.to_string().into_bytes()),
    };
    let mut asking = JoinSet::new();
    for id in 10..18 {
        let store = file.open().await;
        let request = request();
        asking.spawn(async move {
            let new = token(id, "once");
            store
                .create(new, None, &act(), Some(request))
                .await
                .unwrap()
        });
    }
    let outcomes = asking.join_all().await;
    let done = outcomes.iter().filter_map(|outcome| match outcome {
        Outcome::Done(token) => Some(token.id.to_string()),
        Outcome::Replayed(_) => None,
    });
    let [done] = &done.collect::<Vec<_>>()[..] else {
        unreachable!("it is done once: {outcomes:?}");
    };
    for outcome in &outcomes {
        if let Outcome::Replayed(answer) = outcome {
            assert_eq!(answer, done.as_bytes());
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_waited_for_the_file_until_another_led_writes_nothing() {
    let file = filled().await;
    let store = file.open().await;
    let ingest = store.ingest(lead(&store).await);
    let before = store.server_stats(server()).await.unwrap();
    let options = SqliteConnectOptions::new().filename(file.path());
    let mut other = options.connect().await.unwrap();
    let mut held = other.begin_with("BEGIN IMMEDIATE").await.unwrap();
    let waiting = tokio::spawn(async move { ingest.apply(joined(6), at(9)).await });
    sqlx::query("UPDATE feed_lease SET epoch = epoch + 1")
        .execute(&mut *held)
        .await
        .unwrap();
    held.commit().await.unwrap();
    let applied = waiting.await.unwrap();
    assert!(matches!(applied, Err(IngestError::Deposed)), "{applied:?}");
    assert_eq!(store.server_stats(server()).await.unwrap(), before);
}

#[tokio::test]
async fn who_leads_is_known_to_whoever_opens_the_file_next() {
    let file = filled().await;
    let first = file.open().await;
    let epoch = lead(&first).await;
    let seen = first.lease().await.unwrap();
    first.close().await;
    let second = file.open().await;
    assert_eq!(second.lease().await.unwrap(), seen);
    assert!(second.keep(epoch).await.unwrap());
    assert_eq!(Feed::take(&second, seen).await.unwrap(), None);
    assert!(lead(&second).await > epoch);
}
