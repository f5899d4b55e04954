"""Topologies as TOML files: what a file omits is chosen at random, and what is exported omits nothing."""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import Any

from decnet.errors import SpecError
from decnet.model import keyed_tables, toml_lines, toml_text
from decnet.model.catalog import Catalog
from decnet.model.diagnostics import Diagnostics
from decnet.model.topology import Design, DesignDecky, Lan
from decnet.model.topologykeys import TOPOLOGY, node
from decnet.wire import clean

from .findings import Findings, raise_errors
from .machines import DeckyPlan, Used, complete
from .operation_shapes import checked
from .subnets import free_subnets
from .validate import ALONE, Surroundings, check_counts, validate

_Table = dict[str, Any]


def read(
    content: bytes, filename: str, catalog: Catalog, rng: random.Random, around: Surroundings = ALONE
) -> tuple[str | None, Design]:
    """The name (if the file has one) and the design of a file. Equal for equal arguments.

    Raises SpecError, whose message has one line per mistake, with file and line: what is not TOML, unknown
    keys and wrong values, names that the catalog does not have, and every error that `validate` finds.
    """
    text = toml_text.decode(content, filename)
    table = toml_text.load(text, filename)
    mistakes = Diagnostics(filename, toml_lines.lines(text.removeprefix("\ufeff")))
    right = keyed_tables.valid_part(mistakes, (), table, TOPOLOGY)
    if not mistakes and not right.get("lan"):
        mistakes.add(("lan",), "no LAN is defined", "a LAN is a table [lan.NAME]; one of them is the DMZ")
    counts = Findings()
    check_counts(counts, len(right.get("lan", {})), len(right.get("decky", {})))
    raise_errors(counts.found, filename, mistakes.places())
    lans = _lans(right.get("lan", {}), rng, around)
    plans = [_plan(mistakes, name, entry, lans) for name, entry in right.get("decky", {}).items()]
    mistakes.raise_any()
    deckies = _completed(mistakes, plans, lans, catalog, rng, around)
    mistakes.raise_any()
    design = Design(lans=tuple(lans.values()), deckies=deckies)
    raise_errors(validate(design, catalog, around), filename, mistakes.places())
    return right.get("name"), design


def to_toml(design: Design, name: str | None = None) -> str:
    """The text that `read` reads as this design."""
    import tomli_w

    named = {} if name is None else {"name": name}
    lans = {lan.name: {"dmz": True} if lan.dmz else {"subnet": lan.subnet} for lan in design.lans}
    deckies = {decky.name: _decky_table(decky) for decky in design.deckies}
    return tomli_w.dumps({**named, "lan": lans, "decky": deckies})


def read_operations(content: bytes, filename: str) -> tuple[dict[str, Any], ...]:
    """The operations of a file, each under a title [[operation]]. Raises SpecError with file and line."""
    text = toml_text.decode(content, filename)
    table = toml_text.load(text, filename)
    mistakes = Diagnostics(filename, toml_lines.lines(text.removeprefix("\ufeff")))
    rows = table.get("operation", [])
    for key in table.keys() - {"operation"}:
        mistakes.add((key,), f"unknown key `{key[:60]}`", "an operation is a table under [[operation]]")
    if not isinstance(rows, list):
        mistakes.add(("operation",), "`operation` must be a list of tables, each under [[operation]]")
        rows = []
    for number, row in enumerate(rows):
        with mistakes.collecting(("operation", number)):
            checked([row])
    if not mistakes:
        with mistakes.collecting(("operation",)):
            return checked(rows)
    mistakes.raise_any()
    return ()


def _lans(tables: Mapping[str, _Table], rng: random.Random, around: Surroundings) -> dict[str, Lan]:
    """The LANs, with a free subnet for each inner one that has none."""
    given = [table["subnet"] for table in tables.values() if table.get("subnet")]
    free = free_subnets([*around.reserved, *given], rng)
    lans: dict[str, Lan] = {}
    for name, table in tables.items():
        if node(name):
            continue
        subnet = table.get("subnet", "")
        if not subnet and not table.get("dmz"):
            subnet = next(free, "")
        lans[name] = Lan(name=name, subnet=subnet, dmz=table.get("dmz", False))
    return lans


def _plan(mistakes: Diagnostics, name: str, entry: _Table, lans: Mapping[str, Lan]) -> DeckyPlan:
    addresses = dict(entry.get("addresses", {}))
    home = entry.get("home") or _main_lan(addresses, lans)
    if home is None:
        hint = f"one of {', '.join(addresses)}" if addresses else "the name of a LAN, such as dmz"
        mistakes.add(("decky", name), f"{name}: its main LAN is missing: `home`", hint)
    elif home not in lans:
        message = f"HOME_MISSING: {name}: its main LAN {clean(home, 60)} does not exist"
        mistakes.add(("decky", name, "home"), message, _known(lans))
    for field in ("addresses", "macs"):
        for lan in entry.get(field, {}):
            if lan not in lans and lan != home:
                message = f"ADDRESS_OF_UNKNOWN_LAN: {name}: there is no LAN {clean(lan, 60)}"
                mistakes.add(("decky", name, field, lan), message, _known(lans))
    addresses.setdefault(home or "", "")
    given = {
        key: value for key, value in entry.items() if key not in ("home", "addresses", "macs", "services")
    }
    macs = {lan: mac.lower().replace("-", ":") for lan, mac in entry.get("macs", {}).items()}
    services = tuple(entry["services"]) if "services" in entry else None
    return DeckyPlan(
        name=name, home=home or "", addresses=addresses, macs=macs, services=services,
        place=mistakes.place(("decky", name)), **given,
    )  # fmt: skip


def _known(lans: Mapping[str, Lan]) -> str:
    return f"known: {', '.join(sorted(lans)) or 'none'}"


def _main_lan(addresses: Mapping[str, str], lans: Mapping[str, Lan]) -> str | None:
    """That of a decky without `home`."""
    if dmz := [name for name in addresses if name in lans and lans[name].dmz]:
        return dmz[0]
    return next(iter(addresses)) if len(addresses) == 1 else None


def _completed(
    mistakes: Diagnostics,
    plans: list[DeckyPlan],
    lans: Mapping[str, Lan],
    catalog: Catalog,
    rng: random.Random,
    around: Surroundings,
) -> tuple[DesignDecky, ...]:
    used = Used.around(around)
    for plan in plans:
        used.add(plan.hostname or "", plan.addresses, plan.macs)
    root, places = rng.getrandbits(128), mistakes.places()
    found: list[DesignDecky] = []
    for plan in plans:
        try:
            # One by one, so that each mistake is reported. What is chosen depends on the name alone.
            found += complete([plan], lans, catalog, random.Random(root), used, places)
        except SpecError as error:
            mistakes.add_error(("decky", plan.name), error)
    return tuple(found)


def _decky_table(decky: DesignDecky) -> _Table:
    table: _Table = {
        "archetype": decky.archetype,
        "os": decky.os,
        "release": decky.release,
        "home": decky.home,
        "forwards": decky.forwards or None,
        "services": list(decky.services),
        "hostname": decky.hostname,
        "seed": decky.seed,
        "addresses": dict(decky.addresses),
        "macs": dict(decky.macs) or None,
        "settings": {name: dict(each) for name, each in decky.settings.items() if each} or None,
    }
    return {key: value for key, value in table.items() if value is not None}
