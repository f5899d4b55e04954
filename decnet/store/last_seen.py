"""When each worker was last seen, and how far its clock is off. Written without fsync and without the
lock."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import ConfigDict, TypeAdapter, ValidationError

from decnet.errors import StateBroken
from decnet.model.base import FrozenModel

from .atomic import read_whole, write_whole
from .paths import Home
from .unchanged import is_fresh


class LastSeen(FrozenModel):
    """`at`: seconds since the epoch by our clock, up to NOTED_EVERY before the last contact; `skew`: seconds
    that the worker's clock is ahead of it."""

    at: float
    skew: float


_ROWS = TypeAdapter(dict[str, LastSeen], config=ConfigDict(defer_build=True))


def load_seen(home: Home) -> dict[str, LastSeen]:
    """By worker_id. Empty for a file that is missing or damaged: the next pull fills it again, and a
    power cut may leave anything in a file that is not fsynced."""
    content = read_whole(home.seen)
    try:
        return _ROWS.validate_json(content) if content else {}
    except ValidationError:
        return {}


def note_seen(home: Home, seen: Mapping[str, LastSeen]) -> bool:
    """Adds what one pass observed; returns whether it was written. Contacts that add nothing to those that
    are noted (`unchanged.is_fresh`) are not: a pass without a change writes nothing. Nor is it an error if
    nothing can be written."""
    noted = load_seen(home)
    if all(name in noted and _stands_for(noted[name], each) for name, each in seen.items()):
        return False
    rows = {**noted, **seen}
    try:
        return write_whole(home.seen, _ROWS.dump_json(dict(sorted(rows.items()))) + b"\n", fsync=False)
    except StateBroken:
        return False


def _stands_for(noted: LastSeen, seen: LastSeen) -> bool:
    return is_fresh(noted.at, noted.skew, seen.at, seen.skew)


def forget_seen(home: Home, worker_id: str) -> None:
    """Removes a worker."""
    rows = load_seen(home)
    if rows.pop(worker_id, None) is not None:
        write_whole(home.seen, _ROWS.dump_json(rows) + b"\n", fsync=False)
