"""Compose, version 2 or 1.29: finds it, runs it, and classifies its errors."""

from __future__ import annotations

import os
import time

from decnet.wire import compose_breaks, compose_is_too_old
from decnet.wire.compose import PATH, compose_files, find_compose
from decnet.wire.fault import step

from . import limits
from .home import home, read_json, write_if_possible
from .request import Refusal
from .run import end_of, environment, run

TYPE_CHECKING = False
if TYPE_CHECKING:
    import subprocess
    from typing import IO, Any, Callable, List, Optional, Sequence

CACHE = "compose.cache"
SUMMARY = "Encountered errors while bringing up the project"
PR_SET_PDEATHSIG = 1
"""Of prctl(2)."""

TRANSIENT = (
    "is not connected to the network",
    "port is already allocated",
    "address already in use",
    "tls handshake timeout",
    "i/o timeout",
    "context deadline exceeded",
    "connection reset by peer",
    "request canceled while waiting for connection",
    "read timed out",
)
PERMANENT = (
    "manifest unknown",
    "pull access denied",
    "no space left on device",
    "is invalid because",
    "repository does not exist",
    "no such image",
)
ENGINE_DOWN = ("Error while fetching server API version", "Cannot connect to the Docker daemon")


class Compose:
    """An installed Compose: its command and version."""

    def __init__(self, command: List[str], version: str) -> None:
        self.command = command
        self.version = version


def find() -> Optional[Compose]:
    """The newest Compose here, or None. Finding it takes half a second, so the result is cached while the
    programs are the same files."""
    stamp = _stamp()
    try:
        cached = read_json(CACHE)
    except Refusal:
        cached = None
    if isinstance(cached, dict) and cached.get("stamp") == stamp and cached.get("command"):
        return Compose(list(cached["command"]), str(cached["version"]))
    answer = find_compose(home(), limits.COMPOSE_VERSION)
    if answer is None:
        return None
    command, version = answer
    if os.path.isdir(home()):
        write_if_possible({"command": command, "version": version, "stamp": stamp}, CACHE)
    return Compose(command, version)


def require(engine_version: str) -> Compose:
    """Raises Refusal `compose` if there is none, or one that does not work with this engine."""
    found = find()
    if found is None:
        raise Refusal(
            "compose",
            "no docker compose is installed, or it does not answer",
            "install Compose v2 (docker compose)",
        )
    if compose_is_too_old(found.version):
        raise Refusal(
            "compose", "compose %s is too old" % found.version, "install Compose v2 (docker compose)"
        )
    if compose_breaks(found.version, engine_version):
        message = "compose %s does not work with Docker Engine %s" % (found.version, engine_version)
        raise Refusal("compose", message, "install Compose v2 (docker compose)")
    return found


def validate(compose: Compose, project: str, file: str) -> None:
    """Let Compose validate the file. Raises Refusal `refused`."""
    status, output = run(_base(compose, project, file) + ["config", "-q"], limits.COMPOSE_CHECK)
    if status == 124:
        raise Refusal("time-limit", "compose did not validate the file in time")
    if status != 0:
        raise Refusal("refused", "compose refuses the document: %s" % reason_in(output))


def up(
    compose: Compose,
    project: str,
    file: str,
    services: Sequence[str],
    limit: float,
    held: Sequence[int],
    tick: Callable[[], Optional[str]],
) -> Optional[str]:
    """Create what is missing of these services; the error's text, or None. `tick` is called once a second and
    ends the run by returning the reason for that. `held` are lock descriptors that compose keeps open: while
    it runs, the job that started it counts as running."""
    # Where it is used, as all that runs Compose: `apply` finds it, and hardly any job needs to run it.
    import tempfile

    warden = _warden(limit)
    command = _base(compose, project, file) + [
        "up",
        "-d",
        "--no-deps",
        "--no-recreate",
        "--no-build",
        *services,
    ]
    deadline = time.monotonic() + limit
    step("compose to be started")
    with tempfile.TemporaryFile() as output:
        process = _started(warden, command, output, held)
        step("compose started")
        ended_by = _follow(process, deadline, tick)
        step("compose ended")
        if ended_by is not None:
            return ended_by
        return None if process.returncode == 0 else reworded(reason_in(end_of(output.fileno())))


