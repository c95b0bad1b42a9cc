//! How SQLite reads and takes each table.

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

/// The counts of a server are not put: triggers keep them as its members come.
const SERVERS: Statements = Statements {
    page: "SELECT id, 0, json_array(
             id, name, owner_id, member_count, generation, presences_known, listed, bots, online,
             as_of, following
         )
         FROM servers WHERE id > ?1 ORDER BY id LIMIT ?3",
    put: "INSERT INTO servers
             (id, name, owner_id, member_count, generation, presences_known, as_of, following)
         SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5,
                value ->> 9, value ->> 10
         FROM json_each(?1)",
};

const ROLES: Statements = Statements {
    page: "SELECT server_id, id, json_array(server_id, id, name, position, permissions, managed)
         FROM roles WHERE (server_id, id) > (?1, ?2) ORDER BY server_id, id LIMIT ?3",
    put: "INSERT INTO roles (server_id, id, name, position, permissions, managed)
         SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5
         FROM json_each(?1)",
};

const CHANNELS: Statements = Statements {
    page: "SELECT server_id, id, json_array(server_id, id, name, kind, parent_id)
         FROM channels WHERE (server_id, id) > (?1, ?2) ORDER BY server_id, id LIMIT ?3",
    put: "INSERT INTO channels (server_id, id, name, kind, parent_id)
         SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4
         FROM json_each(?1)",
};

const MEMBERS: Statements = Statements {
    page: "SELECT server_id, user_id, json_array(
             server_id, user_id, name, discriminator, bot, json(role_ids), presence, generation
         )
         FROM members WHERE (server_id, user_id) > (?1, ?2)
         ORDER BY server_id, user_id LIMIT ?3",
    put: "INSERT INTO members
             (server_id, user_id, name, discriminator, bot, role_ids, presence, generation)
         SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value -> 5,
                value ->> 6, value ->> 7
         FROM json_each(?1)",
};

const TOKENS: Statements = Statements {
    page: "SELECT id, 0, json_array(
             id, hex(digest), user_id, name, hint,
             (SELECT json_group_array(server_id ORDER BY server_id)
              FROM token_servers WHERE token_id = tokens.id),
             json(scopes), created_at, expires_at, revoked_at, parent_id, last_used_at
         )
         FROM tokens WHERE id > ?1 ORDER BY id LIMIT ?3",
    put: "INSERT INTO tokens
             (id, digest, user_id, name, hint, scopes, created_at, expires_at, revoked_at,
              parent_id, last_used_at)
         SELECT value ->> 0, unhex(value ->> 1), value ->> 2, value ->> 3, value ->> 4,
                value -> 6, value ->> 7, value ->> 8, value ->> 9, value ->> 10, value ->> 11
         FROM json_each(?1)",
};

const FORMER_SECRETS: Statements = Statements {
    page: "SELECT token_id, n, json_array(hex(digest), token_id, until)
         FROM (SELECT *, row_number() OVER (PARTITION BY token_id ORDER BY digest) AS n
               FROM former_secrets WHERE token_id >= ?1)
         WHERE (token_id, n) > (?1, ?2) ORDER BY token_id, n LIMIT ?3",
    put: "INSERT INTO former_secrets (digest, token_id, until)
         SELECT unhex(value ->> 0), value ->> 1, value ->> 2 FROM json_each(?1)",
};

const REQUESTS: Statements = Statements {
    page: "SELECT token_id, n, json_array(token_id, route, key, hex(fingerprint), hex(answer), at)
         FROM (SELECT *, row_number() OVER (PARTITION BY token_id ORDER BY route, key) AS n
               FROM idempotency_records WHERE token_id >= ?1)
         WHERE (token_id, n) > (?1, ?2) ORDER BY token_id, n LIMIT ?3",
    put: "INSERT INTO idempotency_records (token_id, route, key, fingerprint, answer, at)
         SELECT value ->> 0, value ->> 1, value ->> 2, unhex(value ->> 3), unhex(value ->> 4),
                value ->> 5
         FROM json_each(?1)",
};

const USAGE: Statements = Statements {
    page: "SELECT server_id, n, json_array(server_id, minute, token_id, requests)
         FROM (SELECT *, row_number() OVER (PARTITION BY server_id ORDER BY minute, token_id) AS n
               FROM token_usage WHERE server_id >= ?1)
         WHERE (server_id, n) > (?1, ?2) ORDER BY server_id, n LIMIT ?3",
    put: "INSERT INTO token_usage (server_id, minute, token_id, requests)
         SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3 FROM json_each(?1)",
};

const SAMPLES: Statements = Statements {
    page: "SELECT server_id, hour, json_array(
             server_id, hour, members_samples, members_min, members_max, members_last,
             bots_samples, bots_min, bots_max, bots_last,
             online_samples, online_min, online_max, online_last
         )
         FROM hourly_samples WHERE (server_id, hour) > (?1, ?2)
         ORDER BY server_id, hour LIMIT ?3",
    put: "INSERT INTO hourly_samples
             (server_id, hour, members_samples, members_min, members_max, members_last,
              bots_samples, bots_min, bots_max, bots_last,
              online_samples, online_min, online_max, online_last)
         SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5,
                value ->> 6, value ->> 7, value ->> 8, value ->> 9, value ->> 10, value ->> 11,
                value ->> 12, value ->> 13
         FROM json_each(?1)",
};

