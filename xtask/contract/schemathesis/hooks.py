"""What schemathesis cannot know of the service, what it must not destroy, and what a schema cannot say."""

import atexit
import json
import os
import urllib.request
from collections import Counter
from datetime import UTC, datetime, timedelta
from unicodedata import category
from urllib.parse import unquote_to_bytes

import schemathesis
from schemathesis.core.media_types import YAML_MEDIA_TYPES
from schemathesis.openapi.checks import RejectedPositiveData
from schemathesis.specs.openapi import object_authorization

# `xtask/src/contract/fuzz.rs` says where the service is, and as whom it is asked.
URL = os.environ["HUSH_FUZZ_URL"]
with open(os.environ["HUSH_FUZZ_AUTH"], encoding="utf-8") as file:
    AUTHORIZATION = json.load(file)["auth"][0]["fixedHeaders"][0]["value"]


def ask(method, path, body=None):
    """Ask the service past schemathesis, as the same owner."""
    request = urllib.request.Request(
        URL + path,
        method=method,
        data=None if body is None else json.dumps(body).encode(),
        headers={"Authorization": AUTHORIZATION, "Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=10) as answer:
        return json.load(answer)


ME = ask("GET", "/v1/me")
OWN_TOKEN = ME["token_id"]
SERVER = ME["servers"][0]["id"]
# The roles that can be named: all but the everyone-role, which has the server's id.
ROLES = {role["id"] for role in ask("GET", f"/v1/servers/{SERVER}/roles")["roles"]} - {SERVER}

# Where operations name a token or a command, and which make one.
TOKENS = {"getToken": "id", "revokeToken": "id", "rotateToken": "id", "removeServerFromToken": "token_id"}
COMMANDS = {"getCommand": "command_id", "cancelCommand": "command_id"}
MAKING = {"createToken": 201, "createCommand": 202}
# The operations that would take from the token that asks what the rest of the run needs.
ENDING = {"revokeToken", "rotateToken", "removeServerFromToken"}

# What the run has made: ids, secrets that nobody has reported, and keys that stand for a request.
tokens, commands, secrets, keys = [], [], [], set()
calls = Counter()


def name_of(case):
    return case.operation.definition.raw.get("operationId")


def pick(name):
    """Something that the run has made, for an operation that names one; what is ended is not picked again."""
    made = tokens if name in TOKENS else commands
    if name in ("revokeToken", "removeServerFromToken"):
        return made.pop()
    return made[-1] if name == "rotateToken" else made[calls[name] // 2 % len(made)]


def mend(case, name):
    """Let a request mean what is there, of which the schemas know nothing."""
    body = case.body if isinstance(case.body, dict) else {}
    if name in TOKENS and tokens or name in COMMANDS and commands:
        case.path_parameters[{**TOKENS, **COMMANDS}[name]] = pick(name)
    elif name == "createToken" and "server_ids" in body:
        body["server_ids"], body["name"] = [SERVER], f"token {calls[name]}"
    elif name == "createCommand" and "not_after" in body:
        body["not_after"] = (datetime.now(UTC) + timedelta(minutes=10)).isoformat()
    elif name == "reportLeakedToken" and "token" in body and secrets:
        body["token"] = secrets.pop()


@schemathesis.hook
def before_call(context, case, **kwargs):
    """Mend every second request that is meant to be carried out, and end never the token that asks."""
    name = name_of(case)
    calls[name] += 1
    if calls[name] % 2 == 0 and case.meta is not None and case.meta.generation.mode.is_positive:
        mend(case, name)
    if name in ENDING and str(case.path_parameters.get(TOKENS[name])) == OWN_TOKEN:
        # Nobody has the token 1.
        case.path_parameters[TOKENS[name]] = pick(name) if tokens else "1"


@schemathesis.hook
def after_call(context, case, response):
    """Remember what was made, and turn the API on again where it was turned off: it would answer 404 from then on."""
    name = name_of(case)
    if MAKING.get(name) == response.status_code:
        made = response.json()
        (tokens if name == "createToken" else commands).append(made["id"])
        if made.get("secret"):
            secrets.append(made["secret"])
    if "Idempotency-Key" in case.headers:
        keys.add(case.headers["Idempotency-Key"])
    if name == "updateServerSettings" and response.status_code == 200 and not response.json()["api_enabled"]:
        ask("PATCH", f"/v1/servers/{SERVER}/settings", {"api_enabled": True})


send_probe = object_authorization.send_probe


def send_and_count(ctx, parent, probe):
    """Count what is asked as the other owner. Schemathesis does not tell, and a check that never asks checks nothing."""
    calls["foreign"] += probe.auth_identity == "second"
    return send_probe(ctx, parent, probe)


object_authorization.send_probe = send_and_count


@atexit.register
def tell():
    """Say how often another owner asked for what this one has made."""
    with open(os.environ["HUSH_FUZZ_SEEN"], "w", encoding="utf-8") as file:
        json.dump({"foreign": calls["foreign"]}, file)


@schemathesis.deserializer(*YAML_MEDIA_TYPES)
def text(context, response):
    """YAML is text to whoever asks for it, as the document says; what it means is what JSON of the same name means."""
    return response.text


# Refusals of what is valid by the schemas: what they cannot say, or only in a pattern that nobody could read, and the
# document says in words. Each looks at the request itself, so that nothing else is excused.


def texts(value):
    """Every text in a query or a body, lists in a query taken apart."""
    if isinstance(value, dict):
        return [found for part in value.values() for found in texts(part)]
    if isinstance(value, (list, tuple)):
        return [found for part in value for found in texts(part)]
    return value.split(",") if isinstance(value, str) else []


def has_an_id_beyond_all(case, problem):
    """Ids end at 2^63 - 1, in the midst of those with 19 digits."""
    found = texts(case.query) + texts(case.body)
    return any(text.isascii() and text.isdigit() and int(text) >= 2**63 for text in found)


def has_a_reason_that_is_no_text(case, problem):
    """A reason is UTF-8 and has at most 512 characters, none of them a control character, when it is decoded."""
    if problem.get("parameter") != "X-Audit-Log-Reason":
        return False
    try:
        reason = unquote_to_bytes(str(case.headers["X-Audit-Log-Reason"])).decode()
    except UnicodeDecodeError:
        return True
    return not 1 <= len(reason) <= 512 or any(category(character) == "Cc" for character in reason)


def has_no_key(case, problem):
    """A command that is to be queued needs a key; one that is tried out does not."""
    return problem["code"] == "idempotency-key-required" and "Idempotency-Key" not in case.headers


def has_a_key_of_another_request(case, problem):
    """What was sent before is no matter of the document."""
    return problem["code"] == "idempotency-key-reused" and case.headers.get("Idempotency-Key") in keys


def names_a_role_that_is_not_there(case, problem):
    """Which roles a server has is no matter of the document."""
    return problem.get("parameter") == "admin_role_ids" and not set(case.body["admin_role_ids"]) <= ROLES


def ends_too_early_or_too_late(case, problem):
    """A command ends within a day from now, and no document knows what time it is."""
    if problem.get("parameter") != "not_after":
        return False
    end = datetime.fromisoformat(case.body["not_after"])
    return not timedelta() < end - datetime.now(UTC) <= timedelta(days=1)


EXCUSES = [
    has_an_id_beyond_all,
    has_a_reason_that_is_no_text,
    has_no_key,
    has_a_key_of_another_request,
    names_a_role_that_is_not_there,
    ends_too_early_or_too_late,
]

# A head that is larger is no request yet: the HTTP library answers 431, before any operation is known. A header of the
# largest size has no room for the others beside it.
ROOM = 31 * 1024


@schemathesis.hook
def filter_failure(context, failure, case, response):
    """Let go what is not the document's to say."""
    if response.status_code == 431:
        return sum(len(str(value)) for value in case.headers.values()) <= ROOM
    if not isinstance(failure, RejectedPositiveData):
        return True
    problem = response.json()
    return not any(excuse(case, problem) for excuse in EXCUSES)
