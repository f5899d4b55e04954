"""`decnet events`: attacker events, pulled from the workers; each is printed once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from heapq import heappop, heappush
from pathlib import Path
from typing import TYPE_CHECKING, TypedDict

from decnet.engine.context import Context
from decnet.engine.daemon_thread import in_daemon_thread
from decnet.engine.workers import known_workers
from decnet.errors import DecnetError, DockerDown, LockHeld, WorkerFailure
from decnet.model.addresses import host
from decnet.model.counted import counted
from decnet.model.event import AttackerEvent
from decnet.model.event_settings import Retention
from decnet.model.fleet import Fleet
from decnet.model.keys import label
from decnet.plan.event_filter import EventFilter, passes
from decnet.plan.ignore import Ignoring, ignoring
from decnet.plan.lans import on_their_lans
from decnet.plan.select import Selector, select
from decnet.store.desired import load_fleet
from decnet.store.events import EarlierIds, append_events, event_cursor, last_places, read_events
from decnet.store.index_writer import update_index
from decnet.store.latest import latest_events
from decnet.store.printed import begin_printing, load_printed, printing_lock, save_printed, unprinted
from decnet.store.retention import MOST_FILES, apply_retention, event_folders, file_limit
from decnet.store.touches import StoredTouch, read_touches
from decnet.wire.event_fields import OF_BASE

if TYPE_CHECKING:
    from decnet.model.worker import Worker
    from decnet.worker.client import AgentClient
    from decnet.worker.responses import EventPage

WINDOW = 10_000
"""Events that are held to put them in the order of their times."""

MOST_EVENTS = 20_000
MOST_TEXT = 32 * 1024 * 1024
MOST_SECONDS = 60.0
"""The limits of one pull from one worker, in events, characters and seconds; the next pull gets the rest. An
honest spool holds at most 32 MiB."""

INDEX_SECONDS, INDEX_SECONDS_FOLLOWING = 10.0, 0.5
"""What a pull may spend on an index that is far behind."""

VERDICTS = {
    "gap": "some events were dropped from its spool before they were pulled",
    "reset": "its event spool was replaced: events that were not pulled are lost",
    "rewound": "its event spool was rewound: the worker was restored from an older copy",
}


class _Within(TypedDict):
    """Times in seconds since the epoch, and the only address of sources, if there is only one."""

    since: float | None
    until: float | None
    source: str | None


@dataclass(frozen=True)
class Pulled:
    """One pull: how many events are new, and the errors of workers that could not be contacted."""

    count: int
    errors: dict[str, DecnetError]


@dataclass
class _Fetched:
    """One worker's part of a pull: what was stored before it ended, and how it ended. `workers` are the
    addresses of the workers on its LAN."""

    earlier: EarlierIds = field(default_factory=EarlierIds)
    retention: Retention = Retention()
    workers: tuple[str, ...] = ()
    count: int = 0
    text: int = 0
    error: DecnetError | None = None

    def add(self, stored: Sequence[AttackerEvent]) -> None:
        self.count += len(stored)
        self.text += sum(
            len(value) for event in stored for value in event.fields.values() if isinstance(value, str)
        )

    @property
    def is_full(self) -> bool:
        return self.count >= MOST_EVENTS or self.text >= MOST_TEXT


async def pull(
    ctx: Context,
    on: str | None = None,
    earlier: EarlierIds | None = None,
    ended: Callable[[str], None] = lambda worker_id: None,
) -> Pulled:
    """Fetch the new events of the selected workers and store them, page by page and each event once; what was
    stored before a worker failed is counted. A command that pulls again and again shares `earlier`. `ended`
    is called with the id of each worker whose pull has ended."""
    fleet = load_fleet(ctx.home)
    known = known_workers(ctx.home)
    workers = select(known, on)
    if fleet is None or not workers:
        return Pulled(0, {})
    identities = {worker.worker_id for worker in known.values()}
    # Waiting for a lock must not block other tasks: alerts here, other workers in `_pull_page`.
    await in_daemon_thread(lambda: begin_printing(ctx.home, identities, ctx.command, ctx.lock_timeout))
    shared, neighbours = earlier or EarlierIds(), _neighbours(ctx, fleet, known)
    async with ctx.connections(fleet.fleet_id) as connections:
        answers = await connections.call_all(
            workers.values(),
            lambda client: _pull_worker(
                ctx,
                client,
                workers[client.worker].worker_id,
                _Fetched(shared, fleet.events.retention, workers=neighbours.get(client.worker, ())),
                ended,
            ),
        )
    count = 0
    errors: dict[str, DecnetError] = {}
    for name, answer in answers.items():
        fetched = _Fetched(error=answer.error) if isinstance(answer, WorkerFailure) else answer
        count += fetched.count
        if fetched.error is not None:
            errors[name] = fetched.error
    if count or ctx.reused is None:
        await in_daemon_thread(lambda: _keep_up(ctx, fleet.events.retention))
    return Pulled(count, errors)


def _keep_up(ctx: Context, retention: Retention) -> None:
    """Delete what has become too old, also of workers that do not answer or are no longer enrolled, and index
    what is new."""
    for folder in event_folders(ctx.home):
        with suppress(LockHeld):
            _retain(ctx, folder, retention)
    done = update_index(ctx.home, INDEX_SECONDS if ctx.reused is None else INDEX_SECONDS_FOLLOWING)
    if done is not None and done.tenths != done.tenths_before:
        ctx.note(f"{done.tenths}0% of the stored events are indexed; questions read the rest from the files")


def _neighbours(ctx: Context, fleet: Fleet, workers: Mapping[str, Worker]) -> dict[str, tuple[str, ...]]:
    """The known IPv4 addresses of the workers on the LAN of each; none for a single one, which knows its own.
    What comes from further away is not decnet's: workers probe addresses on their own LAN only."""
    if len(workers) < 2:
        return {}
    records = ctx.records.load_many(worker.worker_id for worker in workers.values())
    found = {each.facts.address for each in records.values() if each.facts is not None}
    found |= {worker.host for worker in workers.values()}
    return on_their_lans(fleet.lans, [address for address in found if address and not host(address)])


