"""Runs a script or a command on a machine without an agent."""

from __future__ import annotations

import asyncio
import json
import secrets
import shlex
from importlib.resources import files
from typing import Any, NamedTuple

from decnet import wire
from decnet.errors import BadAnswer, ProgramMissing, WorkerError

from .exchange import Source, exchange
from .ssh import running

SCRIPT_LIMIT = 90.0
COMMAND_LIMIT = 20.0
MAX_OUTPUT_BYTES = 16 * 1024
PYTHON = "exec python3 -I -S -"

SHARED = ("authorized", "compose", "engine", "sessions")
"""Modules of `decnet.wire` that a script may import, so that its results match the agent's."""

# The start of a script that imports one of them, and the script itself.
_HEAD = """
import sys as _sys, types as _types
for _name, _source in {shared!r}.items():
    _sys.modules[_name] = _types.ModuleType(_name)
    exec(compile(_source, _name, "exec"), _sys.modules[_name].__dict__)
exec(compile({source!r}, "script", "exec"))
"""

# The end of every script: runs its `main` with the arguments, and frames the result.
_TAIL = """
import json as _json, os as _os, sys as _sys
_os.umask(0o077)
try:
    _report = {{"result": main(_json.loads({args!r}))}}
except OSError as _error:
    _report = {{"error": "%s: %s" % (_error.filename or "python3", _error.strerror or _error)}}
except ValueError as _error:
    _report = {{"error": str(_error)}}
_content = _json.dumps(_report)
_sys.stdout.write("\\n%s %d\\n%s" % ({marker!r}, len(_content), _content))
"""


class Report(NamedTuple):
    """The result of a script, and the bytes that a shell start-up file printed before it."""

    result: dict[str, Any]
    noise: int


class Ran(NamedTuple):
    """The outcome of a command; `how` is None for exit status 0."""

    how: str | None
    output: bytes
    seconds: float


async def run_script(connection: Any, worker: str, name: str, args: dict[str, Any]) -> Report:
    """Run `remote/<name>.py` there. Raises WorkerError with its error, or if python3 is missing."""
    marker = secrets.token_hex(16)
    tail = _TAIL.format(args=json.dumps(args), marker=marker)
    text = _program(name) + tail
    unframer = wire.Unframer(marker)
    async with running(connection, worker, PYTHON, SCRIPT_LIMIT) as remote:
        try:
            answer = await exchange(remote, worker, unframer, text.encode("utf-8"))
        except ProgramMissing as error:
            raise ProgramMissing(
                "python3 is missing there", hint="apt-get install python3", worker=worker
            ) from error
    return Report(_result(answer, worker), len(unframer.preamble))


def _program(name: str) -> str:
    source = files(f"{__package__}.remote").joinpath(f"{name}.py").read_text("utf-8")
    if f"from {wire.__name__}." not in source:
        return source
    shared = {
        f"{wire.__name__}.{each}": files(wire).joinpath(f"{each}.py").read_text("utf-8") for each in SHARED
    }
    return _HEAD.format(shared=shared, source=source)


async def run_command(connection: Any, worker: str, argv: list[str], stdin: bytes = b"") -> Ran:
    """Run one command there, quoted once; its stdout and stderr together, at most 16 KiB."""
    clock = asyncio.get_running_loop().time
    start = clock()
    async with running(connection, worker, shlex.join(argv), COMMAND_LIMIT) as remote:
        try:
            remote.sink.write(stdin)
            remote.sink.write_eof()
        except BrokenPipeError:
            pass  # The program ended without reading: its status shows why.
        pieces = await asyncio.gather(_bounded(remote.source, worker), _bounded(remote.noise, worker))
        return Ran(await remote.ended(), b"".join(pieces), clock() - start)


async def _bounded(source: Source, worker: str) -> bytes:
    content = b""
    while piece := await source.read(MAX_OUTPUT_BYTES):
        content += piece
        if len(content) > MAX_OUTPUT_BYTES:
            raise BadAnswer("a simple command there prints endlessly", worker=worker)
    return content


def _result(answer: Any, worker: str) -> dict[str, Any]:
    match answer:
        case {"result": dict(result)}:
            return result
        case {"error": str(message)}:
            raise WorkerError(wire.clean(message), worker=worker)
    raise BadAnswer("the answer is malformed", worker=worker)
