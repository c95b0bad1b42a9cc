"""What `hush-server import` and `hush-server token create` would write, one by one, for each row of the file."""

import csv
import hashlib
import sqlite3
import sys

database, rows = sys.argv[1:]
with open(rows, newline="") as file:
    given = [(int(id), secret, int(user), int(server)) for id, secret, user, server in csv.reader(file)]
with sqlite3.connect(database) as file:
    file.executemany(
        "INSERT INTO servers (id, name, owner_id, presences_known, as_of) VALUES (?, 'Bench', ?, 1, 0)",
        [(server, user) for _, _, user, server in given],
    )
    file.executemany(
        "INSERT INTO roles (server_id, id, name, position, permissions) VALUES (?, ?, ?, ?, ?)",
        [
            (server, *role)
            for _, _, _, server in given
            for role in [(server, "@everyone", 0, 0), (2, "Member", 1, 0), (3, "Admin", 2, 8)]
        ],
    )
    file.executemany(
        "INSERT INTO members (server_id, user_id, name, discriminator, bot, role_ids, presence)"
        " VALUES (?, ?, 'User', 1234, 0, '[2,3]', 0)",
        [(server, user) for _, _, user, server in given],
    )
    file.executemany(
        "INSERT INTO tokens (id, digest, user_id, name, hint, scopes, created_at)"
        """ VALUES (?, ?, ?, 'Bench', ?, '["users:read","stats:read","commands:read","commands:write"]', 0)""",
        [(id, hashlib.sha256(secret.encode()).digest(), user, secret[:9]) for id, secret, user, _ in given],
    )
    file.executemany(
        "INSERT INTO token_servers (token_id, server_id) VALUES (?, ?)",
        [(id, server) for id, _, _, server in given],
    )
