-- Who did what in a server. The rows of each server are numbered without gaps and chained; they outlive the server,
-- and hold no personal data but ids.

CREATE TABLE audit_rows (
    server_id       INTEGER NOT NULL CHECK (server_id > 0),
    number          INTEGER NOT NULL CHECK (number > 0),
    at              INTEGER NOT NULL,
    actor           TEXT NOT NULL,
    actor_token_id  INTEGER,
    actor_user_id   INTEGER,
    action          TEXT NOT NULL,
    target_token_id INTEGER,
    target_user_id  INTEGER,
    -- JSON, to the byte as it was chained.
    before          TEXT,
    after           TEXT,
    request_id      TEXT,
    -- What the chain holds of the reason, which itself stands in `audit_reasons`.
    commitment      BLOB CHECK (length(commitment) = 32),
    key_id          BLOB CHECK (length(key_id) = 8),
    link            BLOB NOT NULL CHECK (length(link) = 32),
    PRIMARY KEY (server_id, number)
) STRICT, WITHOUT ROWID;

-- By these the reasons are found that go when a person is erased. Most rows have none.
CREATE INDEX audit_rows_with_reason_by_actor ON audit_rows (actor_user_id) WHERE commitment IS NOT NULL;
CREATE INDEX audit_rows_with_reason_by_target ON audit_rows (target_user_id) WHERE commitment IS NOT NULL;

CREATE TRIGGER audit_rows_never_change BEFORE UPDATE ON audit_rows BEGIN
    SELECT raise(ABORT, 'a row of the audit log never changes');
END;

CREATE TABLE audit_reasons (
    server_id INTEGER NOT NULL,
    number    INTEGER NOT NULL,
    text      TEXT NOT NULL,
    salt      BLOB NOT NULL CHECK (length(salt) = 16),
    PRIMARY KEY (server_id, number),
    FOREIGN KEY (server_id, number) REFERENCES audit_rows (server_id, number) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

-- Both ends of each server's log, sealed: its newest row, and the last one that retention removed (0: none).
CREATE TABLE audit_heads (
    server_id         INTEGER PRIMARY KEY CHECK (server_id > 0),
    number            INTEGER NOT NULL,
    link              BLOB NOT NULL CHECK (length(link) = 32),
    seal              BLOB NOT NULL CHECK (length(seal) = 32),
    checkpoint_number INTEGER NOT NULL CHECK (checkpoint_number BETWEEN 0 AND number),
    checkpoint_link   BLOB NOT NULL CHECK (length(checkpoint_link) = 32),
    checkpoint_seal   BLOB NOT NULL CHECK (length(checkpoint_seal) = 32)
) STRICT;
