-- What the live feed needs: who leads it, where its connections stand, which servers it follows, their channels, and how
-- their counts were over time.

-- 0: the feed does not follow the server. 1: it does, and the platform says of it how it is. 2: it does, and the
-- platform cannot say anything of it for a while.
ALTER TABLE servers ADD COLUMN following INTEGER NOT NULL DEFAULT 0 CHECK (following BETWEEN 0 AND 2);

-- From now on `generation` is 0, which no chunk has, while only the number of the members is known and none is awaited.

CREATE TABLE channels (
    server_id INTEGER NOT NULL REFERENCES servers (id) ON DELETE CASCADE,
    id        INTEGER NOT NULL CHECK (id > 0),
    name      TEXT NOT NULL CHECK (name <> ''),
    -- As the platform numbers it: 10 to 12 are threads.
    kind      INTEGER NOT NULL CHECK (kind BETWEEN 0 AND 255),
    parent_id INTEGER CHECK (parent_id > 0),
    PRIMARY KEY (server_id, id)
) STRICT, WITHOUT ROWID;

-- The lead of the feed, in one row that is always there. Whoever writes has the file alone, so no epoch begins meanwhile.
CREATE TABLE feed_lease (
    sole  INTEGER PRIMARY KEY DEFAULT 1 CHECK (sole = 1),
    epoch INTEGER NOT NULL,
    beat  INTEGER NOT NULL,
    held  INTEGER NOT NULL CHECK (held IN (0, 1))
) STRICT;

INSERT INTO feed_lease (epoch, beat, held) VALUES (0, 0, 0);

-- Where the connections stand on which the bot's servers are divided.
CREATE TABLE feed_sessions (
    shard_number  INTEGER PRIMARY KEY CHECK (shard_number >= 0),
    shard_total   INTEGER NOT NULL CHECK (shard_total > 0),
    -- The session that goes on where it stood, if there is one.
    session_id    TEXT,
    sequence      INTEGER,
    resume_url    TEXT,
    -- When the last session was begun, in microseconds since the Unix epoch.
    identified_at INTEGER,
    CHECK ((session_id IS NULL) = (sequence IS NULL) AND (session_id IS NULL) = (resume_url IS NULL))
) STRICT;

-- What was seen of a server's counts in an hour, which is given by its beginning, in microseconds since the Unix epoch:
-- how often each was looked at and known, the lowest, the highest and the last. Of one that was never known there is only
-- the 0.
CREATE TABLE hourly_samples (
    server_id       INTEGER NOT NULL CHECK (server_id > 0),
    hour            INTEGER NOT NULL,
    members_samples INTEGER NOT NULL CHECK (members_samples >= 0),
    members_min     INTEGER,
    members_max     INTEGER,
    members_last    INTEGER,
    bots_samples    INTEGER NOT NULL CHECK (bots_samples >= 0),
    bots_min        INTEGER,
    bots_max        INTEGER,
    bots_last       INTEGER,
    online_samples  INTEGER NOT NULL CHECK (online_samples >= 0),
    online_min      INTEGER,
    online_max      INTEGER,
    online_last     INTEGER,
    PRIMARY KEY (server_id, hour)
) STRICT, WITHOUT ROWID;

CREATE INDEX hourly_samples_by_hour ON hourly_samples (hour);
