//! What goes wrong in the database and may pass is said to be transient, and soon enough.

use hush_domain::events::{Change, Event};
use hush_ports::{CreateTokenError, Health, Ingest, Limiter, StatsReader, Tokens};
use sqlx::{Connection, Executor};
use tokio::task::JoinSet;

use super::database::TestDatabase;
use super::examples::{at, bucket, create, member, per_minute, server, store, token, user};

/// A request gives up on a lock that somebody else holds. Ingest does not: it waits until it can go on.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_request_waits_briefly_for_a_lock_and_ingest_as_long_as_it_takes() {
    let database = TestDatabase::create().await;
    let postgres = database.connect().await;
    store(&postgres, 5, vec![member(1, "one"), member(2, "two")]).await;

    let mut around = database.connection().await;
    let mut holding = around.begin().await.unwrap();
    holding
        .execute("SELECT FROM servers WHERE id = 5 FOR UPDATE")
        .await
        .unwrap();
    let ingest = postgres.clone();
    let change = Change::MemberLeft(user(2));
    let event = Event {
        server: server(5),
        change,
    };
    let leaving = tokio::spawn(async move { ingest.apply(event, at(2)).await });
    // It takes as long as a request waits for a lock, which is longer than ingest needs if nobody is in its way.
    let refused = create(&postgres, token(5)).await.unwrap_err();
    assert!(
        matches!(&refused, CreateTokenError::Backend(error) if error.is_transient()),
        "{refused:?}"
    );
    assert!(!leaving.is_finished());
    holding.rollback().await.unwrap();

    leaving.await.unwrap().unwrap();
    create(&postgres, token(5)).await.unwrap();
    let stats = postgres.server_stats(server(5)).await.unwrap().unwrap();
    assert_eq!(stats.members, Some(1));
}

/// A statement that takes too long is given up by PostgreSQL itself.
#[tokio::test]
async fn a_statement_that_takes_too_long_is_transient() {
    let database = TestDatabase::create().await;
    let postgres = database.connect().await;
    store(&postgres, 5, Vec::new()).await;
    database
        .connection()
        .await
        .execute(SLOW_SERVERS)
        .await
        .unwrap();
    let error = postgres.server_stats(server(5)).await.unwrap_err();
    assert!(error.is_transient(), "{error}");
    assert!(error.to_string().contains("statement timeout"), "{error}");
}

/// Who finds every connection taken is told to come again.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pool_that_is_used_up_is_transient() {
    let database = TestDatabase::create().await;
    let postgres = database.connect().await;
    store(&postgres, 5, Vec::new()).await;
    database
        .connection()
        .await
        .execute(SLOW_SERVERS)
        .await
        .unwrap();
    let mut requests = JoinSet::new();
    for _ in 0..=postgres.pool_status().max {
        let postgres = postgres.clone();
        requests.spawn(async move { postgres.server_stats(server(5)).await.unwrap_err() });
    }
    let first = requests.join_next().await.unwrap().unwrap();
    assert!(first.is_transient(), "{first}");
    assert!(first.to_string().contains("pool timed out"), "{first}");
}

/// What no repetition cures is permanent.
#[tokio::test]
async fn a_broken_store_is_permanent() {
    let database = TestDatabase::create().await;
    let postgres = database.connect().await;
    store(&postgres, 5, vec![member(1, "one")]).await;
    let mut around = database.connection().await;

    around
        .execute("UPDATE servers SET name = repeat('x', 101)")
        .await
        .unwrap();
    let error = postgres.memberships(&token(5).token).await.unwrap_err();
    assert!(!error.is_transient(), "{error}");
    assert!(
        error.to_string().contains("stored server name is invalid"),
        "{error}"
    );

    around
        .execute("DROP TABLE rate_limit_buckets")
        .await
        .unwrap();
    let error = postgres.take(bucket(5), per_minute(1)).await.unwrap_err();
    assert!(!error.is_transient(), "{error}");
    postgres.ping().await.unwrap();
}

/// Makes every look at a server take a minute.
const SLOW_SERVERS: &str = "
    ALTER TABLE servers RENAME TO quick_servers;
    CREATE VIEW servers AS SELECT quick_servers.* FROM quick_servers, pg_sleep(60)";
