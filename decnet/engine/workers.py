"""Which workers there are; `local` is enrolled by itself when it is first used."""

from __future__ import annotations

from decnet.engine.context import Context
from decnet.engine.links import Links
from decnet.errors import DecnetError, FleetRefused
from decnet.model.spec import LOCAL
from decnet.model.worker import Hello, Worker
from decnet.store.fleet_table import FleetTable
from decnet.store.paths import Home


def known_workers(home: Home) -> dict[str, Worker]:
    """Every enrolled worker by name, sorted."""
    return dict(sorted(FleetTable(home).workers().items()))


async def enrol_local(ctx: Context, links: Links, fleet_id: str, *, adopt: bool = False) -> Worker:
    """Make this machine a worker: gives its agent an identity, or takes up the one it has.

    Raises FleetRefused where the agent here belongs to another fleet and `adopt` was not said.
    """
    fresh = Worker(name=LOCAL, worker_id=ctx.identifier(), enrolled_at=ctx.now())
    client = links.stranger(fresh)
    hello = await client.hello()
    check_fleet(hello, fleet_id, adopt=adopt)
    if hello.fleet_id == fleet_id and hello.worker_id:
        worker = fresh.model_copy(update={"worker_id": hello.worker_id})
    else:
        worker = fresh
        await client.enrol(worker.worker_id, fleet_id, adopt=adopt)
    FleetTable(ctx.home).put_worker(worker)
    return worker


async def enrolled_again(ctx: Context, links: Links, worker: Worker, fleet_id: str) -> bool:
    """Give this machine's agent its identity again where it has none any more; whether it had lost it.

    For `local` only: that another machine lost its own is no reason to trust it with one."""
    client = links.stranger(worker)
    try:
        hello = await client.hello()
        if hello.worker_id is not None or hello.fleet_id is not None:
            return False
        await client.enrol(worker.worker_id, fleet_id)
    except DecnetError:
        return False
    ctx.warn("its agent had lost its folder, and is enrolled again", LOCAL)
    return True


def check_fleet(hello: Hello, fleet_id: str, *, adopt: bool) -> None:
    """Raise FleetRefused where the agent of this machine belongs to another fleet."""
    if hello.fleet_id and hello.fleet_id != fleet_id and not adopt:
        raise FleetRefused(
            "local: the agent on this machine belongs to another fleet",
            hint="say --adopt to take it over, or set DECNET_HOME to the folder of its own fleet",
            worker=LOCAL,
        )
