"""The envelope of an agent's answer: its result, or its error as one of our classes."""

from __future__ import annotations

from typing import Any

from decnet import wire
from decnet.errors import (
    BadAnswer,
    DecnetError,
    DockerDown,
    EnrolledHint,
    FleetRefused,
    HashRefused,
    IdentityRefused,
    WorkerBusy,
    WorkerError,
    WrongProtocol,
)

AGENT_ERRORS: dict[str, type[DecnetError]] = {
    "usage": WorkerError,
    "protocol": BadAnswer,
    "not-enrolled": IdentityRefused,
    "identity": IdentityRefused,
    "fleet": FleetRefused,
    "hash": HashRefused,
    "generation": WorkerError,
    "busy": WorkerBusy,
    "docker-down": DockerDown,
    "compose": WorkerError,
    "refused": WorkerError,
    "name-taken": WorkerError,
    "network": WorkerError,
    "address": WorkerError,
    "failed": WorkerError,
    "time-limit": WorkerError,
}
"""The agent's error codes, and the class of each."""

AGENT_HINTS = {
    "protocol": "upgrade its agent: decnet worker upgrade {worker}",
    "not-enrolled": "the worker lost its identity; enrol it again: decnet worker add",
    "identity": "another machine answers there; `decnet worker show {worker}` shows what was enrolled",
    "fleet": "that worker belongs to another fleet; `decnet worker add --adopt` takes it over",
    "hash": "upgrade its agent: decnet worker upgrade {worker}",
    "generation": "restored from a backup? decnet worker recover --take-generation",
    "busy": "its job continues in the background; `decnet status` shows the progress",
    "docker-down": "start Docker there and run this again",
    "compose": "install the docker compose plug-in (v2) there",
}
"""Hints for some of the agent's error codes; `{worker}` is the worker's name."""


def result_of(answer: Any, worker: str, *, protocol: int | None = wire.PROTOCOL) -> dict[str, Any]:
    """The `result` of an answer's envelope in that protocol; None: in any. Raises the answer's error, or
    BadAnswer."""
    if not isinstance(answer, dict):
        raise _broken(worker, "is not an object")
    version = answer.get("v")
    if not isinstance(version, int) or isinstance(version, bool):
        raise wrong_protocol(None, worker)
    if protocol is not None and version != protocol:
        raise wrong_protocol(version, worker)
    match answer:
        case {"v": _, "ok": True, "result": dict(result), **rest} if not rest:
            return dict(result)
        case {"v": _, "ok": False, "error": dict(error), **rest} if not rest:
            raise agent_error(error, worker)
    raise _broken(worker, "is malformed")


def agent_error(error: dict[str, Any], worker: str) -> DecnetError:
    """The agent's `{code, message, hint, details}` as one of our errors; every string is cleaned."""
    code, message = error.get("code"), error.get("message")
    hint, details = error.get("hint"), error.get("details", {})
    if not isinstance(code, str) or not isinstance(message, str) or not isinstance(details, dict):
        return _broken(worker, "carries an error of the wrong shape")
    kind = AGENT_ERRORS.get(code)
    if kind is None:
        return BadAnswer(f"an error of an unknown kind, {wire.clean(code, 40)}", worker=worker)
    text = wire.clean(message, wire.MAX_ERROR_CHARS) + _addresses(code, details)
    ours: str = AGENT_HINTS.get(code, "").format(worker=worker)
    # Users paste hints into a shell: a hint that does not come from here names its worker.
    if "{worker}" in AGENT_HINTS.get(code, ""):
        ours = EnrolledHint(ours)
    theirs = f"{worker} says: {wire.clean(hint)}" if isinstance(hint, str) and hint else None
    advice = theirs or ours or None
    if kind is WorkerBusy:
        job = details.get("job_id")
        return WorkerBusy(
            text, job_id=wire.clean(job, 40) if isinstance(job, str) else "", hint=advice, worker=worker
        )
    return kind(text, hint=advice, worker=worker)


def wrong_protocol(version: object, worker: str) -> WrongProtocol:
    """The error for an agent with another protocol version than ours."""
    newer = isinstance(version, int) and version > wire.PROTOCOL
    number = version if isinstance(version, int) and abs(version) < 10**6 else "?"
    return WrongProtocol(
        f"its agent speaks protocol {number}, this decnet {wire.PROTOCOL}",
        protocol=number if isinstance(number, int) else None,
        hint="upgrade decnet here" if newer else f"decnet worker upgrade {worker}",
        worker=worker,
    )


def _addresses(code: str, details: dict[str, Any]) -> str:
    held = details.get("addresses")
    if code != "address" or not isinstance(held, dict) or not held:
        return ""
    pairs = [f"{wire.clean(str(ip), 45)} is held by {wire.clean(str(mac), 40)}" for ip, mac in held.items()]
    return f" ({', '.join(sorted(pairs)[:5])})"


def _broken(worker: str, what: str) -> BadAnswer:
    return BadAnswer(f"its answer {what}", hint=f"decnet worker upgrade {worker}", worker=worker)
