"""A fleet whose workers answer from files: whole commands over thousands of workers, without SSH.

    python -m tests.bench.simulated HOME COMMAND     one command; its CPU seconds and MiB as JSON

Everything but the connection and the worker is real: state directory, checks of the answers, plans, printing.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import io
import json
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

from decnet.catalog import load
from decnet.cli import COLLECTED_AFTER
from decnet.commands.doctor import doctor
from decnet.commands.events import pull
from decnet.commands.logs import logs
from decnet.commands.reconcile import reconcile
from decnet.commands.status import status
from decnet.console.show import show
from decnet.engine.context import Context
from decnet.engine.options import PassOptions
from decnet.model.actual import Seen
from decnet.model.worker import Worker
from decnet.plan.ingest_status import ingest_status
from decnet.store.desired import save_fleet
from decnet.store.paths import Home
from decnet.store.records import Records
from decnet.store.tables import transaction
from decnet.wire import canonical, parse
from decnet.worker.agent_package import AgentPackage

from .passes import Large

ANSWERS = "answers"
SITES = 10
"""Each worker has the tag of one of so many sites."""
FACTS: dict[str, Any] = {
    "interface": "eth0", "docker_version": "27.1.1", "compose_version": "2.29.1", "architecture": "x86_64",
    "disk_free_mib": 50_000, "memory_mib": 16_000, "python": "3.12.3", "root": True, "heals_at_boot": True,
}  # fmt: skip


def write_fleet(home: Home, workers: int, deckies: int) -> None:
    """The state directory of a fleet that is deployed and running, and the answers of its workers."""
    large = Large(deckies, workers, pinned=True)
    home.records_dir.mkdir(parents=True)
    for folder in (home.agents, home.events_dir, home.root / ANSWERS):
        folder.mkdir()
    save_fleet(home, large.fleet)
    agent = AgentPackage.of(home.agents)
    rows = [_worker(large, name) for name in large.fleet.lans]
    with transaction(home.fleet) as tables:
        tables.replace("workers", [row.model_dump() for row in rows])
    for row in rows:
        _write_worker(home, large, row, agent)


def _worker(large: Large, name: str) -> Worker:
    host = large.fleet.lans[name].gateway.rpartition(".")[0] + ".2"
    tags = (f"site-{int(name[1:]) % SITES}",)
    return Worker(name=name, worker_id=f"id-{name}", host=host, user="root", enrolled_at=1.0, tags=tags)


def _write_worker(home: Home, large: Large, worker: Worker, agent: AgentPackage) -> None:
    seen = large.seen(worker.name, {})
    assert isinstance(seen, Seen)
    hello = seen.status.hello.model_copy(
        update={
            "agent": agent.sha256,
            "version": agent.version,
            "worker_id": worker.worker_id,
            "fleet_id": large.fleet.fleet_id,
            "clock": time.time(),
        }
    )
    answer = seen.status.model_copy(update={"hello": hello})
    document = answer.model_dump(mode="json", exclude={"journal": {"damaged"}})
    (home.root / ANSWERS / worker.name).write_bytes(canonical(document))
    records = large.records(worker.name).model_copy(update={"worker_id": worker.worker_id})
    Records(home).save(ingest_status(records, answer, now=time.time()).records)


class Answering:
    """The session to a worker that is not there."""

    noise, protocol = 0, 3

    def __init__(self, home: Home, worker: Worker) -> None:
        self.home, self.worker, self._about = home, worker.name, worker

    async def call(
        self, verb: str, args: dict[str, Any], *, limit: float, stream: AsyncIterator[bytes] | None = None
    ) -> dict[str, Any]:
        """What a worker that is as desired answers; the request is encoded as it would be for a real one."""
        canonical({"args": args})
        await asyncio.sleep(0)
        answer: dict[str, Any] = getattr(self, verb)(args)
        return answer

    async def close(self) -> None:
        pass

    def status(self, args: dict[str, Any]) -> dict[str, Any]:
        return dict(parse((self.home.root / ANSWERS / self.worker).read_bytes()))

    def hello(self, args: dict[str, Any]) -> dict[str, Any]:
        return dict(self.status(args)["hello"])

    def facts(self, args: dict[str, Any]) -> dict[str, Any]:
        lan = self._about.host.rpartition(".")[0]
        own = {"address": self._about.host, "subnet": f"{lan}.0/24", "gateway": f"{lan}.1"}
        return FACTS | own

    def probe(self, args: dict[str, Any]) -> dict[str, Any]:
        return {"answered": {}, "docker": {}}

    def logs(self, args: dict[str, Any]) -> dict[str, Any]:
        return {"logs": {args["decky"]: "line\n" * 20}}

    def events(self, args: dict[str, Any]) -> dict[str, Any]:
        """Ten events that are new to each pull."""
        first = args["after"] + 1
        event = {
            "at": 1.8e9, "decky": f"d{self.worker[1:]}", "service": "ssh", "kind": "login",
            "source_ip": "203.0.113.9", "source_port": 40112, "session": "0123456789ab", "local_ip": "",
            "local_port": 22, "transport": "tcp", "fields": {"username": "root", "password": "123456"},
        }  # fmt: skip
        rows = [
            {**event, "seq": seq, "id": f"{self.worker}-{seq}", "session": f"s{seq}"}
            for seq in range(first, first + 10)
        ]
        page = {"spool_id": "spool", "first_seq": 1, "last_seq": first + 9, "more": False, "verdict": "ok"}
        return page | {"events": rows, "mark": f"{first:064x}"}


def context(home: Home) -> Context:
    """What a command on this state directory works with."""
    return Context(home, load(), emit=lambda event: None, sessions=lambda worker: Answering(home, worker))


async def _status(ctx: Context, on: str | None = None) -> None:
    show(await status(ctx, on=on), "table")


COMMANDS: dict[str, Callable[[Context], Awaitable[object]]] = {
    "status": _status,
    "status --on @site-0": lambda ctx: _status(ctx, "@site-0"),
    "reconcile": lambda ctx: reconcile(ctx, PassOptions()),
    "doctor": doctor,
    "logs": lambda ctx: logs(ctx, "*", None, 10),
    "events": pull,
}


def main(home: Home, command: str) -> None:
    # As the command line does.
    gc.set_threshold(COLLECTED_AFTER)
    ctx, began = context(home), time.process_time()
    with contextlib.redirect_stdout(io.StringIO()):
        asyncio.run(run(COMMANDS[command], ctx))
    print(json.dumps({"CPU": time.process_time() - began, "memory": _most_memory()}))


def _most_memory() -> float:
    """MiB of this program at its largest; getrusage(2) counts what started it, too."""
    status = Path("/proc/self/status").read_text()
    return int(next(line.split()[1] for line in status.splitlines() if line.startswith("VmHWM"))) / 1024


async def run(command: Callable[[Context], Awaitable[object]], ctx: Context) -> None:
    await command(ctx)


if __name__ == "__main__":
    main(Home(Path(sys.argv[1])), sys.argv[2])
