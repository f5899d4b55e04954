"""How far each receiver of events (`--alert`, `--send`) was sent the stored events: one file per receiver."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Annotated, Literal

import orjson
from pydantic import ValidationError

from decnet.model.base import FrozenModel, Loose, Timestamp
from decnet.model.worker import Count

from .atomic import read_whole, write_whole
from .events import Place
from .lock import Lock
from .os_errors import translate_os_errors
from .paths import Home

MOST_RECEIVERS = 200
"""Of those that are recorded; the ones that were used longest ago are dropped."""

_Positions = dict[str, Annotated[Place, Loose]]


@dataclass(frozen=True)
class Recipient:
    """One receiver, with one choice of events: two commands that send it different events do not move each
    other's position. `way` is alert or send; `address` and `choice` are hashed, since they may be secret."""

    way: Literal["alert", "send"]
    address: str
    choice: str = ""

    @property
    def group(self) -> str:
        """What all choices of this receiver share."""
        return f"{self.way}-{_hash(self.address)[:24]}"

    @property
    def name(self) -> str:
        return f"{self.group}-{_hash(self.choice)[:8]}"


@dataclass(frozen=True)
class Cursor:
    """The last event of each worker that a receiver was sent, and when it was last tried (seconds since the
    epoch); how often it has refused what comes next, and how many events it was not sent because of that."""

    positions: dict[str, Place] = field(default_factory=dict)
    tried: float = 0.0
    refusals: int = 0
    refused: int = 0

    def up_to(self, places: Mapping[str, Place]) -> Cursor:
        """The same receiver once it was sent the events up to these places."""
        return replace(self, positions={**self.positions, **places}, refusals=0)


class _Entry(FrozenModel):
    """A receiver in `events/alerts.json`, the one file of versions before 0.2.0."""

    positions: _Positions
    tried: Timestamp


class _Stored(_Entry):
    schema_version: Literal[1]
    refusals: Count = 0
    refused: Count = 0


def delivery_lock(home: Home, to: Recipient) -> Lock:
    """The lock of one receiver: two commands never send it the same event."""
    return Lock(home, f"decnet events --{to.way}", path=home.deliveries / f"{to.name}.lock")


def load_cursor(home: Home, to: Recipient) -> Cursor | None:
    """What this receiver was sent; None if nothing usable is recorded."""
    path = _path(home, to)
    return _read(path) if path.exists() else None


def similar_cursor(home: Home, to: Recipient) -> Cursor | None:
    """Where this receiver was with another choice of events, or before version 0.2.0; None if it is new, or
    its own position is damaged."""
    if _path(home, to).exists():
        return None
    others = [found for path in home.deliveries.glob(f"{to.group}-*.json") if (found := _read(path))]
    if others:
        return max(others, key=lambda each: each.tried)
    return _earlier(home, to)


def save_cursor(home: Home, to: Recipient, cursor: Cursor) -> None:
    """Records what this receiver was sent. The caller holds its lock."""
    document = {
        "schema_version": 1,
        "positions": {name: list(at) for name, at in cursor.positions.items()},
        "tried": cursor.tried,
        "refusals": cursor.refusals,
        "refused": cursor.refused,
    }
    path = _path(home, to)
    if not path.exists():
        _drop_oldest(home)
    write_whole(path, orjson.dumps(document, option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS))


def _path(home: Home, to: Recipient) -> Path:
    return home.deliveries / f"{to.name}.json"


def _read(path: Path) -> Cursor | None:
    try:
        stored = _Stored.model_validate_json(read_whole(path) or b"")
    except ValidationError:
        # It only records what was sent: without it the receiver counts as new.
        return None
    return Cursor(stored.positions, stored.tried, stored.refusals, stored.refused)


def _earlier(home: Home, to: Recipient) -> Cursor | None:
    """What `decnet` before 0.2.0 recorded of a receiver of alerts."""
    content = read_whole(home.events_dir / "alerts.json") if to.way == "alert" else None
    with suppress(orjson.JSONDecodeError, ValidationError):
        document = orjson.loads(content or b"{}")
        if isinstance(document, dict):
            entry = _Entry.model_validate(document.get(_hash(to.address)[:32]))
            return Cursor(entry.positions, entry.tried)
    return None


def _drop_oldest(home: Home) -> None:
    with translate_os_errors("read", home.deliveries):
        dated = sorted(_dated(home.deliveries), reverse=True)
        for _, path in dated[MOST_RECEIVERS - 1 :]:
            path.unlink(missing_ok=True)
            path.with_suffix(".lock").unlink(missing_ok=True)


def _dated(folder: Path) -> Iterator[tuple[float, Path]]:
    for path in folder.glob("*.json"):
        with suppress(FileNotFoundError):
            yield path.stat().st_mtime, path


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
