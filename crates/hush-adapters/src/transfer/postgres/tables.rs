//! How PostgreSQL reads and takes each table.
//!
//! `extract` gives a decimal number, so that no time is rounded; and a number of microseconds is read as an interval
//! without becoming a floating-point number on the way.

use crate::transfer::rows::{Statements, Table};

/// The statements of `table`.
pub(super) fn of(table: Table) -> &'static Statements {
    match table {
        Table::Servers => &SERVERS,
        Table::Roles => &ROLES,
        Table::Channels => &CHANNELS,
        Table::Members => &MEMBERS,
        Table::Tokens => &TOKENS,
        Table::FormerSecrets => &FORMER_SECRETS,
        Table::Requests => &REQUESTS,
        Table::Usage => &USAGE,
        Table::Samples => &SAMPLES,
        Table::Settings => &SETTINGS,
        Table::Departures => &DEPARTURES,
        Table::Commands => &COMMANDS,
        Table::CommandTargets => &COMMAND_TARGETS,
        Table::AuditRows => &AUDIT_ROWS,
        Table::AuditReasons => &AUDIT_REASONS,
        Table::AuditHeads => &AUDIT_HEADS,
        Table::Admissions => &ADMISSIONS,
    }
}

const SERVERS: Statements = Statements {
    page: "SELECT id, 0::bigint, json_build_array(
             id, name, owner_id, member_count, generation, presences_known, listed, bots, online,
             (extract(epoch FROM as_of) * 1000000)::bigint, following
         )::text
         FROM servers WHERE id > $1 AND $2 IS NOT NULL ORDER BY id LIMIT $3",
    put: "INSERT INTO servers
             (id, name, owner_id, member_count, generation, presences_known, listed, bots, online,
              as_of, following)
         SELECT (r ->> 0)::bigint, r ->> 1, (r ->> 2)::bigint, (r ->> 3)::bigint,
                (r ->> 4)::bigint, (r ->> 5)::boolean, (r ->> 6)::bigint, (r ->> 7)::bigint,
                (r ->> 8)::bigint,
                timestamptz 'epoch' + ((r ->> 9) || ' microseconds')::interval,
                (r ->> 10)::smallint
         FROM jsonb_array_elements($1::jsonb) AS rows (r)",
};

const ROLES: Statements = Statements {
    page: "SELECT server_id, id, json_build_array(
             server_id, id, name, position, permissions, managed
         )::text
         FROM roles WHERE (server_id, id) > ($1, $2) ORDER BY server_id, id LIMIT $3",
    put: "INSERT INTO roles (server_id, id, name, position, permissions, managed)
         SELECT (r ->> 0)::bigint, (r ->> 1)::bigint, r ->> 2, (r ->> 3)::integer,
                (r ->> 4)::bigint, (r ->> 5)::boolean
         FROM jsonb_array_elements($1::jsonb) AS rows (r)",
};

/// Those of a server that an older process removed are still there.
const CHANNELS: Statements = Statements {
    page: "SELECT server_id, id, json_build_array(server_id, id, name, kind, parent_id)::text
         FROM channels WHERE (server_id, id) > ($1, $2)
           AND EXISTS (SELECT FROM servers s WHERE s.id = server_id)
         ORDER BY server_id, id LIMIT $3",
    put: "INSERT INTO channels (server_id, id, name, kind, parent_id)
         SELECT (r ->> 0)::bigint, (r ->> 1)::bigint, r ->> 2, (r ->> 3)::smallint,
                (r ->> 4)::bigint
         FROM jsonb_array_elements($1::jsonb) AS rows (r)",
};

const MEMBERS: Statements = Statements {
    page: "SELECT server_id, user_id, json_build_array(
             server_id, user_id, name, discriminator, bot, role_ids, presence, generation
         )::text
         FROM members WHERE (server_id, user_id) > ($1, $2)
         ORDER BY server_id, user_id LIMIT $3",
    put: "INSERT INTO members
             (server_id, user_id, name, discriminator, bot, role_ids, presence, generation)
         SELECT (r ->> 0)::bigint, (r ->> 1)::bigint, r ->> 2, (r ->> 3)::smallint,
                (r ->> 4)::boolean,
                ARRAY(SELECT jsonb_array_elements_text(r -> 5)::bigint),
                (r ->> 6)::smallint, (r ->> 7)::bigint
         FROM jsonb_array_elements($1::jsonb) AS rows (r)",
};

