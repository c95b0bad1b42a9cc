//! What is in the tables, read without anything of Hush.

use std::path::Path;

use sqlx::postgres::PgConnection;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions, Connection, Row};

use crate::import::block_on;
use crate::support::Database;

/// What the tables hold, as SQLite and as PostgreSQL show it.
const TABLES: [(&str, &str); 7] = [
    (
        "SELECT id, name, owner_id, member_count, generation, presences_known, listed, bots, online, as_of
         FROM servers ORDER BY id",
        "SELECT id, name, owner_id, member_count, generation, presences_known::integer, listed, bots, online,
                (extract(epoch FROM as_of) * 1000000)::bigint
         FROM servers ORDER BY id",
    ),
    (
        "SELECT * FROM roles ORDER BY server_id, id",
        "SELECT * FROM roles ORDER BY server_id, id",
    ),
    (
        "SELECT server_id, user_id, name, discriminator, bot, role_ids, presence, generation
         FROM members ORDER BY server_id, user_id",
        "SELECT server_id, user_id, name, discriminator, bot::integer, array_to_json(role_ids), presence,
                generation
         FROM members ORDER BY server_id, user_id",
    ),
    (
        "SELECT id, lower(hex(digest)), user_id, name, hint, scopes, created_at, expires_at, revoked_at
         FROM tokens ORDER BY id",
        "SELECT id, encode(digest, 'hex'), user_id, name, hint, array_to_json(scopes),
                (extract(epoch FROM created_at) * 1000000)::bigint,
                (extract(epoch FROM expires_at) * 1000000)::bigint,
                (extract(epoch FROM revoked_at) * 1000000)::bigint
         FROM tokens ORDER BY id",
    ),
    (
        "SELECT token_id, server_id FROM token_servers ORDER BY token_id, server_id",
        "SELECT id, server_id FROM tokens, unnest(server_ids) AS server_id ORDER BY id, server_id",
    ),
    (
        "SELECT kind, key, at FROM admissions ORDER BY kind, key, at",
        "SELECT kind, key, at FROM rate_limit_buckets, unnest(times) AS at ORDER BY kind, key, at",
    ),
    // In the order in which the limiter reads and sweeps them, which in a bucket is the rings' own.
    (
        "SELECT kind, key, at FROM admissions ORDER BY kind, key, id",
        "SELECT kind, key, at FROM rate_limit_buckets, unnest(times) WITH ORDINALITY AS t (at, number)
         WHERE last = times[cardinality(times)] ORDER BY kind, key, number",
    ),
];

pub(super) type Rows = Vec<Vec<Option<String>>>;

/// What a statement finds in the file, everything as text.
pub(super) fn in_file(file: &Path, statement: &'static str) -> Rows {
    let options = SqliteConnectOptions::new().filename(file);
    block_on(async {
        let mut connection = options.connect().await.unwrap();
        let rows = sqlx::query(statement).fetch_all(&mut connection).await;
        connection.close().await.unwrap();
        let cell = |row: &sqlx::sqlite::SqliteRow, at| row.try_get_unchecked(at).unwrap();
        let cells = |row| (0..Row::len(&row)).map(|at| cell(&row, at)).collect();
        rows.unwrap().into_iter().map(cells).collect()
    })
}

/// What a statement finds in the database, everything as text.
pub(super) fn in_database(database: &Database, statement: &'static str) -> Rows {
    block_on(async {
        let mut connection = PgConnection::connect(&database.url()).await.unwrap();
        let rows = sqlx::raw_sql(statement).fetch_all(&mut connection).await;
        let cell = |row: &sqlx::postgres::PgRow, at| row.try_get_unchecked(at).unwrap();
        let cells = |row| (0..Row::len(&row)).map(|at| cell(&row, at)).collect();
        rows.unwrap().into_iter().map(cells).collect()
    })
}

/// Every table of the file.
pub(super) fn all_in_file(file: &Path) -> Vec<Rows> {
    let tables = TABLES.iter();
    tables.map(|(sqlite, _)| in_file(file, sqlite)).collect()
}

/// Every table of the database, shown as the file's are.
pub(super) fn all_in_database(database: &Database) -> Vec<Rows> {
    let tables = TABLES.iter();
    tables
        .map(|(_, postgres)| in_database(database, postgres))
        .collect()
}