const SETTINGS: Statements = Statements {
    page: "SELECT server_id, 0, json_array(server_id, api_enabled, json(admin_role_ids))
         FROM server_settings WHERE server_id > ?1 ORDER BY server_id LIMIT ?3",
    put: "INSERT INTO server_settings (server_id, api_enabled, admin_role_ids)
         SELECT value ->> 0, value ->> 1, value -> 2 FROM json_each(?1)",
};

const DEPARTURES: Statements = Statements {
    page: "SELECT server_id, 0, json_array(server_id, at)
         FROM departed_servers WHERE server_id > ?1 ORDER BY server_id LIMIT ?3",
    put: "INSERT INTO departed_servers (server_id, at)
         SELECT value ->> 0, value ->> 1 FROM json_each(?1)",
};

/// The copy gives them places of its own, in the same order.
const COMMANDS: Statements = Statements {
    page: "SELECT position, 0, json_array(
             id, server_id, type, body, token_id, user_id, request_id, reason,
             nullif(hex(reason_salt), ''), created_at, not_after, started_at, ended_at, attempts, state,
             code, report, run_at,
             json(iif(unsure OR worker_id IS NOT NULL, 'true', 'false'))
         )
         FROM commands WHERE position > ?1 ORDER BY position LIMIT ?3",
    put: "INSERT INTO commands
             (id, server_id, type, body, token_id, user_id, request_id, reason, reason_salt, created_at,
              not_after, started_at, ended_at, attempts, state, code, report, run_at, unsure)
         SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5,
                value ->> 6, value ->> 7, unhex(value ->> 8), value ->> 9, value ->> 10,
                value ->> 11, value ->> 12, value ->> 13, value ->> 14, value ->> 15,
                value ->> 16, value ->> 17, value ->> 18
         FROM json_each(?1) ORDER BY key",
};

const COMMAND_TARGETS: Statements = Statements {
    page: "SELECT position, n, json_array(id, kind, target_id)
         FROM (SELECT t.position, c.id, t.kind, t.target_id,
                      row_number() OVER (PARTITION BY t.position ORDER BY t.kind, t.target_id) AS n
               FROM command_targets t JOIN commands c ON c.position = t.position
               WHERE t.position >= ?1)
         WHERE (position, n) > (?1, ?2) ORDER BY position, n LIMIT ?3",
    put: "INSERT INTO command_targets (server_id, kind, target_id, position)
         SELECT c.server_id, value ->> 1, value ->> 2, c.position
         FROM json_each(?1) JOIN commands c ON c.id = value ->> 0",
};

/// Of what is not there `hex` makes an empty text.
const AUDIT_ROWS: Statements = Statements {
    page: "SELECT server_id, number, json_array(
             server_id, number, at, actor, actor_token_id, actor_user_id, action,
             target_token_id, target_user_id, before, after, request_id,
             nullif(hex(commitment), ''), nullif(hex(key_id), ''), hex(link)
         )
         FROM audit_rows WHERE (server_id, number) > (?1, ?2)
         ORDER BY server_id, number LIMIT ?3",
    put: "INSERT INTO audit_rows
             (server_id, number, at, actor, actor_token_id, actor_user_id, action,
              target_token_id, target_user_id, before, after, request_id, commitment, key_id, link)
         SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5,
                value ->> 6, value ->> 7, value ->> 8, value ->> 9, value ->> 10, value ->> 11,
                unhex(value ->> 12), unhex(value ->> 13), unhex(value ->> 14)
         FROM json_each(?1)",
};

const AUDIT_REASONS: Statements = Statements {
    page: "SELECT server_id, number, json_array(server_id, number, text, hex(salt))
         FROM audit_reasons WHERE (server_id, number) > (?1, ?2)
         ORDER BY server_id, number LIMIT ?3",
    put: "INSERT INTO audit_reasons (server_id, number, text, salt)
         SELECT value ->> 0, value ->> 1, value ->> 2, unhex(value ->> 3) FROM json_each(?1)",
};

const AUDIT_HEADS: Statements = Statements {
    page: "SELECT server_id, 0, json_array(
             server_id, number, hex(link), hex(seal),
             checkpoint_number, hex(checkpoint_link), hex(checkpoint_seal)
         )
         FROM audit_heads WHERE server_id > ?1 ORDER BY server_id LIMIT ?3",
    put: "INSERT INTO audit_heads
             (server_id, number, link, seal, checkpoint_number, checkpoint_link, checkpoint_seal)
         SELECT value ->> 0, value ->> 1, unhex(value ->> 2), unhex(value ->> 3), value ->> 4,
                unhex(value ->> 5), unhex(value ->> 6)
         FROM json_each(?1)",
};

const ADMISSIONS: Statements = Statements {
    page: "SELECT id, 0, json_array(kind, key, json_array(at))
         FROM admissions WHERE id > ?1 ORDER BY id LIMIT ?3",
    put: "INSERT INTO copied_admissions (kind, key, at)
         SELECT rows.value ->> 0, rows.value ->> 1, times.value
         FROM json_each(?1) AS rows, json_each(rows.value, '$[2]') AS times",
};
