// Proves that the client that openapi-typescript makes of the document understands the live service. It takes the address
// and a server owner's token from the environment, says one line for each thing that it understood, and ends with 1
// at the first one that is not as the document says.

import createClient, { type Client } from 'openapi-fetch';

import type { components, paths } from './hush.js';
import { retrying, type Send } from './retry.js';

type Problem = components['schemas']['Problem'];

const url = setting('HUSH_URL');
const serverId = process.env['HUSH_SERVER_ID'] ?? '123456';
const userId = process.env['HUSH_USER_ID'] ?? '123456';
const targetId = process.env['HUSH_TARGET_ID'] ?? '100010';

function setting(name: string): string {
  return process.env[name] ?? fail(`set ${name}`);
}

function fail(what: string): never {
  throw new Error(what);
}

function same<T>(what: string, found: T, expected: T): void {
  const [is, shouldBe] = [JSON.stringify(found), JSON.stringify(expected)];
  if (is !== shouldBe) fail(`${what} is ${is}, and should be ${shouldBe}`);
}

function say(what: string): void {
  console.log(`typescript: ${what}`);
}

function client(token: string, send: Send): Client<paths> {
  return createClient<paths>({ baseUrl: url, fetch: send, headers: { Authorization: `Bearer ${token}` } });
}

/** Keeps what the service answered, below the retries. */
function watched(send: Send) {
  const answers: { status: number; retryAfter: string | null }[] = [];
  const watch: Send = async (request) => {
    const response = await send(request);
    answers.push({ status: response.status, retryAfter: response.headers.get('Retry-After') });
    return response;
  };
  return { answers, send: watch };
}

/** Keeps how long it was asked to wait, and does not wait. */
function impatient() {
  const waits: number[] = [];
  const sleep = async (seconds: number): Promise<void> => void waits.push(seconds);
  return { waits, sleep };
}

async function reads(hush: Client<paths>): Promise<void> {
  const user = await hush.GET('/v1/users/{id}', { params: { path: { id: userId } } });
  if (user.data === undefined) fail(`the user is a problem: ${user.error?.code}`);
  const { id, username, roles }: { id: string; username: string; roles: string[] } = user.data;
  same('the id', id, userId);
  if (username === '' || roles.length === 0) fail('the user has neither name nor roles');
  say(`200 user ${id} ${username} [${roles.join(', ')}]`);

  const stats = await hush.GET('/v1/servers/{id}/stats', { params: { path: { id: serverId } } });
  if (stats.data === undefined) fail(`the stats are a problem: ${stats.error?.code}`);
  const members: number | null = stats.data.members;
  if (members !== null && !Number.isInteger(members)) fail('the members are no number');
  // This compiles only if a number may be null and none may be left out.
  const nothing: components['schemas']['ServerStats'] = { members: null, bots: null, online: null };
  say(`200 stats of ${members} members, and null where a number is not known (${nothing.members})`);

  const nobody = await hush.GET('/v1/users/{id}', { params: { path: { id: '999' } } });
  const problem: Problem = nobody.error ?? fail('user 999 is not expected to be there');
  same('the status', [nobody.response.status, problem.status], [404, 404]);
  same('the code', problem.code, 'user-not-found');
  same('the request id', problem.request_id, nobody.response.headers.get('X-Request-Id'));
  say(`404 problem ${problem.code}: ${problem.title}`);
}

async function commands(hush: Client<paths>): Promise<void> {
  const body: components['schemas']['CreateCommand'] = {
    type: 'timeout',
    user_id: targetId,
    duration_seconds: 60,
    reason: 'the check of the TypeScript client',
  };
  // @ts-expect-error A timeout says how long it lasts: each type of command has its own fields.
  void ({ type: 'timeout', user_id: targetId } satisfies components['schemas']['CreateCommand']);
  const path = { id: serverId };
  const trial = await hush.POST('/v1/servers/{id}/commands', {
    params: { path, query: { dry_run: true } },
    body,
  });
  if (trial.data === undefined) fail(`the dry run is a problem: ${trial.error?.code}`);
  if (!('allowed' in trial.data)) fail('the dry run did not answer with a trial');
  same('allowed', trial.data.allowed, true);
  same('the rule', trial.data.rule, null);
  say(`200 dry run of a ${trial.data.type}: allowed`);

  const sent = await hush.POST('/v1/servers/{id}/commands', {
    params: { path, header: { 'Idempotency-Key': crypto.randomUUID() } },
    body,
  });
  if (sent.data === undefined) fail(`the command is a problem: ${sent.error?.code}`);
  if (!('state' in sent.data)) fail('the command was only tried');
  same('the status', sent.response.status, 202);
  const done = await hush.GET('/v1/servers/{id}/commands/{command_id}', {
    params: { path: { id: serverId, command_id: sent.data.id }, query: { wait: 10 } },
  });
  if (done.data === undefined) fail(`the command is a problem: ${done.error?.code}`);
  same('the state', done.data.state, 'succeeded');
  same('the failure', done.data.failure, null);
  same('the length', done.data.parameters.duration_seconds, 60);
  say(`202 command ${done.data.type}: ${done.data.state}`);
}

