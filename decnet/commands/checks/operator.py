"""Checks of the operator's own machine and of the desired fleet."""

from __future__ import annotations

import os
from collections.abc import Iterator

from decnet.commands.checks.finding import Finding, refused
from decnet.engine.context import Context
from decnet.engine.unenrolled_workers import unenrolled
from decnet.errors import DecnetError, StateBroken
from decnet.model.catalog import Catalog
from decnet.model.counted import counted
from decnet.model.event_values import size_text
from decnet.model.fleet import Fleet
from decnet.model.worker import Worker
from decnet.plan.giveaways import giveaways
from decnet.plan.role_changes import return_time
from decnet.store.desired import check_known, last_good_fleet, load_fleet, new_fleet
from decnet.store.fleet_table import FleetTable
from decnet.store.home_use import START
from decnet.store.last_seen import load_seen
from decnet.store.paths import ROOT_HOME
from decnet.store.retention import stored_sizes
from decnet.store.topologies import TopologyTable
from decnet.store.used_entries import with_used

HOME_MIB = 200
"""Less free space is reported: state, events and parts of images are written there."""

FIRST_DAY = 1_735_689_600.0
"""2025-01-01: an earlier clock was never set."""

SLACK = 120.0
UNWATCHED = 86_400.0


def operator_findings(ctx: Context) -> tuple[list[Finding], Fleet, dict[str, Worker]]:
    """The findings, and what could be read of fleet and workers."""
    found: list[Finding] = []
    stored, catalog = _stored(ctx, found)
    workers = _enrolled(ctx, stored, found)
    fleet = stored or new_fleet()
    found += _topologies(ctx, fleet)
    found += _away(ctx, fleet)
    try:
        ctx.records.load_many(worker.worker_id for worker in workers.values())
    except DecnetError as error:
        found.append(refused("records", error))
    for each in ctx.catalog.mistakes:
        fix = each.hint or f"correct {each.file}"
        found.append(Finding("catalog", "wrong", f"{each.place}: {each.message}", fix))
    for check in (_home, _others_fleet, _disk, _clock):
        found += check(ctx)
    found += _unwatched(ctx, fleet, workers)
    found += _events(ctx, fleet)
    found += [
        Finding("deckies", "warning", f"{sign.decky} is identifiable as a honeypot by {sign.what}", sign.fix)
        for sign in giveaways(fleet, catalog)
    ]
    return found, fleet, workers


def _stored(ctx: Context, found: list[Finding]) -> tuple[Fleet | None, Catalog]:
    """The desired fleet, or the last one that could be read, with the catalog that it needs; None if there is
    neither."""
    stored, catalog = None, ctx.catalog
    try:
        stored = load_fleet(ctx.home)
        fleet = stored or new_fleet()
        catalog = with_used(ctx.home, fleet, ctx.catalog)
        check_known(ctx.home, fleet, catalog)
        number = sum(1 for _ in fleet.every_decky())
        text = f"{counted(number, 'decky')} in {ctx.home.state}" if stored else "nothing is deployed yet"
        found.append(Finding("desired", "fine", text, "" if number else START))
    except DecnetError as error:
        stored = stored or last_good_fleet(ctx.home)
        found.append(refused("desired", error))
    return stored, catalog


def _enrolled(ctx: Context, stored: Fleet | None, found: list[Finding]) -> dict[str, Worker]:
    """The workers; none if the fleet that they belong to is not known."""
    try:
        workers = FleetTable(ctx.home).workers()
        if stored is None and workers:
            raise _no_fleet(ctx)
        found += [refused(absent.worker, absent) for absent in unenrolled(stored or new_fleet(), workers)]
    except DecnetError as error:
        found.append(refused("workers", error))
        return {}
    return workers


def _no_fleet(ctx: Context) -> DecnetError:
    """Workers belong to a fleet whose id is not known: they would be reported as another fleet's."""
    return StateBroken(
        f"the workers were not checked: {ctx.home.state} cannot be read", hint="restore it first"
    )


