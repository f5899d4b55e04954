# ruff: noqa: E501 (facts in rows)
"""The objects of one agent, in their order."""

import bisect
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cached_property

from .ber import Oid

Value = bytes | Callable[[], bytes]
"""An encoded value, or a function that returns it."""
Rows = Mapping[Oid, Sequence[bytes | None]]
"""The encoded values of a table's columns by the index of their row; None: the row has no such value."""


class Section:
    """The objects below one name, made at the first use."""

    def __init__(self, entry: Oid, rows: Callable[[], Mapping[Oid, bytes]]) -> None:
        self.entry = entry
        self.end = (*entry[:-1], entry[-1] + 1)
        self._make = rows

    @cached_property
    def _rows(self) -> Mapping[Oid, bytes]:
        return self._make()

    @cached_property
    def _names(self) -> list[Oid]:
        return sorted(self._rows)

    def value(self, name: Oid) -> bytes | None:
        """The value of an object, None where there is none."""
        return self._rows.get(name)

    def next(self, name: Oid) -> Oid | None:
        """The first object of this section after a name, None at its end."""
        at = bisect.bisect_right(self._names, name)
        return self._names[at] if at < len(self._names) else None

    def has(self, name: Oid) -> bool:
        """Whether a name is below that of the section."""
        return name[: len(self.entry)] == self.entry and len(name) > len(self.entry)

    def has_column(self, name: Oid) -> bool:
        """Whether objects have this name without their instance."""
        found = self.next(name[:-1])
        return found is not None and found[: len(name) - 1] == name[:-1]


class Table:
    """A table whose rows come and go, like that of the processes: they are made again after some seconds, as the
    real agent caches them. `entry`: the name of the table's entry; `columns`: those that it has."""

    def __init__(
        self, entry: Oid, columns: Sequence[int], rows: Callable[[], Rows], seconds: float = 5.0
    ) -> None:
        self.entry = entry
        self.end = (*entry[:-1], entry[-1] + 1)
        self._columns = tuple(columns)
        self._make, self._seconds = rows, seconds
        self._rows: Rows = {}
        self._indices: list[Oid] = []
        self._until = 0.0

    def value(self, name: Oid) -> bytes | None:
        """The value of an object, None where there is none."""
        column, index = name[len(self.entry) : len(self.entry) + 1], name[len(self.entry) + 1 :]
        if not self.has(name) or column[0] not in self._columns:
            return None
        self._refresh()
        row = self._rows.get(index)
        return row[self._columns.index(column[0])] if row is not None else None

    def next(self, name: Oid) -> Oid | None:
        """The first object of this table after a name, None at its end."""
        self._refresh()
        rest = (
            name[len(self.entry) :]
            if self.has(name)
            else (0,)
            if name <= self.entry
            else (self._columns[-1] + 1,)
        )
        for at, column in enumerate(self._columns):
            if column < (rest[0] if rest else 0):
                continue
            first = (
                bisect.bisect_right(self._indices, rest[1:]) if rest and column == rest[0] and rest[1:] else 0
            )
            for index in self._indices[first:]:
                if self._rows[index][at] is not None:
                    return (*self.entry, column, *index)
        return None

    def has(self, name: Oid) -> bool:
        """Whether a name is below the table's entry."""
        return name[: len(self.entry)] == self.entry and len(name) > len(self.entry)

    def has_column(self, name: Oid) -> bool:
        """Whether a name is that of a column, or of an instance of one."""
        return self.has(name) and name[len(self.entry)] in self._columns

    def _refresh(self) -> None:
        now = time.monotonic()
        if now >= self._until:
            self._rows = self._make()
            self._indices = sorted(self._rows)
            self._until = now + self._seconds


class Tree:
    """Objects by name; the name of a column or scalar is all but the instance. No object of `rows` lies within one
    of the `tables`."""

    def __init__(
        self, rows: Mapping[Oid, Value], columns: frozenset[Oid], tables: Iterable[Table | Section] = ()
    ) -> None:
        self._rows = dict(rows)
        self._names = sorted(self._rows)
        self._columns = columns
        self._tables = sorted(tables, key=lambda table: table.entry)
        self._ends = [table.end for table in self._tables]

    def value(self, name: Oid) -> bytes | None:
        """The value of an object, None where there is none."""
        value = self._rows.get(name)
        if value is None:
            table = self._table_of(name)
            return table.value(name) if table is not None else None
        return value() if callable(value) else value

    def next(self, name: Oid) -> Oid | None:
        """The first object after a name, None at the end."""
        at = bisect.bisect_right(self._names, name)
        known = self._names[at] if at < len(self._names) else None
        for table in self._tables[bisect.bisect_right(self._ends, name) :]:
            if known is not None and known < table.entry:
                break
            found = table.next(name)
            if found is not None:
                return found
        return known

    def has_column(self, name: Oid) -> bool:
        """Whether a name is that of a scalar or column, or of an instance of one."""
        table = self._table_of(name)
        if table is not None and table.has_column(name):
            return True
        return any(name[:end] in self._columns for end in range(len(name), 0, -1))

    def _table_of(self, name: Oid) -> Table | Section | None:
        at = bisect.bisect_right(self._ends, name)
        table = self._tables[at] if at < len(self._tables) else None
        return table if table is not None and table.has(name) else None
