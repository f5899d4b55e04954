"""`decnet events`: what attackers did, pulled from the workers and told once."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from decnet.engine.context import Context
from decnet.engine.workers import known_workers
from decnet.errors import DecnetError
from decnet.model.event import AttackerEvent
from decnet.plan.select import select
from decnet.store.desired import load_fleet
from decnet.store.events import append_events, event_cursor, read_events

if TYPE_CHECKING:
    from decnet.worker.client import AgentClient

MAX_PAGES = 200
"""Pages of events read from one worker in one pull; the rest comes with the next."""


@dataclass(frozen=True)
class EventFilter:
    """Which events are shown: not before `since` (seconds since the epoch), of these deckies or of all."""

    since: float | None = None
    deckies: tuple[str, ...] = ()


@dataclass(frozen=True)
class Pulled:
    """One pull: the events that were new, and the workers that could not be asked."""

    events: tuple[tuple[str, AttackerEvent], ...]
    errors: dict[str, DecnetError]


async def pull(ctx: Context, on: str | None = None) -> Pulled:
    """Fetch every worker's new events and store them; each event is stored once."""
    fleet = load_fleet(ctx.home)
    workers = select(known_workers(ctx.home), on)
    if fleet is None or not workers:
        return Pulled((), {})
    new: list[tuple[str, AttackerEvent]] = []
    async with ctx.links(fleet.fleet_id) as links:
        answers = await links.each(
            workers.values(), lambda client: _pull_worker(ctx, client, workers[client.worker].worker_id)
        )
    for name, answer in answers.items():
        if isinstance(answer, list):
            new += [(name, event) for event in answer]
    errors = {name: answer for name, answer in answers.items() if isinstance(answer, DecnetError)}
    return Pulled(tuple(sorted(new, key=lambda pair: pair[1].at)), errors)


async def _pull_worker(ctx: Context, client: AgentClient, worker_id: str) -> list[AttackerEvent]:
    fresh: list[AttackerEvent] = []
    for _ in range(MAX_PAGES):
        cursor = event_cursor(ctx.home, worker_id)
        page = await client.events(
            after=cursor.seq if cursor else 0, spool_id=cursor.spool_id if cursor else None
        )
        if page.verdict == "gap":
            ctx.warn("some events were dropped from its spool before they were pulled", client.worker)
        stored = append_events(ctx.home, worker_id, page)
        fresh += stored
        if not page.more or not stored:
            break
    return fresh


def stored(ctx: Context, wanted: EventFilter) -> Iterator[tuple[str, AttackerEvent]]:
    """The stored events that the filter lets through with their worker's name, oldest first."""
    names = {worker.worker_id: name for name, worker in known_workers(ctx.home).items()}
    for row in read_events(ctx.home, since=wanted.since):
        if _passes(row.event, wanted):
            yield names.get(row.worker, row.worker), row.event


def fresh(pulled: Pulled, wanted: EventFilter) -> Sequence[tuple[str, AttackerEvent]]:
    """The events of a pull that the filter lets through."""
    return [(worker, event) for worker, event in pulled.events if _passes(event, wanted)]


def _passes(event: AttackerEvent, wanted: EventFilter) -> bool:
    if wanted.since is not None and event.at < wanted.since:
        return False
    return not wanted.deckies or event.decky in wanted.deckies


async def follow(ctx: Context, wanted: EventFilter, *, interval: float) -> AsyncIterator[Pulled]:
    """Pull again and again, giving each pull that brought something or failed."""
    import asyncio

    while True:
        pulled = await pull(ctx)
        shown = fresh(pulled, wanted)
        if shown or pulled.errors:
            yield Pulled(tuple(shown), pulled.errors)
        await asyncio.sleep(interval)
