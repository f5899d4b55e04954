"""The recorded state of each worker: TinyDB documents, one file per worker."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from decnet.errors import Failed, StateBroken
from decnet.model.base import FrozenModel, Loose
from decnet.model.journal import Cursor
from decnet.model.record import Applied, DeckyRow, LifecycleRow, ProjectRecords, WorkerRecords
from decnet.model.worker import Facts

from .atomic import read_whole, write_whole
from .gc_pause import gc_paused
from .migrate import RECORD_MIGRATIONS, RECORD_SCHEMA, Migration, backup_path, migrated, version_of
from .os_errors import translate_os_errors
from .paths import Home
from .tables import Tables, damaged, encode, parsed, rows, transaction

_ABOUT = "meta"
_PROJECTS = "projects"
_DECKIES = "deckies"
_LIFECYCLE = "lifecycle"

Signature = tuple[int, int, int]


class Records:
    """The records of one state directory. It remembers what was read, so that an unchanged save costs nothing
    and a save over another command's newer commit is refused."""

    def __init__(self, home: Home, *, migrations: Mapping[int, Migration] = RECORD_MIGRATIONS) -> None:
        self._home = home
        self._migrations = migrations
        self._read: dict[str, tuple[WorkerRecords, Signature | None]] = {}
        self._older: dict[str, bytes] = {}
        """Files of an older schema as they were read: a copy is kept when they are replaced."""

    def load(self, worker_id: str) -> WorkerRecords:
        """That worker's records; empty ones if there is no file. Raises StateBroken for a file that is empty,
        truncated, of another worker, or not in decnet's format."""
        path = self._home.records(worker_id)
        # Taken before reading: if a commit comes in between, a later save is refused, not lost.
        signature = _signature(path)
        records = self._parsed(path, worker_id) or WorkerRecords(worker_id=worker_id)
        if records.worker_id != worker_id:
            raise damaged(path, f"it holds the records of worker {records.worker_id}")
        self._read[worker_id] = (records, signature)
        return records

    def load_many(self, worker_ids: Iterable[str]) -> dict[str, WorkerRecords]:
        """The records of several workers, faster than one by one; other files in the folder are ignored."""
        with gc_paused():
            return {worker_id: self.load(worker_id) for worker_id in worker_ids}

    def save(self, records: WorkerRecords) -> bool:
        """Commits one worker's records as a whole; returns whether the file had to be written.

        Raises StateBroken if another process has committed that worker's records since they were loaded here.
        """
        path = self._home.records(records.worker_id)
        before = self._read.get(records.worker_id)
        if before is not None and before[0] == records and before[1] is not None:
            return False
        if before is not None and not self.is_current(records.worker_id):
            raise StateBroken(
                f"{path} was changed by another command since it was read", hint="run the command again"
            )
        if older := self._older.pop(records.worker_id, None):
            write_whole(backup_path(path, RECORD_SCHEMA - 1), older)
        with transaction(path) as tables:
            _fill(tables, records)
            if _at_once(encode(tables.db.storage.read() or {})) != records:
                raise Failed(
                    f"the records of {records.worker_id} cannot be written so that they read the same"
                )
        self._read[records.worker_id] = (records, _signature(path))
        return tables.wrote

    def is_current(self, worker_id: str) -> bool:
        """Whether the file is still the one last loaded or saved here."""
        before = self._read.get(worker_id)
        return before is not None and before[1] == _signature(self._home.records(worker_id))

    def remove(self, worker_id: str) -> bool:
        """Removes a worker: its file and its copy. Returns whether there was one."""
        path = self._home.records(worker_id)
        self._read.pop(worker_id, None)
        return Tables(path).remove()

    def _parsed(self, path: Path, worker_id: str) -> WorkerRecords | None:
        content = read_whole(path)
        if content is None:
            return None
        if records := _at_once(content):
            self._older.pop(worker_id, None)
            return records
        tables = parsed(path, content)
        records = _assembled(tables, path, self._migrations)
        if version_of(rows(tables, _ABOUT, path)[0], path, RECORD_SCHEMA) < RECORD_SCHEMA:
            self._older[worker_id] = content
        return records


class _About(FrozenModel):
    """The one document of the table `meta`: WorkerRecords without its rows."""

    schema_version: Literal[2]
    worker_id: str
    cursor: Cursor | None = None
    facts: Facts | None = None


class _Project(FrozenModel):
    """One document of the table `projects`: ProjectRecords without its rows."""

    name: str
    generation: int = 0
    plan_hash: str | None = None
    applied: Applied | None = None
    heals: dict[str, Annotated[tuple[float, ...], Loose]] = {}


