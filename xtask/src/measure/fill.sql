-- What `hush-server import` and `hush-server token create` would write, one by one, for each row of the file.
CREATE TEMPORARY TABLE given (id bigint, secret text, user_id bigint, server_id bigint);
\copy given FROM 'ROWS' CSV

INSERT INTO servers (id, name, owner_id, presences_known, listed, bots, online, as_of)
SELECT server_id, 'Bench', user_id, true, 1, 0, 1, now() FROM given;

INSERT INTO roles (server_id, id, name, position, permissions)
SELECT server_id, server_id, '@everyone', 0, 0 FROM given
UNION ALL SELECT server_id, 2, 'Member', 1, 0 FROM given
UNION ALL SELECT server_id, 3, 'Admin', 2, 8 FROM given;

INSERT INTO members (server_id, user_id, name, discriminator, bot, role_ids, presence)
SELECT server_id, user_id, 'User', 1234, false, ARRAY[2, 3], 0 FROM given;

INSERT INTO tokens (id, digest, user_id, name, hint, server_ids, scopes, created_at)
SELECT id, sha256(convert_to(secret, 'UTF8')), user_id, 'Bench', left(secret, 9), ARRAY[server_id],
       ARRAY['users:read', 'stats:read', 'commands:read', 'commands:write'], now()
FROM given;
