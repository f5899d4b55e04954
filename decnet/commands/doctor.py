"""`decnet doctor`: what is wrong with this machine, the state and the workers, and what mends it."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from decnet.engine.agents import beside
from decnet.engine.context import Context
from decnet.engine.links import Links
from decnet.engine.outcome import Listing
from decnet.engine.workers import known_workers
from decnet.errors import DecnetError, worst
from decnet.model.fleet import Fleet
from decnet.model.spec import LOCAL
from decnet.model.worker import Facts, Hello, Standing, Worker
from decnet.plan.capacity import room
from decnet.store.desired import load_fleet, new_fleet

DISK_MIB = 2048


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at: `fine`, `warning` or `wrong`, and the command that mends it."""

    what: str
    state: str
    finding: str
    mend: str = ""
    exit_code: int = 1
    """Of something that is wrong."""


async def doctor(ctx: Context) -> Listing:
    """Look at everything that commonly goes wrong."""
    findings, fleet = _state_findings(ctx)
    workers = _workers_or_none(ctx) or {LOCAL: Worker(name=LOCAL, worker_id="")}
    findings += await findings_of(ctx, workers.values(), fleet)
    return told("what", findings)


async def findings_of(ctx: Context, workers: Iterable[Worker], fleet: Fleet) -> list[Finding]:
    """What is right and wrong with these workers, who are asked side by side."""
    async with ctx.links(fleet.fleet_id) as links:
        found = await asyncio.gather(*(_machine_findings(links, worker, fleet) for worker in workers))
    return [finding for findings in found for finding in findings]


def told(column: str, findings: Sequence[Finding]) -> Listing:
    """The findings as a list; what is wrong decides the exit code."""
    items = tuple({"name": f.what, "state": f.state, "finding": f.finding, "mend": f.mend} for f in findings)
    rows = tuple((f.what, f.state, f.finding, f.mend) for f in findings)
    code = worst([f.exit_code for f in findings if f.state == "wrong"])
    return Listing("findings", (column, "state", "finding", "mend"), rows, items, exit_code=code)


def _workers_or_none(ctx: Context) -> dict[str, Worker]:
    try:
        return known_workers(ctx.home)
    except DecnetError:
        return {}


def _state_findings(ctx: Context) -> tuple[list[Finding], Fleet]:
    found = []
    fleet = new_fleet()
    try:
        stored = load_fleet(ctx.home)
        fleet = stored or fleet
        text = f"{len(fleet.deckies)} deckies in {ctx.home.state}" if stored else "nothing deployed yet"
        found.append(Finding("desired", "fine", text))
    except DecnetError as error:
        found.append(Finding("desired", "wrong", error.message, error.hint or ""))
    if not os.access(ctx.home.root, os.W_OK):
        found.append(
            Finding("state folder", "wrong", f"{ctx.home.root} cannot be written", f"ls -ld {ctx.home.root}")
        )
    return found, fleet


async def _machine_findings(links: Links, worker: Worker, fleet: Fleet) -> list[Finding]:
    """What is right and wrong with one worker."""
    from decnet.worker.check import check

    name = worker.name
    try:
        client = links.client(worker)
        checked = await check(client)
    except DecnetError as error:
        return [Finding(name, "wrong", error.message, error.hint or "", error.exit_code)]
    return [
        *_agent_findings(name, checked.hello, client.standing(checked.hello)),
        *_engine_findings(name, checked.facts),
        *(Finding(name, "warning", one.says, one.mend) for one in checked.complaints),
        *_ground_findings(name, checked.facts, fleet),
    ]


def _agent_findings(name: str, hello: Hello, standing: Standing) -> list[Finding]:
    if standing == "current":
        return []
    mend = f"decnet worker upgrade {name}" if standing == "older" else "upgrade decnet here"
    return [Finding(name, "warning", beside(hello, standing), mend)]


def _engine_findings(name: str, facts: Facts) -> list[Finding]:
    if facts.docker_version is None:
        return [
            Finding(
                name, "wrong", "no Docker engine answers", "apt install docker.io; systemctl start docker"
            )
        ]
    if facts.compose_version is None:
        return [Finding(name, "wrong", "no compose is installed", "apt install docker-compose")]
    old = facts.compose_version.lstrip("v").startswith("1.")
    major = facts.docker_version.split(".")[0]
    if old and major.isdigit() and int(major) >= 25:
        text = f"compose {facts.compose_version} crashes with Docker Engine {facts.docker_version}"
        return [Finding(name, "wrong", text, "apt install docker-compose-plugin")]
    text = f"Docker Engine {facts.docker_version}, compose {facts.compose_version}"
    return [Finding(name, "fine", text)]


def _ground_findings(name: str, facts: Facts, fleet: Fleet) -> list[Finding]:
    found = []
    if facts.interface is None:
        found.append(
            Finding(name, "warning", "no default route", "deploy with --interface, --subnet and --gateway")
        )
    else:
        found.append(Finding(name, "fine", f"LAN {facts.subnet} on {facts.interface}"))
    if facts.wireless:
        text = f"{facts.interface} is wireless: access points drop the frames of macvlan"
        found.append(Finding(name, "warning", text, "use a wired interface, or --driver ipvlan"))
    if facts.disk_free_mib < DISK_MIB:
        text = f"{facts.disk_free_mib} MiB free for Docker"
        found.append(Finding(name, "warning", text, "decnet image prune; docker system df"))
    if len(fleet.on(name)) > room(facts):
        text = f"{facts.memory_mib} MiB of memory for {len(fleet.on(name))} deckies"
        found.append(Finding(name, "warning", text, "spread them over more workers"))
    if not facts.root:
        found.append(Finding(name, "fine", "not root there: in the docker group"))
    return found
