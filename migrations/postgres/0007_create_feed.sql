-- What the live feed needs: who leads it, where its connections stand, which servers it follows, their channels, and how
-- their counts were over time.

ALTER TABLE servers
    -- 0: the feed does not follow the server. 1: it does, and the platform says of it how it is. 2: it does, and the
    -- platform cannot say anything of it for a while.
    ADD COLUMN following smallint NOT NULL DEFAULT 0 CHECK (following BETWEEN 0 AND 2);

-- From now on `generation` is 0, which no chunk has, while only the number of the members is known and none is awaited.

CREATE TABLE channels (
    server_id bigint NOT NULL CHECK (server_id > 0),
    id        bigint NOT NULL CHECK (id > 0),
    name      text NOT NULL CHECK (name <> ''),
    -- As the platform numbers it: 10 to 12 are threads.
    kind      smallint NOT NULL CHECK (kind BETWEEN 0 AND 255),
    parent_id bigint CHECK (parent_id > 0),
    PRIMARY KEY (server_id, id)
);

-- The lead of the feed, in one row that is always there. Whoever writes in an epoch holds the row for KEY SHARE until the
-- transaction ends; so whoever begins or ends an epoch holds it for UPDATE, and a beat, which is no change of a key, waits
-- for neither.
CREATE TABLE feed_lease (
    sole  boolean PRIMARY KEY DEFAULT true CHECK (sole),
    epoch bigint NOT NULL,
    beat  bigint NOT NULL,
    held  boolean NOT NULL
);

INSERT INTO feed_lease (epoch, beat, held) VALUES (0, 0, false);

-- Where the connections stand on which the bot's servers are divided.
CREATE TABLE feed_sessions (
    shard_number  bigint PRIMARY KEY CHECK (shard_number >= 0),
    shard_total   bigint NOT NULL CHECK (shard_total > 0),
    -- The session that goes on where it stood, if there is one.
    session_id    text,
    sequence      bigint,
    resume_url    text,
    -- When the last session was begun.
    identified_at timestamptz,
    CONSTRAINT feed_sessions_whole_or_none CHECK (num_nulls(session_id, sequence, resume_url) IN (0, 3))
);

-- What was seen of a server's counts in an hour, which is given by its beginning: how often each was looked at and known,
-- the lowest, the highest and the last. Of one that was never known there is only the 0.
CREATE TABLE hourly_samples (
    server_id       bigint NOT NULL CHECK (server_id > 0),
    hour            timestamptz NOT NULL,
    members_samples integer NOT NULL CHECK (members_samples >= 0),
    members_min     bigint,
    members_max     bigint,
    members_last    bigint,
    bots_samples    integer NOT NULL CHECK (bots_samples >= 0),
    bots_min        bigint,
    bots_max        bigint,
    bots_last       bigint,
    online_samples  integer NOT NULL CHECK (online_samples >= 0),
    online_min      bigint,
    online_max      bigint,
    online_last     bigint,
    PRIMARY KEY (server_id, hour)
);

CREATE INDEX hourly_samples_by_hour ON hourly_samples (hour);
