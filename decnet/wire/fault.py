"""Numbered places where a test makes a process fail: each write, fsync, rename, request and step is one."""

from __future__ import annotations

import os

VARIABLE = "DECNET_FAULT"

_reached = 0
_role = ""


def begin(role: str) -> None:
    """Count from the start, as this role: a verb of the agent, or its job."""
    global _reached, _role  # noqa: PLW0603
    _reached, _role = 0, role


def place(name: str) -> None:
    """Fail here if this is the place that $DECNET_FAULT names; else only count.

    The variable is `KIND:NUMBER`, or `KIND:NUMBER:ROLE` for the processes of one role only: at the NUMBERth
    place that such a process reaches (from 1), KIND is a signal that the process sends itself (`kill`,
    `term`, `int`) or an error of the system that is raised (`enospc`, `edquot`, `eio`, `erofs`...). Errors
    count only the places with disk access. `list:FILE` records every place by number, role and name. If it is
    unset, nothing happens.
    """
    _reach(name, True)


def step(name: str) -> None:
    """The same for a place without disk access: errors of the system are never raised here."""
    _reach(name, False)


def _reach(name: str, disk: bool) -> None:
    global _reached  # noqa: PLW0603
    armed = os.environ.get(VARIABLE)
    if not armed:
        return
    kind, _, rest = armed.partition(":")
    if kind.startswith("e") and not disk:
        return
    _reached += 1
    if kind == "list":
        _write_down(rest, name)
        return
    number, _, role = rest.partition(":")
    if number == str(_reached) and role in ("", _role):
        _fail(kind, name, disk)


def _fail(kind: str, name: str, disk: bool) -> None:
    # Imported only where a test asks for it: `signal` and `errno` would cost every start of the agent.
    import errno
    import signal

    if hasattr(signal, "SIG" + kind.upper()):
        os.kill(os.getpid(), getattr(signal, "SIG" + kind.upper()))
    elif not hasattr(errno, kind.upper()):
        raise ValueError("$%s: %s is neither a signal nor an error of the system" % (VARIABLE, kind))
    else:
        code = getattr(errno, kind.upper())
        raise OSError(code, "%s (at %s, as $%s asks)" % (os.strerror(code), name, VARIABLE))


def _write_down(file: str, name: str) -> None:
    with open(file, "a") as out:
        out.write("%d %s %s\n" % (_reached, _role or "-", name))
