"""A pass with a deadline ends when it is over, and says what is open."""

from __future__ import annotations

import asyncio
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from decnet import catalog
from decnet.engine.context import Context
from decnet.engine.pass_end import why_ended, with_deadline
from decnet.errors import PartlyFailed
from decnet.model.record import LifecycleRow, WorkerRecords
from decnet.model.worker import Worker
from decnet.store.atomic import write_whole
from decnet.store.desired import new_fleet, save_fleet
from decnet.store.fleet_table import FleetTable
from decnet.store.home_check import open_home
from decnet.store.paths import Home
from decnet.store.records import Records
from decnet.worker.fleetkey import ensure_key
from decnet.worker.hostkeys import pin


@pytest.fixture
def silent_port() -> Iterator[int]:
    """A server that takes every connection and never says a word."""
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen(8)
        yield server.getsockname()[1]


@pytest.fixture
def home(tmp_path: Path, silent_port: int) -> Home:
    """A fleet with one worker, which accepted a job and answers no more."""
    found = Home(tmp_path / "home")
    open_home(found)
    worker = Worker(name="w1", worker_id="one", host="127.0.0.1", port=silent_port, user="root")
    key = ensure_key(found.keys / "fleet_ed25519", write_whole)
    pin(found.known_hosts, worker, key.public, write_whole)
    save_fleet(found, new_fleet())
    FleetTable(found).put_worker(worker)
    row = LifecycleRow(
        id="r", decky="web-01", operation="create", request_id="q", status="running", created=1.0
    )
    Records(found).save(WorkerRecords(worker_id="one", lifecycle=(row,)))
    return found


def context(home: Home) -> Context:
    return Context(home=home, catalog=catalog.load(), emit=lambda event: None)


def test_what_is_in_time_is_not_touched(home: Home) -> None:
    assert asyncio.run(with_deadline(context(home), 30.0, asyncio.sleep(0, "done"))) == "done"
    assert asyncio.run(with_deadline(context(home), None, asyncio.sleep(0, "done"))) == "done"


def test_a_time_limit_of_the_work_itself_is_not_taken_for_the_deadline(home: Home) -> None:
    async def work() -> None:
        raise TimeoutError("its own")

    with pytest.raises(TimeoutError, match="its own"):
        asyncio.run(with_deadline(context(home), 30.0, work()))


def test_what_is_open_is_named(home: Home) -> None:
    with pytest.raises(PartlyFailed) as caught:
        asyncio.run(with_deadline(context(home), 0.01, asyncio.sleep(30)))
    assert caught.value.message == (
        "the pass did not finish within 0.01 s and was stopped; open: web-01 on w1"
    )
    assert caught.value.hint == (
        "jobs that a worker accepted continue there; the next decnet reconcile records their results"
    )


@pytest.mark.parametrize(
    ("seconds", "why"), [(0.01, ("its deadline passed", 4)), (30.0, ("interrupted", 130))]
)
def test_whether_a_pass_was_interrupted_or_too_slow_is_known_inside(
    home: Home, seconds: float, why: tuple[str, int]
) -> None:
    reasons = []

    async def work() -> None:
        try:
            await asyncio.sleep(30)
        except asyncio.CancelledError as error:
            reasons.append(why_ended(error))
            raise

    async def interrupted() -> None:
        task = asyncio.create_task(with_deadline(context(home), seconds, work()))
        await asyncio.sleep(0.1)
        task.cancel()
        await task

    with pytest.raises((PartlyFailed, asyncio.CancelledError)):
        asyncio.run(interrupted())
    assert reasons == [why]


def test_a_silent_worker_does_not_hold_a_pass_beyond_its_deadline(home: Home) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "decnet", "reconcile", "--quiet", "--deadline", "1"],
        env={"DECNET_HOME": str(home.root), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stdout) == (4, "")
    assert done.stderr.startswith(
        "error: the pass did not finish within 1 s and was stopped; open: web-01 on w1\n"
    )
