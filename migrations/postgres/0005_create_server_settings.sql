-- What servers' owners decided, and which servers are gone. Both refer to servers by id alone, on purpose: a server
-- that is removed and added again has its settings back.

-- A server without a row has the default settings.
CREATE TABLE server_settings (
    server_id      bigint PRIMARY KEY CHECK (server_id > 0),
    api_enabled    boolean NOT NULL,
    -- Ascending, each once.
    admin_role_ids bigint[] NOT NULL
);

-- Servers that were removed, of which something may be left. A version before this one does not take a server out
-- when it comes back, so whoever erases what is left looks whether the server is there.
CREATE TABLE departed_servers (
    server_id bigint PRIMARY KEY CHECK (server_id > 0),
    at        timestamptz NOT NULL
);
