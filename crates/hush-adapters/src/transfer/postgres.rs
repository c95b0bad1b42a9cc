//! PostgreSQL on either side of a copy. The queries are no macros: what the macros know is checked for what serves.

mod tables;

use async_trait::async_trait;
use sqlx::{ConnectOptions, PgConnection};

use super::rows::{Key, PAGE, Row, Source, Table, Target};
use crate::postgres::DatabaseUrl;

/// A transaction that reads one state.
pub(super) struct PostgresSource(PgConnection);

/// A transaction that alone may write.
pub(super) struct PostgresTarget(PgConnection);

/// Begins to read. What others write from now on is not seen.
pub(super) async fn source(url: &DatabaseUrl) -> Result<PostgresSource, sqlx::Error> {
    let begin = "BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY";
    Ok(PostgresSource(begun(url, begin).await?))
}

/// Begins to write, once those who write already are done.
pub(super) async fn target(url: &DatabaseUrl) -> Result<PostgresTarget, sqlx::Error> {
    let mut connection = begun(url, "BEGIN").await?;
    sqlx::raw_sql(
        "LOCK TABLE servers, roles, channels, members, tokens, former_secrets, idempotency_records,
             token_usage, hourly_samples, server_settings, departed_servers, audit_rows, audit_reasons,
             audit_heads, rate_limit_buckets, feed_sessions
         IN SHARE ROW EXCLUSIVE MODE;
         CREATE TEMPORARY TABLE copied_admissions (
             kind smallint NOT NULL,
             key  bigint NOT NULL,
             at   bigint NOT NULL
         ) ON COMMIT DROP",
    )
    .execute(&mut connection)
    .await?;
    Ok(PostgresTarget(connection))
}

/// A connection in a transaction that may take its time, also to wait for the other side. It ends with the connection.
async fn begun(url: &DatabaseUrl, begin: &'static str) -> Result<PgConnection, sqlx::Error> {
    let mut connection = url.options().connect().await?;
    sqlx::raw_sql(begin).execute(&mut connection).await?;
    sqlx::raw_sql(
        "SET LOCAL statement_timeout = 0;
         SET LOCAL lock_timeout = 0;
         SET LOCAL idle_in_transaction_session_timeout = 0",
    )
    .execute(&mut connection)
    .await?;
    Ok(connection)
}

#[async_trait]
impl Source for PostgresSource {
    async fn page(&mut self, table: Table, after: Key) -> Result<Vec<Row>, sqlx::Error> {
        sqlx::query_as(tables::of(table).page)
            .bind(after.0)
            .bind(after.1)
            .bind(PAGE)
            .fetch_all(&mut self.0)
            .await
    }
}

#[async_trait]
impl Target for PostgresTarget {
    async fn is_empty(&mut self) -> Result<bool, sqlx::Error> {
        sqlx::query_scalar(
            "SELECT NOT (EXISTS (SELECT FROM servers) OR EXISTS (SELECT FROM roles)
                 OR EXISTS (SELECT FROM channels)
                 OR EXISTS (SELECT FROM members) OR EXISTS (SELECT FROM tokens)
                 OR EXISTS (SELECT FROM former_secrets)
                 OR EXISTS (SELECT FROM idempotency_records)
                 OR EXISTS (SELECT FROM token_usage)
                 OR EXISTS (SELECT FROM hourly_samples)
                 OR EXISTS (SELECT FROM server_settings)
                 OR EXISTS (SELECT FROM departed_servers)
                 OR EXISTS (SELECT FROM audit_rows)
                 OR EXISTS (SELECT FROM audit_reasons)
                 OR EXISTS (SELECT FROM audit_heads)
                 OR EXISTS (SELECT FROM rate_limit_buckets)
                 OR EXISTS (SELECT FROM feed_sessions WHERE session_id IS NOT NULL))",
        )
        .fetch_one(&mut self.0)
        .await
    }

    async fn put(&mut self, table: Table, rows: String) -> Result<u64, sqlx::Error> {
        let put = sqlx::query(tables::of(table).put).bind(rows);
        Ok(put.execute(&mut self.0).await?.rows_affected())
    }

    async fn commit(mut self: Box<Self>) -> Result<(), sqlx::Error> {
        // A ring holds no more than the most that a limit can ask about.
        sqlx::raw_sql(
            "INSERT INTO rate_limit_buckets (kind, key, times, last)
             SELECT kind, key, (array_agg(at ORDER BY at))[greatest(count(*)::integer - 9999, 1):],
                    max(at)
             FROM copied_admissions
             GROUP BY kind, key;
             COMMIT",
        )
        .execute(&mut self.0)
        .await?;
        Ok(())
    }
}
