-- A session hears what it was begun to hear, whatever is asked for when it goes on. What one hears that was begun before is
-- not known, so only when that was is taken along, and another one is begun in its place.

CREATE TABLE sessions (
    shard_number  INTEGER PRIMARY KEY CHECK (shard_number >= 0),
    shard_total   INTEGER NOT NULL CHECK (shard_total > 0),
    -- The session that goes on where it stood, if there is one, and what it was begun to hear.
    intents       INTEGER,
    session_id    TEXT,
    sequence      INTEGER,
    resume_url    TEXT,
    -- When the last session was begun, in microseconds since the Unix epoch.
    identified_at INTEGER,
    CHECK ((session_id IS NULL) = (sequence IS NULL) AND (session_id IS NULL) = (resume_url IS NULL)
        AND (session_id IS NULL) = (intents IS NULL))
) STRICT;

INSERT INTO sessions (shard_number, shard_total, identified_at)
SELECT shard_number, shard_total, identified_at FROM feed_sessions;

DROP TABLE feed_sessions;
ALTER TABLE sessions RENAME TO feed_sessions;
