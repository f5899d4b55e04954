"""`topologies.json`: the status, moves and mutations of each topology, a TinyDB file.

What a topology is stands in `decnet-state.json`; here is what has become of it. A missing row is that of a
topology that was never deployed.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from pydantic import ValidationError

from decnet.errors import StateBroken
from decnet.model.base import FrozenModel, Hex32
from decnet.model.fleet import Project
from decnet.model.topology import Topology, TopologyRecord

from .migrate import TABLE_SCHEMA, version_of
from .paths import Home
from .tables import Tables, check_not_gone, damaged, transaction

_ABOUT = "meta"
_TOPOLOGIES = "topologies"
_FORMER = "former"


class Former(FrozenModel):
    """A topology as it was before the mutation `mutation`, until that has ended: it can be put back."""

    id: Hex32
    mutation: str
    topology: Topology
    project: Project | None = None


class TopologyTable:
    """The rows of `topologies.json`. Every change is one commit; a change without effect writes nothing."""

    def __init__(self, home: Home) -> None:
        self._path = home.topologies

    def records(self) -> dict[str, TopologyRecord]:
        """All rows by the topology's id. Raises StateBroken for a damaged file."""
        return {row.id: row for row in self._rows(_TOPOLOGIES, TopologyRecord)}

    def record(self, topology_id: str) -> TopologyRecord:
        """One row; that of a topology that was never deployed if there is none."""
        return self.records().get(topology_id) or TopologyRecord(id=topology_id)

    def former(self) -> dict[str, Former]:
        """By the topology's id, what a mutation in progress has replaced."""
        return {row.id: row for row in self._rows(_FORMER, Former)}

    def replace(self, before: TopologyRecord, after: TopologyRecord, former: Former | None = None) -> bool:
        """Compare and set: stores `after` if the stored row still has the status and version of `before`.
        With a mutation in progress, `former` is what it replaces. Returns whether anything had to be
        written. Raises StateBroken if another command has moved the topology."""
        with self._changed() as tables:
            rows = {row["id"]: row for row in tables.documents(_TOPOLOGIES)}
            known = TopologyRecord.model_validate(rows.get(before.id, {"id": before.id}))
            if (known.status, known.applied_version) != (before.status, before.applied_version):
                raise StateBroken(
                    f"another command has moved a topology from {before.status} to {known.status}",
                    hint="run the command again",
                )
            rows[after.id] = after.model_dump(mode="json", warnings="error")
            tables.replace(_TOPOLOGIES, [rows[key] for key in sorted(rows)])
            kept = {row["id"]: row for row in tables.documents(_FORMER)}
            kept.pop(after.id, None)
            if former is not None:
                kept[former.id] = former.model_dump(mode="json", warnings="error")
            tables.replace(_FORMER, [kept[key] for key in sorted(kept)])
        return tables.wrote

    def remove(self, topology_id: str) -> bool:
        """Removes the row of a topology that was deleted."""
        if topology_id not in self.records():
            return False
        with self._changed() as tables:
            for table in (_TOPOLOGIES, _FORMER):
                tables.replace(table, [row for row in tables.documents(table) if row["id"] != topology_id])
        return tables.wrote

    @contextmanager
    def _changed(self) -> Iterator[Tables]:
        with transaction(self._path, lasting=True) as tables:
            self._check_version(tables)
            yield tables
            tables.replace(_ABOUT, [{"schema_version": TABLE_SCHEMA}])

    def _rows(self, table: str, model: type[FrozenModel]) -> list:  # type: ignore[type-arg]
        tables = Tables(self._path)
        if tables.is_new:
            check_not_gone(self._path)
        self._check_version(tables)
        try:
            return [model.model_validate(document) for document in tables.documents(table)]
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            where = ".".join(map(str, (table, *first["loc"])))
            raise damaged(self._path, f"{where}: {first['msg']}") from error

    def _check_version(self, tables: Tables) -> None:
        for document in tables.documents(_ABOUT):
            version_of(document, self._path, TABLE_SCHEMA)
