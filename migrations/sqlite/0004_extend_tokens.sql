-- A token's whole life: who made it, its secrets over time, its use, and the requests that it may send again.

ALTER TABLE tokens ADD COLUMN parent_id INTEGER CHECK (parent_id > 0);
-- The minute in which it was last used, by its beginning.
ALTER TABLE tokens ADD COLUMN last_used_at INTEGER;
-- When it ends or ended, by itself or because it was revoked: whichever comes first.
ALTER TABLE tokens ADD COLUMN ends_at INTEGER
    GENERATED ALWAYS AS (min(ifnull(revoked_at, expires_at), ifnull(expires_at, revoked_at))) VIRTUAL;

CREATE INDEX tokens_by_parent ON tokens (parent_id) WHERE parent_id IS NOT NULL;
CREATE INDEX tokens_by_end ON tokens (ends_at) WHERE ends_at IS NOT NULL;

-- Secrets that newer ones have replaced. They read until their time is over.
CREATE TABLE former_secrets (
    digest   BLOB NOT NULL PRIMARY KEY CHECK (length(digest) = 32),
    token_id INTEGER NOT NULL REFERENCES tokens (id) ON DELETE CASCADE,
    until    INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX former_secrets_by_token ON former_secrets (token_id);
CREATE INDEX former_secrets_by_end ON former_secrets (until);

-- A digest leads to one token, whether its secret is the newest or a former one.
CREATE TRIGGER tokens_come_with_a_new_digest BEFORE INSERT ON tokens
WHEN EXISTS (SELECT 1 FROM former_secrets WHERE digest = new.digest) BEGIN
    SELECT raise(ABORT, 'the digest is that of a former secret');
END;

CREATE TRIGGER tokens_get_a_new_digest BEFORE UPDATE OF digest ON tokens
WHEN EXISTS (SELECT 1 FROM former_secrets WHERE digest = new.digest) BEGIN
    SELECT raise(ABORT, 'the digest is that of a former secret');
END;

-- What was answered to requests that may be sent again.
CREATE TABLE idempotency_records (
    token_id    INTEGER NOT NULL CHECK (token_id > 0),
    route       TEXT NOT NULL,
    key         TEXT NOT NULL,
    fingerprint BLOB NOT NULL CHECK (length(fingerprint) = 32),
    answer      BLOB NOT NULL,
    at          INTEGER NOT NULL,
    PRIMARY KEY (token_id, route, key)
) STRICT, WITHOUT ROWID;

CREATE INDEX idempotency_records_by_time ON idempotency_records (at);

-- How many requests of a token were counted against a server's limit in a minute, which is given by its beginning.
CREATE TABLE token_usage (
    server_id INTEGER NOT NULL CHECK (server_id > 0),
    minute    INTEGER NOT NULL,
    token_id  INTEGER NOT NULL CHECK (token_id > 0),
    requests  INTEGER NOT NULL CHECK (requests >= 0),
    PRIMARY KEY (server_id, minute, token_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX token_usage_by_minute ON token_usage (minute);
