"""Two designs, field by field."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Literal, NamedTuple

from decnet.model.catalog import Catalog
from decnet.model.plan import FieldChange, FieldValue
from decnet.model.topology import Design, DesignDecky, Lan
from decnet.model.values import HIDDEN, OTHER_HIDDEN

from ..details import is_secret

Path = tuple[str, ...]


class Difference(NamedTuple):
    """One LAN or decky. `changes` has the fields that differ by their paths, such as `addresses.office` or
    `settings.ssh.motd`, secret values replaced; none for what was added or removed."""

    noun: Literal["lan", "decky"]
    name: str
    kind: Literal["added", "removed", "changed"]
    changes: tuple[FieldChange, ...] = ()


def differences(old: Design, new: Design, catalog: Catalog) -> tuple[Difference, ...]:
    """How the new design differs from the old one: LANs first, each by name. Empty if and only if their
    contents are equal."""
    lans = _compared("lan", _lans(old.lans), _lans(new.lans), catalog)
    return (*lans, *_compared("decky", _deckies(old.deckies), _deckies(new.deckies), catalog))


def _lans(lans: Sequence[Lan]) -> dict[str, dict[Path, FieldValue]]:
    return {lan.name: {("subnet",): lan.subnet, ("dmz",): lan.dmz} for lan in lans}


def _deckies(deckies: Sequence[DesignDecky]) -> dict[str, dict[Path, FieldValue]]:
    return {decky.name: dict(_fields(decky)) for decky in deckies}


def _fields(decky: DesignDecky) -> Iterator[tuple[Path, FieldValue]]:
    for field in ("archetype", "os", "release", "home", "forwards", "hostname", "seed"):
        yield (field,), getattr(decky, field)
    yield ("services",), tuple(sorted(decky.services))
    for lan, address in decky.addresses.items():
        yield ("addresses", lan), address
    for lan, mac in decky.macs.items():
        yield ("macs", lan), mac
    for service, settings in decky.settings.items():
        for key, value in settings.items():
            yield ("settings", service, key), value


def _compared(
    noun: Literal["lan", "decky"],
    old: Mapping[str, Mapping[Path, FieldValue]],
    new: Mapping[str, Mapping[Path, FieldValue]],
    catalog: Catalog,
) -> Iterator[Difference]:
    for name in sorted({*old, *new}):
        if name not in new:
            yield Difference(noun, name, "removed")
        elif name not in old:
            yield Difference(noun, name, "added")
        elif changes := tuple(_changes(old[name], new[name], catalog)):
            yield Difference(noun, name, "changed", changes)


def _changes(
    old: Mapping[Path, FieldValue], new: Mapping[Path, FieldValue], catalog: Catalog
) -> Iterator[FieldChange]:
    for path in sorted({*old, *new}):
        before, after = old.get(path), new.get(path)
        # 1, 1.0 and true are equal in Python, and different settings.
        if repr(before) == repr(after) and (path in old) == (path in new):
            continue
        if _is_hidden(path, catalog):
            hidden = HIDDEN if before is None else OTHER_HIDDEN
            before = before if before is None else HIDDEN
            after = after if after is None else hidden
        yield FieldChange(".".join(path), before, after)


def _is_hidden(path: Path, catalog: Catalog) -> bool:
    """Keys are made from the seed."""
    return path[0] == "seed" or (path[0] == "settings" and is_secret(path[1], path[2], catalog))
