-- Personal API tokens. They refer to servers and users by id alone, on purpose: who leaves a server and comes
-- back, and a server that is removed and added again, have their tokens back.

CREATE TABLE tokens (
    id         INTEGER PRIMARY KEY CHECK (id > 0),
    -- The SHA-256 of the secret, which itself is never stored.
    digest     BLOB NOT NULL UNIQUE CHECK (length(digest) = 32),
    user_id    INTEGER NOT NULL CHECK (user_id > 0),
    name       TEXT NOT NULL CHECK (name <> ''),
    hint       TEXT NOT NULL CHECK (hint <> ''),
    -- A JSON array of the names in the API. A process ignores those that it does not know: they can only be
    -- newer than it.
    scopes     TEXT NOT NULL,
    -- Times in microseconds since the Unix epoch.
    created_at INTEGER NOT NULL,
    expires_at INTEGER,
    revoked_at INTEGER
) STRICT;

CREATE INDEX tokens_by_user ON tokens (user_id, id);

CREATE TABLE token_servers (
    token_id  INTEGER NOT NULL REFERENCES tokens (id) ON DELETE CASCADE,
    server_id INTEGER NOT NULL CHECK (server_id > 0),
    PRIMARY KEY (token_id, server_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX token_servers_by_server ON token_servers (server_id, token_id);
