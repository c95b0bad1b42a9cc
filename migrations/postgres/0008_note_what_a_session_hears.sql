-- A session hears what it was begun to hear, whatever is asked for when it goes on.

ALTER TABLE feed_sessions
    DROP CONSTRAINT feed_sessions_whole_or_none,
    ADD COLUMN intents bigint;

-- What a session hears that was begun before is not known, so another one is begun in its place.
UPDATE feed_sessions SET session_id = NULL, sequence = NULL, resume_url = NULL;

ALTER TABLE feed_sessions
    ADD CONSTRAINT feed_sessions_whole_or_none
        CHECK (num_nulls(intents, session_id, sequence, resume_url) IN (0, 4));
