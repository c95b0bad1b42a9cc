-- The rate limit's memory beyond a process's end: every admission in the order in which it was made, oldest first.
-- The rings themselves are in the memory of the one process that serves; it reads them from here when it starts.
-- A row at the end costs next to nothing, where a row for each bucket would be rewritten with each admission.

CREATE TABLE admissions (
    id   INTEGER PRIMARY KEY,
    -- What the bucket belongs to: 1 server, 2 token, 3 IPv4 address, 4 IPv6 network.
    kind INTEGER NOT NULL,
    key  INTEGER NOT NULL,
    -- Microseconds since the Unix epoch.
    at   INTEGER NOT NULL
) STRICT;
