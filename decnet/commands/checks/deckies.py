"""Check of the deckies on a worker: whether all their containers run."""

from __future__ import annotations

from collections.abc import Iterator

from decnet.commands.checks.finding import Finding
from decnet.commands.checks.network import CheckedWorker
from decnet.commands.wording import listed
from decnet.model.counted import counted
from decnet.model.fleet import Fleet
from decnet.model.keys import label
from decnet.plan.decky_view import is_working


def decky_findings(checked: CheckedWorker, fleet: Fleet) -> Iterator[Finding]:
    """The deckies of the fleet that do not run, or not with all services. Those that another host has stopped
    are reported with that host."""
    worker, status = checked.worker.name, checked.status
    deckies, names = fleet.of_worker(worker), fleet.topology_names
    if status is None or not deckies:
        return
    if any(job.state == "running" for job in status.jobs):
        yield Finding(worker, "fine", "a job is changing its deckies now; decnet status shows its progress")
        return
    there = [(label(each.project, each.decky, names), each) for each in status.containers]
    broken = {(decky, each.service) for decky, each in there if not is_working(each)}
    works = {(decky, each.service) for decky, each in there} - broken
    stopped = {label(each.project, each.decky, names) for each in status.conflicts}
    parts = {name: {(name, part) for part in ("", *decky.services)} for name, decky in deckies.items()}
    idle = [name for name, wanted in parts.items() if name not in stopped and not wanted <= works]
    if idle:
        count = f"{len(idle)} of {counted(len(deckies), 'decky')}"
        text = f"{count} not running, or not with all services: {listed(idle)}"
        yield Finding(worker, "wrong", text, "decnet reconcile repairs them; decnet status shows why", 4)
    else:
        yield Finding(worker, "fine", f"{counted(len(deckies), 'decky')} running")
