"""`decnet config`: every setting and every file of the fleet, and where each comes from."""

from __future__ import annotations

import os
from pathlib import Path

from decnet.engine.context import Context
from decnet.engine.outcome import Listing

SETTINGS = {
    "DECNET_HOME": "",
    "DECNET_AGENT_HOME": "/var/lib/decnet-agent",
    "DECNET_DOCKER_SOCKET": "/var/run/docker.sock",
    "NO_COLOR": "",
}
"""Environment variables that are read, each with its default."""


def config(ctx: Context, *, with_origin: bool = False) -> Listing:
    """Every setting of the environment and every file of the fleet, with where each came from."""
    items: list[dict[str, object]] = [_setting(name, default) for name, default in SETTINGS.items()]
    items += [
        {"name": name, "value": str(path), "origin": _presence(path)}
        for name, path in {
            "home": ctx.home.root,
            "desired": ctx.home.state,
            "workers": ctx.home.fleet,
            "topologies": ctx.home.topologies,
            "host keys": ctx.home.known_hosts,
            "audit log": ctx.home.audit,
            "own catalog": ctx.home.catalog,
        }.items()
    ]
    columns = ("setting", "value", "origin") if with_origin else ("setting", "value")
    keys = ("name", "value", "origin") if with_origin else ("name", "value")
    rows = tuple(tuple(str(item[key]) for key in keys) for item in items)
    return Listing("settings", columns, rows, tuple(items))


def _setting(name: str, default: str) -> dict[str, object]:
    value = os.environ.get(name)
    if value is None or (name == "DECNET_HOME" and not value):
        return {"name": name, "value": default, "origin": "default"}
    return {"name": name, "value": value, "origin": "environment"}


def _presence(path: Path) -> str:
    return "there" if os.path.lexists(path) else "not there yet"
