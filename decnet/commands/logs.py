"""`decnet logs`: the last lines of a decky's containers."""

from __future__ import annotations

from decnet.engine.context import Context
from decnet.engine.outcome import TextOutcome
from decnet.engine.workers import known_workers
from decnet.errors import UsageError
from decnet.plan.select import select_deckies
from decnet.store.desired import load_fleet, new_fleet
from decnet.wire import clean


async def logs(ctx: Context, decky: str, service: str | None, lines: int) -> TextOutcome:
    """The last lines of each of the decky's containers, without control characters."""
    fleet = load_fleet(ctx.home) or new_fleet()
    (name,) = select_deckies(fleet.groups(), [decky])[:1]
    worker = known_workers(ctx.home).get(fleet.deckies[name].worker)
    if worker is None:
        raise UsageError(f"{name} is on the worker {fleet.deckies[name].worker!r}, which is not enrolled")
    async with ctx.connections(fleet.fleet_id) as connections:
        texts = await connections.client(worker).logs(name, service, lines=lines)
    output = []
    for container, text in sorted(texts.items()):
        output.append(f"== {clean(container, 80)}")
        output += [clean(line, 2000) for line in text.splitlines()] or ["(no output)"]
    if not output:
        output = [f"{name} has no container on {worker.name}"]
    return TextOutcome(tuple(output), {"decky": name, "logs": texts})
