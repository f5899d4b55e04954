"""`decnet doctor`: what is wrong with this machine, the state and the workers, and what mends it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator

from decnet.commands.finding import Finding, refused, told
from decnet.commands.ground import Stand, asked_findings, ground_findings
from decnet.commands.house import house_findings
from decnet.engine.agents import beside
from decnet.engine.context import Context
from decnet.engine.links import Links
from decnet.engine.outcome import Listing
from decnet.errors import DecnetError
from decnet.model.fleet import Fleet
from decnet.model.spec import LOCAL
from decnet.model.worker import Facts, Hello, Standing, Worker
from decnet.plan.capacity import room
from decnet.wire import compose_breaks

DISK_MIB = 2048
OLDEST_ENGINE = 19


async def doctor(ctx: Context) -> Listing:
    """Look at everything that commonly goes wrong."""
    findings, fleet, known = house_findings(ctx)
    unknown = any(finding.what == "workers" for finding in findings)
    workers = known or ({} if unknown else {LOCAL: Worker(name=LOCAL, worker_id="")})
    return told("what", findings + await findings_of(ctx, workers.values(), fleet))


async def findings_of(ctx: Context, workers: Iterable[Worker], fleet: Fleet) -> list[Finding]:
    """What is right and wrong with these workers, who are asked side by side; then the LAN is asked."""
    chosen = list(workers)
    async with ctx.links(fleet.fleet_id) as links:
        looked = await asyncio.gather(*(_looked_at(links, worker, fleet) for worker in chosen))
        stands = {stand.worker.name: stand for _, stand in looked if stand is not None}
        asked = await asked_findings(links, stands, fleet)
    found: list[Finding] = []
    for worker, (findings, _) in zip(chosen, looked, strict=True):
        found += findings + asked.get(worker.name, [])
    return found


async def _looked_at(links: Links, worker: Worker, fleet: Fleet) -> tuple[list[Finding], Stand | None]:
    """What is right and wrong with one worker; and where it stands, if its engine can be asked."""
    from decnet.worker.requirements import check

    name = worker.name
    try:
        client = links.client(worker)
        checked = await check(client)
        found = [
            *_agent(name, checked.hello, client.standing(checked.hello)),
            *_engine(name, checked.facts),
            *(Finding(name, "warning", one.says, one.mend) for one in checked.complaints),
            *_room(name, checked.facts, fleet),
        ]
        status = await client.status() if worker.worker_id and checked.facts.docker_version else None
    except DecnetError as error:
        return [refused(error.worker or "this machine", error)], None
    stand = Stand(worker, checked.facts, status, fleet.lans.get(name))
    return [*found, *ground_findings(stand, fleet)], stand if status is not None else None


def _agent(name: str, hello: Hello, standing: Standing) -> Iterator[Finding]:
    if standing != "current":
        mend = f"decnet worker upgrade {name}" if standing == "older" else "upgrade decnet here"
        yield Finding(name, "warning", beside(hello, standing), mend)


def _engine(name: str, facts: Facts) -> Iterator[Finding]:
    if facts.docker_version is None:
        mend = "apt install docker.io; systemctl start docker"
        yield Finding(name, "wrong", "no Docker engine answers", mend, 5)
        return
    if facts.compose_version is None:
        yield Finding(name, "wrong", "no Docker Compose is installed", "apt install docker-compose")
        return
    if compose_breaks(facts.compose_version, facts.docker_version):
        text = f"compose {facts.compose_version} crashes with Docker Engine {facts.docker_version}"
        yield Finding(name, "wrong", text, "apt install docker-compose-plugin")
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
    if len(fleet.on(name)) > room(facts):
        text = f"{facts.memory_mib} MiB of memory are not enough for {len(fleet.on(name))} deckies"
        yield Finding(name, "warning", text, "spread them over more workers")
    if not facts.root:
        yield Finding(name, "fine", "the agent is not root there, and in the docker group")
