# ruff: noqa: E501 (rows of keys)
"""What `ip -j` prints."""

from __future__ import annotations

from typing import Any

from ..process import Process
from . import ip_show
from .ip_show import Link, View


def described(link: Link, view: View, facts: Any, *, addresses: bool) -> dict[str, Any]:
    """An interface with the keys of `ip -j`."""
    keys: dict[str, Any] = {
        "ifindex": link.index, "ifname": link.name, "flags": link.flags.split(","), "mtu": link.mtu, "qdisc": link.qdisc,
        "operstate": link.state, **({} if addresses else {"linkmode": "DEFAULT"}), "group": "default", "txqlen": 1000,
        "link_type": link.kind, "address": link.mac, "broadcast": link.broadcast,
    }  # fmt: skip
    if addresses:
        keys["addr_info"] = ip_show.addresses(facts, link, view.family)
    return keys


def route_keys(route: Any, device: str) -> dict[str, Any]:
    """A route with its keys."""
    keys: dict[str, Any] = {"dst": route.destination}
    for key, value in (
        ("gateway", route.via), ("dev", device), ("protocol", route.protocol), ("scope", route.scope), ("prefsrc", route.source),
        ("metric", route.metric),
    ):  # fmt: skip
        if value:
            keys[key] = value
    return keys | {"flags": ["onlink"] if route.onlink else []}


def print_json(process: Process, rows: list[dict[str, Any]], *, pretty: bool) -> int:
    """Print rows, on one line or indented; the status."""
    import json

    if not pretty:
        process.out(json.dumps(rows, separators=(",", ":")) + "\n")
        return 0
    items = [
        "{\n" + ",\n".join(f'        "{key}": {_pretty(value)}' for key, value in row.items()) + "\n    }"
        for row in rows
    ]
    process.out("[ " + ",".join(items) + " ]\n")
    return 0


def _pretty(value: Any) -> str:
    import json

    if isinstance(value, list) and all(isinstance(each, str) for each in value):
        return "[ " + ",".join(json.dumps(each) for each in value) + " ]" if value else "[ ]"
    return json.dumps(value)
