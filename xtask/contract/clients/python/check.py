"""Proves that the client that openapi-python-client makes of the document understands the live service.

It takes the address and a server owner's token from the environment, says one line for each thing that it understood,
and ends with 1 at the first one that is not as the document says.
"""

import os
import sys
import uuid
from http import HTTPStatus
from typing import TypeVar

import httpx

from hush_client import AuthenticatedClient
from hush_client.api.commands import create_command, get_command
from hush_client.api.me import get_me
from hush_client.api.servers import get_server_stats
from hush_client.api.tokens import create_token, revoke_token
from hush_client.api.users import get_user
from hush_client.models import (
    Code,
    Command,
    CommandState,
    CommandTrial,
    CommandType,
    CreateToken,
    IssuedToken,
    Me,
    Problem,
    Scope,
    ServerStats,
    TimeoutCommand,
    TimeoutCommandType,
    User,
)
from retry import RetryTransport

T = TypeVar("T")


class Mismatch(Exception):
    """Something is not as the document says."""


def setting(name: str, default: str | None = None) -> str:
    value = os.environ.get(name, default)
    if not value:
        raise Mismatch(f"set {name}")
    return value


def same(what: str, found: object, expected: object) -> None:
    if found != expected:
        raise Mismatch(f"{what} is {found!r}, and should be {expected!r}")


def understood(kind: type[T], answer: object) -> T:
    """The answer, if it was decoded as what it should be."""
    if isinstance(answer, kind):
        return answer
    code = answer.code.value if isinstance(answer, Problem) else None
    raise Mismatch(f"not a {kind.__name__}, but a {type(answer).__name__} ({code})")


def say(what: str) -> None:
    print(f"python: {what}")


class Watched(httpx.BaseTransport):
    """Keeps what the service answered, below the retries; begins with the answers that it was given."""

    def __init__(self, first: list[httpx.Response] | None = None) -> None:
        self.inner = httpx.HTTPTransport()
        self.first = first or []
        self.answers: list[tuple[int, str]] = []

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        response = self.first.pop(0) if self.first else self.inner.handle_request(request)
        self.answers.append((response.status_code, response.headers.get("Retry-After", "")))
        return response

    def statuses(self) -> list[int]:
        return [status for status, _ in self.answers]


def client(token: str, transport: httpx.BaseTransport) -> AuthenticatedClient:
    return AuthenticatedClient(
        base_url=setting("HUSH_URL"),
        token=token,
        # Without one the generated client waits for ever.
        timeout=httpx.Timeout(30),
        httpx_args={"transport": transport},
    )


def reads(hush: AuthenticatedClient) -> None:
    user_id = setting("HUSH_USER_ID", "123456")
    user = understood(User, get_user.sync(user_id, client=hush))
    same("the id", user.id, user_id)
    if not user.username or not user.roles:
        raise Mismatch("the user has neither name nor roles")
    say(f"200 user {user.id} {user.username} [{', '.join(user.roles)}]")

    server_id = setting("HUSH_SERVER_ID", "123456")
    stats = understood(ServerStats, get_server_stats.sync(server_id, client=hush))
    members: int | None = stats.members
    if members is not None and type(members) is not int:
        raise Mismatch("the members are no number")
    nothing = ServerStats.from_dict({"members": None, "bots": None, "online": None})
    same("a number that is not known", nothing.members, None)
    say(f"200 stats of {members} members, and None where a number is not known")

    nobody = get_user.sync_detailed("999", client=hush)
    problem = understood(Problem, nobody.parsed)
    same("the status", (nobody.status_code, problem.status), (HTTPStatus.NOT_FOUND, 404))
    same("the code", problem.code, Code.USER_NOT_FOUND)
    same("the request id", problem.request_id, nobody.headers["X-Request-Id"])
    say(f"404 problem {problem.code.value}: {problem.title}")


def commands(hush: AuthenticatedClient) -> None:
    server_id = setting("HUSH_SERVER_ID", "123456")
    body = TimeoutCommand(
        type_=TimeoutCommandType.TIMEOUT,
        user_id=setting("HUSH_TARGET_ID", "100010"),
        duration_seconds=60,
        reason="the check of the Python client",
    )
    trial = understood(CommandTrial, create_command.sync(server_id, client=hush, body=body, dry_run=True))
    same("allowed", trial.allowed, True)
    same("the rule", trial.rule, None)
    say(f"200 dry run of a {trial.type_.value}: allowed")

    sent = create_command.sync_detailed(server_id, client=hush, body=body, idempotency_key=str(uuid.uuid4()))
    same("the status", sent.status_code, HTTPStatus.ACCEPTED)
    command = understood(Command, sent.parsed)
    done = understood(Command, get_command.sync(server_id, command.id, client=hush, wait=10))
    same("the type", done.type_, CommandType.TIMEOUT)
    same("the state", done.state, CommandState.SUCCEEDED)
    same("the failure", done.failure, None)
    same("the length", done.parameters.duration_seconds, 60)
    say(f"202 command {done.type_.value}: {done.state.value}")


