"""Modules of commands, imported in a thread: some take as long as a hundred keys of other visitors."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Generator
from importlib import import_module
from threading import Thread

PAUSE = 0.002
"""Seconds."""

_thread: Thread | None = None


def load(module: str) -> Generator[float, None, None]:
    """Import a module of this package, with pauses until it is there. One at a time: threads are few."""
    global _thread
    name = f"{__package__}.{module}"
    if _is_loaded(name):
        return
    while _thread is not None and _thread.is_alive():
        yield PAUSE
    if _is_loaded(name):
        return
    thread = _thread = Thread(target=_import, args=(name,), daemon=True)
    try:
        thread.start()
    except RuntimeError:  # the container has no more threads: it is imported where it is used
        return
    while thread.is_alive():
        yield PAUSE


def _is_loaded(name: str) -> bool:
    module = sys.modules.get(name)
    return module is not None and not getattr(module.__spec__, "_initializing", False)


def _import(name: str) -> None:
    # An error is raised again where the module is used.
    with contextlib.suppress(Exception):
        import_module(name)
