"""`decnet validate` and `decnet config`: what a fleet file says, and where each setting came from."""

from __future__ import annotations

import json
import os
from pathlib import Path
from random import Random

from decnet.commands.userfile import read_bytes
from decnet.engine.context import Context
from decnet.engine.outcome import Listing, Verbatim, Words
from decnet.model.fleetfile import parse_bytes
from decnet.model.schema import schema
from decnet.model.spec import FleetSpec
from decnet.plan.resolve import resolve


def read_spec(path: Path) -> FleetSpec:
    """The fleet file at `path`. Raises SpecError with file and line on any mistake in it."""
    return parse_bytes(read_bytes(path), str(path))


def validate(ctx: Context, path: Path) -> Words:
    """Check a fleet file against the catalog, touching neither files nor network."""
    spec = read_spec(path)
    drafts = resolve(spec, ctx.catalog, rng=Random(0), desired={})
    services = sorted({service for draft in drafts for service in draft.services})
    deckies = f"{len(drafts)} {'decky' if len(drafts) == 1 else 'deckies'}"
    found = f"{len(services)} service{'' if len(services) == 1 else 's'}"
    return Words(
        (f"{path}: {deckies}, {found}: valid",),
        {"file": str(path), "deckies": [d.name for d in drafts], "services": services},
    )


def config(ctx: Context, *, with_origin: bool = False) -> Listing:
    """Every setting of the environment and every file of the fleet, with where each came from."""
    items: list[dict[str, object]] = [_setting(name, default) for name, default in SETTINGS.items()]
    items += [
        {"name": name, "value": str(path), "origin": _presence(path)}
        for name, path in {
            "home": ctx.home.root,
            "desired": ctx.home.state,
            "workers": ctx.home.fleet,
            "host keys": ctx.home.known_hosts,
            "audit log": ctx.home.audit,
            "own catalog": ctx.home.catalog,
        }.items()
    ]
    columns = ("setting", "value", "origin") if with_origin else ("setting", "value")
    keys = ("name", "value", "origin") if with_origin else ("name", "value")
    rows = tuple(tuple(str(item[key]) for key in keys) for item in items)
    return Listing("settings", columns, rows, tuple(items))


SETTINGS = {
    "DECNET_HOME": "",
    "DECNET_AGENT_HOME": "/var/lib/decnet-agent",
    "DECNET_DOCKER_SOCKET": "/var/run/docker.sock",
    "NO_COLOR": "",
}
"""Environment variables that are read, each with what holds where it is not set."""


def _setting(name: str, default: str) -> dict[str, object]:
    value = os.environ.get(name)
    if value is None:
        return {"name": name, "value": default, "origin": "default"}
    return {"name": name, "value": value, "origin": "environment"}


def _presence(path: Path) -> str:
    return "there" if os.path.lexists(path) else "not there yet"


def fleet_schema() -> Verbatim:
    """The JSON Schema of a fleet file, for editors."""
    return Verbatim(json.dumps(schema(), indent=2) + "\n")