const TOKENS: Statements = Statements {
    page: "SELECT id, 0::bigint, json_build_array(
             id, encode(digest, 'hex'), user_id, name, hint, server_ids, scopes,
             (extract(epoch FROM created_at) * 1000000)::bigint,
             (extract(epoch FROM expires_at) * 1000000)::bigint,
             (extract(epoch FROM revoked_at) * 1000000)::bigint,
             parent_id,
             (extract(epoch FROM last_used_at) * 1000000)::bigint
         )::text
         FROM tokens WHERE id > $1 AND $2 IS NOT NULL ORDER BY id LIMIT $3",
    put: "INSERT INTO tokens
             (id, digest, user_id, name, hint, server_ids, scopes, created_at, expires_at,
              revoked_at, parent_id, last_used_at)
         SELECT (r ->> 0)::bigint, decode(r ->> 1, 'hex'), (r ->> 2)::bigint, r ->> 3, r ->> 4,
                ARRAY(SELECT jsonb_array_elements_text(r -> 5)::bigint),
                ARRAY(SELECT jsonb_array_elements_text(r -> 6)),
                timestamptz 'epoch' + ((r ->> 7) || ' microseconds')::interval,
                timestamptz 'epoch' + ((r ->> 8) || ' microseconds')::interval,
                timestamptz 'epoch' + ((r ->> 9) || ' microseconds')::interval,
                (r ->> 10)::bigint,
                timestamptz 'epoch' + ((r ->> 11) || ' microseconds')::interval
         FROM jsonb_array_elements($1::jsonb) AS rows (r)",
};

const FORMER_SECRETS: Statements = Statements {
    page: "SELECT token_id, n, json_build_array(
             encode(digest, 'hex'), token_id, (extract(epoch FROM until) * 1000000)::bigint
         )::text
         FROM (SELECT *, row_number() OVER (PARTITION BY token_id ORDER BY digest) AS n
               FROM former_secrets WHERE token_id >= $1) AS numbered
         WHERE (token_id, n) > ($1, $2) ORDER BY token_id, n LIMIT $3",
    put: "INSERT INTO former_secrets (digest, token_id, until)
         SELECT decode(r ->> 0, 'hex'), (r ->> 1)::bigint,
                timestamptz 'epoch' + ((r ->> 2) || ' microseconds')::interval
         FROM jsonb_array_elements($1::jsonb) AS rows (r)",
};

const REQUESTS: Statements = Statements {
    page: "SELECT token_id, n, json_build_array(
             token_id, route, key, encode(fingerprint, 'hex'), encode(answer, 'hex'),
             (extract(epoch FROM at) * 1000000)::bigint
         )::text
         FROM (SELECT *, row_number() OVER (PARTITION BY token_id ORDER BY route, key) AS n
               FROM idempotency_records WHERE token_id >= $1) AS numbered
         WHERE (token_id, n) > ($1, $2) ORDER BY token_id, n LIMIT $3",
    put: "INSERT INTO idempotency_records (token_id, route, key, fingerprint, answer, at)
         SELECT (r ->> 0)::bigint, r ->> 1, r ->> 2, decode(r ->> 3, 'hex'),
                decode(r ->> 4, 'hex'),
                timestamptz 'epoch' + ((r ->> 5) || ' microseconds')::interval
         FROM jsonb_array_elements($1::jsonb) AS rows (r)",
};

const USAGE: Statements = Statements {
    page: "SELECT server_id, n, json_build_array(
             server_id, (extract(epoch FROM minute) * 1000000)::bigint, token_id, requests
         )::text
         FROM (SELECT *, row_number() OVER (PARTITION BY server_id ORDER BY minute, token_id) AS n
               FROM token_usage WHERE server_id >= $1) AS numbered
         WHERE (server_id, n) > ($1, $2) ORDER BY server_id, n LIMIT $3",
    put: "INSERT INTO token_usage (server_id, minute, token_id, requests)
         SELECT (r ->> 0)::bigint,
                timestamptz 'epoch' + ((r ->> 1) || ' microseconds')::interval,
                (r ->> 2)::bigint, (r ->> 3)::bigint
         FROM jsonb_array_elements($1::jsonb) AS rows (r)",
};

