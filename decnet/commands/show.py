"""`decnet show DECKY`: everything that is desired, recorded and observed of one decky."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Any

from decnet.commands.accounts import accounts_of
from decnet.commands.status import status
from decnet.engine.context import Context
from decnet.engine.outcome import TextOutcome
from decnet.engine.snapshot import Snapshot, load_snapshot
from decnet.errors import UsageError
from decnet.model.counted import counted
from decnet.model.event import AttackerEvent
from decnet.model.fleet import Decky
from decnet.model.record import LifecycleRow
from decnet.plan.details import shown_settings
from decnet.plan.mutate import due_time
from decnet.plan.mutation_hours import hours_of
from decnet.plan.resolve import vendor_of
from decnet.plan.role_changes import return_time
from decnet.plan.select import refuse_topology_names, select_deckies
from decnet.plan.topologies.place import docker_network, topology_of
from decnet.store.events import read_events
from decnet.wire import clean

MOST_OPERATIONS = 5
"""Lifecycle rows that are shown."""


async def show(ctx: Context, selector: str) -> TextOutcome:
    """One decky: what it is, its state and its last operations. The exit code is that of its worker, if this
    was not observed. Raises UsageError if the selector does not mean one decky."""
    snap = load_snapshot(ctx)
    known = snap.stored.every_group()
    if selector in snap.stored.away:
        back = return_time(snap.stored, selector)
        raise UsageError(f"{selector}: it changes its role, and is away until {back}", hint="decnet status")
    refuse_topology_names(snap.stored.topologies, known, [selector], "show")
    chosen = select_deckies(known, [selector])
    if len(chosen) > 1:
        hint = f"select one: {', '.join(chosen[:9])}"
        raise UsageError(f"{selector!r} selects {counted(len(chosen), 'decky')}", hint=hint)
    project, decky = snap.stored.labelled(chosen[0])
    observed, code = await _observed(ctx, snap, chosen[0], project, decky)
    document = {
        **_described(ctx, snap, decky),
        "name": chosen[0],
        **_networks(snap, project, decky),
        **_mutations(ctx, snap, decky),
        **observed,
        "last_event": _last_event(ctx, project, decky.name),
        "operations": [_operation(worker, row) for worker, row in _rows(snap, project, decky.name)],
    }
    return TextOutcome(tuple(_lines(document)), document, exit_code=code, fold=13)


def _described(ctx: Context, snap: Snapshot, decky: Decky) -> dict[str, Any]:
    """What is desired. `accounts` is None for a decky of older images, whose decoys may choose others."""
    catalog = snap.catalog
    is_current = decky.images is None or decky.images.decoys == snap.images.decoys
    return {
        "name": decky.name,
        "worker": decky.worker,
        "address": decky.ip,
        "mac": decky.mac,
        "vendor": vendor_of(decky.mac, catalog),
        "hostname": decky.hostname,
        "archetype": decky.archetype,
        "os": decky.os,
        "release": decky.release,
        "images": decky.images.decoys if decky.images else None,
        "services": {
            name: {
                "ports": [f"{port.number}/{port.protocol}" for port in catalog.services[name].ports],
                "settings": shown_settings(name, settings, catalog),
            }
            for name, settings in decky.services.items()
        },
        "accounts": accounts_of(decky, catalog) if is_current else None,
    }


def _mutations(ctx: Context, snap: Snapshot, decky: Decky) -> dict[str, Any]:
    due = due_time(decky, snap.catalog, ctx.now(), hours_of(snap.stored))
    return {
        "mutate_interval": decky.mutate_interval,
        "changed_at": decky.mutated_at,
        "mutated": decky.mutated,
        "due_at": due,
    }


def _networks(snap: Snapshot, project: str, decky: Decky) -> dict[str, Any]:
    """Of a decky of a topology: its interfaces, home first."""
    topology = topology_of(snap.stored, project)
    if topology is None:
        return {}
    lans = {docker_network(topology, lan.name): lan.name for lan in topology.design.lans}
    return {
        "topology": topology.name,
        "interfaces": [
            {"lan": lans.get(each.network, each.network), "address": each.address, "mac": each.mac}
            for each in decky.attachments
        ],
    }


async def _observed(
    ctx: Context, snap: Snapshot, name: str, project: str, decky: Decky
) -> tuple[dict[str, Any], int]:
    """What its worker reports now and what was recorded before; and the worker's exit code."""
    records = snap.recorded.get(decky.worker)
    row = records.of(project).deckies.get(decky.name) if records else None
    found: dict[str, Any] = {"recorded": row.status if row else None, "status": "unknown", "drift": ""}
    if decky.worker not in snap.workers:
        return {**found, "worker_state": "not enrolled", "worker_error": ""}, 1
    seen = await status(ctx, on=decky.worker)
    worker = next(item for item in seen.workers.items if item["name"] == decky.worker)
    mine = next((item for item in seen.deckies.items if item["name"] == name), {})
    found |= {key: mine[key] for key in ("status", "drift") if key in mine}
    code = seen.exit_code if worker["state"] != "up" else 0
    return {**found, "worker_state": worker["state"], "worker_error": worker["error"]}, code


