"""Numbered places where a test can make a process fail: each write, fsync and rename is one."""

from __future__ import annotations

import errno
import os
import signal

from decnet.errors import UsageError

VARIABLE = "DECNET_FAULT"

_reached = 0


def place(name: str) -> None:
    """Fail here if this is the place that $DECNET_FAULT names; else only count.

    The variable is `KIND:NUMBER`: at the NUMBERth place that this process reaches (from 1), KIND is
    a signal that the process sends itself (`kill`, `term`, `int`) or an error of the system that is
    raised (`enospc`, `edquot`, `eio`, `erofs`, `econnreset`...). Unset, nothing ever happens.
    """
    global _reached  # noqa: PLW0603
    armed = os.environ.get(VARIABLE)
    if not armed:
        return
    _reached += 1
    kind, _, number = armed.partition(":")
    if number == str(_reached):
        _fail(kind, name)


def _fail(kind: str, name: str) -> None:
    if hasattr(signal, f"SIG{kind.upper()}"):
        os.kill(os.getpid(), getattr(signal, f"SIG{kind.upper()}"))
    elif hasattr(errno, kind.upper()):
        code = getattr(errno, kind.upper())
        raise OSError(code, f"{os.strerror(code)} (at {name}, as ${VARIABLE} asks)")
    else:
        raise UsageError(f"${VARIABLE}: {kind} is neither a signal nor an error of the system")
