//! A fresh database of PostgreSQL for each test.

use std::sync::atomic::{AtomicU32, Ordering};

use sqlx::postgres::PgConnection;
use sqlx::{AssertSqlSafe, Connection};

/// A database that is dropped with this.
pub(crate) struct Database {
    name: String,
}

impl Database {
    pub(crate) fn new() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("hush_server_{}_{number}", std::process::id());
        execute(&cluster(), &format!("CREATE DATABASE {name}"));
        Self { name }
    }

    /// The address of the database.
    pub(crate) fn url(&self) -> String {
        let cluster = cluster();
        let (before, parameters) = cluster.split_once('?').unwrap_or((&cluster, ""));
        let server = before.rsplit_once('/').unwrap().0;
        format!("{server}/{}?{parameters}", self.name)
    }

    /// The host and port of the cluster.
    pub(crate) fn host(&self) -> String {
        let url = self.url();
        let after = url.split_once("://").unwrap().1;
        let authority = after.split_once('/').unwrap().0;
        authority
            .rsplit_once('@')
            .map_or(authority, |(_, host)| host)
            .to_owned()
    }

    /// Whether somebody waits for a lock in it.
    pub(crate) fn is_waiting_for_a_lock(&self) -> bool {
        let waiting = "SELECT EXISTS (SELECT FROM pg_stat_activity \
                       WHERE datname = current_database() AND wait_event_type = 'Lock')";
        crate::import::block_on(async {
            let mut connection = PgConnection::connect(&self.url()).await.unwrap();
            sqlx::query_scalar(waiting)
                .fetch_one(&mut connection)
                .await
                .unwrap()
        })
    }

    /// Carries out a statement.
    pub(crate) fn execute(&self, statement: &str) {
        execute(&self.url(), statement);
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        execute(
            &cluster(),
            &format!("DROP DATABASE {} WITH (FORCE)", self.name),
        );
    }
}

fn cluster() -> String {
    #[expect(
        clippy::disallowed_methods,
        reason = "the tests' own setting, not the service's"
    )]
    let url = std::env::var("HUSH_TEST_DATABASE_URL");
    url.unwrap_or_else(|_| {
        panic!("a PostgreSQL is needed: run `cargo xtask test`, or set HUSH_TEST_DATABASE_URL")
    })
}

fn execute(url: &str, statement: &str) {
    crate::import::block_on(async {
        let mut connection = PgConnection::connect(url).await.unwrap();
        sqlx::raw_sql(AssertSqlSafe(statement))
            .execute(&mut connection)
            .await
            .unwrap();
    });
}
