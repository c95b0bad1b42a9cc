-- What Hush keeps of the platform: servers with their roles and members.

-- "Hush" in ASCII: a file with another number is not ours.
PRAGMA application_id = 0x48757368;

CREATE TABLE servers (
    id              INTEGER PRIMARY KEY CHECK (id > 0),
    name            TEXT NOT NULL CHECK (name <> ''),
    owner_id        INTEGER NOT NULL CHECK (owner_id > 0),
    -- The number of members as the platform says it, while `members` holds only a part of them; else null.
    member_count    INTEGER CHECK (member_count >= 0),
    -- The series of member chunks that is awaited, while `members` holds only a part of them; else null.
    generation      INTEGER,
    presences_known INTEGER NOT NULL CHECK (presences_known IN (0, 1)),
    -- How many rows of `members` are this server's, and how many of them are bots, or online. Kept by the triggers
    -- below, so that no statement can forget them.
    listed          INTEGER NOT NULL DEFAULT 0 CHECK (listed >= 0),
    bots            INTEGER NOT NULL DEFAULT 0 CHECK (bots BETWEEN 0 AND listed),
    online          INTEGER NOT NULL DEFAULT 0 CHECK (online BETWEEN 0 AND listed),
    -- When the newest change in these numbers was received, in microseconds since the Unix epoch.
    as_of           INTEGER NOT NULL,
    CHECK ((member_count IS NULL) = (generation IS NULL))
) STRICT;

CREATE TABLE roles (
    server_id   INTEGER NOT NULL REFERENCES servers (id) ON DELETE CASCADE,
    id          INTEGER NOT NULL CHECK (id > 0),
    name        TEXT NOT NULL CHECK (name <> ''),
    position    INTEGER NOT NULL,
    -- Discord's 64 permission bits. The sign is the highest of them.
    permissions INTEGER NOT NULL,
    PRIMARY KEY (server_id, id)
) STRICT, WITHOUT ROWID;

-- The username stands with each member on purpose: a server's data depend on no other server's rows, and a page
-- of a server's users is one range of one tree.
CREATE TABLE members (
    server_id     INTEGER NOT NULL REFERENCES servers (id) ON DELETE CASCADE,
    user_id       INTEGER NOT NULL CHECK (user_id > 0),
    name          TEXT NOT NULL CHECK (name <> ''),
    discriminator INTEGER CHECK (discriminator BETWEEN 1 AND 9999),
    bot           INTEGER NOT NULL CHECK (bot IN (0, 1)),
    -- A JSON array of ids, as they came: one that is not in `roles` means nothing until it is.
    role_ids      TEXT NOT NULL,
    -- 0 online, 1 idle, 2 do not disturb, 3 invisible, 4 offline.
    presence      INTEGER NOT NULL CHECK (presence BETWEEN 0 AND 4),
    -- The series of member chunks that showed this member, if one did.
    generation    INTEGER,
    PRIMARY KEY (server_id, user_id)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER members_count_who_comes AFTER INSERT ON members BEGIN
    UPDATE servers
    SET listed = listed + 1, bots = bots + new.bot, online = online + (new.presence < 3)
    WHERE id = new.server_id;
END;

CREATE TRIGGER members_count_who_goes AFTER DELETE ON members BEGIN
    UPDATE servers
    SET listed = listed - 1, bots = bots - old.bot, online = online - (old.presence < 3)
    WHERE id = old.server_id;
END;

CREATE TRIGGER members_count_who_changes AFTER UPDATE OF bot, presence ON members
WHEN old.bot <> new.bot OR (old.presence < 3) <> (new.presence < 3) BEGIN
    UPDATE servers
    SET bots = bots - old.bot + new.bot, online = online - (old.presence < 3) + (new.presence < 3)
    WHERE id = new.server_id;
END;
