-- The queue of commands: what people let the bot do, and what becomes of it.

-- Who carries commands out. Whoever hands some out to a worker holds its row for KEY SHARE until the transaction ends; whoever
-- dismisses it removes the row, and a beat, which is no change of a key, waits for neither.
CREATE TABLE command_workers (
    id   bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    beat bigint NOT NULL DEFAULT 0
);

CREATE TABLE commands (
    id          bigint PRIMARY KEY CHECK (id > 0),
    -- The order in which they were queued.
    position    bigint GENERATED ALWAYS AS IDENTITY UNIQUE,
    server_id   bigint NOT NULL CHECK (server_id > 0),
    type        text NOT NULL,
    -- What it says beside its type, as JSON.
    body        text NOT NULL,
    token_id    bigint NOT NULL CHECK (token_id > 0),
    user_id     bigint NOT NULL CHECK (user_id > 0),
    request_id  text,
    reason      text,
    reason_salt bytea CHECK (octet_length(reason_salt) = 16),
    created_at  timestamptz NOT NULL,
    not_after   timestamptz NOT NULL,
    started_at  timestamptz,
    ended_at    timestamptz,
    attempts    integer NOT NULL DEFAULT 0 CHECK (attempts >= 0),
    state       text NOT NULL DEFAULT 'queued',
    -- Why it failed.
    code        text,
    -- What was done, as JSON, as far as there is more to say than that it was.
    report      text,
    -- Who has it just now.
    worker_id   bigint,
    -- When it may be begun, or begun again.
    run_at      timestamptz NOT NULL,
    -- Whether it may have been carried out in an earlier attempt.
    unsure      boolean NOT NULL DEFAULT false,
    CONSTRAINT commands_reason_with_salt CHECK ((reason IS NULL) = (reason_salt IS NULL)),
    CONSTRAINT commands_ended_in_a_final_state
        CHECK ((ended_at IS NULL) = (state IN ('queued', 'running'))),
    CONSTRAINT commands_running_if_somebody_has_it
        CHECK (worker_id IS NULL OR (ended_at IS NULL AND state = 'running'))
) WITH (fillfactor = 70);

CREATE INDEX commands_by_server ON commands (server_id, id);

CREATE INDEX commands_by_state ON commands (server_id, state, id);

CREATE INDEX commands_by_type ON commands (server_id, type, id);

CREATE INDEX commands_by_end ON commands (ended_at) WHERE ended_at IS NOT NULL;

CREATE INDEX commands_pending_by_server ON commands (server_id) WHERE ended_at IS NULL;

CREATE INDEX commands_pending_by_deadline ON commands (not_after) WHERE ended_at IS NULL AND worker_id IS NULL;

-- Messages come last.
CREATE INDEX commands_waiting ON commands ((type = 'send_message'), position)
    WHERE ended_at IS NULL AND worker_id IS NULL;

-- Few: what is being carried out just now.
CREATE INDEX commands_in_work ON commands (server_id, worker_id) WHERE worker_id IS NOT NULL;

-- What the commands act on that have not ended. A command waits while another one stands before it here.
CREATE TABLE command_targets (
    server_id bigint NOT NULL,
    -- 0: a user. 1: a channel.
    kind      smallint NOT NULL CHECK (kind BETWEEN 0 AND 1),
    target_id bigint NOT NULL,
    position  bigint NOT NULL REFERENCES commands (position) ON DELETE CASCADE,
    PRIMARY KEY (server_id, kind, target_id, position)
);

CREATE INDEX command_targets_by_position ON command_targets (position);
