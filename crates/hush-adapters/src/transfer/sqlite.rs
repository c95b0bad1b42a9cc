//! An SQLite file on either side of a copy.

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
        sqlx::query_as(page(table))
            .bind(after.0)
            .bind(after.1)
            .bind(PAGE)
            .fetch_all(&mut self.connection)
            .await
    }
}

fn page(table: Table) -> &'static str {
    match table {
        Table::Servers => {
            "SELECT id, 0, json_array(
                 id, name, owner_id, member_count, generation, presences_known, listed, bots, online,
                 as_of
             )
             FROM servers WHERE id > ?1 ORDER BY id LIMIT ?3"
        }
        Table::Roles => {
            "SELECT server_id, id, json_array(server_id, id, name, position, permissions)
             FROM roles WHERE (server_id, id) > (?1, ?2) ORDER BY server_id, id LIMIT ?3"
        }
        Table::Members => {
            "SELECT server_id, user_id, json_array(
                 server_id, user_id, name, discriminator, bot, json(role_ids), presence, generation
             )
             FROM members WHERE (server_id, user_id) > (?1, ?2)
             ORDER BY server_id, user_id LIMIT ?3"
        }
        Table::Tokens => {
            "SELECT id, 0, json_array(
                 id, hex(digest), user_id, name, hint,
                 (SELECT json_group_array(server_id ORDER BY server_id)
                  FROM token_servers WHERE token_id = tokens.id),
                 json(scopes), created_at, expires_at, revoked_at
             )
             FROM tokens WHERE id > ?1 ORDER BY id LIMIT ?3"
        }
        Table::Admissions => {
            "SELECT id, 0, json_array(kind, key, json_array(at))
             FROM admissions WHERE id > ?1 ORDER BY id LIMIT ?3"
        }
    }
}

#[async_trait]
impl Target for SqliteTarget {
    async fn is_empty(&mut self) -> Result<bool, sqlx::Error> {
        sqlx::query_scalar(
            "SELECT NOT (EXISTS (SELECT 1 FROM servers) OR EXISTS (SELECT 1 FROM roles)
                 OR EXISTS (SELECT 1 FROM members) OR EXISTS (SELECT 1 FROM tokens)
                 OR EXISTS (SELECT 1 FROM token_servers) OR EXISTS (SELECT 1 FROM admissions))",
        )
        .fetch_one(&mut self.connection)
        .await
    }

    async fn put(&mut self, table: Table, rows: String) -> Result<u64, sqlx::Error> {
        let put = sqlx::query(put(table)).bind(&rows);
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

/// The counts of a server are not put: triggers keep them as its members come.
fn put(table: Table) -> &'static str {
    match table {
        Table::Servers => {
            "INSERT INTO servers
                 (id, name, owner_id, member_count, generation, presences_known, as_of)
             SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5,
                    value ->> 9
             FROM json_each(?1)"
        }
        Table::Roles => {
            "INSERT INTO roles (server_id, id, name, position, permissions)
             SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4
             FROM json_each(?1)"
        }
        Table::Members => {
            "INSERT INTO members
                 (server_id, user_id, name, discriminator, bot, role_ids, presence, generation)
             SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value -> 5,
                    value ->> 6, value ->> 7
             FROM json_each(?1)"
        }
        Table::Tokens => {
            "INSERT INTO tokens
                 (id, digest, user_id, name, hint, scopes, created_at, expires_at, revoked_at)
             SELECT value ->> 0, unhex(value ->> 1), value ->> 2, value ->> 3, value ->> 4,
                    value -> 6, value ->> 7, value ->> 8, value ->> 9
             FROM json_each(?1)"
        }
        Table::Admissions => {
            "INSERT INTO copied_admissions (kind, key, at)
             SELECT rows.value ->> 0, rows.value ->> 1, times.value
             FROM json_each(?1) AS rows, json_each(rows.value, '$[2]') AS times"
        }
    }
}