async def _pull_worker(
    ctx: Context,
    client: AgentClient,
    worker_id: str,
    begun: _Fetched | None = None,
    ended: Callable[[str], None] = lambda worker_id: None,
) -> _Fetched:
    fetched, end = begun or _Fetched(), ctx.monotonic() + MOST_SECONDS
    try:
        while await _pull_page(ctx, client, worker_id, fetched):
            if fetched.is_full or ctx.monotonic() > end:
                ctx.note("it has more events: pull again", client.worker)
                break
    except DecnetError as error:
        fetched.error = error
    ended(worker_id)
    return fetched


async def _pull_page(ctx: Context, client: AgentClient, worker_id: str, fetched: _Fetched) -> bool:
    """Fetch and store one page; whether there is another one."""
    cursor = event_cursor(ctx.home, worker_id)
    if cursor is None:
        page = await client.events(workers=fetched.workers)
    else:
        page = await client.events(
            cursor.seq, spool_id=cursor.spool_id, mark=cursor.mark, workers=fetched.workers
        )
    if page.verdict in VERDICTS:
        ctx.warn(VERDICTS[page.verdict], client.worker)
    if page.trouble:
        ctx.warn(f"new events cannot be stored there: {page.trouble}", client.worker)
    fetched.add(await in_daemon_thread(lambda: _store(ctx, worker_id, page, fetched)))
    is_last = not page.more or event_cursor(ctx.home, worker_id) == cursor
    if is_last and page.docker_error:
        fetched.error = DockerDown(
            f"its Docker engine does not answer ({page.docker_error}): new events stay there",
            hint="start it there: systemctl start docker",
            worker=client.worker,
        )
    return not is_last


def _store(ctx: Context, worker_id: str, page: EventPage, fetched: _Fetched) -> tuple[AttackerEvent, ...]:
    # Before: what is too old must not get into one file with what is new.
    _retain(ctx, ctx.home.events(worker_id), fetched.retention)
    return append_events(
        ctx.home, worker_id, page, fetched.earlier, limit=file_limit(fetched.retention), keep=MOST_FILES
    )


def _retain(ctx: Context, folder: Path, retention: Retention) -> None:
    """Delete and report what is kept no longer."""
    dropped = apply_retention(ctx.home, folder, retention, ctx.now())
    if dropped is not None:
        names = {ctx.home.events(each.worker_id): name for name, each in known_workers(ctx.home).items()}
        until = datetime.fromtimestamp(dropped.until, UTC).strftime("%Y-%m-%d %H:%M")
        count = counted(dropped.events, "stored event")
        ctx.note(f"retention: {count} up to {until} deleted", names.get(folder, folder.name))


def stored(ctx: Context, wanted: EventFilter, on: str | None = None) -> Iterator[tuple[str, AttackerEvent]]:
    """The stored events that the filter lets through with their worker's name, oldest first; without `on`
    also those of workers that are no longer enrolled. Raises UsageError if `on` selects no worker."""
    names = _names(ctx, on)
    found = read_events(ctx.home, workers=None if on is None else names, **_within(wanted))
    return in_time_order(
        (names.get(row.worker, row.worker), row.event) for row in found if passes(row.event, wanted)
    )


def latest(
    ctx: Context, wanted: EventFilter, most: int, on: str | None = None
) -> Iterator[tuple[str, AttackerEvent]]:
    """The last `most` of these."""
    names = _names(ctx, on)
    found = latest_events(
        ctx.home,
        most,
        lambda touch: passes(touch, wanted),
        workers=None if on is None else names,
        **_within(wanted),
    )
    return ((names.get(row.worker, row.worker), row.event) for row in found)


