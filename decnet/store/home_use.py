"""Whether a state directory was ever used, and whether its fleet was lost."""

from __future__ import annotations

import os
import pwd
from collections.abc import Iterator, Mapping, Sized
from contextlib import suppress
from typing import TYPE_CHECKING

from decnet.errors import DecnetError, HomeUnused, StateBroken

from .atomic import last_copy
from .home_check import open_home
from .os_errors import translate_os_errors
from .paths import ROOT_HOME, Home, find_home

if TYPE_CHECKING:
    from decnet.model.fleet import Fleet


def is_used(home: Home) -> bool:
    """Whether a fleet, worker or record was ever stored there. Raises StateBroken if it cannot be read."""
    files = (home.state, home.fleet)
    with translate_os_errors("read", home.root):
        if any(path.exists() for file in files for path in (file, last_copy(file))):
            return True
        return home.records_dir.is_dir() and any(home.records_dir.iterdir())


def check_used(home: Home, env: Mapping[str, str]) -> None:
    """Raises HomeUnused for a state directory that never had a fleet; the hint names one that has, if any."""
    with suppress(StateBroken):
        if is_used(home):
            return
    # Whatever else is wrong with the directory is reported first.
    open_home(home, write=False)
    start = "decnet deploy starts a fleet here"
    hint = next(_elsewhere(home, env), f"set DECNET_HOME to the directory of your fleet; {start}")
    state = "was never used" if home.root.is_dir() else "does not exist"
    raise HomeUnused(f"the state directory {home.root} {state}: there is no fleet", hint=hint)


def check_not_lost(home: Home, fleet: Fleet | None, workers: Sized) -> None:
    """Raises StateBroken for a directory that has workers and no desired state: a new fleet would be refused
    by each of them."""
    if fleet is None and workers:
        count = f"{len(workers)} worker{'' if len(workers) == 1 else 's'}"
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
