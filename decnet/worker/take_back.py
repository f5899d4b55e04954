"""Takes back what a failed enrolment has put on a machine."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from decnet.errors import DecnetError, EnrolledHint, LoginState, Unreachable
from decnet.model.worker import Worker
from decnet.wire.authorized import USUAL

from .fleetkey import COMMENT, FleetKey
from .login import Login
from .requirements import HOME
from .visit import AGENT_COMMAND, Before, KeyPolicy, Visit

LIMIT = 60.0


@asynccontextmanager
async def taken_back(visit: Visit, policy: KeyPolicy) -> AsyncIterator[None]:
    """If the block fails or is interrupted, the machine is as it was before; the error says what is left."""
    before = await visit.remember(policy)
    try:
        yield
    except BaseException as error:
        left = await _restore(visit, before, policy)
        if left and isinstance(error, DecnetError):
            error.message += f"; left there: {', '.join(left)}"
            place = _file(visit, policy)
            removal = f"remove it as root there: rm -rf {HOME}, and the line with {COMMENT} in {place}"
            error.hint = f"{error.hint}; {removal}" if error.hint else removal
        raise


@asynccontextmanager
async def first_contact(login: Login, wanted: Worker) -> AsyncIterator[None]:
    """Hints that only help with an enrolled worker are replaced, if this one is not."""
    try:
        yield
    except DecnetError as error:
        if isinstance(error.hint, EnrolledHint) and not wanted.worker_id:
            user = f"{login.user}@" if login.user else ""
            error.hint = f"what does `ssh {user}{login.host} true` show?"
        raise


async def _restore(visit: Visit, before: Before, policy: KeyPolicy) -> list[str]:
    try:
        async with asyncio.timeout(LIMIT):
            return await visit.restore(before, policy)
    except (DecnetError, TimeoutError):
        return [HOME, f"the fleet's line in {_file(visit, policy)}"]


def not_let_in(worker: Worker, key: FleetKey, policy: KeyPolicy, refused: Unreachable | None) -> Unreachable:
    """The error of an enrolment whose key opens nothing: at which stage, and where that key was."""
    if refused is not None and refused.login is LoginState.INCOMPLETE:
        return refused
    if refused is None:
        text = "SSH authentication failed: its sshd accepts no type of key that the fleet has"
        return Unreachable(
            text,
            hint="allow ssh-ed25519 in PubkeyAcceptedAlgorithms of its sshd_config",
            worker=worker.name,
        )
    place = policy.file(USUAL) or f"~/{USUAL}"
    text = f"{refused.message}. Your own login worked, and the fleet's key was in {place} of {worker.user}"
    return Unreachable(text, hint=_settings(worker.user, place, key, policy), worker=worker.name)


def _settings(user: str, place: str, key: FleetKey, policy: KeyPolicy) -> str:
    """What to look at if sshd does not accept a key that is in its file."""
    if policy.files is not None and not policy.files:
        return (
            "its sshd reads no such file (AuthorizedKeysFile none): let its AuthorizedKeysCommand return "
            f"this key for {user}, then enrol it again: "
            f'restrict,command="{AGENT_COMMAND} gate" {key.public.line}'
        )
    elsewhere = "" if policy.files else "AuthorizedKeysFile (does it name another file?), "
    return (
        f"see the log of its sshd (journalctl -u ssh), and in its sshd_config for {user}: {elsewhere}"
        f"PubkeyAcceptedAlgorithms, AuthenticationMethods; no one but {user} may be able to write {place}"
    )


def _file(visit: Visit, policy: KeyPolicy) -> str:
    return policy.file(USUAL) or f"~{visit.place.user}/{USUAL}"
