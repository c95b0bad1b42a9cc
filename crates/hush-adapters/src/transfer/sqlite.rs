//! An SQLite file on either side of a copy.

mod tables;

use std::path::Path;

use async_trait::async_trait;
use sqlx::{ConnectOptions, Connection, SqliteConnection};

use super::rows::{Key, PAGE, Row, Source, Table, Target};
use crate::sqlite::{Serving, options};

/// A transaction that reads one state.
pub(super) struct SqliteSource {
    connection: SqliteConnection,
    _serving: Serving,
}

/// A transaction that alone may write.
pub(super) struct SqliteTarget {
    connection: SqliteConnection,
    _serving: Serving,
}

/// Begins to read from a file that nobody serves.
pub(super) async fn source(file: &Path, serving: Serving) -> Result<SqliteSource, sqlx::Error> {
    let mut connection = options(file).pragma("query_only", "ON").connect().await?;
    sqlx::raw_sql("BEGIN").execute(&mut connection).await?;
    Ok(SqliteSource {
        connection,
        _serving: serving,
    })
}

/// Begins to write to a file that nobody serves.
pub(super) async fn target(file: &Path, serving: Serving) -> Result<SqliteTarget, sqlx::Error> {
    let mut connection = options(file).connect().await?;
    sqlx::raw_sql(
        "BEGIN IMMEDIATE;
         CREATE TEMPORARY TABLE copied_admissions (
             kind INTEGER NOT NULL,
             key  INTEGER NOT NULL,
             at   INTEGER NOT NULL
         ) STRICT",
    )
    .execute(&mut connection)
    .await?;
    Ok(SqliteTarget {
        connection,
        _serving: serving,
    })
}

#[async_trait]
impl Source for SqliteSource {
    async fn page(&mut self, table: Table, after: Key) -> Result<Vec<Row>, sqlx::Error> {
        sqlx::query_as(tables::of(table).page)
            .bind(after.0)
            .bind(after.1)
            .bind(PAGE)
            .fetch_all(&mut self.connection)
            .await
    }
}

#[async_trait]
impl Target for SqliteTarget {
    async fn is_empty(&mut self) -> Result<bool, sqlx::Error> {
        sqlx::query_scalar(
            "SELECT NOT (EXISTS (SELECT 1 FROM servers) OR EXISTS (SELECT 1 FROM roles)
                 OR EXISTS (SELECT 1 FROM channels) OR EXISTS (SELECT 1 FROM hourly_samples)
                 OR EXISTS (SELECT 1 FROM members) OR EXISTS (SELECT 1 FROM tokens)
                 OR EXISTS (SELECT 1 FROM token_servers)
                 OR EXISTS (SELECT 1 FROM former_secrets)
                 OR EXISTS (SELECT 1 FROM idempotency_records)
                 OR EXISTS (SELECT 1 FROM token_usage)
                 OR EXISTS (SELECT 1 FROM server_settings)
                 OR EXISTS (SELECT 1 FROM departed_servers)
                 OR EXISTS (SELECT 1 FROM audit_rows)
                 OR EXISTS (SELECT 1 FROM audit_reasons)
                 OR EXISTS (SELECT 1 FROM audit_heads)
                 OR EXISTS (SELECT 1 FROM admissions)
                 OR EXISTS (SELECT 1 FROM feed_sessions WHERE session_id IS NOT NULL))",
        )
        .fetch_one(&mut self.connection)
        .await
    }

    async fn put(&mut self, table: Table, rows: String) -> Result<u64, sqlx::Error> {
        let put = sqlx::query(tables::of(table).put).bind(&rows);
        let taken = put.execute(&mut self.connection).await?.rows_affected();
        if table == Table::Tokens {
            sqlx::query(
                "INSERT INTO token_servers (token_id, server_id)
                 SELECT rows.value ->> 0, servers.value
                 FROM json_each(?1) AS rows, json_each(rows.value, '$[5]') AS servers",
            )
            .bind(&rows)
            .execute(&mut self.connection)
            .await?;
        }
        Ok(taken)
    }

    async fn commit(mut self: Box<Self>) -> Result<(), sqlx::Error> {
        // In the order of their times, as the limiter sweeps them.
        sqlx::raw_sql(
            "INSERT INTO admissions (kind, key, at)
             SELECT kind, key, at FROM copied_admissions ORDER BY at, rowid;
             COMMIT",
        )
        .execute(&mut self.connection)
        .await?;
        // The last to leave brings what is in the log beside the file into the file itself.
        self.connection.close().await
    }
}
