"""Installs a new agent: a new file named by its content, and a moved link. A running job keeps its own
file."""

from __future__ import annotations

import os

from . import limits, request
from .home import AGENTS, CURRENT, ensure, path, sync_folder, write_bytes
from .request import Refusal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, Optional

_KEPT = 3


def upgrade(args: Dict[str, Any]) -> Dict[str, Any]:
    """The new agent's own `hello`, once `current` points to it. Raises Refusal `hash` if the bytes do not
    match the hash, and `failed` for an agent that does not answer: the old one then stays current."""
    request.only(args, "sha256", "bytes")
    wanted = request.text(args, "sha256", 64)
    content = _decoded(args)
    _check_hash(content, wanted)
    ensure(AGENTS)
    name = wanted + ".pyz"
    if _read(path(AGENTS, name)) != content:
        write_bytes(content, AGENTS, name)
    before = _target()
    try:
        answer = _hello_of(path(AGENTS, name))
        if answer.get("agent") != wanted:
            raise Refusal("failed", "the new agent reports another hash than its own")
        _point_to(name)
        _hello_of(path(CURRENT))
    except Refusal:
        if before is not None:
            _point_to(before)
        raise
    _forget_old({name, before or name})
    return answer


def _read(place: str) -> bytes:
    try:
        with open(place, "rb") as file:
            return file.read(limits.AGENT_BYTES + 1)
    except OSError:
        return b""


def _decoded(args: Dict[str, Any]) -> bytes:
    import base64
    import binascii

    text = args.get("bytes")
    if not isinstance(text, str) or len(text) > limits.AGENT_BYTES * 4 // 3 + 4:
        raise Refusal("usage", "argument bytes: must be base64 of at most %d bytes" % limits.AGENT_BYTES)
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise Refusal("usage", "argument bytes is not base64") from error


def _check_hash(content: bytes, wanted: str) -> None:
    import hashlib

    if hashlib.sha256(content).hexdigest() != wanted:
        raise Refusal("hash", "the new agent's bytes do not match the hash")


def _hello_of(place: str) -> Dict[str, Any]:
    """The answer of the agent in that file to `hello`, started as in normal use."""
    import subprocess
    import sys

    from decnet.wire import PROTOCOL, FrameError, Unframer, canonical, parse

    marker = os.urandom(16).hex()
    hello = canonical({"v": PROTOCOL, "marker": marker, "args": {}}) + b"\n"
    try:
        ended = subprocess.run(
            [sys.executable, "-I", "-S", place, "hello"],
            input=hello, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
            timeout=limits.CONTROL, check=False,
        )  # fmt: skip
        payload = Unframer(marker).feed(ended.stdout)
        answer = parse(payload) if payload is not None and ended.returncode == 0 else None
    except (subprocess.TimeoutExpired, OSError, FrameError, ValueError) as error:
        raise Refusal("failed", "the new agent does not answer: %s" % error) from error
    if not isinstance(answer, dict) or answer.get("ok") is not True or not isinstance(answer["result"], dict):
        raise Refusal("failed", "the new agent does not answer")
    return dict(answer["result"])


def _target() -> Optional[str]:
    try:
        return os.path.basename(os.readlink(path(CURRENT)))
    except OSError:
        return None


def _point_to(name: str) -> None:
    draft = path("%s.%d.tmp" % (CURRENT, os.getpid()))
    os.symlink(os.path.join(AGENTS, name), draft)
    os.rename(draft, path(CURRENT))
    sync_folder(path())


def _forget_old(wanted: "set[str]") -> None:
    """Keep the newest few: a running job may still read from an older one."""
    from .jobs import running_job

    if running_job() is not None:
        return
    names = os.listdir(path(AGENTS))
    agents = [name for name in names if name.endswith(".pyz") and name not in wanted]
    agents.sort(key=_written)
    for name in agents[:-_KEPT]:
        for own in names:
            # Its file and its byte code.
            if own.startswith(name[: -len(".pyz")]):
                _remove(path(AGENTS, own))


def _written(name: str) -> float:
    try:
        return os.lstat(path(AGENTS, name)).st_mtime
    except OSError:
        return 0.0


def _remove(place: str) -> None:
    try:
        os.unlink(place)
    except OSError:
        pass
