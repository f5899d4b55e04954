"""A decoy that records where its visits wait whenever it gets SIGUSR1: `python waiting_visits.py SERVICE`.

Each line of the file `waiting` is one task: the port that its visitor comes from, then file:line:function
of each of its coroutines, from the outermost `await` to the one that it waits in.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from pathlib import Path
from typing import Any


def write(*_: object) -> None:
    lines = [" ".join(places(task.get_coro())) for task in asyncio.all_tasks()]
    Path("waiting.new").write_text("\n".join(lines) + "\n")
    os.replace("waiting.new", "waiting")


def places(waiting: Any) -> list[str]:
    found, port = [], 0
    while waiting is not None:
        frame = getattr(waiting, "cr_frame", None)
        if frame is not None and "/decoys/" in frame.f_code.co_filename:
            file = frame.f_code.co_filename.rpartition("/decoys/")[2]
            found.append(f"{file}:{frame.f_lineno}:{frame.f_code.co_name}")
            port = port or port_of(frame.f_locals)
        waiting = getattr(waiting, "cr_await", None)
    return [str(port), *found]


def port_of(names: dict[str, Any]) -> int:
    """Where the visitor comes from whose connection, or channel of one, has these local variables."""
    session = names.get("session") or getattr(
        getattr(names.get("channel"), "connection", None), "session", None
    )
    return getattr(session, "port", 0)


if __name__ == "__main__":
    sys.path[0] = os.getcwd()
    from decoys.__main__ import main

    signal.signal(signal.SIGUSR1, write)
    sys.exit(main())
