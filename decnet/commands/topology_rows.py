"""The topologies as rows of a table: as recorded, without any worker being contacted."""

from __future__ import annotations

from typing import Any

from decnet.engine.context import Context
from decnet.engine.outcome import Listing
from decnet.model.fleet import Fleet
from decnet.model.topology import Topology, TopologyRecord
from decnet.plan.topologies.hashing import content_hash
from decnet.plan.topologies.mutations import open_row
from decnet.store.topologies import TopologyTable

COLUMNS = ("topology", "status", "version", "worker", "lans", "deckies", "remark")


def topologies_of(ctx: Context, fleet: Fleet) -> Listing:
    """The topologies of a fleet, with their recorded status."""
    known = TopologyTable(ctx.home).records() if fleet.topologies else {}
    items = [
        item(each, known.get(each.id) or TopologyRecord(id=each.id)) for each in fleet.topologies.values()
    ]
    rows = tuple(tuple(_cell(each[column]) for column in ("name", *COLUMNS[1:])) for each in items)
    return Listing(
        "topologies",
        COLUMNS,
        rows,
        tuple(items),
        empty="no topologies: decnet topology generate NAME",
        more_columns=("project", "content"),
        more_cells=tuple((str(each["project"]), str(each["content"])[:12]) for each in items),
    )


def item(topology: Topology, record: TopologyRecord) -> dict[str, Any]:
    """One topology for scripts."""
    return {
        "name": topology.name,
        "status": record.status,
        "version": topology.version,
        "worker": topology.worker,
        "lans": len(topology.design.lans),
        "deckies": len(topology.design.deckies),
        "remark": _remark(topology, record),
        "id": topology.id,
        "project": topology.project,
        "content": content_hash(topology.design),
        "applied_version": record.applied_version,
        "resync_tries": record.resync_tries,
    }


def _remark(topology: Topology, record: TopologyRecord) -> str:
    row = open_row(record)
    parts = [f"mutation to version {row.version} is {row.state}"] if row else []
    if record.status in ("degraded", "failed") and record.moves:
        parts.append(record.moves[-1].reason)
    if record.resync_tries and record.status != "failed":
        count = record.resync_tries
        parts.append(f"its worker did not take its description ({count} pass{'es' if count > 1 else ''})")
    return "; ".join(part for part in parts if part)


def _cell(value: object) -> str:
    return "" if value is None else str(value)
