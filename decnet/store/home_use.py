"""Whether a state directory was ever used, and whether its fleet was lost."""

from __future__ import annotations

import os
import pwd
from collections.abc import Iterator, Mapping, Sized
from contextlib import suppress
from typing import TYPE_CHECKING

from decnet.errors import DecnetError, HomeUnused, StateBroken
from decnet.model.counted import counted

from .atomic import last_copy
from .home_check import open_home
from .os_errors import translate_os_errors
from .paths import ROOT_HOME, Home, find_home

if TYPE_CHECKING:
    from decnet.model.fleet import Fleet

START = "decnet init starts a fleet here"


def is_used(home: Home) -> bool:
    """Whether a fleet, worker or record was ever stored there. Raises StateBroken if it cannot be read."""
    files = (home.state, home.fleet)
    with translate_os_errors("read", home.root):
        if any(path.exists() for file in files for path in (file, last_copy(file))):
            return True
        return home.records_dir.is_dir() and any(home.records_dir.iterdir())


def has_events(home: Home) -> bool:
    """Whether events are stored there: they outlast an uninstalled fleet."""
    with suppress(StateBroken), translate_os_errors("read", home.events_dir):
        folders = home.events_dir.iterdir() if home.events_dir.is_dir() else ()
        return any(any(folder.iterdir()) for folder in folders if folder.is_dir())
    return False


def check_used(home: Home, env: Mapping[str, str], *, of_events: bool = False) -> None:
    """Raises HomeUnused for a state directory that has no fleet; the hint names one that has, if any. A
    command `of_events` only needs the events that an earlier fleet has left."""
    with suppress(StateBroken):
        if is_used(home) or (of_events and has_events(home)):
            return
    # Whatever else is wrong with the directory is reported first.
    open_home(home, write=False)
    hint = next(_elsewhere(home, env), f"{START}; a fleet in another directory: set DECNET_HOME to it")
    raise HomeUnused(f"the state directory {home.root} {_without_fleet(home)}", hint=hint)


def _without_fleet(home: Home) -> str:
    if not home.root.is_dir():
        return "does not exist: there is no fleet"
    if has_events(home):
        return "has no fleet any more, only the events of an earlier one (decnet events)"
    if home.audit.exists():
        return "has no fleet any more, only the audit log of an earlier one"
    return "was never used: there is no fleet"


def check_not_lost(home: Home, fleet: Fleet | None, workers: Sized) -> None:
    """Raises StateBroken for a directory that has workers and no desired state: a new fleet would be refused
    by each of them."""
    if fleet is None and workers:
        count = counted(len(workers), "worker")
        raise StateBroken(
            f"{home.state} is missing, and its fleet has {count}",
            hint="restore it from a backup, or rebuild it: decnet worker recover USER@HOST...",
        )


def _elsewhere(home: Home, env: Mapping[str, str]) -> Iterator[str]:
    """Hints for the fleets that this user or root has in another directory."""
    candidates: dict[int, Mapping[str, str]] = {os.getuid(): {**env, "DECNET_HOME": ""}}
    if os.getuid() == 0 and env.get("SUDO_UID", "").isdigit():
        candidates[int(env["SUDO_UID"])] = {}
    for uid, surroundings in candidates.items():
        with suppress(DecnetError, OSError, KeyError):
            other = find_home(surroundings, uid)
            if other.root != home.root and is_used(other):
                name = pwd.getpwuid(uid).pw_name
                yield f"{name} has a fleet in {other.root}: run decnet as {name}, without DECNET_HOME"
    if os.getuid() != 0 and home.root != ROOT_HOME and ROOT_HOME.is_dir():
        yield f"{ROOT_HOME} is the state directory of root: use sudo"
