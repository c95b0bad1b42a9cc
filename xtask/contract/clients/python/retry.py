"""Waits as long as the service says and sends the request again."""

import time
from collections.abc import Callable

import httpx


class RetryTransport(httpx.BaseTransport):
    """Sends a request again after the seconds that the answer's `Retry-After` names.

    A POST or PATCH may have been carried out although its answer was lost, so that it is sent again only if it has an
    `Idempotency-Key`. After `tries` attempts, or if the wait is longer than `longest` seconds, the answer is the
    caller's.
    """

    def __init__(
        self,
        inner: httpx.BaseTransport | None = None,
        *,
        tries: int = 3,
        longest: int = 120,
        sleep: Callable[[int], None] = time.sleep,
    ) -> None:
        self.inner = inner or httpx.HTTPTransport()
        self.tries = tries
        self.longest = longest
        self.sleep = sleep

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        repeatable = request.method not in ("POST", "PATCH") or "Idempotency-Key" in request.headers
        attempt = 1
        while True:
            response = self.inner.handle_request(request)
            seconds = response.headers.get("Retry-After", "")
            told = seconds.isdecimal() and int(seconds) <= self.longest
            if not told or not repeatable or attempt >= self.tries:
                return response
            # The connection is free for the next attempt once nobody waits for this body.
            response.close()
            self.sleep(int(seconds))
            attempt += 1

    def close(self) -> None:
        self.inner.close()
