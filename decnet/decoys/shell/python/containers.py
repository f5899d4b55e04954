"""`collections`: dictionaries and lists that know more."""

from __future__ import annotations

from typing import Any

from . import calls
from .iterating import items_of
from .machine import Machine, Value
from .of_system import natives
from .values import Class, Native, Record, check, weigh

MOST_FIELDS = 64


class defaultdict(dict[Any, Any]):  # noqa: N801 (its name in the program)
    """Has a value for each key that is asked for: what `factory` makes."""

    factory: Any = None


class Counter(dict[Any, Any]):
    """How often each item is there."""

    OWN = ("most_common", "elements", "total")

    def __missing__(self, key: Any) -> int:
        return 0

    def most_common(self, most: int | None = None) -> list[tuple[Any, int]]:
        """Items and counts, the most frequent first."""
        return sorted(self.items(), key=lambda pair: pair[1], reverse=True)[:most]

    def elements(self) -> list[Any]:
        """Each item as often as it is there."""
        check(sum(max(0, count) for count in self.values()))
        return [item for item, count in self.items() for _ in range(count)]

    def total(self) -> int:
        """The sum of the counts."""
        return sum(self.values())

    def update(self, *given: Any, **keywords: Any) -> None:
        """Count more items."""
        for each in given:
            pairs = each.items() if isinstance(each, dict) else ((item, 1) for item in each)
            for item, count in pairs:
                self[item] = self.get(item, 0) + count


class OrderedDict(dict[Any, Any]):
    """A dictionary that shows its order."""

    OWN = ("move_to_end",)

    def move_to_end(self, key: Any, last: bool = True) -> None:
        """Move an item to one of the ends."""
        value = self.pop(key)
        rest = {} if last else dict(self)
        if not last:
            self.clear()
        self[key] = value
        super().update(rest)


class deque(list[Any]):  # noqa: N801 (its name in the program)
    """A list with two ends; `most`: its length, the other end loses what is too much."""

    OWN = ("appendleft", "popleft", "extendleft", "rotate")
    most: int | None = None

    def append(self, item: Any) -> None:
        """Add at the right end."""
        super().append(item)
        if self.most is not None and len(self) > self.most:
            del self[0]

    def appendleft(self, item: Any) -> None:
        """Add at the left end."""
        self.insert(0, item)
        if self.most is not None and len(self) > self.most:
            del self[-1]

    def popleft(self) -> Any:
        """Take from the left end."""
        if not self:
            raise IndexError("pop from an empty deque")
        return self.pop(0)

    def extendleft(self, items: Any) -> None:
        """Add one after the other at the left end."""
        for each in items:
            self.appendleft(each)

    def rotate(self, steps: int = 1) -> None:
        """Move the right end to the left."""
        if self:
            at = -steps % len(self)
            self[:] = self[at:] + self[:at]


def _default(machine: Machine, args: list[Any], keywords: dict[str, Any]) -> Any:
    found = defaultdict(*args[1:2], **keywords)
    found.factory = args[0] if args else None
    return found


def _counter(machine: Machine, args: list[Any], keywords: dict[str, Any]) -> Value:
    found = Counter()
    if args:
        items = args[0] if isinstance(args[0], dict) else (yield from items_of(machine, args[0]))
        weigh(items)
        found.update(items)
    found.update(keywords)
    return found


def _ordered(machine: Machine, args: list[Any], keywords: dict[str, Any]) -> Value:
    items = (
        [] if not args else args[0] if isinstance(args[0], dict) else (yield from items_of(machine, args[0]))
    )
    return OrderedDict(items, **keywords)


def _deque(machine: Machine, args: list[Any], keywords: dict[str, Any]) -> Value:
    found = deque()
    found.most = keywords.get("maxlen", args[1] if len(args) > 1 else None)
    for each in (yield from items_of(machine, args[0])) if args else []:
        found.append(each)
    return found


def _named(machine: Machine, args: list[Any], keywords: dict[str, Any]) -> Native:
    """`namedtuple`: what makes records of one kind."""
    name, fields = (
        str(args[0]),
        args[1].replace(",", " ").split() if isinstance(args[1], str) else list(args[1]),
    )
    check(len(fields) * 1024)

    def make(machine: Machine, given: list[Any], named: dict[str, Any]) -> Any:
        values = dict(zip(fields, given, strict=False)) | named
        missing = [each for each in fields if each not in values]
        if missing or len(given) > len(fields):
            listed = " and ".join(f"'{each}'" for each in missing)
            plural = "" if len(missing) == 1 else "s"
            raise TypeError(
                f"{name}.__new__() missing {len(missing)} required positional argument{plural}: {listed}"
            )
        return NamedTuple(name, fields, [values[each] for each in fields])

    return Native(name, make, is_type=True)


class NamedTuple(tuple[Any, ...]):
    """A tuple whose items have names."""

    kind: str
    fields: list[str]

    def __new__(cls, kind: str, fields: list[str], values: list[Any]) -> NamedTuple:
        made = super().__new__(cls, values)
        made.kind, made.fields = kind, fields
        return made


def value_of_missing(machine: Machine, value: defaultdict, key: Any) -> Value:
    """What a key that is not there gets. Raises KeyError."""
    if value.factory is None:
        raise KeyError(key)
    value[key] = yield from calls.call(machine, value.factory, [], {})
    return value[key]


def collections_of(machine: Machine) -> dict[str, Any]:
    """The module."""
    made = natives(
        Counter=_counter, defaultdict=_default, OrderedDict=_ordered, deque=_deque, namedtuple=_named
    )
    abc = Record("module", {"Mapping": Class("Mapping", [], None), "Iterable": Class("Iterable", [], None)})
    return {**made, "abc": abc}
