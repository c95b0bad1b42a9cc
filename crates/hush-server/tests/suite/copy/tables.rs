//! What is in the tables, read without anything of Hush.

use std::path::Path;

use sqlx::postgres::PgConnection;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions, Connection, Row};

use crate::import::block_on;
use crate::support::Database;

/// What the tables hold, as SQLite and as PostgreSQL show it.
const TABLES: [(&str, &str); 19] = [
    (
        "SELECT id, name, owner_id, member_count, generation, presences_known, listed, bots, online, as_of,
                following
         FROM servers ORDER BY id",
        "SELECT id, name, owner_id, member_count, generation, presences_known::integer, listed, bots, online,
                (extract(epoch FROM as_of) * 1000000)::bigint, following
         FROM servers ORDER BY id",
    ),
    // The copy has places of its own, and nobody works on it.
    (
        "SELECT id, server_id, type, body, token_id, user_id, request_id, reason, lower(hex(reason_salt)),
                created_at, not_after, started_at, ended_at, attempts, state, code, report, run_at,
                unsure OR worker_id IS NOT NULL
         FROM commands ORDER BY position",
        "SELECT id, server_id, type, body, token_id, user_id, request_id, reason,
                coalesce(encode(reason_salt, 'hex'), ''),
                (extract(epoch FROM created_at) * 1000000)::bigint,
                (extract(epoch FROM not_after) * 1000000)::bigint,
                (extract(epoch FROM started_at) * 1000000)::bigint,
                (extract(epoch FROM ended_at) * 1000000)::bigint,
                attempts, state, code, report, (extract(epoch FROM run_at) * 1000000)::bigint,
                (unsure OR worker_id IS NOT NULL)::integer
         FROM commands ORDER BY position",
    ),
    (
        "SELECT c.id, t.server_id, t.kind, t.target_id
         FROM command_targets t JOIN commands c ON c.position = t.position ORDER BY c.id, t.kind, t.target_id",
        "SELECT c.id, t.server_id, t.kind, t.target_id
         FROM command_targets t JOIN commands c ON c.position = t.position ORDER BY c.id, t.kind, t.target_id",
    ),
    (
        "SELECT server_id, id, name, kind, parent_id FROM channels ORDER BY server_id, id",
        "SELECT server_id, id, name, kind, parent_id FROM channels ORDER BY server_id, id",
    ),
    (
        "SELECT server_id, hour, members_samples, members_min, members_max, members_last, bots_samples,
                bots_min, bots_max, bots_last, online_samples, online_min, online_max, online_last
         FROM hourly_samples ORDER BY server_id, hour",
        "SELECT server_id, (extract(epoch FROM hour) * 1000000)::bigint, members_samples, members_min,
                members_max, members_last, bots_samples, bots_min, bots_max, bots_last, online_samples,
                online_min, online_max, online_last
         FROM hourly_samples ORDER BY server_id, hour",
    ),
    (
        "SELECT server_id, id, name, position, permissions, managed FROM roles ORDER BY server_id, id",
        "SELECT server_id, id, name, position, permissions, managed::integer FROM roles ORDER BY server_id, id",
    ),
    (
        "SELECT server_id, user_id, name, discriminator, bot, role_ids, presence, generation
         FROM members ORDER BY server_id, user_id",
        "SELECT server_id, user_id, name, discriminator, bot::integer, array_to_json(role_ids), presence,
                generation
         FROM members ORDER BY server_id, user_id",
    ),
    (
        "SELECT id, lower(hex(digest)), user_id, name, hint, scopes, created_at, expires_at, revoked_at,
                parent_id, last_used_at
         FROM tokens ORDER BY id",
        "SELECT id, encode(digest, 'hex'), user_id, name, hint, array_to_json(scopes),
                (extract(epoch FROM created_at) * 1000000)::bigint,
                (extract(epoch FROM expires_at) * 1000000)::bigint,
                (extract(epoch FROM revoked_at) * 1000000)::bigint,
                parent_id, (extract(epoch FROM last_used_at) * 1000000)::bigint
         FROM tokens ORDER BY id",
    ),
    (
        "SELECT lower(hex(digest)), token_id, until FROM former_secrets ORDER BY digest",
        "SELECT encode(digest, 'hex'), token_id, (extract(epoch FROM until) * 1000000)::bigint
         FROM former_secrets ORDER BY digest",
    ),
    (
        "SELECT token_id, route, key, lower(hex(fingerprint)), lower(hex(answer)), at
         FROM idempotency_records ORDER BY token_id, route, key",
        "SELECT token_id, route, key, encode(fingerprint, 'hex'), encode(answer, 'hex'),
                (extract(epoch FROM at) * 1000000)::bigint
         FROM idempotency_records ORDER BY token_id, route COLLATE \"C\", key COLLATE \"C\"",
    ),
    (
        "SELECT server_id, minute, token_id, requests FROM token_usage ORDER BY 1, 2, 3",
        "SELECT server_id, (extract(epoch FROM minute) * 1000000)::bigint, token_id, requests
         FROM token_usage ORDER BY 1, 2, 3",
    ),
    (
        "SELECT server_id, api_enabled, admin_role_ids FROM server_settings ORDER BY server_id",
        "SELECT server_id, api_enabled::integer, array_to_json(admin_role_ids)
         FROM server_settings ORDER BY server_id",
    ),
    (
        "SELECT server_id, at FROM departed_servers ORDER BY server_id",
        "SELECT server_id, (extract(epoch FROM at) * 1000000)::bigint
         FROM departed_servers ORDER BY server_id",
    ),
    (
        "SELECT server_id, number, at, actor, actor_token_id, actor_user_id, action, target_token_id,
                target_user_id, before, after, request_id, nullif(lower(hex(commitment)), ''),
                nullif(lower(hex(key_id)), ''), lower(hex(link))
         FROM audit_rows ORDER BY server_id, number",
        "SELECT server_id, number, (extract(epoch FROM at) * 1000000)::bigint, actor, actor_token_id,
                actor_user_id, action, target_token_id, target_user_id, before, after, request_id,
                encode(commitment, 'hex'), encode(key_id, 'hex'), encode(link, 'hex')
         FROM audit_rows ORDER BY server_id, number",
    ),
    (
        "SELECT server_id, number, text, lower(hex(salt)) FROM audit_reasons ORDER BY server_id, number",
        "SELECT server_id, number, text, encode(salt, 'hex')
         FROM audit_reasons ORDER BY server_id, number",
    ),
    (
        "SELECT server_id, number, lower(hex(link)), lower(hex(seal)), checkpoint_number,
                lower(hex(checkpoint_link)), lower(hex(checkpoint_seal))
         FROM audit_heads ORDER BY server_id",
        "SELECT server_id, number, encode(link, 'hex'), encode(seal, 'hex'), checkpoint_number,
                encode(checkpoint_link, 'hex'), encode(checkpoint_seal, 'hex')
         FROM audit_heads ORDER BY server_id",
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