/// There are so many that each page goes on in the index. Before the first there is no hour that a database could hold; no
/// sample is from before the year 1.
const SAMPLES: Statements = Statements {
    page: "SELECT server_id, (extract(epoch FROM hour) * 1000000)::bigint, json_build_array(
             server_id, (extract(epoch FROM hour) * 1000000)::bigint,
             members_samples, members_min, members_max, members_last,
             bots_samples, bots_min, bots_max, bots_last,
             online_samples, online_min, online_max, online_last
         )::text
         FROM hourly_samples
         WHERE (server_id, hour) > (
             $1, timestamptz 'epoch' + (greatest($2, -62135596800000000) || ' microseconds')::interval
         )
         ORDER BY server_id, hour LIMIT $3",
    put: "INSERT INTO hourly_samples
             (server_id, hour, members_samples, members_min, members_max, members_last,
              bots_samples, bots_min, bots_max, bots_last,
              online_samples, online_min, online_max, online_last)
         SELECT (r ->> 0)::bigint,
                timestamptz 'epoch' + ((r ->> 1) || ' microseconds')::interval,
                (r ->> 2)::integer, (r ->> 3)::bigint, (r ->> 4)::bigint, (r ->> 5)::bigint,
                (r ->> 6)::integer, (r ->> 7)::bigint, (r ->> 8)::bigint, (r ->> 9)::bigint,
                (r ->> 10)::integer, (r ->> 11)::bigint, (r ->> 12)::bigint, (r ->> 13)::bigint
         FROM jsonb_array_elements($1::jsonb) AS rows (r)",
};

const SETTINGS: Statements = Statements {
    page: "SELECT server_id, 0::bigint,
             json_build_array(server_id, api_enabled, admin_role_ids)::text
         FROM server_settings WHERE server_id > $1 AND $2 IS NOT NULL
         ORDER BY server_id LIMIT $3",
    put: "INSERT INTO server_settings (server_id, api_enabled, admin_role_ids)
         SELECT (r ->> 0)::bigint, (r ->> 1)::boolean,
                ARRAY(SELECT jsonb_array_elements_text(r -> 2)::bigint)
         FROM jsonb_array_elements($1::jsonb) AS rows (r)",
};

/// Of a server that an older process took in again, it still says that it is gone.
const DEPARTURES: Statements = Statements {
    page: "SELECT server_id, 0::bigint,
             json_build_array(server_id, (extract(epoch FROM at) * 1000000)::bigint)::text
         FROM departed_servers WHERE server_id > $1 AND $2 IS NOT NULL
           AND NOT EXISTS (SELECT FROM servers WHERE id = server_id)
         ORDER BY server_id LIMIT $3",
    put: "INSERT INTO departed_servers (server_id, at)
         SELECT (r ->> 0)::bigint,
                timestamptz 'epoch' + ((r ->> 1) || ' microseconds')::interval
         FROM jsonb_array_elements($1::jsonb) AS rows (r)",
};

/// The copy gives them places of its own, in the same order.
const COMMANDS: Statements = Statements {
    page: "SELECT position, 0::bigint, json_build_array(
             id, server_id, type, body, token_id, user_id, request_id, reason, encode(reason_salt, 'hex'),
             (extract(epoch FROM created_at) * 1000000)::bigint,
             (extract(epoch FROM not_after) * 1000000)::bigint,
             (extract(epoch FROM started_at) * 1000000)::bigint,
             (extract(epoch FROM ended_at) * 1000000)::bigint,
             attempts, state, code, report,
             (extract(epoch FROM run_at) * 1000000)::bigint,
             unsure OR worker_id IS NOT NULL
         )::text
         FROM commands WHERE position > $1 AND $2 IS NOT NULL ORDER BY position LIMIT $3",
    put: "INSERT INTO commands
             (id, server_id, type, body, token_id, user_id, request_id, reason, reason_salt, created_at,
              not_after, started_at, ended_at, attempts, state, code, report, run_at, unsure)
         SELECT (r ->> 0)::bigint, (r ->> 1)::bigint, r ->> 2, r ->> 3, (r ->> 4)::bigint,
                (r ->> 5)::bigint, r ->> 6, r ->> 7, decode(r ->> 8, 'hex'),
                timestamptz 'epoch' + ((r ->> 9) || ' microseconds')::interval,
                timestamptz 'epoch' + ((r ->> 10) || ' microseconds')::interval,
                timestamptz 'epoch' + ((r ->> 11) || ' microseconds')::interval,
                timestamptz 'epoch' + ((r ->> 12) || ' microseconds')::interval,
                (r ->> 13)::integer, r ->> 14, r ->> 15, r ->> 16,
                timestamptz 'epoch' + ((r ->> 17) || ' microseconds')::interval,
                (r ->> 18)::boolean
         FROM jsonb_array_elements($1::jsonb) WITH ORDINALITY AS rows (r, n) ORDER BY n",
};

