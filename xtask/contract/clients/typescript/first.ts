import createClient from 'openapi-fetch';

import type { paths } from './hush.js';
import { retrying } from './retry.js';

const { HUSH_URL, HUSH_TOKEN } = process.env;
if (!HUSH_URL || !HUSH_TOKEN) throw new Error('set HUSH_URL and HUSH_TOKEN');

const hush = createClient<paths>({
  baseUrl: HUSH_URL,
  headers: { Authorization: `Bearer ${HUSH_TOKEN}` },
  // Each attempt has 30 seconds; the waits between them have their own limit.
  fetch: retrying((request) => fetch(request, { signal: AbortSignal.timeout(30_000) })),
});

const user = await hush.GET('/v1/users/{id}', { params: { path: { id: '123456' } } });
if (user.error) {
  // `code` is for programs and never changes; `detail` is for people, and says what to do.
  const { code, detail, request_id } = user.error;
  if (code !== 'user-not-found') throw new Error(`${code}: ${detail} (request ${request_id})`);
  console.log('nobody has this id');
} else {
  console.log(user.data.username, user.data.roles);
}

const sent = await hush.POST('/v1/servers/{id}/commands', {
  params: {
    path: { id: '123456' },
    // One key for one intention: the same key is sent with each attempt, and the command is carried out once.
    header: { 'Idempotency-Key': crypto.randomUUID() },
  },
  body: { type: 'timeout', user_id: '100010', duration_seconds: 60, reason: 'spam' },
});
if (sent.error) throw new Error(`${sent.error.code}: ${sent.error.detail}`);
// With `dry_run` the answer says only what would become of it.
if ('state' in sent.data) console.log(`the ${sent.data.type} is ${sent.data.state}`);
