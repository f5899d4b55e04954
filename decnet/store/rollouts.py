"""Rollouts on disk: what was frozen, and the log of what has become of it.

`rollouts/<id>/` has `to.json`, `former.json` and `policy.json`, which never change, `events.jsonl`, which
only grows and is the truth, and `state.json`, which is the fold of its events. One that has ended is moved to
`rollouts/ended/`. Every caller that writes holds the lock.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterable, Mapping
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import TypeVar

import orjson
from pydantic import ValidationError

from decnet.errors import StateBroken, UsageError
from decnet.model.base import FrozenModel, Name, ProjectName, Short, Text
from decnet.model.fleet import Fleet
from decnet.model.rollout import Frozen, Rollout, RolloutEvent, RolloutState
from decnet.model.suggest import suggest
from decnet.plan.rollout import replay
from decnet.wire import clean
from decnet.wire.fault import place

from .atomic import fsync_folder, read_whole, write_whole
from .desired import render
from .gc_pause import gc_paused
from .jsonl import append_lines, read_lines
from .migrate import FLEET_MIGRATIONS, FLEET_SCHEMA, migrated
from .os_errors import translate_os_errors
from .paths import Home

KEPT = 10
"""How many rollouts are kept that have ended."""

SUMS = "SHA256SUMS"
TO, FORMER, POLICY, STATE, EVENTS = "to.json", "former.json", "policy.json", "state.json", "events.jsonl"
FROZEN = (FORMER, POLICY, TO)
_ID = re.compile(r"[0-9a-f]{12}")
_ENDED = "ended"
_LOG_BYTES = 1 << 40
_GIVE_UP = (
    "restore it from a backup; or give the rollout up, and let the fleet stay as it is: mv {folder} {aside}"
)

M = TypeVar("M", bound=FrozenModel)


class TakenBack(FrozenModel):
    """The content of a slice that a rollout has taken back: `content` is its `content_hash`. Nothing deploys
    it again unless the operator asks for it."""

    worker: Name
    project: ProjectName
    content: Short
    rollout: Short
    reason: Text
    since: float


class RolloutStore:
    """The rollouts of a state directory."""

    def __init__(self, home: Home) -> None:
        self._root = home.rollouts

    def open_one(self) -> Rollout | None:
        """The rollout that is open. Raises StateBroken for a damaged one, and if there are two."""
        with gc_paused():
            found = [each for each in map(self._loaded, self._folders(self._root)) if each.is_open]
        if len(found) > 1:
            names = " and ".join(each.id for each in found)
            raise StateBroken(
                f"{self._root} has two open rollouts, {names}",
                hint=f"keep one: mv {self._root / found[-1].id} elsewhere",
            )
        return found[0] if found else None

    def ids(self) -> tuple[str, ...]:
        """The ids of all that are kept, the newest first by the time of their opening."""
        folders = [*self._folders(self._root), *self._folders(self._root / _ENDED)]
        return tuple(folder.name for folder in sorted(folders, key=_opened_at, reverse=True))

    def load(self, rollout_id: str) -> Rollout:
        """One rollout. Raises UsageError for an unknown id, and StateBroken for a damaged one."""
        return self._loaded(self._folder(rollout_id))

    def glance(self, rollout_id: str) -> Rollout:
        """One rollout for listings: one that was set aside without its documents, which are empty, and as its
        state file has it. That of another may be older than its log, if a command was killed."""
        folder = self._folder(rollout_id)
        if folder.parent == self._root or not (folder / STATE).exists():
            return self._loaded(folder)
        nothing = Fleet(fleet_id="")
        frozen, state = _model(folder / POLICY, Frozen), _model(folder / STATE, RolloutState)
        return Rollout(folder.name, frozen, nothing, nothing, state)

    def events(self, rollout_id: str) -> tuple[RolloutEvent, ...]:
        """Its log, the oldest first."""
        return _events(self._folder(rollout_id))

    def create(self, rollout: Rollout, events: Iterable[RolloutEvent]) -> None:
        """Store a new rollout with its first events: all of it or nothing."""
        with translate_os_errors("write", self._root):
            self._root.mkdir(mode=0o700, exist_ok=True)
            self.tidy()
            draft = self._root / f".new-{rollout.id}"
            for left in self._root.glob(".new-*"):
                shutil.rmtree(left)
            draft.mkdir(mode=0o700)
        write_whole(draft / TO, render(rollout.to))
        write_whole(draft / FORMER, render(rollout.former))
        write_whole(draft / POLICY, _encoded(rollout.frozen))
        write_whole(draft / SUMS, _sums({name: _content(draft / name) for name in FROZEN}))
        self._write(draft, rollout, events)
        with translate_os_errors("write", self._root):
            place("rename of a rollout")
            draft.rename(self._root / rollout.id)
            fsync_folder(self._root)

    def append(self, rollout: Rollout, events: Iterable[RolloutEvent]) -> None:
        """Append these events to the log, then store the state that follows from them. One that has ended is
        moved to the ended ones, of which the newest are kept."""
        folder = self._folder(rollout.id)
        self._write(folder, rollout, events)
        if not rollout.is_open:
            self._set_aside(folder)

    def taken_back(self) -> tuple[TakenBack, ...]:
        """The contents that must not be deployed again unless asked for."""
        content = read_whole(self._taken_back)
        if content is None:
            return ()
        try:
            return tuple(TakenBack.model_validate(row) for row in orjson.loads(content)["rows"])
        except (ValidationError, ValueError, KeyError, TypeError) as error:
            raise StateBroken(
                f"{self._taken_back} is damaged",
                hint=f"remove it, and nothing is held back any more: rm {self._taken_back}",
            ) from error

    def take_back(self, rows: Iterable[TakenBack]) -> None:
        """Add contents that must not be deployed again."""
        known = {(row.worker, row.project, row.content): row for row in self.taken_back()}
        self._write_taken_back({**{(r.worker, r.project, r.content): r for r in rows}, **known}.values())

    def allow_again(self, contents: Iterable[str]) -> None:
        """Remove these contents: the operator deploys them again."""
        gone = set(contents)
        self._write_taken_back(row for row in self.taken_back() if row.content not in gone)

    @property
    def _taken_back(self) -> Path:
        return self._root / "taken-back.json"

    def _write_taken_back(self, rows: Iterable[TakenBack]) -> None:
        document = {"schema_version": 1, "rows": [row.model_dump(mode="json") for row in rows]}
        with translate_os_errors("write", self._root):
            self._root.mkdir(mode=0o700, exist_ok=True)
        write_whole(self._taken_back, orjson.dumps(document, option=orjson.OPT_INDENT_2))

    def _folder(self, rollout_id: str) -> Path:
        if _ID.fullmatch(rollout_id):
            for folder in (self._root / rollout_id, self._root / _ENDED / rollout_id):
                if folder.is_dir():
                    return folder
        near = suggest(rollout_id, self.ids())
        raise UsageError(
            f"there is no rollout {clean(rollout_id, 40)!r}",
            hint=f"did you mean {near}?" if near else "decnet rollout list lists them",
        )

    def _folders(self, parent: Path) -> list[Path]:
        with translate_os_errors("read", parent):
            if not parent.is_dir():
                return []
            return sorted(each for each in parent.iterdir() if _ID.fullmatch(each.name) and each.is_dir())

    def _loaded(self, folder: Path) -> Rollout:
        contents = {name: _content(folder / name) for name in FROZEN}
        frozen = _model(folder / POLICY, Frozen, contents[POLICY])
        to, former = _fleet(folder / TO, contents[TO]), _fleet(folder / FORMER, contents[FORMER])
        # The sums are those that the id was checked with: to compute it again takes longer than all the rest.
        if _sums(contents) != read_whole(folder / SUMS):
            raise _broken(folder, "what was frozen was changed")
        rollout = Rollout(folder.name, frozen, former, to, RolloutState())
        try:
            state = replay(rollout, _events(folder))
        except (ValidationError, StateBroken) as error:
            raise _broken(folder, "its log has a record that is not understood") from error
        stored = _model(folder / STATE, RolloutState) if (folder / STATE).exists() else state
        if stored.seq > state.seq or (stored.seq == state.seq and stored != state):
            raise _broken(folder, f"its log and its state differ (records {state.seq} and {stored.seq})")
        return Rollout(folder.name, frozen, former, to, state)

    def _write(self, folder: Path, rollout: Rollout, events: Iterable[RolloutEvent]) -> None:
        lines = b"".join(orjson.dumps(_trimmed(event)) + b"\n" for event in events)
        if lines:
            append_lines(folder / EVENTS, lines, limit=_LOG_BYTES, keep=1)
        write_whole(folder / STATE, _encoded(rollout.state))

    def _set_aside(self, folder: Path) -> None:
        ended = self._root / _ENDED
        with translate_os_errors("write", ended):
            ended.mkdir(mode=0o700, exist_ok=True)
            place("rename of an ended rollout")
            folder.rename(ended / folder.name)
            fsync_folder(self._root)
            for old in sorted(self._folders(ended), key=_opened_at, reverse=True)[KEPT:]:
                # A command that is killed meanwhile leaves nothing that looks like a rollout.
                old.rename(old.with_name(f".old-{old.name}"))
            for left in ended.glob(".old-*"):
                shutil.rmtree(left)

    def tidy(self) -> None:
        """Move aside what has ended, and was not moved because its command was killed."""
        for folder in self._folders(self._root):
            rollout = self._loaded(folder)
            if not rollout.is_open:
                write_whole(folder / STATE, _encoded(rollout.state))
                self._set_aside(folder)


def _opened_at(folder: Path) -> tuple[float, str]:
    try:
        return float(orjson.loads((folder / POLICY).read_bytes())["opened_at"]), folder.name
    except (OSError, ValueError, KeyError, TypeError):
        return 0.0, folder.name


def _events(folder: Path) -> tuple[RolloutEvent, ...]:
    found: list[RolloutEvent] = []
    for line in read_lines(folder / EVENTS):
        try:
            found.append(RolloutEvent.model_validate_json(line))
        except ValidationError as error:
            raise _broken(folder, f"record {len(found) + 1} of its log is damaged") from error
        if found[-1].seq != len(found):
            raise _broken(folder, f"its log lacks record {len(found)}")
    return tuple(found)


def _trimmed(event: RolloutEvent) -> dict[str, object]:
    return event.model_dump(mode="json", exclude_defaults=True)


def _sums(contents: Mapping[str, bytes]) -> bytes:
    """What `sha256sum` prints for what was frozen."""
    lines = (f"{sha256(content).hexdigest()}  {name}\n" for name, content in contents.items())
    return "".join(lines).encode()


@lru_cache(maxsize=2)
def _fleet(path: Path, content: bytes) -> Fleet:
    """A frozen document. It never changes: commands that repeat a pass need it every time."""
    try:
        return Fleet.model_validate_json(content)
    except ValidationError:
        pass
    try:
        document = migrated(orjson.loads(content), path, FLEET_SCHEMA, FLEET_MIGRATIONS)
        return Fleet.model_validate_json(orjson.dumps(document))
    except (ValidationError, ValueError, AttributeError) as error:
        raise _broken(path.parent, f"its {path.name} is damaged") from error


def _model(path: Path, model: type[M], content: bytes | None = None) -> M:
    try:
        return model.model_validate_json(_content(path) if content is None else content)
    except ValidationError as error:
        raise _broken(path.parent, f"its {path.name} is damaged") from error


def _content(path: Path) -> bytes:
    content = read_whole(path)
    if content is None:
        raise _broken(path.parent, f"its {path.name} is missing")
    return content


def _encoded(value: FrozenModel) -> bytes:
    return orjson.dumps(value.model_dump(mode="json"), option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)


def _broken(folder: Path, why: str) -> StateBroken:
    aside = folder.with_name(f"damaged-{folder.name}")
    return StateBroken(
        f"the rollout in {folder} is damaged: {why}", hint=_GIVE_UP.format(folder=folder, aside=aside)
    )