def own_token(hush: AuthenticatedClient) -> IssuedToken:
    """A token whose own limit, that of `/v1/me`, can be spent without holding up anybody else."""
    body = CreateToken(
        name=f"python {uuid.uuid4()}",
        server_ids=[setting("HUSH_SERVER_ID", "123456")],
        scopes=[Scope("users:read"), Scope("tokens:write")],
        expires_in_seconds=3600,
    )
    made = create_token.sync_detailed(client=hush, body=body, idempotency_key=str(uuid.uuid4()))
    same("the status", made.status_code, HTTPStatus.CREATED)
    token = understood(IssuedToken, made.parsed)
    same("the scopes", token.scopes, body.scopes)
    same("revoked_at", token.revoked_at, None)
    names = " and ".join(scope.value for scope in token.scopes)
    say(f"201 token with the scopes {names}, until {token.expires_at}")
    return token


def limits(secret: str) -> None:
    plain = client(secret, httpx.HTTPTransport())
    refused = get_me.sync_detailed(client=plain)
    for _ in range(60):
        if not isinstance(refused.parsed, Me):
            break
        refused = get_me.sync_detailed(client=plain)
    problem = understood(Problem, refused.parsed)
    same("the status", (refused.status_code, problem.status), (HTTPStatus.TOO_MANY_REQUESTS, 429))
    same("the code", problem.code, Code.RATE_LIMITED)
    header = int(refused.headers["Retry-After"])
    same("retry_after", problem.retry_after, header)
    if not 1 <= header <= 60:
        raise Mismatch(f"Retry-After is {header}")
    say(f"429 problem {problem.code.value}, Retry-After {header}")

    # The service goes on refusing, since nobody really waits: two waits, three answers, and the last one is given back.
    live = Watched()
    waits: list[int] = []
    patient = client(secret, RetryTransport(live, tries=3, sleep=waits.append))
    given = understood(Problem, get_me.sync(client=patient))
    same("the last answer", given.code, Code.RATE_LIMITED)
    same("the answers", live.statuses(), [429, 429, 429])
    same("the waits", waits, [int(seconds) for _, seconds in live.answers[:2]])
    say(f"the helper asked to wait {waits[0]} and {waits[1]} s, then gave the answer back")

    body = CreateToken(
        name="never made",
        server_ids=[setting("HUSH_SERVER_ID", "123456")],
        scopes=[Scope("users:read")],
    )
    live.answers.clear()
    waits.clear()
    once = understood(Problem, create_token.sync(client=patient, body=body))
    same("the code", once.code, Code.RATE_LIMITED)
    same("a POST without Idempotency-Key", (len(live.answers), waits), (1, []))
    live.answers.clear()
    create_token.sync(client=patient, body=body, idempotency_key="a key")
    same("a POST with Idempotency-Key", live.statuses(), [429, 429, 429])
    say("the helper repeats a POST with Idempotency-Key, and none without")


def recovers(token: str) -> None:
    live = Watched([httpx.Response(503, headers={"Retry-After": "7"})])
    waits: list[int] = []
    hush = client(token, RetryTransport(live, sleep=waits.append))
    me = understood(Me, get_me.sync(client=hush))
    same("the answers", live.statuses(), [503, 200])
    same("the waits", waits, [7])
    say(f"200 after a wait of 7 s: {len(me.servers)} server")

    # A wait that is too long, or that is no number, is for the caller to decide about.
    for seconds in ("121", "Thu, 26 Nov 2026 04:22:53 GMT"):
        refusal = httpx.Response(503, headers={"Retry-After": seconds})
        waits.clear()
        with httpx.Client(transport=RetryTransport(Watched([refusal]), sleep=waits.append)) as direct:
            answer = direct.get(f"{setting('HUSH_URL')}/livez")
        same(f"the answer to Retry-After: {seconds}", (answer.status_code, waits), (503, []))


def main() -> None:
    token = setting("HUSH_TOKEN")
    hush = client(token, httpx.HTTPTransport())
    reads(hush)
    commands(hush)
    own = own_token(hush)
    limits(understood(str, own.secret))
    recovers(token)
    gone = revoke_token.sync_detailed(own.id, client=hush)
    same("the status", gone.status_code, HTTPStatus.NO_CONTENT)
    say("204 the token is revoked")


if __name__ == "__main__":
    try:
        main()
    except (Mismatch, httpx.HTTPError) as error:
        sys.exit(f"python: {error}")
