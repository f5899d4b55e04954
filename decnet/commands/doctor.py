"""`decnet doctor`: problems of this machine, the state and the workers, and how to fix them."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from decnet.commands.checks.deckies import decky_findings
from decnet.commands.checks.finding import Finding, listing_of, refused
from decnet.commands.checks.images import image_findings, look_for_images
from decnet.commands.checks.network import CheckedWorker, lan_findings, machine_findings
from decnet.commands.checks.operator import operator_findings
from decnet.engine.agent_version import describe_mismatch
from decnet.engine.connections import Connections
from decnet.engine.context import Context
from decnet.engine.outcome import Listing
from decnet.errors import DecnetError
from decnet.model.counted import counted
from decnet.model.fleet import Fleet
from decnet.model.spec import LOCAL
from decnet.model.worker import Compatibility, Facts, Hello, Worker
from decnet.plan.capacity import deckies_by_memory
from decnet.wire import compose_breaks, compose_is_too_old

DISK_MIB = 2048
OLDEST_ENGINE = 19
COMPOSE_FIX = "install the docker compose plug-in (v2)"


async def doctor(ctx: Context) -> Listing:
    """Check for all common problems."""
    findings, fleet, known = operator_findings(ctx)
    unknown = any(finding.what == "workers" for finding in findings)
    workers = known or ({} if unknown else {LOCAL: Worker(name=LOCAL, worker_id="")})
    checked, build = await asyncio.gather(_checked(ctx, workers.values(), fleet), look_for_images(ctx))
    findings += image_findings(build, {each.worker.name: each.facts.images for each in checked.reachable})
    return listing_of("what", findings + checked.findings)


async def findings_of(ctx: Context, workers: Iterable[Worker], fleet: Fleet) -> list[Finding]:
    """The findings about these workers, which are checked concurrently; the LAN is probed afterwards."""
    return (await _checked(ctx, workers, fleet)).findings


class _Checked(NamedTuple):
    """The findings, and the workers whose Docker engine answered."""

    findings: list[Finding]
    reachable: tuple[CheckedWorker, ...]


async def _checked(ctx: Context, workers: Iterable[Worker], fleet: Fleet) -> _Checked:
    chosen = list(workers)
    async with ctx.connections(fleet.fleet_id) as connections:
        results = await asyncio.gather(*(_check_worker(connections, worker, fleet) for worker in chosen))
        reachable = {checked.worker.name: checked for _, checked in results if checked is not None}
        on_lan = await lan_findings(connections, reachable, fleet)
    found: list[Finding] = []
    for worker, (findings, _) in zip(chosen, results, strict=True):
        found += findings + on_lan.get(worker.name, [])
    return _Checked(found, tuple(reachable.values()))


async def _check_worker(
    connections: Connections, worker: Worker, fleet: Fleet
) -> tuple[list[Finding], CheckedWorker | None]:
    """The findings about one worker, and what it reported if its Docker engine answers."""
    from decnet.worker.requirements import check

    name = worker.name
    try:
        client = connections.client(worker)
        answer = await check(client)
        found = [
            *_agent(name, answer.hello, client.compatibility(answer.hello)),
            *_engine(name, answer.facts),
            *(Finding(name, "warning", one.message, one.fix) for one in answer.problems),
            *_room(name, answer.facts, fleet),
        ]
        status = await client.status() if worker.worker_id and answer.facts.docker_version else None
    except DecnetError as error:
        return [refused(error.worker or "this machine", error)], None
    checked = CheckedWorker(worker, answer.facts, status, fleet.lans.get(name))
    found += [*decky_findings(checked, fleet), *machine_findings(checked, fleet)]
    return found, checked if status is not None else None


def _agent(name: str, hello: Hello, compatibility: Compatibility) -> Iterator[Finding]:
    if compatibility != "current":
        fix = f"decnet worker upgrade {name}" if compatibility == "older" else "upgrade decnet here"
        yield Finding(name, "warning", describe_mismatch(hello, compatibility), fix)


def _engine(name: str, facts: Facts) -> Iterator[Finding]:
    if facts.docker_version is None:
        fix = "apt install docker.io; systemctl start docker"
        if not facts.root:
            fix = f"use sudo, or add the user there to the group docker; if none runs: {fix}"
        yield Finding(name, "wrong", "no Docker engine answers", fix, 5)
        return
    if facts.compose_version is None:
        yield Finding(name, "wrong", "no Docker Compose is installed", COMPOSE_FIX)
        return
    if compose_is_too_old(facts.compose_version):
        yield Finding(name, "wrong", f"compose {facts.compose_version} is too old", COMPOSE_FIX)
        return
    if compose_breaks(facts.compose_version, facts.docker_version):
        text = f"compose {facts.compose_version} crashes with Docker Engine {facts.docker_version}"
        yield Finding(name, "wrong", text, COMPOSE_FIX)
        return
    major = facts.docker_version.split(".")[0]
    if major.isdigit() and int(major) < OLDEST_ENGINE:
        text = f"Docker Engine {facts.docker_version} is older than any that decnet was tested with"
        yield Finding(name, "warning", text, "apt install docker.io, 20.10 or newer")
        return
    yield Finding(name, "fine", f"Docker Engine {facts.docker_version}, compose {facts.compose_version}")


def _room(name: str, facts: Facts, fleet: Fleet) -> Iterator[Finding]:
    if facts.disk_free_mib < DISK_MIB:
        text = f"{facts.disk_free_mib} MiB of disk are free for Docker"
        yield Finding(name, "warning", text, "decnet image prune; docker system df")
    if fleet.count_on(name) > deckies_by_memory(facts):
        placed = counted(fleet.count_on(name), "decky")
        text = f"{facts.memory_mib} MiB of memory are not enough for {placed}"
        yield Finding(name, "warning", text, "spread them over more workers")
    if facts.docker_version is not None:
        way = (
            "by themselves"
            if facts.heals_at_boot
            else "with the next reconcile (no systemd unit for it, or no root)"
        )
        yield Finding(name, "fine", f"after a restart of the Docker engine deckies return {way}")
    if not facts.root:
        yield Finding(name, "fine", "the agent there is not root: it collects no uploaded files")