class _File(BaseModel):
    """The tables of one file, as TinyDB lays them out."""

    model_config = ConfigDict(strict=True, extra="ignore", defer_build=True)
    meta: dict[str, _About]
    projects: dict[str, _Project] = {}
    deckies: dict[str, DeckyRow] = {}
    lifecycle: dict[str, LifecycleRow] = {}


class _Whole(FrozenModel):
    """The same as lists, in the current schema, to validate a file piece by piece."""

    schema_version: Literal[2]
    meta: _About
    projects: Annotated[tuple[_Project, ...], Loose]
    deckies: Annotated[tuple[DeckyRow, ...], Loose]
    lifecycle: Annotated[tuple[LifecycleRow, ...], Loose]


def _at_once(content: bytes) -> WorkerRecords | None:
    """The records of a valid file; None for one that must be validated piece by piece.

    Directly from bytes to models, without TinyDB's documents: 270 instead of 380 microseconds for a worker
    with ten deckies, a tenth of a second in a pass over a thousand workers.
    """
    try:
        file = _File.model_validate_json(content)
    except ValidationError:
        return None
    numbers = set(map(str, range(1, len(file.lifecycle) + 1)))
    if list(file.meta) != ["1"] or numbers != file.lifecycle.keys():
        return None
    projects = _projects(file.projects.values(), file.deckies.values())
    if projects is None:
        return None
    about = file.meta["1"]
    return WorkerRecords.model_construct(
        **{name: getattr(about, name) for name in _About.model_fields},
        projects=projects,
        lifecycle=tuple(file.lifecycle[number] for number in sorted(numbers, key=int)),
    )


def _projects(abouts: Iterable[_Project], rows: Collection[DeckyRow]) -> dict[str, ProjectRecords] | None:
    """The projects with their rows; None if one appears twice, or a row has none."""
    own: dict[str, dict[str, DeckyRow]] = {}
    for row in rows:
        own.setdefault(row.project, {})[row.name] = row
    found: dict[str, ProjectRecords] = {}
    for each in abouts:
        if each.name in found:
            return None
        fields = {name: getattr(each, name) for name in _Project.model_fields if name != "name"}
        found[each.name] = ProjectRecords.model_construct(
            **fields, deckies=dict(sorted(own.pop(each.name, {}).items()))
        )
    is_whole = not own and sum(len(each.deckies) for each in found.values()) == len(rows)
    return dict(sorted(found.items())) if is_whole else None


def _assembled(tables: Mapping[str, Any], path: Path, migrations: Mapping[int, Migration]) -> WorkerRecords:
    about = rows(tables, _ABOUT, path)
    if len(about) != 1:
        raise damaged(path, f"its table {_ABOUT} has {len(about)} documents, not one")
    document: dict[str, Any] = {
        "meta": dict(about[0]),
        **{table: rows(tables, table, path) for table in (_PROJECTS, _DECKIES, _LIFECYCLE)},
    }
    document |= {"schema_version": document["meta"].get("schema_version")}
    document = migrated(document, path, RECORD_SCHEMA, migrations)
    try:
        whole = _Whole.model_validate(document)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(map(str, first["loc"]))
        raise damaged(path, f"{where}: {first['msg']}") from error
    projects = _projects(whole.projects, whole.deckies)
    if projects is None:
        raise damaged(path, "it lists a project or a decky twice, or a decky has no project")
    fields = {name: getattr(whole.meta, name) for name in _About.model_fields}
    return WorkerRecords(**fields, projects=projects, lifecycle=whole.lifecycle)


def _fill(tables: Tables, records: WorkerRecords) -> None:
    document = records.model_dump(warnings="error")
    projects, lifecycle = document.pop("projects"), document.pop("lifecycle")
    tables.replace(_ABOUT, [document])
    deckies: list[dict[str, Any]] = []
    for name, own in sorted(projects.items()):
        deckies += [row for _, row in sorted(own.pop("deckies").items())]
        own["name"] = name
    tables.replace(_PROJECTS, [projects[name] for name in sorted(projects)])
    tables.replace(_DECKIES, deckies)
    tables.replace(_LIFECYCLE, lifecycle)


def _signature(path: Path) -> Signature | None:
    # Every commit is a new file, so that the inode alone almost distinguishes them.
    with translate_os_errors("read", path):
        try:
            found = path.lstat()
        except FileNotFoundError:
            return None
        return found.st_ino, found.st_mtime_ns, found.st_size