def is_transient(error: str) -> bool:
    """Whether a retry can help. Errors that are not known to be temporary are permanent."""
    low = error.lower()
    # One of ours that was made just before.
    is_network = "network decnet" in low and "not found" in low
    return (is_network or any(mark in low for mark in TRANSIENT)) and not any(
        mark in low for mark in PERMANENT
    )


def reason_in(output: str) -> str:
    """The lines of compose's output about the failure: those with an error, else the last ones."""
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    # Progress messages of compose 1.29 are not reasons.
    lines = [line for line in lines if not line.endswith(("...", "... error"))] or lines
    # Compose 1.29 writes each reason twice, and then that there was one.
    lines = [line for line in dict.fromkeys(lines) if SUMMARY not in line] or lines
    errors = [line for line in lines if "error" in line.lower() or "invalid" in line.lower()]
    return "\n".join((errors or lines)[-limits.FAILURE_LINES :])[-1500:] or "compose failed without a message"


def reworded(reason: str) -> str:
    """Compose 1.29 reports a missing image of ours as a missing build, and an engine that has stopped by a
    traceback."""
    if any(mark in reason for mark in ENGINE_DOWN):
        return "the Docker engine does not answer"
    return "no such image: %s" % reason if "--no-build was passed" in reason else reason


def _started(
    warden: List[str], command: List[str], output: IO[bytes], held: Sequence[int]
) -> subprocess.Popen[bytes]:
    import subprocess

    return subprocess.Popen(
        warden + command, stdin=subprocess.DEVNULL, stdout=output, stderr=output,
        env=environment(), cwd="/", pass_fds=list(held), preexec_fn=_end_with_parent(warden),
    )  # fmt: skip


def _follow(
    process: subprocess.Popen[bytes], deadline: float, tick: Callable[[], Optional[str]]
) -> Optional[str]:
    from subprocess import TimeoutExpired

    while True:
        try:
            process.wait(1.0)
            return None
        except TimeoutExpired:
            pass
        reason = tick()
        if reason is not None or time.monotonic() > deadline:
            _end(process)
            return reason or "compose did not end in time"


def _end(process: subprocess.Popen[bytes]) -> None:
    import signal
    from subprocess import TimeoutExpired

    process.terminate()
    try:
        process.wait(limits.COMPOSE_END)
    except TimeoutExpired:
        process.kill()
    try:
        # Compose's children may ignore SIGTERM; the warden put all into one process group.
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
    process.wait()


def _warden(limit: float) -> List[str]:
    """The program that kills compose and its children at the time limit or when the agent is killed: a
    plug-in is a separate process, which would continue and keep the locks. [] if there is no such program."""
    for folder in PATH.split(":"):
        program = folder + "/timeout"
        # BusyBox's has no process groups.
        if os.access(program, os.X_OK) and not os.path.realpath(program).endswith("busybox"):
            return [program, "-s", "KILL", "%d" % (limit + limits.COMPOSE_END)]
    return []


def _end_with_parent(warden: List[str]) -> Optional[Callable[[], None]]:
    """Let the kernel end compose when the agent is killed; without ctypes there is only the lock. The warden
    treats SIGALRM as its timeout."""
    try:
        from ctypes import CDLL
    except ImportError:
        return None
    import signal

    prctl = CDLL(None).prctl
    number = signal.SIGALRM if warden else signal.SIGKILL
    return lambda: prctl(PR_SET_PDEATHSIG, number, 0, 0, 0)


def _base(compose: Compose, project: str, file: str) -> List[str]:
    return [*compose.command, "-p", project, "-f", os.path.abspath(file)]


def _stamp() -> List[Any]:
    """The files that change if another Compose is installed."""
    found: List[Any] = []
    for name in compose_files():
        try:
            file = os.stat(name)
        except OSError:
            continue
        found.append([name, file.st_size, file.st_mtime_ns])
    return found
