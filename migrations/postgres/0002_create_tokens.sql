-- Personal API tokens. They refer to servers and users by id alone, on purpose: who leaves a server and comes
-- back, and a server that is removed and added again, have their tokens back.

CREATE TABLE tokens (
    id         bigint CONSTRAINT tokens_id_taken PRIMARY KEY CHECK (id > 0),
    -- The SHA-256 of the secret, which itself is never stored.
    digest     bytea NOT NULL CONSTRAINT tokens_digest_taken UNIQUE CHECK (octet_length(digest) = 32),
    user_id    bigint NOT NULL CHECK (user_id > 0),
    name       text NOT NULL CHECK (name <> ''),
    hint       text NOT NULL CHECK (hint <> ''),
    server_ids bigint[] NOT NULL CHECK (cardinality(server_ids) BETWEEN 1 AND 25),
    -- The names in the API. A process ignores those that it does not know: they can only be newer than it.
    scopes     text[] NOT NULL,
    created_at timestamptz NOT NULL,
    expires_at timestamptz,
    revoked_at timestamptz
);

CREATE INDEX tokens_by_server ON tokens USING gin (server_ids);

CREATE INDEX tokens_by_user ON tokens (user_id, id);
