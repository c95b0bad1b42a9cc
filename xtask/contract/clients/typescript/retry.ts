/** Sends one request, as `fetch` does. */
export type Send = (request: Request) => Promise<Response>;

/**
 * A `fetch` that waits as long as an answer's `Retry-After` says and then sends the request again.
 *
 * A POST or PATCH may have been carried out although its answer was lost, so that it is sent again only if it has an
 * `Idempotency-Key`. After `tries` attempts, or if the wait is longer than `longest` seconds, the answer is the caller's.
 */
export function retrying(
  send: Send = fetch,
  { tries = 3, longest = 120, sleep = pause } = {},
): Send {
  return async (request) => {
    const repeatable =
      !['POST', 'PATCH'].includes(request.method) || request.headers.has('Idempotency-Key');
    for (let attempt = 1; ; attempt += 1) {
      // The body of a request can be sent only once, so that each attempt gets a copy.
      const response = await send(request.clone());
      const seconds = response.headers.get('Retry-After') ?? '';
      const told = /^\d+$/.test(seconds) && Number(seconds) <= longest;
      if (!told || !repeatable || attempt >= tries) return response;
      // The connection is free for the next attempt once nobody waits for this body.
      await response.body?.cancel();
      await sleep(Number(seconds));
    }
  };
}

async function pause(seconds: number): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
}