/** The limit of `/v1/me` is the token's own, so that nobody else is held up when it is spent. */
async function ownToken(hush: Client<paths>): Promise<components['schemas']['IssuedToken']> {
  const made = await hush.POST('/v1/tokens', {
    params: { header: { 'Idempotency-Key': crypto.randomUUID() } },
    body: {
      name: `typescript ${crypto.randomUUID()}`,
      server_ids: [serverId],
      scopes: ['users:read', 'tokens:write'],
      expires_in_seconds: 3600,
    },
  });
  if (made.data === undefined) fail(`the new token is a problem: ${made.error?.code}`);
  same('the status', made.response.status, 201);
  same('the scopes', made.data.scopes, ['users:read', 'tokens:write']);
  same('revoked_at', made.data.revoked_at, null);
  say(`201 token with the scopes ${made.data.scopes.join(' and ')}, until ${made.data.expires_at}`);
  return made.data;
}

async function limits(secret: string): Promise<void> {
  const plain = client(secret, fetch);
  let refused = await plain.GET('/v1/me');
  for (let sent = 1; sent < 61 && refused.error === undefined; sent += 1) {
    refused = await plain.GET('/v1/me');
  }
  const problem: Problem = refused.error ?? fail('61 requests were admitted');
  same('the status', [refused.response.status, problem.status], [429, 429]);
  same('the code', problem.code, 'rate-limited');
  const header = Number(refused.response.headers.get('Retry-After'));
  same('retry_after', problem.retry_after, header);
  if (!(header >= 1 && header <= 60)) fail(`Retry-After is ${header}`);
  say(`429 problem ${problem.code}, Retry-After ${header}`);

  // The service goes on refusing, since nobody really waits: two waits, three answers, and the last one is given back.
  const live = watched(fetch);
  const patience = impatient();
  const patient = client(secret, retrying(live.send, { tries: 3, sleep: patience.sleep }));
  const given = await patient.GET('/v1/me');
  same('the last answer', given.error?.code, 'rate-limited');
  same('the answers', live.answers.map((answer) => answer.status), [429, 429, 429]);
  same('the waits', patience.waits, live.answers.slice(0, 2).map((answer) => Number(answer.retryAfter)));
  say(`the helper asked to wait ${patience.waits.join(' and ')} s, then gave the answer back`);

  const body: components['schemas']['CreateToken'] = {
    name: 'never made',
    server_ids: [serverId],
    scopes: ['users:read'],
  };
  live.answers.length = 0;
  patience.waits.length = 0;
  const once = await patient.POST('/v1/tokens', { body });
  same('the code', once.error?.code, 'rate-limited');
  same('a POST without Idempotency-Key', [live.answers.length, patience.waits.length], [1, 0]);
  live.answers.length = 0;
  await patient.POST('/v1/tokens', { params: { header: { 'Idempotency-Key': 'a key' } }, body });
  same('a POST with Idempotency-Key', live.answers.map((answer) => answer.status), [429, 429, 429]);
  say('the helper repeats a POST with Idempotency-Key, and none without');
}

async function recovers(token: string): Promise<void> {
  let refusals = ['7'];
  const busy: Send = async (request) => {
    const seconds = refusals.shift();
    return seconds === undefined
      ? fetch(request)
      : new Response(null, { status: 503, headers: { 'Retry-After': seconds } });
  };
  const live = watched(busy);
  const patience = impatient();
  const hush = client(token, retrying(live.send, { sleep: patience.sleep }));
  const me = await hush.GET('/v1/me');
  same('the answers', live.answers.map((answer) => answer.status), [503, 200]);
  same('the waits', patience.waits, [7]);
  if (me.data === undefined) fail('there was no answer after the wait');
  say(`200 after a wait of 7 s: ${me.data.servers.length} server`);

  // A wait that is too long, or that is no number, is for the caller to decide about.
  for (const seconds of ['121', 'Thu, 26 Nov 2026 04:22:53 GMT']) {
    refusals = [seconds];
    patience.waits.length = 0;
    const answer = await hush.GET('/v1/me');
    same(`the answer to Retry-After: ${seconds}`, [answer.response.status, patience.waits.length], [503, 0]);
  }
}

async function main(): Promise<void> {
  const token = setting('HUSH_TOKEN');
  const hush = client(token, fetch);
  await reads(hush);
  await commands(hush);
  const own = await ownToken(hush);
  await limits(own.secret ?? fail('the new token has no secret'));
  await recovers(token);
  const gone = await hush.DELETE('/v1/tokens/{id}', { params: { path: { id: own.id } } });
  same('the status', gone.response.status, 204);
  say('204 the token is revoked');
}

main().catch((error: unknown) => {
  console.error(`typescript: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
});