def _last_event(ctx: Context, project: str, name: str) -> dict[str, Any] | None:
    last: AttackerEvent | None = None
    for row in read_events(ctx.home):
        if (row.event.project, row.event.decky) == (project, name):
            last = row.event
    return last.model_dump(mode="json") if last else None


def _rows(snap: Snapshot, project: str, name: str) -> list[tuple[str, LifecycleRow]]:
    """The newest operations, the newest last, each with its worker."""
    rows = [
        (worker, row)
        for worker, records in snap.recorded.items()
        for row in records.lifecycle
        if (row.project, row.decky) == (project, name)
    ]
    return sorted(rows, key=lambda each: each[1].created)[-MOST_OPERATIONS:]


def _operation(worker: str, row: LifecycleRow) -> dict[str, Any]:
    return {"worker": worker, **row.model_dump(mode="json", exclude={"id", "project", "decky"})}


def _lines(shown: dict[str, Any]) -> Iterator[str]:
    yield f"{shown['name']} on {shown['worker']}: {_state(shown)}"
    for title, text in _fields(shown):
        yield f"  {title:<11}{text}"
    for service, each in shown["services"].items():
        settings = " ".join(f"{key}={clean(str(value), 60)}" for key, value in each["settings"].items())
        yield f"  {'service':<11}{service} {' '.join(each['ports'])} {settings}".rstrip()
    yield from _account_lines(shown["accounts"])
    yield f"  {'last event':<11}{_contact(shown['last_event'])}"
    for row in shown["operations"]:
        error = f": {row['error'].splitlines()[0]}" if row["error"] else ""
        text = f"{_time(row['created'])} {row['operation']} on {row['worker']} {row['status']}{error}"
        yield f"  {'operation':<11}{clean(text, 300)}"


def _contact(event: dict[str, Any] | None) -> str:
    if event is None:
        return "none"
    source = event["source_ip"] or "several sources"
    return clean(f"{_time(event['at'])} {event['kind']} at {event['service']} from {source}", 200)


def _state(shown: dict[str, Any]) -> str:
    """The observed state, or why there is none and what was recorded."""
    if shown["worker_state"] == "up":
        drift = f", drift: {shown['drift']}" if shown["drift"] else ""
        return f"{shown['status']} (observed now){drift}"
    why = clean(shown["worker_error"], 200) or f"its worker is {shown['worker_state']}"
    return f"not observed, {why}; recorded as {shown['recorded'] or 'nothing'}"


def _fields(shown: dict[str, Any]) -> Iterable[tuple[str, str]]:
    vendor = f" ({shown['vendor']})" if shown["vendor"] else ""
    yield "address", shown["address"]
    yield "MAC", f"{shown['mac']}{vendor}"
    for each in shown.get("interfaces", ())[1:]:
        yield "interface", f"{each['address']}, {each['mac']}, on {each['lan']}"
    yield "hostname", shown["hostname"]
    yield "archetype", shown["archetype"] or "none"
    yield "OS", f"{shown['os']} ({shown['release']})"
    yield "images", shown["images"] or "those of this version"
    if shown["changed_at"] is not None:
        yield "mutated" if shown["mutated"] else "deployed", _time(shown["changed_at"])
    if "topology" in shown:
        yield "topology", f"{shown['topology']}: only decnet topology mutate changes it"
    elif shown["mutate_interval"] is None:
        yield "interval", "none: only decnet mutate changes it"
    else:
        yield "interval", f"{shown['mutate_interval']} min, next mutation from {_time(shown['due_at'])}"


def _account_lines(accounts: dict[str, tuple[str, ...]] | None) -> Iterator[str]:
    if accounts is None:
        yield f"  {'account':<11}chosen by its older images; decnet image upgrade"
    for service, pairs in (accounts or {}).items():
        yield f"  {'account':<11}{service}: {clean(', '.join(pairs), 200) or 'none logs in'}"


def _time(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M:%S")
