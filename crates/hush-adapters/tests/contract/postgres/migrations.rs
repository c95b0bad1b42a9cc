//! The schema and those who find it.

use std::num::NonZeroU32;

use hush_adapters::postgres::{ConnectError, DatabaseUrl, Postgres, Settings};
use hush_domain::audit::chain::Keyring;
use hush_ports::{Health, Limiter};
use sqlx::{AssertSqlSafe, Executor};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use super::database::TestDatabase;
use super::examples::{bucket, per_minute};

/// Many processes that start at once on a fresh database, whose administrator lets nobody wait long for a lock:
/// one migrates, all serve.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn any_number_of_processes_may_migrate_at_once() {
    let database = TestDatabase::create_empty().await;
    let name = database.name();
    let impatient = format!(r#"ALTER DATABASE "{name}" SET lock_timeout = '1ms'"#);
    database
        .connection()
        .await
        .execute(AssertSqlSafe(impatient))
        .await
        .unwrap();
    let mut processes = JoinSet::new();
    for _ in 0..8 {
        let url = database.url();
        processes.spawn(async move { Postgres::migrate(&url).await });
    }
    for migrated in processes.join_all().await {
        migrated.unwrap();
    }
    database.connect().await.ping().await.unwrap();
}

/// A second time there is nothing to do, not even for a role that may change nothing.
#[tokio::test]
async fn an_up_to_date_schema_is_left_alone() {
    let database = TestDatabase::create().await;
    let name = database.name();
    let frozen = format!(r#"ALTER DATABASE "{name}" SET default_transaction_read_only = on"#);
    database
        .connection()
        .await
        .execute(AssertSqlSafe(frozen))
        .await
        .unwrap();
    Postgres::migrate(&database.url()).await.unwrap();
}

/// Whoever is told not to migrate says what to do.
#[tokio::test]
async fn an_old_schema_names_its_cure() {
    let database = TestDatabase::create_empty().await;
    let error = connect(&database).await.unwrap_err();
    assert!(
        matches!(error, ConnectError::SchemaBehind { version: 1, .. }),
        "{error:?}"
    );
    assert!(
        error
            .to_string()
            .ends_with("lacks migration 1: run `hush-server migrate`"),
        "{error}"
    );
}

/// An older binary keeps running on a newer schema.
#[tokio::test]
async fn a_newer_schema_does_no_harm() {
    let database = TestDatabase::create().await;
    database
        .connection()
        .await
        .execute(
            "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time)
             VALUES (9999, 'from the future', true, '', 0)",
        )
        .await
        .unwrap();
    Postgres::migrate(&database.url()).await.unwrap();
    connect(&database).await.unwrap().ping().await.unwrap();
}

/// So it does where a newer binary's migrations were applied and one of its own was not: both may start at once.
#[tokio::test]
async fn what_is_missing_is_applied_beside_what_is_unknown() {
    let database = TestDatabase::create().await;
    database
        .connection()
        .await
        .execute(
            "UPDATE _sqlx_migrations SET version = 9999 WHERE version = 3;
             DROP TABLE rate_limit_buckets;
             DROP FUNCTION take_from_rate_limit_bucket",
        )
        .await
        .unwrap();
    Postgres::migrate(&database.url()).await.unwrap();
    let postgres = connect(&database).await.unwrap();
    assert!(
        postgres
            .take(bucket(1), per_minute(1))
            .await
            .unwrap()
            .admitted
    );
}

/// Another binary's migration of the same number is not taken for this one's.
#[tokio::test]
async fn a_foreign_schema_is_refused() {
    let database = TestDatabase::create().await;
    let forged = "UPDATE _sqlx_migrations SET checksum = 'another' WHERE version = 2";
    database.connection().await.execute(forged).await.unwrap();
    for error in [
        Postgres::migrate(&database.url()).await.unwrap_err(),
        connect(&database).await.unwrap_err(),
    ] {
        assert!(
            matches!(error, ConnectError::ForeignSchema { version: 2, .. }),
            "{error:?}"
        );
    }
}

/// Whatever answers in place of the encryption that was asked for is named at once: waiting for a certificate to
/// become right is in vain.
#[tokio::test]
async fn what_breaks_tls_is_named_at_once() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        // The eight bytes that ask for TLS, a yes, and nothing of the kind.
        stream.read_exact(&mut [0; 8]).await.unwrap();
        stream.write_all(b"S and no TLS at all").await.unwrap();
        stream.read_to_end(&mut Vec::new()).await.unwrap();
    });
    let url = format!("postgres://hush:a-secret@{address}/hush?sslmode=require");
    let url: DatabaseUrl = url.parse().unwrap();
    let error = Postgres::migrate(&url).await.unwrap_err();
    assert!(matches!(error, ConnectError::Untrusted { .. }), "{error:?}");
    assert!(error.to_string().contains("sslrootcert"), "{error}");
}

/// A database that is not there is refused by name, and the password is not in the message.
#[tokio::test]
async fn a_wrong_address_is_refused_without_its_password() {
    let database = TestDatabase::create_empty().await;
    let url = database.url_of("hush_no_such_database", "a-secret");
    let error = Postgres::migrate(&url).await.unwrap_err();
    assert!(matches!(error, ConnectError::Refused { .. }), "{error:?}");
    assert!(
        error.to_string().contains("hush_no_such_database"),
        "{error}"
    );
    for text in [
        error.to_string(),
        format!("{error:?}"),
        format!("{url:?}"),
        url.to_string(),
    ] {
        assert!(!text.contains("a-secret"), "{text}");
    }
}

/// What is no address is refused without repeating it.
#[test]
fn what_is_no_address_is_refused() {
    for text in [
        "",
        "mysql://root:a-secret@localhost/x",
        "postgres://u:a-secret@:0x/y",
    ] {
        let error = text.parse::<DatabaseUrl>().unwrap_err().to_string();
        assert!(error.contains("expected postgres://"), "{error}");
        assert!(!error.contains("a-secret"), "{error}");
    }
}

async fn connect(database: &TestDatabase) -> Result<Postgres, ConnectError> {
    let settings = Settings {
        url: database.url(),
        max_connections: NonZeroU32::MIN,
        audit_keys: Keyring::default(),
    };
    Postgres::connect(&settings).await
}