const COMMAND_TARGETS: Statements = Statements {
    page: "SELECT position, n, json_build_array(id, kind, target_id)::text
         FROM (SELECT t.position, c.id, t.kind, t.target_id,
                      row_number() OVER (PARTITION BY t.position ORDER BY t.kind, t.target_id) AS n
               FROM command_targets t JOIN commands c ON c.position = t.position
               WHERE t.position >= $1) AS numbered
         WHERE (position, n) > ($1, $2) ORDER BY position, n LIMIT $3",
    put: "INSERT INTO command_targets (server_id, kind, target_id, position)
         SELECT c.server_id, (r ->> 1)::smallint, (r ->> 2)::bigint, c.position
         FROM jsonb_array_elements($1::jsonb) AS rows (r) JOIN commands c ON c.id = (r ->> 0)::bigint",
};

const AUDIT_ROWS: Statements = Statements {
    page: "SELECT server_id, number, json_build_array(
             server_id, number, (extract(epoch FROM at) * 1000000)::bigint,
             actor, actor_token_id, actor_user_id, action, target_token_id, target_user_id,
             before, after, request_id,
             encode(commitment, 'hex'), encode(key_id, 'hex'), encode(link, 'hex')
         )::text
         FROM audit_rows WHERE (server_id, number) > ($1, $2)
         ORDER BY server_id, number LIMIT $3",
    put: "INSERT INTO audit_rows
             (server_id, number, at, actor, actor_token_id, actor_user_id, action,
              target_token_id, target_user_id, before, after, request_id, commitment, key_id, link)
         SELECT (r ->> 0)::bigint, (r ->> 1)::bigint,
                timestamptz 'epoch' + ((r ->> 2) || ' microseconds')::interval,
                r ->> 3, (r ->> 4)::bigint, (r ->> 5)::bigint, r ->> 6, (r ->> 7)::bigint,
                (r ->> 8)::bigint, r ->> 9, r ->> 10, r ->> 11, decode(r ->> 12, 'hex'),
                decode(r ->> 13, 'hex'), decode(r ->> 14, 'hex')
         FROM jsonb_array_elements($1::jsonb) AS rows (r)",
};

const AUDIT_REASONS: Statements = Statements {
    page: "SELECT server_id, number,
             json_build_array(server_id, number, text, encode(salt, 'hex'))::text
         FROM audit_reasons WHERE (server_id, number) > ($1, $2)
         ORDER BY server_id, number LIMIT $3",
    put: "INSERT INTO audit_reasons (server_id, number, text, salt)
         SELECT (r ->> 0)::bigint, (r ->> 1)::bigint, r ->> 2, decode(r ->> 3, 'hex')
         FROM jsonb_array_elements($1::jsonb) AS rows (r)",
};

const AUDIT_HEADS: Statements = Statements {
    page: "SELECT server_id, 0::bigint, json_build_array(
             server_id, number, encode(link, 'hex'), encode(seal, 'hex'), checkpoint_number,
             encode(checkpoint_link, 'hex'), encode(checkpoint_seal, 'hex')
         )::text
         FROM audit_heads WHERE server_id > $1 AND $2 IS NOT NULL ORDER BY server_id LIMIT $3",
    put: "INSERT INTO audit_heads
             (server_id, number, link, seal, checkpoint_number, checkpoint_link, checkpoint_seal)
         SELECT (r ->> 0)::bigint, (r ->> 1)::bigint, decode(r ->> 2, 'hex'),
                decode(r ->> 3, 'hex'), (r ->> 4)::bigint, decode(r ->> 5, 'hex'),
                decode(r ->> 6, 'hex')
         FROM jsonb_array_elements($1::jsonb) AS rows (r)",
};

/// Each may hold thousands of times.
const ADMISSIONS: Statements = Statements {
    page: "SELECT kind::bigint, key, json_build_array(kind, key, times)::text
         FROM rate_limit_buckets WHERE (kind, key) > ($1, $2) ORDER BY kind, key LIMIT $3 / 20",
    put: "INSERT INTO copied_admissions (kind, key, at)
         SELECT (r ->> 0)::smallint, (r ->> 1)::bigint,
                jsonb_array_elements_text(r -> 2)::bigint
         FROM jsonb_array_elements($1::jsonb) AS rows (r)",
};
