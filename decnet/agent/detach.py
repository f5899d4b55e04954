"""Starts a process that outlives the SSH connection, and the login's systemd scope if there is one."""

from __future__ import annotations

import os
import sys

from decnet.wire.fault import begin, step
from decnet.wire.sessions import has_systemd, lingers, user_name

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Callable, List

SYSTEMD_RUN = "/usr/bin/systemd-run"


def run_apart(
    arguments: List[str],
    locks: List[int],
    unit: str,
    log: str,
    work: Callable[[], int],
    is_begun: Callable[[], bool],
) -> None:
    """Run `work` in a process that outlives this one and its login, and holds these locks. In a scope made by
    systemd, the process is the agent with these `arguments`; `is_begun` returns whether it has started."""

    def either_way() -> int:
        if run_in_a_scope(arguments, locks, unit) and is_begun():
            return 0
        return work()

    run(either_way, log)


def run(work: Callable[[], int], log: str) -> None:
    """Fork twice with a new session between, so that no process waits for the child and no terminal ends it.
    Its standard streams are /dev/null and the log file: sshd waits until all copies of its streams are
    closed."""
    step("job to be started")
    middle = os.fork()
    if middle:
        os.waitpid(middle, 0)
        step("job started")
        return
    status = 1
    try:
        os.setsid()
        if os.fork():
            os._exit(0)
        _redirect(log)
        _reset_signals()
        begin("job")
        os.chdir("/")
        status = work()
    except BaseException:  # noqa: BLE001 - a child that returns would continue as its parent
        import traceback

        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(status)


def run_in_a_scope(arguments: List[str], descriptors: List[int], unit: str) -> bool:
    """Run the agent again in a separate scope, to its end. False if systemd cannot make one.

    A new session alone does not leave the login's scope, which systemd may end with everything in it. Without
    root, the user's systemd outlives logins only if lingering is enabled."""
    if not has_systemd() or not os.path.exists(SYSTEMD_RUN):
        return False
    import subprocess

    own = os.geteuid()
    if own != 0 and not lingers(user_name()):
        return False
    manager = ["--user"] if own else []
    command = [
        SYSTEMD_RUN, *manager, "--scope", "--quiet", "--collect", "--unit=" + unit, "--",
        sys.executable, "-I", "-S", os.path.realpath(sys.argv[0]), *arguments, *map(str, descriptors),
    ]  # fmt: skip
    environment = dict(os.environ, XDG_RUNTIME_DIR="/run/user/%d" % own) if own else None
    subprocess.run(command, pass_fds=descriptors, env=environment, check=False)
    return True


def is_open(descriptor: int) -> bool:
    """Whether a lock was inherited; if not, the waiting parent still holds it."""
    try:
        os.fstat(descriptor)
    except OSError:
        return False
    return True


def _redirect(log: str) -> None:
    nothing = os.open(os.devnull, os.O_RDWR)
    written = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW, 0o600)
    os.dup2(nothing, 0)
    os.dup2(nothing, 1)
    os.dup2(written, 2)
    os.close(nothing)
    os.close(written)


def _reset_signals() -> None:
    """The verb's alarm must not end the job."""
    import signal

    signal.setitimer(signal.ITIMER_REAL, 0)
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    signal.signal(signal.SIGPIPE, signal.SIG_IGN)
