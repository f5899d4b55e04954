"""`fleet.json`: the workers and the quarantined addresses."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from pydantic import ValidationError

from decnet.model.base import FrozenModel
from decnet.model.worker import Worker

from .migrate import TABLE_SCHEMA, version_of
from .paths import Home
from .tables import Tables, check_not_gone, damaged, transaction

_ABOUT = "meta"
_WORKERS = "workers"
_QUARANTINE = "quarantine"

N = TypeVar("N", bound=FrozenModel)


class Quarantined(FrozenModel):
    """An address and a MAC that may still be in use by a decky of a worker that was removed by force.

    `since` is in seconds since the epoch; `reason` is shown when a plan skips them.
    """

    address: str
    mac: str
    decky: str
    worker: str
    reason: str
    since: float


class FleetTable:
    """The rows of `fleet.json`. Every change is one commit; a change without effect writes nothing.

    Unknown tables are preserved.
    """

    def __init__(self, home: Home) -> None:
        self._path = home.fleet

    def workers(self) -> dict[str, Worker]:
        """All enrolled workers by name, sorted. Raises StateBroken if two share a name or a worker_id, or one
        has none: neither of two such workers may be dropped."""
        found: dict[str, Worker] = {}
        owners: dict[str, str] = {}
        for worker in self._rows(_WORKERS, Worker):
            if worker.name in found:
                raise damaged(self._path, f"two workers are named {worker.name}")
            if not worker.worker_id:
                raise damaged(self._path, f"the worker {worker.name} has no worker_id")
            if worker.worker_id in owners:
                both = f"{owners[worker.worker_id]} and {worker.name}"
                raise damaged(self._path, f"the workers {both} have one worker_id")
            found[worker.name] = worker
            owners[worker.worker_id] = worker.name
        return dict(sorted(found.items()))

    def put_worker(self, worker: Worker) -> bool:
        """Adds a worker, or replaces the one with its name or worker_id. Returns whether that changed it."""
        with self._changed() as tables:
            kept = [
                row
                for row in tables.documents(_WORKERS)
                if row["name"] != worker.name and row["worker_id"] != worker.worker_id
            ]
            rest = [*kept, worker.model_dump(warnings="error")]
            tables.replace(_WORKERS, sorted(rest, key=lambda row: str(row["name"])))
        return tables.wrote

    def remove_worker(self, name: str, *, quarantine: Iterable[Quarantined] = ()) -> bool:
        """Removes a worker and, in the same commit, quarantines the addresses that its deckies may still
        hold."""
        rows_to_add = tuple(quarantine)
        if name not in self.workers() and not rows_to_add:
            return False
        with self._changed() as tables:
            rest = [row for row in tables.documents(_WORKERS) if row["name"] != name]
            tables.replace(_WORKERS, rest)
            _add_quarantined(tables, rows_to_add)
        return tables.wrote

    def quarantined(self) -> tuple[Quarantined, ...]:
        """The addresses and MACs that nothing may claim, in the order of addresses."""
        return tuple(self._rows(_QUARANTINE, Quarantined))

    def release(self, names: Iterable[str]) -> tuple[Quarantined, ...]:
        """Removes rows by address, MAC or name of the decky, and returns them."""
        wanted = frozenset(names)
        gone = tuple(row for row in self.quarantined() if wanted & {row.address, row.mac, row.decky})
        if not gone:
            return ()
        keys = {(row.address, row.mac) for row in gone}
        with self._changed() as tables:
            rest = [row for row in tables.documents(_QUARANTINE) if _key(row) not in keys]
            tables.replace(_QUARANTINE, rest)
        return gone

    @contextmanager
    def _changed(self) -> Iterator[Tables]:
        with transaction(self._path, lasting=True) as tables:
            _check_version(tables.documents(_ABOUT), self._path)
            yield tables
            tables.replace(_ABOUT, [{"schema_version": TABLE_SCHEMA}])

    def _rows(self, table: str, model: type[N]) -> list[N]:
        tables = Tables(self._path)
        if tables.is_new:
            check_not_gone(self._path)
        _check_version(tables.documents(_ABOUT), self._path)
        documents = tables.documents(table)
        try:
            return [model.model_validate(document) for document in documents]
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            where = ".".join(map(str, (table, *first["loc"])))
            raise damaged(self._path, f"{where}: {first['msg']}") from error


def _check_version(about: Iterable[dict[str, Any]], path: Path) -> None:
    """Raises StateBroken for a file of a newer decnet."""
    for document in about:
        version_of(document, path, TABLE_SCHEMA)


def _add_quarantined(tables: Tables, found: Iterable[Quarantined]) -> None:
    added = [row.model_dump(warnings="error") for row in found]
    by_key = {_key(row): row for row in [*tables.documents(_QUARANTINE), *added]}
    tables.replace(_QUARANTINE, [by_key[key] for key in sorted(by_key)])


def _key(row: dict[str, Any]) -> tuple[str, str]:
    """Two machines may have had one address: each MAC is kept."""
    return str(row["address"]), str(row["mac"])
