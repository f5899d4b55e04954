"""What was last known of each worker: TinyDB documents, one file per worker."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from decnet.errors import Failed, StateBroken
from decnet.model.journal import Cursor
from decnet.model.noun import Loose, Noun
from decnet.model.record import Applied, DeckyRow, LifecycleRow, WorkerRecords
from decnet.model.worker import Facts

from .atomic import read_whole
from .broken import translated
from .collecting import uncollected
from .migrate import RECORD_MIGRATIONS, Migration, migrated
from .paths import Home
from .tables import Tables, ill, parsed, rows, spelled, transaction

_ABOUT = "meta"
_DECKIES = "deckies"
_LIFECYCLE = "lifecycle"

Signature = tuple[int, int, int]


class Records:
    """The records of one home. What was read is remembered, so that an unchanged save costs nothing and
    a save over somebody else's newer commit is refused."""

    def __init__(self, home: Home, *, migrations: Mapping[int, Migration] = RECORD_MIGRATIONS) -> None:
        self._home = home
        self._migrations = migrations
        self._read: dict[str, tuple[WorkerRecords, Signature | None]] = {}

    def load(self, worker_id: str) -> WorkerRecords:
        """That worker's records; empty ones where there is no file. StateBroken for a file that is
        empty, cut off, of another worker, or not what decnet writes."""
        path = self._home.records(worker_id)
        # Taken before reading: if a commit comes in between, a later save is refused, not lost.
        signature = _signature(path)
        records = self._parsed(path) or WorkerRecords(worker_id=worker_id)
        if records.worker_id != worker_id:
            raise ill(path, f"it holds the records of worker {records.worker_id}")
        self._read[worker_id] = (records, signature)
        return records

    def load_many(self, worker_ids: Iterable[str]) -> dict[str, WorkerRecords]:
        """The same of several workers, in less time than one by one; what else lies in the folder is left."""
        with uncollected():
            return {worker_id: self.load(worker_id) for worker_id in worker_ids}

    def save(self, records: WorkerRecords) -> bool:
        """Commits one worker's records whole; returns whether the file had to be written.

        StateBroken if another process committed that worker's records since they were loaded here.
        """
        path = self._home.records(records.worker_id)
        before = self._read.get(records.worker_id)
        if before is not None and before[0] == records and before[1] is not None:
            return False
        if before is not None and not self.is_current(records.worker_id):
            raise StateBroken(
                f"{path} was changed by another command since it was read", hint="run the command again"
            )
        with transaction(path) as tables:
            _fill(tables, records)
            if _at_once(spelled(tables.db.storage.read() or {})) != records:
                raise Failed(
                    f"the records of {records.worker_id} cannot be written so that they read the same"
                )
        self._read[records.worker_id] = (records, _signature(path))
        return tables.wrote

    def is_current(self, worker_id: str) -> bool:
        """Whether the file is still the one that was loaded or saved here last."""
        before = self._read.get(worker_id)
        return before is not None and before[1] == _signature(self._home.records(worker_id))

    def remove(self, worker_id: str) -> bool:
        """Forgets a worker: its file and the copy of it. Returns whether there was one."""
        path = self._home.records(worker_id)
        self._read.pop(worker_id, None)
        return Tables(path).remove()

    def _parsed(self, path: Path) -> WorkerRecords | None:
        content = read_whole(path)
        return None if content is None else _at_once(content) or self._with_reasons(path, content)

    def _with_reasons(self, path: Path, content: bytes) -> WorkerRecords:
        return _assembled(parsed(path, content), path, self._migrations)


class _About(Noun):
    """The one document of the table `meta`: WorkerRecords without its rows."""

    schema_version: Literal[1]
    worker_id: str
    cursor: Cursor | None = None
    generation: int = 0
    plan_hash: str | None = None
    applied: Applied | None = None
    facts: Facts | None = None
    heals: dict[str, Annotated[tuple[float, ...], Loose]] = {}


class _File(BaseModel):
    """The tables of one file, as TinyDB spells them."""

    model_config = ConfigDict(strict=True, extra="ignore")
    meta: dict[str, _About]
    deckies: dict[str, DeckyRow]
    lifecycle: dict[str, LifecycleRow]


def _at_once(content: bytes) -> WorkerRecords | None:
    """The records of a file in order; None for one that has to be looked at piece by piece.

    Straight from bytes to nouns: five times faster over many files than by way of TinyDB's documents.
    """
    try:
        file = _File.model_validate_json(content)
    except ValidationError:
        return None
    by_name = {row.name: row for row in file.deckies.values()}
    numbers = set(map(str, range(1, len(file.lifecycle) + 1)))
    if list(file.meta) != ["1"] or len(by_name) != len(file.deckies) or numbers != file.lifecycle.keys():
        return None
    about = file.meta["1"]
    return WorkerRecords.model_construct(
        **{name: getattr(about, name) for name in _About.model_fields},
        deckies=dict(sorted(by_name.items())),
        lifecycle=tuple(file.lifecycle[number] for number in sorted(numbers, key=int)),
    )


def _assembled(tables: Mapping[str, Any], path: Path, migrations: Mapping[int, Migration]) -> WorkerRecords:
    about = rows(tables, _ABOUT, path)
    if len(about) != 1:
        raise ill(path, f"its table {_ABOUT} has {len(about)} documents, not one")
    document = dict(about[0])
    deckies = rows(tables, _DECKIES, path)
    document["deckies"] = {str(row.get("name")): row for row in deckies}
    if len(document["deckies"]) != len(deckies):
        raise ill(path, "a decky stands in it twice")
    document["lifecycle"] = rows(tables, _LIFECYCLE, path)
    try:
        return WorkerRecords.model_validate(migrated(document, path, migrations))
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(map(str, first["loc"]))
        raise ill(path, f"{where}: {first['msg']}") from error


def _fill(tables: Tables, records: WorkerRecords) -> None:
    document = records.model_dump(warnings="error")
    deckies, lifecycle = document.pop("deckies"), document.pop("lifecycle")
    tables.replace(_ABOUT, [document])
    tables.replace(_DECKIES, [deckies[name] for name in sorted(deckies)])
    tables.replace(_LIFECYCLE, lifecycle)


def _signature(path: Path) -> Signature | None:
    # Every commit is a new file, so that the inode alone almost tells them apart.
    with translated("read", path):
        try:
            found = path.lstat()
        except FileNotFoundError:
            return None
        return found.st_ino, found.st_mtime_ns, found.st_size
