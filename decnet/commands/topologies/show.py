"""`decnet topology show`: everything that is desired, recorded and observed of one topology."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from decnet.commands.status import status
from decnet.commands.topologies.known import known, record_of, words
from decnet.commands.topology_rows import item
from decnet.engine.context import Context
from decnet.engine.outcome import TextOutcome
from decnet.engine.snapshot import Snapshot, load_snapshot
from decnet.engine.topologies import may_be_left
from decnet.model.counted import counted
from decnet.model.topology import DesignDecky, Topology, TopologyRecord
from decnet.wire import clean

MOST_MOVES = 5
"""Moves, and mutations, that are shown."""


async def show(ctx: Context, name: str) -> TextOutcome:
    """One topology: its LANs and deckies, what its worker reports of them now, and what has happened to it.
    The exit code is that of its worker, if this was not observed."""
    topology = known(load_snapshot(ctx).stored, name)
    observed, code = await _observed(ctx, topology)
    # Observing it may have moved its status.
    snap = load_snapshot(ctx)
    record = record_of(ctx, topology)
    document = {
        **item(topology, record),
        "origin": topology.origin,
        "desired": {
            "lans": [_lan(snap, topology, lan.name) for lan in topology.design.lans],
            "deckies": [_decky(snap, topology, each) for each in topology.design.deckies],
        },
        "recorded": _recorded(snap, topology, record),
        "observed": observed,
    }
    return TextOutcome(tuple(_lines(document)), document, exit_code=code, fold=12)


async def _observed(ctx: Context, topology: Topology) -> tuple[dict[str, Any], int]:
    """What its worker reports now; and the worker's exit code."""
    snap, worker = load_snapshot(ctx), topology.worker
    if worker is None or topology.project not in snap.stored.projects:
        return {"state": "not deployed", "deckies": {}, "error": ""}, 0
    if worker not in snap.workers:
        return {"state": "not enrolled", "deckies": {}, "error": "its worker is not enrolled"}, 1
    seen = await status(ctx, on=worker)
    of_worker = next(each for each in seen.workers.items if each["name"] == worker)
    deckies = {
        each["name"].partition("/")[2]: {"status": each["status"], "drift": each["drift"]}
        for each in seen.deckies.items
        if each["topology"] == topology.name
    }
    code = seen.exit_code if of_worker["state"] != "up" else 0
    return {"state": of_worker["state"], "deckies": deckies, "error": of_worker["error"]}, code


def _lan(snap: Snapshot, topology: Topology, name: str) -> dict[str, Any]:
    lan = topology.design.lan(name)
    assert lan is not None
    of_worker = snap.stored.lans.get(topology.worker or "") if lan.dmz else None
    return {
        "name": name,
        "dmz": lan.dmz,
        "subnet": of_worker.subnet if of_worker else lan.subnet,
        "deckies": [each.name for each in topology.design.members(name)],
    }


def _decky(snap: Snapshot, topology: Topology, each: DesignDecky) -> dict[str, Any]:
    placed = snap.stored.decky(topology.project, each.name)
    dmz = topology.design.dmz
    addresses = dict(each.addresses)
    if placed and dmz and dmz.name in addresses:
        addresses[dmz.name] = placed.ip
    return {
        "name": each.name,
        "home": each.home,
        "forwards": each.forwards,
        "addresses": addresses,
        "hostname": each.hostname,
        "os": each.os,
        "archetype": each.archetype,
        "services": list(each.services),
    }


def _recorded(snap: Snapshot, topology: Topology, record: TopologyRecord) -> dict[str, Any]:
    known_of = snap.recorded.get(topology.worker or "")
    rows = known_of.of(topology.project).deckies if known_of else {}
    return {
        "deckies": {name: row.status for name, row in rows.items()},
        "may_be_left_on": list(may_be_left(snap, topology.project)),
        "moves": [each.model_dump(mode="json") for each in record.moves],
        "mutations": [each.model_dump(mode="json") for each in record.mutations],
    }


def _lines(shown: dict[str, Any]) -> Iterator[str]:
    where = f" on {shown['worker']}" if shown["worker"] else ""
    applied = shown["applied_version"]
    older = f", of which {applied} is in force there" if applied not in (None, shown["version"]) else ""
    yield f"{shown['name']}: {words(shown['status'])}{where}, version {shown['version']}{older}"
    yield f"  {'observed':<10}{_observation(shown)}"
    if shown["remark"]:
        yield f"  {'remark':<10}{clean(shown['remark'], 300)}"
    yield f"  {'content':<10}{shown['content'][:12]}, project {shown['project']}"
    for lan in shown["desired"]["lans"]:
        kind = "DMZ, " if lan["dmz"] else ""
        subnet = lan["subnet"] or "the LAN of its worker"
        yield f"  {'LAN':<10}{lan['name']}: {kind}{subnet}, {counted(len(lan['deckies']), 'decky')}"
    for decky in shown["desired"]["deckies"]:
        yield f"  {'decky':<10}{_decky_line(shown, decky)}"
    for move in shown["recorded"]["moves"][-MOST_MOVES:]:
        way = f"{words(move['from_status'])} -> {words(move['to_status'])}"
        yield f"  {'move':<10}{_time(move['at'])} {way}: {clean(move['reason'], 300)}"
    for row in shown["recorded"]["mutations"][-MOST_MOVES:]:
        why = f": {clean(row['reason'], 300)}" if row["reason"] else ""
        yield f"  {'mutation':<10}{_time(row['created'])} version {row['version']}, {row['state']}{why}"


def _observation(shown: dict[str, Any]) -> str:
    observed = shown["observed"]
    if observed["state"] == "not deployed":
        left = shown["recorded"]["may_be_left_on"]
        return f"not deployed; something may be left on {', '.join(left)}" if left else "not deployed"
    if observed["state"] != "up":
        return f"nothing: its worker is {observed['state']} ({clean(observed['error'], 200)})"
    running = sum(1 for each in observed["deckies"].values() if each["status"] == "running")
    return f"{running} of {counted(len(shown['desired']['deckies']), 'decky')} running"


def _decky_line(shown: dict[str, Any], decky: dict[str, Any]) -> str:
    addresses = ", ".join(f"{lan} {address or '-'}" for lan, address in _home_first(decky))
    seen = shown["observed"]["deckies"].get(decky["name"])
    status = seen["status"] if seen else shown["recorded"]["deckies"].get(decky["name"], "")
    known_as = "" if seen or not status else " (recorded)"
    routes = ", routes" if decky["forwards"] else ""
    text = f"{decky['name']}: {addresses}; {' '.join(decky['services'])}; {decky['hostname']}{routes}"
    return clean(text + (f"; {status}{known_as}" if status else ""), 300)


def _home_first(decky: dict[str, Any]) -> list[tuple[str, str]]:
    return sorted(decky["addresses"].items(), key=lambda each: (each[0] != decky["home"], each[0]))


def _time(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M:%S")
