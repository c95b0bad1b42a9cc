-- What servers' owners decided, and which servers are gone. Both refer to servers by id alone, on purpose: a server
-- that is removed and added again has its settings back.

-- A server without a row has the default settings.
CREATE TABLE server_settings (
    server_id      INTEGER PRIMARY KEY CHECK (server_id > 0),
    api_enabled    INTEGER NOT NULL CHECK (api_enabled IN (0, 1)),
    -- A JSON array of ids, ascending.
    admin_role_ids TEXT NOT NULL
) STRICT;

-- Servers that were removed, of which something may be left.
CREATE TABLE departed_servers (
    server_id INTEGER PRIMARY KEY CHECK (server_id > 0),
    at        INTEGER NOT NULL
) STRICT;
