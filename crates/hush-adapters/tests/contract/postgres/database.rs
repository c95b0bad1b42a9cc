//! A fresh database for each test, on the PostgreSQL that `HUSH_TEST_DATABASE_URL` names.

use std::collections::BTreeMap;
use std::collections::hash_map::DefaultHasher;
use std::fs;
use std::hash::{Hash, Hasher};
use std::num::NonZeroU32;
use std::path::Path;
use std::thread;

use hush_adapters::postgres::{DatabaseUrl, Postgres, Settings};
use hush_ports::contract::keyring;
use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, Executor, PgConnection};

/// Names the lock under which one of many test processes makes the template.
const TEMPLATE_LOCK: i64 = 0x4875_7368;

/// What was read of each table.
pub(super) type Reads = BTreeMap<String, Read>;

/// What was read of a table.
#[derive(Debug, Clone, Copy)]
pub(super) struct Read {
    /// How often it was read from end to end.
    pub(super) scans: i64,
    /// How many rows were read by index.
    pub(super) rows: i64,
    /// How many pages of its indexes were looked at.
    pub(super) index_pages: i64,
}

/// A database that nobody else uses. It goes when this goes, also when the test fails.
pub(super) struct TestDatabase {
    server: PgConnectOptions,
    name: String,
}

impl TestDatabase {
    /// A migrated database with nothing in it.
    pub(super) async fn create() -> Self {
        let template = template().await;
        Self::copy_of(&template).await
    }

    /// A database that was never migrated.
    pub(super) async fn create_empty() -> Self {
        Self::copy_of("template1").await
    }

    /// The address, as an operator would write it.
    pub(super) fn url(&self) -> DatabaseUrl {
        url(&self.server, &self.name)
    }

    /// The address of another database of the same server, with this password.
    pub(super) fn url_of(&self, name: &str, password: &str) -> DatabaseUrl {
        url(&self.server.clone().password(password), name)
    }

    /// The database's name.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// A store with a pool of its own, as another process would have.
    pub(super) async fn connect(&self) -> Postgres {
        self.connect_with(4).await
    }

    /// A store with a pool of at most so many connections.
    pub(super) async fn connect_with(&self, max_connections: u32) -> Postgres {
        let settings = Settings {
            url: self.url(),
            max_connections: NonZeroU32::new(max_connections).unwrap(),
            audit_keys: keyring(),
        };
        Postgres::connect(&settings).await.unwrap()
    }

    /// A connection that goes around the store.
    pub(super) async fn connection(&self) -> PgConnection {
        self.server
            .clone()
            .database(&self.name)
            .connect()
            .await
            .unwrap()
    }

    /// Ends every connection to this database, and returns when they are gone.
    pub(super) async fn cut_connections(&self) {
        let all_gone: Option<bool> = sqlx::query_scalar(
            "SELECT bool_and(pg_terminate_backend(pid, 30000)) FROM pg_stat_activity
             WHERE datname = current_database() AND pid <> pg_backend_pid()",
        )
        .fetch_one(&mut self.connection().await)
        .await
        .unwrap();
        assert!(all_gone.is_none_or(|gone| gone));
    }

    /// What was read so far, as the connections have counted that are closed by now, which are all.
    pub(super) async fn reads(&self) -> Reads {
        self.cut_connections().await;
        let rows: Vec<(String, i64, i64, i64)> = sqlx::query_as(
            "SELECT relname::text, seq_scan, coalesce(idx_tup_fetch, 0), coalesce(idx_blks_hit + idx_blks_read, 0)
             FROM pg_stat_user_tables JOIN pg_statio_user_tables USING (relid, relname)",
        )
        .fetch_all(&mut self.connection().await)
        .await
        .unwrap();
        rows.into_iter()
            .map(|(table, scans, rows, index_pages)| {
                let read = Read {
                    scans,
                    rows,
                    index_pages,
                };
                (table, read)
            })
            .collect()
    }

    async fn copy_of(template: &str) -> Self {
        let server = server();
        let mut connection = server.connect().await.unwrap();
        let name: String = sqlx::query_scalar("SELECT 'hush_test_' || gen_random_uuid()")
            .fetch_one(&mut connection)
            .await
            .unwrap();
        run(
            &mut connection,
            format!(r#"CREATE DATABASE "{name}" TEMPLATE "{template}""#),
        )
        .await;
        connection.close().await.unwrap();
        Self { server, name }
    }
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        let (server, name) = (self.server.clone(), self.name.clone());
        // The test's own runtime may be the one that unwinds.
        let dropped = thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build();
            runtime.unwrap().block_on(async {
                let mut connection = server.connect().await.unwrap();
                run(
                    &mut connection,
                    format!(r#"DROP DATABASE "{name}" WITH (FORCE)"#),
                )
                .await;
            });
        });
        // A second panic would hide the first; a database that stays is the lesser evil.
        let _ = dropped.join();
    }
}

/// The name of a migrated database that every test copies, which is faster than to migrate for each. Each state of
/// the migrations has its own.
async fn template() -> String {
    let name = format!("hush_template_{:016x}", fingerprint());
    let building = format!("{name}_building");
    let server = server();
    let mut connection = server.connect().await.unwrap();
    sqlx::query("SELECT pg_advisory_lock($1)")
        .bind(TEMPLATE_LOCK)
        .execute(&mut connection)
        .await
        .unwrap();
    let made: bool =
        sqlx::query_scalar("SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)")
            .bind(&name)
            .fetch_one(&mut connection)
            .await
            .unwrap();
    if !made {
        run(
            &mut connection,
            format!(r#"DROP DATABASE IF EXISTS "{building}" WITH (FORCE)"#),
        )
        .await;
        run(&mut connection, format!(r#"CREATE DATABASE "{building}""#)).await;
        Postgres::migrate(&url(&server, &building)).await.unwrap();
        run(
            &mut connection,
            format!(r#"ALTER DATABASE "{building}" RENAME TO "{name}""#),
        )
        .await;
    }
    // The lock goes with the connection.
    connection.close().await.unwrap();
    name
}

#[expect(
    clippy::disallowed_methods,
    reason = "a test takes its database from the environment, where xtask puts it"
)]
fn server() -> PgConnectOptions {
    let url = std::env::var("HUSH_TEST_DATABASE_URL").unwrap_or_else(|_| {
        panic!(
            "HUSH_TEST_DATABASE_URL is not set: run `cargo xtask test`, or set it to the address of a \
             PostgreSQL that may be thrown away, with a user who may create databases"
        )
    });
    url.parse().unwrap()
}

fn url(server: &PgConnectOptions, database: &str) -> DatabaseUrl {
    let url = server.clone().database(database).to_url_lossy();
    url.as_str().parse().unwrap()
}

async fn run(connection: &mut PgConnection, sql: String) {
    connection.execute(AssertSqlSafe(sql)).await.unwrap();
}

fn fingerprint() -> u64 {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../migrations/postgres");
    let mut files: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    let mut hasher = DefaultHasher::new();
    for file in files {
        fs::read(file).unwrap().hash(&mut hasher);
    }
    hasher.finish()
}
