"""The timer of a dead man: a timer of systemd, else a detached process. Both end in `restore.watch`, which
restores the former slice of a project unless the record of its rollout is no longer armed by then.

At most one process per project watches: the one that holds `projects/<project>.lock`. It reads the deadline
from the record, so that a new deadline needs no new timer.
"""

from __future__ import annotations

import fcntl
import os
import sys
import time

from decnet.wire.fault import step
from decnet.wire.sessions import has_systemd, lingers, user_name

from . import detach, identity, limits
from .home import CURRENT, DEFAULT, HELD, ensure, home, open_lock, path
from .slices import FOLDER

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Dict, Iterable, List, Optional

LOG = "revert.log"
_PASSED_ON = ("DECNET_AGENT_HOME", "DECNET_DOCKER_SOCKET", "DECNET_FAULT")
_KINDS = (".timer", ".service")
_TRIES, _PAUSE = 5, 0.05


def uptime() -> float:
    """Seconds since the start of the machine, as the kernel counts them: also a process whose clock is
    changed sees these."""
    try:
        with open("/proc/uptime") as file:
            return float(file.read(40).split()[0])
    except (OSError, ValueError, IndexError):
        return time.clock_gettime(time.CLOCK_BOOTTIME)


def start(project: str, seconds: float) -> None:
    """Let the project be watched; whoever watches already continues. The caller holds the records' mutex."""
    ensure(FOLDER)
    lock = taken_lock(project)
    if lock is None:
        return
    if _may_use_systemd():
        os.close(lock)
        _stop_unit(project)
        step("timer to be started")
        if _start_unit(project, seconds):
            step("timer started")
            return
        lock = taken_lock(project)
        if lock is None:
            return
    _start_process(project, lock)


def is_alive(project: str) -> bool:
    """Whether someone watches the project, or a timer will start it."""
    try:
        lock = _locked(project, fcntl.LOCK_SH)
    except OSError:
        return False
    if lock is None:
        return True
    os.close(lock)
    return _has_unit(project)


def stop(project: str) -> None:
    """End its timer. A process that watches ends by itself within a second once nothing is armed."""
    if _has_unit(project):
        _stop_unit(project)


def wait_for_ends(projects: Iterable[str]) -> None:
    """Return when no one watches any more, or after some seconds."""
    until = time.monotonic() + limits.WATCH_END
    left = list(projects)
    while any(map(is_alive, left)) and time.monotonic() < until:
        time.sleep(0.1)


def taken_lock(project: str) -> Optional[int]:
    """The descriptor of the project's lock; None if someone else watches. Whoever only looks (`is_alive`)
    holds it for a moment."""
    for _ in range(_TRIES):
        lock = _locked(project, fcntl.LOCK_EX)
        if lock is not None:
            return lock
        time.sleep(_PAUSE)
    return None


def _locked(project: str, how: int) -> Optional[int]:
    descriptor = open_lock(FOLDER, project + ".lock")
    try:
        fcntl.flock(descriptor, how | fcntl.LOCK_NB)
    except OSError as error:
        os.close(descriptor)
        if error.errno not in HELD:
            raise
        return None
    return descriptor


def is_current(project: str, lock: int) -> bool:
    """Whether this lock still is the project's: after `self-destruct` there may be another file."""
    try:
        known, own = os.stat(path(FOLDER, project + ".lock")), os.fstat(lock)
    except OSError:
        return False
    return (known.st_dev, known.st_ino) == (own.st_dev, own.st_ino)


def _start_process(project: str, lock: int) -> None:
    """The agent started again: only the project's lock passes to it, not those of the verb that starts it."""

    words = [sys.executable, *_words(project), str(lock)]

    def work() -> int:
        _close_all_but(lock)
        os.set_inheritable(lock, True)
        os.execv(sys.executable, words)

    try:
        detach.run(work, path(LOG))
    finally:
        os.close(lock)


def _close_all_but(kept: int) -> None:
    """Close also what was inherited from the program that started the agent: it may wait for that."""
    for name in os.listdir("/proc/self/fd"):
        if int(name) > 2 and int(name) != kept:
            try:
                os.close(int(name))
            except OSError:
                # The folder's own.
                pass


def _words(project: str) -> List[str]:
    """Python's arguments that start the agent in use, which may be a newer one by then."""
    current = path(CURRENT)
    program = current if os.path.exists(current) else identity.program()
    return ["-I", "-S", program, "revert", project]


def _may_use_systemd() -> bool:
    if not has_systemd() or not os.path.exists(detach.SYSTEMD_RUN):
        return False
    return os.geteuid() == 0 or lingers(user_name())


def _unit(project: str) -> str:
    """Its own for each agent of this machine."""
    name = "decnet-revert-" + project
    if home() == DEFAULT:
        return name
    import hashlib

    return "%s-%s" % (name, hashlib.sha256(home().encode()).hexdigest()[:8])


def _has_unit(project: str) -> bool:
    """systemd keeps a file of each transient unit as long as the unit is loaded."""
    if not has_systemd():
        return False
    own = os.geteuid()
    folder = "%s/systemd/transient" % ("/run/user/%d" % own if own else "/run")
    return any(os.path.exists("%s/%s%s" % (folder, _unit(project), kind)) for kind in _KINDS)


def _start_unit(project: str, seconds: float) -> bool:
    own = ["--setenv=%s=%s" % (name, os.environ[name]) for name in _PASSED_ON if os.environ.get(name)]
    command = [
        detach.SYSTEMD_RUN, *_manager(), "--quiet", "--collect", "--unit=" + _unit(project),
        "--description=Restore the former deckies unless decnet confirms the new ones",
        "--on-active=%d" % max(1, -int(-seconds // 1)), "--timer-property=AccuracySec=1s", *own,
        "--", sys.executable, *_words(project),
    ]  # fmt: skip
    return _ran(command) and _has_unit(project)


def _stop_unit(project: str) -> None:
    if _has_unit(project):
        from .boot import SYSTEMCTL

        program = next((each for each in SYSTEMCTL if os.access(each, os.X_OK)), None)
        if program is not None:
            _ran([program, *_manager(), "--quiet", "stop", _unit(project) + ".timer"])


def _manager() -> List[str]:
    return ["--user"] if os.geteuid() else []


def _ran(command: List[str]) -> bool:
    import subprocess

    own = os.geteuid()
    environment: Optional[Dict[str, str]] = None
    if own:
        environment = dict(os.environ, XDG_RUNTIME_DIR="/run/user/%d" % own)
    try:
        ended = subprocess.run(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            env=environment, timeout=limits.CONTROL, check=False,
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired):
        return False
    return ended.returncode == 0
