"""`decnet logs`: the last lines of a decky's containers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from decnet.engine.context import Context
from decnet.engine.outcome import TextOutcome
from decnet.engine.workers import known_workers
from decnet.errors import UsageError
from decnet.model.counted import counted
from decnet.model.fleet import Fleet
from decnet.model.suggest import suggest
from decnet.model.worker import Worker
from decnet.plan.select import select_deckies
from decnet.store.desired import load_fleet, new_fleet
from decnet.wire import clean


async def logs(ctx: Context, decky: str, service: str | None, lines: int) -> TextOutcome:
    """The last lines of each container of the decky, or of all deckies of a pattern, without control
    characters."""
    fleet = load_fleet(ctx.home) or new_fleet()
    chosen = with_service(fleet, select_deckies(fleet.every_group(), [decky]), service)
    known = known_workers(ctx.home)
    workers = {name: _worker_of(known, fleet, name) for name in chosen}
    found: dict[str, str] = {}
    output: list[str] = []
    async with ctx.connections(fleet.fleet_id) as connections:
        for name, worker in workers.items():
            project, own = fleet.labelled(name)
            texts = await connections.client(worker).logs(own.name, service, lines=lines, project=project)
            found |= texts
            output += _shown(texts) or [f"{name} has no container on {worker.name}"]
    document = {"decky": chosen[0]} if len(chosen) == 1 else {"deckies": list(chosen)}
    return TextOutcome(tuple(output), {**document, "logs": found})


def with_service(fleet: Fleet, chosen: Sequence[str], service: str | None) -> Sequence[str]:
    """The chosen deckies that have the service; all of them for None. Raises UsageError if none has it."""
    having = [name for name in chosen if service is None or service in fleet.labelled(name)[1].services]
    if service is None or having:
        return having
    names = sorted({each for name in chosen for each in fleet.labelled(name)[1].services})
    near = suggest(service, names)
    mean = f"did you mean {near!r}? " if near else ""
    whose = chosen[0] if len(chosen) == 1 else counted(len(chosen), "decky")
    raise UsageError(
        f"{whose}: unknown service {clean(service, 60)!r}",
        hint=f"{mean}services there: {', '.join(names) or 'none'}",
    )


def _worker_of(known: Mapping[str, Worker], fleet: Fleet, name: str) -> Worker:
    placed = fleet.labelled(name)[1].worker
    worker = known.get(placed)
    if worker is None:
        raise UsageError(f"{name} is on the worker {placed!r}, which is not enrolled")
    return worker


def _shown(texts: dict[str, str]) -> list[str]:
    output = []
    for container, text in sorted(texts.items()):
        output.append(f"== {clean(container, 80)}")
        output += [clean(line, 2000) for line in text.splitlines()] or ["(no output)"]
    return output