def stored_touches(ctx: Context, wanted: EventFilter, on: str | None = None) -> Iterator[StoredTouch]:
    """What is counted of these, one worker's after the other's: faster than `stored`."""
    found = read_touches(ctx.home, workers=None if on is None else _names(ctx, on), **_within(wanted))
    return (touch for touch in found if passes(touch, wanted))


def _names(ctx: Context, on: str | None) -> dict[str, str]:
    return {worker.worker_id: name for name, worker in select(known_workers(ctx.home), on).items()}


def _within(wanted: EventFilter) -> _Within:
    """Which stored events have to be read."""
    source = wanted.source_selector.only if wanted.source_selector else None
    return {"since": wanted.since, "until": wanted.until, "source": source}


def in_time_order(
    found: Iterable[tuple[str, AttackerEvent]], window: int = WINDOW
) -> Iterator[tuple[str, AttackerEvent]]:
    """The same, those within `window` events of each other in the order of their times: a pull stores what it
    finds container by container."""
    waiting: list[tuple[float, int, tuple[str, AttackerEvent]]] = []
    for number, pair in enumerate(found):
        heappush(waiting, (pair[1].at, number, pair))
        if len(waiting) > window:
            yield heappop(waiting)[2]
    while waiting:
        yield heappop(waiting)[2]


@contextmanager
def unprinted_events(
    ctx: Context, wanted: EventFilter, on: str | None = None
) -> Iterator[Iterable[tuple[str, AttackerEvent]]]:
    """The stored events of the selected workers that no pull has printed yet, oldest first, each with the
    name of its worker; only those that pass the filter.

    They count as printed when the block ends. If it ends with an error, the next pull prints them again.
    Raises LockHeld while another command prints events.
    """
    with _printing_alone(ctx):
        names = _names(ctx, on)
        printed, ends = load_printed(ctx.home) or {}, last_places(ctx.home, names)
        found = unprinted(ctx.home, printed, ends)
        yield in_time_order(
            (names.get(each.worker, each.worker), each.event) for each in found if passes(each.event, wanted)
        )
        if any(printed.get(worker) != end for worker, end in ends.items()):
            save_printed(ctx.home, {**printed, **ends})


@contextmanager
def _printing_alone(ctx: Context) -> Iterator[None]:
    lock = printing_lock(ctx.home, ctx.command, ctx.lock_timeout)
    try:
        lock.acquire()
    except LockHeld as error:
        raise LockHeld(error.message, hint="it prints events now; the next pull prints the rest") from None
    try:
        yield
    finally:
        lock.release()


def event_filter(ctx: Context, wanted: EventFilter, *, with_ignored: bool = False) -> EventFilter:
    """The filter with what is known of the fleet, and its rules of what to ignore. Raises UsageError for a
    term that means nothing: no decky or service of the fleet, of the records, of the catalog, or of a stored
    event."""
    fleet = load_fleet(ctx.home)
    groups, topologies = (fleet.every_group(), fleet.topology_names) if fleet else ({}, {})
    rules = fleet.events.ignore if fleet and not with_ignored else ()
    ignores = ignoring(rules, groups, topologies) if rules else None
    wanted = replace(wanted, archetypes=groups, topologies=topologies, ignores=ignores)
    deckies: dict[str, tuple[str, ...]] = {
        **dict.fromkeys(_recorded(ctx, topologies), ()),
        **wanted.archetypes,
    }
    services = {OF_BASE, *ctx.catalog.services, *(_services(fleet) if fleet else ())}
    if _has_unknown(wanted.decky_selector, deckies) or _has_unknown(wanted.service_selector, services):
        # Reading all stored events takes time.
        for touch in read_touches(ctx.home):
            deckies.setdefault(label(touch.project, touch.decky, topologies), ())
            services.add(touch.service)
    wanted.check(deckies, services)
    return wanted


def ignored(wanted: EventFilter) -> int:
    """How many actions the filter has left out so far by `[events.ignore]`."""
    return wanted.ignores.count if isinstance(wanted.ignores, Ignoring) else 0


def report_ignored(ctx: Context, wanted: EventFilter) -> None:
    """Say how much was left out by `[events.ignore]`, if anything was."""
    if count := ignored(wanted):
        ctx.note(f"{counted(count, 'event')} ignored by [events.ignore]; --with-ignored shows them")


def _has_unknown(selector: Selector | None, known: Iterable[str]) -> bool:
    groups = known if isinstance(known, Mapping) else dict.fromkeys(known, ())
    return selector is not None and bool(selector.unmatched(groups))


def _services(fleet: Fleet) -> Iterator[str]:
    for _, _, decky in fleet.every_decky():
        yield from decky.services


def _recorded(ctx: Context, topologies: Mapping[str, str]) -> set[str]:
    records = ctx.records.load_many(worker.worker_id for worker in known_workers(ctx.home).values())
    rows = [pair for each in records.values() for pair in each.rows()]
    return {label(project, row.name, topologies) for project, row in rows}
