"""`decnet topology generate`: a topology at random, as desired and not deployed."""

from __future__ import annotations

import re
from random import Random

from decnet.commands.topologies.checks import stored_surroundings
from decnet.commands.topologies.known import store, stored_fleet, with_topology
from decnet.commands.withheld import report_withheld_archetypes
from decnet.engine.context import Context
from decnet.engine.outcome import TextOutcome
from decnet.errors import UsageError
from decnet.model.counted import counted
from decnet.model.fleet import Fleet
from decnet.model.topology import NODE, Design, OriginValue, Topology
from decnet.plan.topologies.generate import Parameters
from decnet.plan.topologies.generate import generate as design_of
from decnet.plan.topologies.hashing import content_hash
from decnet.wire import clean


def generate(ctx: Context, name: str, parameters: Parameters, *, seed: int | None = None) -> TextOutcome:
    """Generate a topology and store it. Equal parameters and seeds give equal topologies where the same
    subnets are free. Raises SpecError (exit 2) for parameters that make no topology."""
    seed = ctx.new_seed() if seed is None else seed
    ctx.catalog.check_readable()
    report_withheld_archetypes(ctx, parameters.archetypes)
    with ctx.lock():
        fleet = stored_fleet(ctx)
        around = stored_surroundings(ctx, fleet)
        design = design_of(parameters, ctx.catalog, Random(seed), around)
        topology = new_topology(ctx, fleet, name, design, origin=parameters.origin(seed))
        store(ctx, with_topology(fleet, topology), f"topology {name} generated")
    return created(topology, f"--seed {seed} generates it again")


def new_topology(
    ctx: Context,
    fleet: Fleet,
    name: str,
    design: Design,
    *,
    origin: dict[str, OriginValue] | None = None,
) -> Topology:
    """A topology with a new id. Raises UsageError for a name that is not valid, or that exists."""
    if not re.fullmatch(NODE, name):
        message = f"{clean(name, 60)!r} must be lower case letters, digits and inner hyphens, at most 32"
        raise UsageError(f"the name {message}")
    if name in fleet.topologies:
        raise UsageError(
            f"a topology is named {name} already",
            hint=f"decnet topology delete {name}, or choose another name",
        )
    projects = {each.project for each in fleet.topologies.values()}
    while True:
        topology = Topology(id=f"{ctx.rng.getrandbits(128):032x}", name=name, design=design, origin=origin)
        if topology.project not in projects:
            return topology


def created(topology: Topology, how: str = "") -> TextOutcome:
    """What was stored, and what to do with it."""
    design = topology.design
    lans, deckies = counted(len(design.lans), "LAN"), counted(len(design.deckies), "decky")
    lines = [f"{topology.name}: {lans}, {deckies}" + (f" ({how})" if how else "")]
    lines.append(
        f"decnet topology show {topology.name} shows it, decnet topology deploy {topology.name} runs it"
    )
    document = {
        "name": topology.name,
        "id": topology.id,
        "version": topology.version,
        "content": content_hash(design),
        "lans": [lan.name for lan in design.lans],
        "deckies": [each.name for each in design.deckies],
        "origin": topology.origin,
    }
    return TextOutcome(tuple(lines), document)
