import os
import sys
import uuid

import httpx

from hush_client import AuthenticatedClient
from hush_client.api.commands import create_command
from hush_client.api.users import get_user
from hush_client.models import Code, Command, Problem, TimeoutCommand, TimeoutCommandType, User
from retry import RetryTransport

hush = AuthenticatedClient(
    base_url=os.environ["HUSH_URL"],
    token=os.environ["HUSH_TOKEN"],
    # Without one the generated client waits for ever.
    timeout=httpx.Timeout(30),
    httpx_args={"transport": RetryTransport()},
)

user = get_user.sync("123456", client=hush)
if isinstance(user, User):
    print(user.username, user.roles)
elif isinstance(user, Problem) and user.code == Code.USER_NOT_FOUND:
    print("nobody has this id")
elif isinstance(user, Problem):
    # `code` is for programs and never changes; `detail` is for people, and says what to do.
    sys.exit(f"{user.code.value}: {user.detail} (request {user.request_id})")

sent = create_command.sync(
    "123456",
    client=hush,
    body=TimeoutCommand(
        type_=TimeoutCommandType.TIMEOUT,
        user_id="100010",
        duration_seconds=60,
        reason="spam",
    ),
    # One key for one intention: the same key is sent with each attempt, and the command is carried out once.
    idempotency_key=str(uuid.uuid4()),
)
if isinstance(sent, Problem):
    sys.exit(f"{sent.code.value}: {sent.detail}")
# With `dry_run` the answer says only what would become of it.
if isinstance(sent, Command):
    print(f"the {sent.type_.value} is {sent.state.value}")