def _home(ctx: Context) -> Iterator[Finding]:
    root = ctx.home.root
    if root.is_dir() and not os.access(root, os.W_OK | os.X_OK):
        yield Finding("state directory", "wrong", f"{root} is not writable for you", f"ls -ld {root}")


def _others_fleet(ctx: Context) -> Iterator[Finding]:
    """Without sudo, a user sees an empty fleet instead of root's."""
    if (
        os.geteuid() != 0
        and ctx.home.root != ROOT_HOME
        and ROOT_HOME.is_dir()
        and not ctx.home.state.exists()
    ):
        text = f"{ctx.home.root} has no fleet, and {ROOT_HOME}, which is root's, may have one"
        yield Finding("state directory", "warning", text, "sudo decnet doctor")


def _topologies(ctx: Context, fleet: Fleet) -> Iterator[Finding]:
    """The topologies that are not what they should be, as recorded."""
    try:
        known = TopologyTable(ctx.home).records()
    except DecnetError as error:
        yield refused("topologies", error)
        return
    for each in fleet.topologies.values():
        record = known.get(each.id)
        if record is not None and record.status in ("degraded", "failed", "tearing_down"):
            why = record.moves[-1].reason if record.moves else ""
            text = f"{each.name} is {record.status.replace('_', ' ')}" + (f": {why}" if why else "")
            yield Finding("topologies", "warning", text, "decnet reconcile repairs it")


def _away(ctx: Context, fleet: Fleet) -> Iterator[Finding]:
    """The deckies that change their role, and have been away for a day too long."""
    for name, each in fleet.away.items():
        if each.until < ctx.now() - UNWATCHED:
            text = f"{name} changes its role, and should have returned {return_time(fleet, name)}"
            yield Finding("deckies", "warning", text, "decnet mutate --due brings it back; cron runs it")


def _disk(ctx: Context) -> Iterator[Finding]:
    folder = next(path for path in (ctx.home.root, *ctx.home.root.parents) if path.is_dir())
    room = os.statvfs(folder)
    free = room.f_bavail * room.f_frsize >> 20
    if free < HOME_MIB:
        text = f"{free} MiB are free for {ctx.home.root}, where state and events are written"
        yield Finding("disk", "warning", text, f"free disk space: df -h {folder}")


def _clock(ctx: Context) -> Iterator[Finding]:
    fix = "timedatectl set-ntp true"
    if ctx.now() < FIRST_DAY:
        yield Finding("clock", "wrong", "this machine's clock was never set", fix)
        return
    paths = [path for path in (ctx.home.state, ctx.home.fleet) if path.is_file()]
    newest = max((path.stat().st_mtime for path in paths), default=0.0)
    if newest > ctx.now() + SLACK:
        text = f"this machine's clock went back by {newest - ctx.now():.0f} s or more since the last change"
        yield Finding("clock", "warning", text, fix)


def _events(ctx: Context, fleet: Fleet) -> Iterator[Finding]:
    """What stored events take, how long they are kept, and what was deleted."""
    stored = list(stored_sizes(ctx.home))
    if not stored:
        return
    kept, total = fleet.events.retention, sum(each.bytes for each in stored)
    days = "without a limit of days" if kept.days is None else f"for {counted(kept.days, 'day')}"
    text = f"{total / (1 << 20):.1f} MiB stored; kept {days}, at most {size_text(kept.size)} for each worker"
    if deleted := sum(each.dropped.events for each in stored):
        text += f"; {deleted} deleted so far"
    yield Finding("events", "fine", text)


def _unwatched(ctx: Context, fleet: Fleet, workers: dict[str, Worker]) -> Iterator[Finding]:
    """Workers with deckies that no command has contacted for a day."""
    seen = load_seen(ctx.home)
    for name, worker in workers.items():
        last = seen.get(worker.worker_id)
        silence = ctx.now() - last.at if last is not None else 0.0
        if fleet.count_on(name) and not -SLACK <= silence <= UNWATCHED:
            text = f"{name} was not contacted for {counted(round(silence / 86_400), 'day')}"
            if silence < 0:
                text = f"{name} was last contacted under a clock that was ahead, at an unknown time"
            yield Finding("cron", "warning", text, "run reconcile and events --pull from cron: docs/cron.md")
