-- What Hush keeps of the platform: servers with their roles and members.
--
-- Whoever changes anything of a server locks its row in `servers` first, then its members by id. So no other
-- lock is needed to keep the counts, and there are no foreign keys here: each would be checked for each of
-- 100,000 imported members, for what that one lock already guarantees.

CREATE TABLE servers (
    id              bigint PRIMARY KEY CHECK (id > 0),
    name            text NOT NULL CHECK (name <> ''),
    owner_id        bigint NOT NULL CHECK (owner_id > 0),
    -- The number of members as the platform says it, while `members` holds only a part of them; else null.
    member_count    bigint CHECK (member_count >= 0),
    -- The series of member chunks that is awaited, while `members` holds only a part of them; else null.
    generation      bigint,
    presences_known boolean NOT NULL,
    -- How many rows of `members` are this server's, and how many of them are bots, or online.
    listed          bigint NOT NULL CHECK (listed >= 0),
    bots            bigint NOT NULL CHECK (bots BETWEEN 0 AND listed),
    online          bigint NOT NULL CHECK (online BETWEEN 0 AND listed),
    -- When the newest change in these numbers was received.
    as_of           timestamptz NOT NULL,
    CONSTRAINT servers_partial_or_complete CHECK ((member_count IS NULL) = (generation IS NULL))
) WITH (fillfactor = 70);

CREATE TABLE roles (
    server_id   bigint NOT NULL CHECK (server_id > 0),
    id          bigint NOT NULL CHECK (id > 0),
    name        text NOT NULL CHECK (name <> ''),
    position    integer NOT NULL,
    -- Discord's 64 permission bits. The sign is the highest of them.
    permissions bigint NOT NULL,
    PRIMARY KEY (server_id, id)
);

-- The username stands with each member on purpose: a server's data depend on no other server's rows, and a page
-- of a server's users is one range of one index.
CREATE TABLE members (
    server_id     bigint NOT NULL CHECK (server_id > 0),
    user_id       bigint NOT NULL CHECK (user_id > 0),
    name          text NOT NULL CHECK (name <> ''),
    discriminator smallint CHECK (discriminator BETWEEN 1 AND 9999),
    bot           boolean NOT NULL,
    -- As they came: an id that is not in `roles` means nothing until it is.
    role_ids      bigint[] NOT NULL,
    -- 0 online, 1 idle, 2 do not disturb, 3 invisible, 4 offline.
    presence      smallint NOT NULL CHECK (presence BETWEEN 0 AND 4),
    -- The series of member chunks that showed this member, if one did.
    generation    bigint,
    PRIMARY KEY (server_id, user_id)
) WITH (fillfactor = 90);

-- Always empty: the shape of the temporary table of the same name into which an import copies a member list
-- before it locks the server. The temporary one is found first; this one lets the queries be checked.
CREATE TABLE staged_members (
    user_id       bigint NOT NULL,
    name          text NOT NULL,
    discriminator smallint,
    bot           boolean NOT NULL,
    role_ids      bigint[] NOT NULL,
    -- Null: not said.
    presence      smallint
);
