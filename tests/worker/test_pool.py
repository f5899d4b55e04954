"""One dead or slow worker neither delays nor cancels the others."""

from __future__ import annotations

import asyncio
import gc
import weakref
from pathlib import Path
from typing import Any

import pytest

from decnet.errors import Unreachable, WorkerFailure
from decnet.model.worker import Worker
from decnet.worker import connect, hostkeys
from decnet.worker.client import AgentClient
from decnet.worker.concurrency import Concurrency
from decnet.worker.pool import Pool, make_room, side_by_side
from decnet.worker.ssh import SshSession

from .loopback import Place, answer_to, raw_server, request_of, ssh_server

HELLO = {
    "protocol": 1, "agent": "a" * 64, "worker_id": None, "fleet_id": "f", "engine_id": None, "boot_id": "b",
    "clock": 1.0,
}  # fmt: skip


async def says_hello(process: Any) -> None:
    process.stdout.write(answer_to(await request_of(process), HELLO))
    process.exit(0)


def test_dead_workers_in_any_number_cost_one_limit_and_no_answer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connect, "CONNECT_LIMIT", 2.0)
    place, concurrency = Place(tmp_path), Concurrency(work=2)
    ended: dict[str, float] = {}

    async def run() -> dict[str, Any]:
        async with (
            ssh_server(place, says_hello) as server,
            raw_server(lambda r, w: asyncio.sleep(60)) as dead,
        ):
            ports = {f"dead-{n}": dead for n in range(20)} | {f"w{n}": server.get_port() for n in range(5)}
            workers = [place.worker(port, name) for name, port in ports.items()]

            def opened(worker: Worker) -> AgentClient:
                return AgentClient(place.session(worker.port, concurrency=concurrency, name=worker.name))

            async def hello(client: AgentClient) -> object:
                try:
                    return await client.hello()
                finally:
                    ended[client.worker] = asyncio.get_running_loop().time()

            async with Pool(opened) as pool:
                return dict(await pool.pull(workers, hello))

    results = asyncio.run(run())
    failed = {name: result.exit_code for name, result in results.items() if isinstance(result, WorkerFailure)}
    assert failed == {f"dead-{n}": Unreachable.exit_code for n in range(20)}
    # Twenty dead ones two at a time would take twenty seconds one after the other.
    assert max(ended.values()) - min(ended.values()) < 8
    assert max(ended[f"w{n}"] for n in range(5)) < min(ended[f"dead-{n}"] for n in range(20))


UNUSABLE = {
    "user": {"user": "a\nb\0"},
    "label": {"host": "a" * 70 + ".example"},
    "jump": {"jump": "@@:x:y"},
    "hop": {"jump": "root@" + "a" * 70},
}


def test_a_row_that_no_connection_can_be_made_with_is_that_workers_own_error(tmp_path: Path) -> None:
    place = Place(tmp_path)

    def opened(worker: Worker) -> AgentClient:
        place.pin(worker)
        pinned = hostkeys.pinned(place.known_hosts, worker)
        return AgentClient(SshSession(connect.target_of(worker, pinned, place.key)))

    async def run() -> dict[str, Any]:
        async with ssh_server(place, says_hello) as server, Pool(opened) as pool:
            good = place.worker(server.get_port())
            bad = [good.model_copy(update={"name": name, **row}) for name, row in UNUSABLE.items()]
            return dict(await pool.pull([*bad, good], lambda client: client.hello()))

    results = asyncio.run(run())
    assert not isinstance(results.pop("w1"), WorkerFailure)
    assert {name: error.exit_code for name, error in results.items()} == dict.fromkeys(UNUSABLE, 4)
    for name, error in results.items():
        assert error.message.startswith("its user, host or jump host is not valid (")
        assert error.hint == f"enrol it with a valid address: decnet worker add {name} USER@HOST"


def test_a_pool_keeps_its_connections_between_rounds(tmp_path: Path) -> None:
    place, connections = Place(tmp_path), set()

    async def count(process: Any) -> None:
        connections.add(process.channel.get_connection())
        await says_hello(process)

    async def run() -> None:
        async with ssh_server(place, count) as server:
            worker = place.worker(server.get_port())
            async with Pool(lambda w: AgentClient(place.session(w.port, name=w.name))) as pool:
                for _ in range(3):
                    await pool.pull([worker], lambda client: client.hello())

    asyncio.run(run())
    assert len(connections) == 1


def test_one_failure_is_one_value() -> None:
    async def good() -> int:
        return 1

    async def bad() -> int:
        raise Unreachable("gone", worker="w2")

    results: dict[str, int | WorkerFailure] = asyncio.run(side_by_side({"w1": good, "w2": bad, "w3": good}))
    assert results == {"w1": 1, "w2": WorkerFailure("w2", Unreachable, "gone"), "w3": 1}


def test_a_mistake_in_this_program_is_not_called_a_dead_worker() -> None:
    ended = []

    async def slow() -> int:
        await asyncio.sleep(0.05)
        ended.append("slow")
        return 1

    async def mistaken() -> int:
        raise KeyError("oops")

    with pytest.raises(KeyError):
        asyncio.run(side_by_side({"w1": mistaken, "w2": slow}))
    assert ended == ["slow"]


def test_room_for_a_large_fleet_is_made_once(monkeypatch: pytest.MonkeyPatch) -> None:
    frozen: list[None] = []
    monkeypatch.setattr("gc.freeze", lambda: frozen.append(None))
    monkeypatch.setattr("gc.set_threshold", lambda *numbers: None)
    make_room.cache_clear()

    async def nothing() -> None:
        return

    for _ in range(3):
        asyncio.run(side_by_side({str(n): nothing for n in range(60)}))
    # Garbage at the time of freezing is never collected: rounds of `status --watch` would grow without end.
    assert len(frozen) == 1


def test_a_closed_connection_is_not_kept_in_memory(tmp_path: Path) -> None:
    """Without the garbage collector: of a thousand workers, the connections would outlive their answers."""

    async def run() -> Any:
        place = Place(tmp_path)
        async with ssh_server(place, says_hello) as server:
            session = place.session(server.get_port())
            await session.call("hello", {}, limit=10)
            connection = weakref.ref(session._connection)
            gc.collect()
            gc.disable()
            try:
                await session.close()
                await asyncio.sleep(0.05)
                return connection()
            finally:
                gc.enable()

    assert asyncio.run(run()) is None
