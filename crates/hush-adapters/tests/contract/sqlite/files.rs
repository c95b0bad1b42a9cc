//! Files that are not as they should be.

use hush_adapters::sqlite::{OpenError, Serving, Sqlite};
use hush_domain::ids::ServerId;
use hush_ports::Users;
use hush_ports::contract::keyring;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions, SqliteConnection};
use tokio::task::JoinSet;

use super::TestFile;

async fn raw(file: &TestFile) -> SqliteConnection {
    let options = SqliteConnectOptions::new().filename(file.path());
    options.create_if_missing(true).connect().await.unwrap()
}

async fn run(connection: &mut SqliteConnection, sql: &'static str) {
    sqlx::raw_sql(sql).execute(connection).await.unwrap();
}

#[tokio::test]
async fn what_is_no_database_is_refused_and_left_alone() {
    let file = TestFile::none();
    let text = "just some notes, a few pages long. ".repeat(100);
    std::fs::write(file.path(), &text).unwrap();
    for error in [
        Sqlite::migrate(&file.path()).await.unwrap_err(),
        Sqlite::open(&file.path(), keyring()).await.unwrap_err(),
    ] {
        assert!(matches!(error, OpenError::Foreign { .. }), "{error:?}");
        assert!(error.to_string().contains("hush.db"), "{error}");
    }
    assert_eq!(std::fs::read_to_string(file.path()).unwrap(), text);
}

#[tokio::test]
async fn another_programs_database_is_refused() {
    let file = TestFile::none();
    run(&mut raw(&file).await, "CREATE TABLE notes (text TEXT)").await;
    let error = Sqlite::migrate(&file.path()).await.unwrap_err();
    assert!(matches!(error, OpenError::Foreign { .. }), "{error:?}");
}

#[tokio::test]
async fn a_newer_version_is_refused() {
    let file = TestFile::new().await;
    let newer =
        "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time)
                 VALUES (9999, 'from the future', true, x'00', 0)";
    run(&mut raw(&file).await, newer).await;
    for error in [
        Sqlite::migrate(&file.path()).await.unwrap_err(),
        Sqlite::open(&file.path(), keyring()).await.unwrap_err(),
    ] {
        assert!(matches!(error, OpenError::Newer { .. }), "{error:?}");
    }
}

#[tokio::test]
async fn a_file_that_is_not_there_is_made_by_migrate_alone() {
    let file = TestFile::none();
    let error = Sqlite::open(&file.path(), keyring()).await.unwrap_err();
    assert!(matches!(error, OpenError::Unusable { .. }), "{error:?}");
    assert!(!file.path().exists());
    Sqlite::migrate(&file.path()).await.unwrap();
    Sqlite::migrate(&file.path()).await.unwrap();
    file.open().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn any_number_of_processes_may_migrate_at_once() {
    let file = TestFile::none();
    let mut all = JoinSet::new();
    for _ in 0..8 {
        let path = file.path();
        all.spawn(async move {
            Sqlite::migrate(&path).await.unwrap();
            Sqlite::open(&path, keyring()).await.unwrap();
        });
    }
    all.join_all().await;
}

#[tokio::test]
async fn one_process_serves() {
    let file = TestFile::new().await;
    let first = Serving::from(&file.path()).unwrap();
    let error = Serving::from(&file.path()).unwrap_err();
    assert!(matches!(error, OpenError::Served { .. }), "{error:?}");
    drop(first);
    Serving::from(&file.path()).unwrap();
}

#[tokio::test]
async fn nobody_changes_the_schema_under_a_process_that_serves() {
    let file = TestFile::new().await;
    let older = "DROP TABLE admissions; DELETE FROM _sqlx_migrations WHERE version = 3";
    run(&mut raw(&file).await, older).await;
    let serving = Serving::from(&file.path()).unwrap();
    let error = Sqlite::migrate(&file.path()).await.unwrap_err();
    assert!(matches!(error, OpenError::Served { .. }), "{error:?}");
    let error = Sqlite::open(&file.path(), keyring()).await.unwrap_err();
    assert!(
        matches!(error, OpenError::Behind { version: 3, .. }),
        "{error:?}"
    );
    serving.migrate().await.unwrap();
    // Nothing is left to do, so nobody is disturbed.
    Sqlite::migrate(&file.path()).await.unwrap();
    file.open().await;
}

#[tokio::test]
async fn a_broken_row_fails_who_asks_for_it_and_nobody_else() {
    let file = TestFile::new().await;
    let filled =
        "INSERT INTO servers (id, name, owner_id, presences_known, as_of) VALUES (1, 's', 1, 1, 0);
                  INSERT INTO members (server_id, user_id, name, bot, role_ids, presence)
                  SELECT 1, value, 'm', 0, iif(value = 7, 'no JSON', '[]'), 0
                  FROM json_each('[1,2,3,4,5,6,7,8,9]')";
    run(&mut raw(&file).await, filled).await;
    let store = file.open().await;
    let server = ServerId::try_from(1_u64).unwrap();
    let mut asking = JoinSet::new();
    for id in 1..=9_u64 {
        let store = store.clone();
        // On one thread, so that all of them ask before one is answered.
        asking.spawn(async move { (id, store.get(server, id.try_into().unwrap()).await) });
    }
    for (id, answer) in asking.join_all().await {
        assert_eq!(answer.is_err(), id == 7, "{id}: {answer:?}");
    }
}
