-- Who did what in a server. The rows of each server are numbered without gaps and chained; they outlive the server,
-- and hold no personal data but ids.

CREATE TABLE audit_rows (
    server_id       bigint NOT NULL CHECK (server_id > 0),
    number          bigint NOT NULL CHECK (number > 0),
    at              timestamptz NOT NULL,
    actor           text NOT NULL,
    actor_token_id  bigint,
    actor_user_id   bigint,
    action          text NOT NULL,
    target_token_id bigint,
    target_user_id  bigint,
    -- JSON as text, to the byte as it was chained.
    before          text,
    after           text,
    request_id      text,
    -- What the chain holds of the reason, which itself stands in `audit_reasons`.
    commitment      bytea CHECK (octet_length(commitment) = 32),
    key_id          bytea CHECK (octet_length(key_id) = 8),
    link            bytea NOT NULL CHECK (octet_length(link) = 32),
    PRIMARY KEY (server_id, number)
);

-- By these the reasons are found that go when a person is erased. Most rows have none.
CREATE INDEX audit_rows_with_reason_by_actor ON audit_rows (actor_user_id) WHERE commitment IS NOT NULL;

CREATE INDEX audit_rows_with_reason_by_target ON audit_rows (target_user_id) WHERE commitment IS NOT NULL;

CREATE FUNCTION refuse_change_of_audit_rows() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'a row of the audit log never changes';
END
$$;

CREATE TRIGGER audit_rows_never_change BEFORE UPDATE ON audit_rows
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change_of_audit_rows();

-- Apart from the rows, so that a reason can be erased while its row stays. Whoever removes a row removes its reason.
CREATE TABLE audit_reasons (
    server_id bigint NOT NULL,
    number    bigint NOT NULL,
    text      text NOT NULL,
    salt      bytea NOT NULL CHECK (octet_length(salt) = 16),
    PRIMARY KEY (server_id, number)
);

-- Both ends of each server's log, sealed: its newest row, and the last one that retention removed (0: none). The row is
-- locked by whoever writes into the log or cuts it, and is the last that anybody locks.
CREATE TABLE audit_heads (
    server_id         bigint PRIMARY KEY CHECK (server_id > 0),
    number            bigint NOT NULL,
    link              bytea NOT NULL CHECK (octet_length(link) = 32),
    seal              bytea NOT NULL CHECK (octet_length(seal) = 32),
    checkpoint_number bigint NOT NULL CHECK (checkpoint_number BETWEEN 0 AND number),
    checkpoint_link   bytea NOT NULL CHECK (octet_length(checkpoint_link) = 32),
    checkpoint_seal   bytea NOT NULL CHECK (octet_length(checkpoint_seal) = 32)
) WITH (fillfactor = 50);
