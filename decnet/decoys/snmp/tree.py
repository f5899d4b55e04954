"""The objects of one agent, in their order."""

import bisect
from collections.abc import Callable, Mapping

from .ber import Oid

Value = bytes | Callable[[], bytes]
"""An encoded value, or a function that returns it."""


class Tree:
    """Objects by name; the name of a column or scalar is all but the instance."""

    def __init__(self, rows: Mapping[Oid, Value], columns: frozenset[Oid]) -> None:
        self._rows = dict(rows)
        self._names = sorted(self._rows)
        self._columns = columns

    def value(self, name: Oid) -> bytes | None:
        """The value of an object, None where there is none."""
        value = self._rows.get(name)
        return value() if callable(value) else value

    def next(self, name: Oid) -> Oid | None:
        """The first object after a name, None at the end."""
        at = bisect.bisect_right(self._names, name)
        return self._names[at] if at < len(self._names) else None

    def has_column(self, name: Oid) -> bool:
        """Whether a name is that of a scalar or column, or of an instance of one."""
        return any(name[:end] in self._columns for end in range(len(name), 0, -1))
