-- The queue of commands: what people let the bot do, and what becomes of it.

-- Who carries commands out. A number is never given again.
CREATE TABLE command_workers (
    id   INTEGER PRIMARY KEY AUTOINCREMENT,
    beat INTEGER NOT NULL DEFAULT 0
) STRICT;

-- Times are in microseconds since the Unix epoch.
CREATE TABLE commands (
    -- The order in which they were queued.
    position    INTEGER PRIMARY KEY AUTOINCREMENT,
    id          INTEGER NOT NULL UNIQUE CHECK (id > 0),
    server_id   INTEGER NOT NULL CHECK (server_id > 0),
    type        TEXT NOT NULL,
    -- What it says beside its type, as JSON.
    body        TEXT NOT NULL,
    token_id    INTEGER NOT NULL CHECK (token_id > 0),
    user_id     INTEGER NOT NULL CHECK (user_id > 0),
    request_id  TEXT,
    reason      TEXT,
    reason_salt BLOB CHECK (length(reason_salt) = 16),
    created_at  INTEGER NOT NULL,
    not_after   INTEGER NOT NULL,
    started_at  INTEGER,
    ended_at    INTEGER,
    attempts    INTEGER NOT NULL DEFAULT 0 CHECK (attempts >= 0),
    state       TEXT NOT NULL DEFAULT 'queued',
    -- Why it failed.
    code        TEXT,
    -- What was done, as JSON, as far as there is more to say than that it was.
    report      TEXT,
    -- Who has it just now.
    worker_id   INTEGER,
    -- When it may be begun, or begun again.
    run_at      INTEGER NOT NULL,
    -- Whether it may have been carried out in an earlier attempt.
    unsure      INTEGER NOT NULL DEFAULT 0 CHECK (unsure IN (0, 1)),
    CHECK ((reason IS NULL) = (reason_salt IS NULL)),
    CHECK ((ended_at IS NULL) = (state IN ('queued', 'running'))),
    CHECK (worker_id IS NULL OR (ended_at IS NULL AND state = 'running'))
) STRICT;

CREATE INDEX commands_by_server ON commands (server_id, id);

CREATE INDEX commands_by_state ON commands (server_id, state, id);

CREATE INDEX commands_by_type ON commands (server_id, type, id);

CREATE INDEX commands_by_end ON commands (ended_at) WHERE ended_at IS NOT NULL;

CREATE INDEX commands_pending_by_server ON commands (server_id) WHERE ended_at IS NULL;

CREATE INDEX commands_pending_by_deadline ON commands (not_after)
    WHERE ended_at IS NULL AND worker_id IS NULL;

-- Messages come last.
CREATE INDEX commands_waiting ON commands ((type = 'send_message'), position)
    WHERE ended_at IS NULL AND worker_id IS NULL;

-- Few: what is being carried out just now.
CREATE INDEX commands_in_work ON commands (server_id, worker_id) WHERE worker_id IS NOT NULL;

-- What the commands act on that have not ended. A command waits while another one stands before it here.
CREATE TABLE command_targets (
    server_id INTEGER NOT NULL,
    -- 0: a user. 1: a channel.
    kind      INTEGER NOT NULL CHECK (kind BETWEEN 0 AND 1),
    target_id INTEGER NOT NULL,
    position  INTEGER NOT NULL REFERENCES commands (position) ON DELETE CASCADE,
    PRIMARY KEY (server_id, kind, target_id, position)
) STRICT, WITHOUT ROWID;

CREATE INDEX command_targets_by_position ON command_targets (position);
