-- A token's whole life: who made it, its secrets over time, its use, and the requests that it may send again.

ALTER TABLE tokens
    ADD COLUMN IF NOT EXISTS parent_id bigint CHECK (parent_id > 0),
    -- The minute in which it was last used, by its beginning.
    ADD COLUMN last_used_at timestamptz,
    -- Room for the row of a minute's use beside the one before, without touching an index.
    SET (fillfactor = 80);

CREATE INDEX IF NOT EXISTS tokens_by_parent ON tokens (parent_id) WHERE parent_id IS NOT NULL;

-- When it ends or ended, by itself or because it was revoked: whichever comes first. The other one may be null.
CREATE INDEX IF NOT EXISTS tokens_by_end ON tokens (least(revoked_at, expires_at));

-- Secrets that newer ones have replaced. They read until their time is over.
CREATE TABLE former_secrets (
    digest   bytea PRIMARY KEY CHECK (octet_length(digest) = 32),
    token_id bigint NOT NULL REFERENCES tokens (id) ON DELETE CASCADE,
    until    timestamptz NOT NULL
);

CREATE INDEX former_secrets_by_token ON former_secrets (token_id);

CREATE INDEX former_secrets_by_end ON former_secrets (until);

-- A digest leads to one token, whether its secret is the newest or a former one.
CREATE FUNCTION refuse_former_digest() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM former_secrets WHERE digest = NEW.digest) THEN
        RAISE EXCEPTION 'the digest is that of a former secret' USING ERRCODE = 'unique_violation';
    END IF;
    RETURN NULL;
END
$$;

CREATE TRIGGER tokens_have_a_new_digest AFTER INSERT OR UPDATE OF digest ON tokens
    FOR EACH ROW EXECUTE FUNCTION refuse_former_digest();

-- The users of tokens. Whoever changes anything of a user's tokens locks the row of that user first, so that it
-- happens one after the other. It says nothing else, and may go when no token is left.
CREATE TABLE token_owners (
    user_id bigint PRIMARY KEY CHECK (user_id > 0)
);

-- What was answered to requests that may be sent again.
CREATE TABLE idempotency_records (
    token_id    bigint NOT NULL CHECK (token_id > 0),
    route       text NOT NULL,
    key         text NOT NULL,
    fingerprint bytea NOT NULL CHECK (octet_length(fingerprint) = 32),
    answer      bytea NOT NULL,
    at          timestamptz NOT NULL,
    PRIMARY KEY (token_id, route, key)
);

CREATE INDEX idempotency_records_by_time ON idempotency_records (at);

-- How many requests of a token were counted against a server's limit in a minute, which is given by its beginning.
CREATE TABLE token_usage (
    server_id bigint NOT NULL CHECK (server_id > 0),
    minute    timestamptz NOT NULL,
    token_id  bigint NOT NULL CHECK (token_id > 0),
    requests  bigint NOT NULL CHECK (requests >= 0),
    PRIMARY KEY (server_id, minute, token_id)
);

CREATE INDEX token_usage_by_minute ON token_usage (minute);
