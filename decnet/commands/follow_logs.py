"""`decnet logs --follow`: the new lines of deckies' containers, fetched again and again."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from decnet.commands.logs import with_service
from decnet.engine.context import Context
from decnet.engine.workers import known_workers
from decnet.errors import UsageError, WorkerError, WorkerFailure
from decnet.model.fleet import Fleet
from decnet.model.keys import label
from decnet.plan.select import select_deckies
from decnet.store.desired import load_fleet, new_fleet
from decnet.wire import AGENT_VERSION, FOLLOW_VERSION, clean

if TYPE_CHECKING:
    from decnet.worker.client import AgentClient
    from decnet.worker.responses import FollowedLog

INTERVAL = 1.0
"""Seconds between two requests to a worker."""

SHORT_INTERVAL = 0.1
"""The same while a worker has more lines than one answer can hold."""

WHOLE_LOG = 5000
"""How many lines of a container that appears while its decky is followed: the agent sends no more."""

LONGEST_LINE = 2000

Placed = dict[str, dict[str, list[str]]]
"""By worker and project, the deckies that are followed."""


@dataclass(frozen=True)
class LogLine:
    """One line of a container's log, without control characters."""

    decky: str
    container: str
    text: str


@dataclass
class _Watched:
    """What is known of one worker: the mark of each container by id, each id by the container's name, and
    the failure that was reported last."""

    marks: dict[str, str] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)
    trouble: str = ""
    is_checked: bool = False
    has_answered: bool = False


async def follow_logs(
    ctx: Context, names: Sequence[str], service: str | None, lines: int
) -> AsyncIterator[list[LogLine]]:
    """The last `lines` of each container, then new lines as they appear, until no such decky is left.

    What happens meanwhile is reported through `ctx`: a worker that does not answer and returns, a container
    that was recreated or removed, lines that were dropped before they could be read. Raises UsageError for a
    name that matches no decky, and the error of the worker if none answers at first.
    """
    watched: dict[str, _Watched] = {}
    async with ctx.reusing_connections() as kept:
        while True:
            fleet = load_fleet(kept.home) or new_fleet()
            try:
                chosen = with_service(fleet, select_deckies(fleet.every_group(), names), service)
                placed = _by_worker(kept, fleet, chosen)
            except UsageError as error:
                if not watched:
                    raise
                kept.note(f"{error.message} any more: there is nothing left to follow")
                return
            answers = await _asked(kept, fleet, placed, watched, service, lines)
            first = [each for each in answers.values() if isinstance(each, WorkerFailure)]
            if len(first) == len(answers) and not any(each.has_answered for each in watched.values()):
                raise first[0].error
            found, is_behind = [], False
            for worker, answer in answers.items():
                if isinstance(answer, WorkerFailure):
                    _report_failure(kept, watched[worker], answer)
                else:
                    found += _taken(kept, watched[worker], worker, answer)
                    is_behind = is_behind or any(each.more and each.text for each in answer)
            yield found
            await kept.sleep(SHORT_INTERVAL if is_behind else INTERVAL)


def _by_worker(ctx: Context, fleet: Fleet, chosen: Sequence[str]) -> Placed:
    placed: Placed = {}
    for name in chosen:
        project, decky = fleet.labelled(name)
        placed.setdefault(decky.worker, {}).setdefault(project, []).append(decky.name)
    unknown = sorted(placed.keys() - known_workers(ctx.home).keys())
    if unknown:
        first = next(name for name in chosen if fleet.labelled(name)[1].worker == unknown[0])
        raise UsageError(f"{first} is on the worker {unknown[0]!r}, which is not enrolled")
    return placed


async def _asked(
    ctx: Context,
    fleet: Fleet,
    placed: Placed,
    watched: dict[str, _Watched],
    service: str | None,
    lines: int,
) -> dict[str, tuple[FollowedLog, ...] | WorkerFailure]:
    workers, names = known_workers(ctx.home), fleet.topology_names

    async def ask(client: AgentClient) -> tuple[FollowedLog, ...]:
        known = watched.setdefault(client.worker, _Watched())
        if not known.is_checked:
            await _check_version(client)
            known.is_checked = True
        most = WHOLE_LOG if known.has_answered else lines
        found: list[FollowedLog] = []
        for project, deckies in placed[client.worker].items():
            logs = await client.follow(deckies, known.marks, service, lines=most, project=project)
            found += [each.model_copy(update={"decky": label(project, each.decky, names)}) for each in logs]
        return tuple(found)

    for name in placed:
        watched.setdefault(name, _Watched())
    async with ctx.connections(fleet.fleet_id) as connections:
        return await connections.call_all([workers[name] for name in placed], ask)


async def _check_version(client: AgentClient) -> None:
    version = (await client.hello()).version
    if version < FOLLOW_VERSION:
        raise WorkerError(
            f"its agent has version {version} and cannot follow logs; this decnet has {AGENT_VERSION}",
            hint=f"decnet worker upgrade {client.worker}",
            worker=client.worker,
        )


def _report_failure(ctx: Context, known: _Watched, failure: WorkerFailure) -> None:
    """Report a failure once, and check the worker's agent again when it returns."""
    known.is_checked = False
    if failure.message != known.trouble:
        ctx.warn(f"{failure.message}; trying again", failure.worker)
    known.trouble = failure.message


def _taken(ctx: Context, known: _Watched, worker: str, logs: Sequence[FollowedLog]) -> list[LogLine]:
    """The new lines of a worker's containers; what has happened to these is reported."""
    if known.trouble:
        ctx.note("answers again", worker)
    known.trouble, lines = "", []
    names = {each.name: each.id for each in logs}
    for name in sorted(known.names.keys() - names.keys()):
        ctx.note(f"{clean(name, 80)} was removed", worker)
    for each in logs:
        before = known.names.get(each.name)
        if known.has_answered and before != each.id:
            ctx.note(f"{clean(each.name, 80)} was {'created' if before is None else 'recreated'}", worker)
        if each.gap:
            ctx.warn(f"{clean(each.name, 80)}: lines are missing here; its log dropped them", worker)
        container, decky = clean(each.name, 80), clean(each.decky, 80)
        lines += [LogLine(decky, container, clean(line, LONGEST_LINE)) for line in each.text.splitlines()]
    known.names, known.marks = names, {each.id: each.mark for each in logs}
    known.has_answered = True
    return lines
