"""`decnet validate` and `decnet schema`: whether a fleet file is valid, and its JSON Schema."""

from __future__ import annotations

import json
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

from decnet.commands.fleet_flags import NetworkFlags, with_network
from decnet.commands.userfile import STANDARD_INPUT, display_name, read_bytes
from decnet.commands.withheld import report_withheld
from decnet.engine.context import Context
from decnet.engine.outcome import TextOutcome, Verbatim
from decnet.errors import DecnetError
from decnet.model import fleetfile
from decnet.model.counted import counted
from decnet.model.diagnostics import refusal
from decnet.model.schema import schema
from decnet.model.spec import LOCAL, FleetSpec
from decnet.plan.resolve import resolve
from decnet.plan.spec_check import check_names
from decnet.store.home_use import is_used

if TYPE_CHECKING:
    from decnet.plan.spec_workers import Stored


def read_spec(ctx: Context, path: Path, network: NetworkFlags | None = None) -> FleetSpec:
    """The fleet file at `path`, or on standard input for `-`, with the flags that override its network.

    Raises SpecError with every mistake that can be found without a worker, each with file and line.
    """
    return _checked(path, network or NetworkFlags(), ctx, load_stored(ctx))


def validate(ctx: Context, path: Path) -> TextOutcome:
    """Check a fleet file against the catalog and the state directory, touching neither files nor network."""
    stored = load_stored(ctx)
    spec = _checked(path, NetworkFlags(), ctx, stored)
    if stored is None and any(entry.worker not in (None, LOCAL) for entry in spec.deckies):
        ctx.note(f"the names of workers were not checked: no worker is enrolled in {ctx.home.root}")
    drafts = resolve(spec, ctx.catalog, rng=Random(0), desired={})
    report_withheld(ctx, ctx.catalog, drafts)
    services = sorted({service for draft in drafts for service in draft.services})
    deckies = counted(len(drafts), "decky")
    found = counted(len(services), "service")
    return TextOutcome(
        (f"{display_name(path)}: {deckies}, {found}: valid",),
        {
            "file": display_name(path),
            "deckies": [d.name for d in drafts],
            "services": services,
            "workers_checked": stored is not None,
        },
    )


def fleet_schema() -> Verbatim:
    """The JSON Schema of a fleet file, for editors."""
    return Verbatim(json.dumps(schema(), indent=2) + "\n")


def load_stored(ctx: Context) -> Stored | None:
    """What the state directory knows about workers and LANs; None if it was never used, or is damaged."""
    if not is_used(ctx.home):
        return None
    from decnet.plan.spec_workers import Stored
    from decnet.store.desired import load_fleet
    from decnet.store.fleet_table import FleetTable

    try:
        fleet, table = load_fleet(ctx.home), FleetTable(ctx.home)
        workers = table.workers()
        facts = {name: ctx.records.load(worker.worker_id).facts for name, worker in workers.items()}
        quarantined = {row.address for row in table.quarantined()}
    except DecnetError as error:
        ctx.warn(f"workers and their addresses were not checked: {error}")
        return None
    known = {name: each for name, each in facts.items() if each is not None}
    return Stored(workers, fleet.lans if fleet else {}, known, quarantined)


def _checked(path: Path, network: NetworkFlags, ctx: Context, stored: Stored | None) -> FleetSpec:
    ctx.catalog.check_readable()
    content = read_bytes(path)
    if ctx.asked is not None and path != STANDARD_INPUT:
        ctx.asked.read(path, content)
    elif ctx.asked is not None:
        ctx.asked.spoil()
    spec, mistakes = fleetfile.read_bytes(content, display_name(path))
    spec = with_network(spec, network)
    check_names(mistakes, spec, ctx.catalog)
    if stored is not None:
        from decnet.plan.spec_workers import check_workers

        check_workers(mistakes, spec, stored)
    if mistakes and any("cannot be used" in each.message for each in mistakes.found):
        raise refusal([*mistakes.found, *ctx.catalog.mistakes], display_name(path))
    mistakes.raise_any()
    return spec
