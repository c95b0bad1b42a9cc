//! PostgreSQL on either side of a copy. The queries are no macros: what the macros know is checked for what serves.

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
        "LOCK TABLE servers, roles, members, tokens, rate_limit_buckets IN SHARE ROW EXCLUSIVE MODE;
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
        sqlx::query_as(page(table))
            .bind(after.0)
            .bind(after.1)
            .bind(PAGE)
            .fetch_all(&mut self.0)
            .await
    }
}

/// `extract` gives a decimal number, so that no time is rounded.
fn page(table: Table) -> &'static str {
    match table {
        Table::Servers => {
            "SELECT id, 0::bigint, json_build_array(
                 id, name, owner_id, member_count, generation, presences_known, listed, bots, online,
                 (extract(epoch FROM as_of) * 1000000)::bigint
             )::text
             FROM servers WHERE id > $1 AND $2 IS NOT NULL ORDER BY id LIMIT $3"
        }
        Table::Roles => {
            "SELECT server_id, id, json_build_array(server_id, id, name, position, permissions)::text
             FROM roles WHERE (server_id, id) > ($1, $2) ORDER BY server_id, id LIMIT $3"
        }
        Table::Members => {
            "SELECT server_id, user_id, json_build_array(
                 server_id, user_id, name, discriminator, bot, role_ids, presence, generation
             )::text
             FROM members WHERE (server_id, user_id) > ($1, $2)
             ORDER BY server_id, user_id LIMIT $3"
        }
        Table::Tokens => {
            "SELECT id, 0::bigint, json_build_array(
                 id, encode(digest, 'hex'), user_id, name, hint, server_ids, scopes,
                 (extract(epoch FROM created_at) * 1000000)::bigint,
                 (extract(epoch FROM expires_at) * 1000000)::bigint,
                 (extract(epoch FROM revoked_at) * 1000000)::bigint
             )::text
             FROM tokens WHERE id > $1 AND $2 IS NOT NULL ORDER BY id LIMIT $3"
        }
        // Each may hold thousands of times.
        Table::Admissions => {
            "SELECT kind::bigint, key, json_build_array(kind, key, times)::text
             FROM rate_limit_buckets WHERE (kind, key) > ($1, $2) ORDER BY kind, key LIMIT $3 / 20"
        }
    }
}

#[async_trait]
impl Target for PostgresTarget {
    async fn is_empty(&mut self) -> Result<bool, sqlx::Error> {
        sqlx::query_scalar(
            "SELECT NOT (EXISTS (SELECT FROM servers) OR EXISTS (SELECT FROM roles)
                 OR EXISTS (SELECT FROM members) OR EXISTS (SELECT FROM tokens)
                 OR EXISTS (SELECT FROM rate_limit_buckets))",
        )
        .fetch_one(&mut self.0)
        .await
    }

    async fn put(&mut self, table: Table, rows: String) -> Result<u64, sqlx::Error> {
        let put = sqlx::query(put(table)).bind(rows);
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

/// A number of microseconds is read as an interval without becoming a floating-point number on the way.
fn put(table: Table) -> &'static str {
    match table {
        Table::Servers => {
            "INSERT INTO servers
                 (id, name, owner_id, member_count, generation, presences_known, listed, bots, online,
                  as_of)
             SELECT (r ->> 0)::bigint, r ->> 1, (r ->> 2)::bigint, (r ->> 3)::bigint,
                    (r ->> 4)::bigint, (r ->> 5)::boolean, (r ->> 6)::bigint, (r ->> 7)::bigint,
                    (r ->> 8)::bigint,
                    timestamptz 'epoch' + ((r ->> 9) || ' microseconds')::interval
             FROM jsonb_array_elements($1::jsonb) AS rows (r)"
        }
        Table::Roles => {
            "INSERT INTO roles (server_id, id, name, position, permissions)
             SELECT (r ->> 0)::bigint, (r ->> 1)::bigint, r ->> 2, (r ->> 3)::integer,
                    (r ->> 4)::bigint
             FROM jsonb_array_elements($1::jsonb) AS rows (r)"
        }
        Table::Members => {
            "INSERT INTO members
                 (server_id, user_id, name, discriminator, bot, role_ids, presence, generation)
             SELECT (r ->> 0)::bigint, (r ->> 1)::bigint, r ->> 2, (r ->> 3)::smallint,
                    (r ->> 4)::boolean,
                    ARRAY(SELECT jsonb_array_elements_text(r -> 5)::bigint),
                    (r ->> 6)::smallint, (r ->> 7)::bigint
             FROM jsonb_array_elements($1::jsonb) AS rows (r)"
        }
        Table::Tokens => {
            "INSERT INTO tokens
                 (id, digest, user_id, name, hint, server_ids, scopes, created_at, expires_at,
                  revoked_at)
             SELECT (r ->> 0)::bigint, decode(r ->> 1, 'hex'), (r ->> 2)::bigint, r ->> 3, r ->> 4,
                    ARRAY(SELECT jsonb_array_elements_text(r -> 5)::bigint),
                    ARRAY(SELECT jsonb_array_elements_text(r -> 6)),
                    timestamptz 'epoch' + ((r ->> 7) || ' microseconds')::interval,
                    timestamptz 'epoch' + ((r ->> 8) || ' microseconds')::interval,
                    timestamptz 'epoch' + ((r ->> 9) || ' microseconds')::interval
             FROM jsonb_array_elements($1::jsonb) AS rows (r)"
        }
        Table::Admissions => {
            "INSERT INTO copied_admissions (kind, key, at)
             SELECT (r ->> 0)::smallint, (r ->> 1)::bigint,
                    jsonb_array_elements_text(r -> 2)::bigint
             FROM jsonb_array_elements($1::jsonb) AS rows (r)"
        }
    }
}
