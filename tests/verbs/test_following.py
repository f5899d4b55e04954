"""`events --follow` on a fake fleet: from which workers, over which connections, and what ends it."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random
from typing import Any
from unittest.mock import ANY

import pytest
from fakefleet import FakeFleet
from fakefleet.session import FakeSession
from filelock import FileLock

from decnet.cli.following import follow_events, print_new, together
from decnet.cli.loops import mutate_when_due
from decnet.commands.alerts import Alerts, alerts_to, send_alert, start_alerts
from decnet.commands.events import pull, stored
from decnet.commands.mutate import MutateOptions
from decnet.engine.context import Context
from decnet.errors import UsageError
from decnet.model.event import AttackerEvent
from decnet.model.worker import Worker
from decnet.plan.event_filter import EventFilter
from decnet.store import audit
from decnet.store.events import append_events, event_cursor
from decnet.store.fleet_table import FleetTable

ALL = EventFilter()


@dataclass(frozen=True)
class Page:
    """What a worker had reported before its spool was reset."""

    events: tuple[AttackerEvent, ...]
    spool_id: str = "old"
    mark: str = ""
    verdict: str = "ok"


class Ended(Exception):
    """The command has had its rounds."""


def visit(fleet: FakeFleet, worker: str, decky: str, *numbers: int) -> None:
    """Connections to a decky; its decoy logs them under these numbers."""
    machine = fleet[worker]
    service = machine.engine.named(f"{decky}-http")
    assert service is not None
    for number in numbers:
        event = {
            "run": "r", "n": number, "at": fleet.clock.now(), "kind": "contact",
            "src": "192.0.2.250", "sport": 4711, "session": "s", "fields": {},
        }  # fmt: skip
        service["Log"].append(json.dumps(event))
    machine.engine.save()


class Silent(FakeSession):
    async def call(self, *arguments: Any, **more: Any) -> Any:
        await asyncio.sleep(3600)


def with_a_silent_worker(fleet: FakeFleet) -> Context:
    """The fleet, of which all workers but w1 never answer."""

    def session(worker: Worker) -> FakeSession:
        return fleet.session(worker) if worker.name == "w1" else Silent(fleet[worker.name], worker.name)

    return fleet.context(sessions=session)


def follows(ctx: Context, rounds: int, *, on: str | None = None, alerts: Alerts | None = None) -> None:
    """Follow for so many pauses, of pulls and of alerts."""
    left = rounds

    async def pause(seconds: float) -> None:
        nonlocal left
        left -= 1
        if left <= 0:
            raise Ended
        await asyncio.sleep(0)

    with pytest.raises(Ended):
        asyncio.run(follow_events(replace(ctx, sleep=pause), ALL, 1.0, "name", on=on, alerts=alerts))


def test_only_the_selected_workers_are_followed(fleet: FakeFleet, capsys: pytest.CaptureFixture[str]) -> None:
    visit(fleet, "w1", "web-01", 1)
    visit(fleet, "w2", "web-02", 1)
    fleet["w1"].requests.clear()
    follows(fleet.context(), 2, on="w2")
    assert capsys.readouterr().out == "web-02\n"
    assert fleet["w1"].requests == []


def test_only_the_selected_workers_stored_events_are_shown(fleet: FakeFleet) -> None:
    visit(fleet, "w1", "web-01", 1)
    visit(fleet, "w2", "web-02", 1)
    ctx = fleet.context()
    asyncio.run(pull(ctx))
    assert [(worker, event.decky) for worker, event in stored(ctx, ALL, "w2")] == [("w2", "web-02")]
    with pytest.raises(UsageError, match="no worker is named 'w9'"):
        stored(ctx, ALL, "w9")


def test_alerts_report_the_selected_workers_and_leave_the_others_to_the_next(
    fleet: FakeFleet, tmp_path: Path
) -> None:
    receiver = tmp_path / "receiver"
    receiver.write_text(f"#!/bin/sh\ncat >> {tmp_path}/told\n")
    receiver.chmod(0o755)
    ctx = fleet.context()
    start_alerts(ctx, alerts_to(str(receiver), every=0, each=False, wanted=ALL))
    visit(fleet, "w1", "web-01", 1)
    visit(fleet, "w2", "web-02", 1)
    asyncio.run(pull(ctx))
    for on in ("w2", "w2", None):
        asyncio.run(send_alert(ctx, alerts_to(str(receiver), every=0, each=False, wanted=ALL, on=on)))
    alerted = [json.loads(line)["deckies"] for line in (tmp_path / "told").read_text().splitlines()]
    assert alerted == [{"web-02": 1}, {"web-01": 1}]


@pytest.fixture
def opened(fleet: FakeFleet) -> Counter[str]:
    """How many connections each worker was opened."""
    return Counter()


def counting(fleet: FakeFleet, opened: Counter[str], **changes: object) -> Context:
    def session(worker: Worker) -> FakeSession:
        opened[worker.name] += 1
        return fleet.session(worker)

    return fleet.context(sessions=session, **changes)


def test_all_rounds_use_one_connection_for_each_worker(fleet: FakeFleet, opened: Counter[str]) -> None:
    follows(counting(fleet, opened), 4)
    assert opened == {"w1": 1, "w2": 1}


def test_what_one_worker_sent_is_printed_while_another_is_slow(
    fleet: FakeFleet, capsys: pytest.CaptureFixture[str]
) -> None:
    visit(fleet, "w1", "web-01", 1)
    visit(fleet, "w2", "web-02", 1)

    async def work() -> str:
        shown = ""
        following = asyncio.ensure_future(follow_events(with_a_silent_worker(fleet), ALL, 1.0, "name"))
        async with asyncio.timeout(60):
            while "web-01" not in shown:
                await asyncio.sleep(0.05)
                shown += capsys.readouterr().out
        following.cancel()
        await asyncio.gather(following, return_exceptions=True)
        return shown

    assert asyncio.run(work()) == "web-01\n"


def test_a_fleet_that_appears_while_it_is_waited_for_is_connected_once(
    empty: FakeFleet, opened: Counter[str]
) -> None:
    kept = {file: file.read_bytes() for file in empty.home.root.glob("*decnet-state.json*")}
    for file in kept:
        file.unlink()

    async def pause(seconds: float) -> None:
        opened["pauses"] += 1
        for file, content in kept.items():
            file.write_bytes(content)
        if opened["pauses"] == 4:
            raise Ended

    with pytest.raises(Ended):
        asyncio.run(follow_events(counting(empty, opened, sleep=pause), ALL, 1.0, "name"))
    assert opened == {"w1": 1, "w2": 1, "pauses": 4}


def test_a_worker_that_moves_while_it_is_followed_is_found_at_its_new_address(
    fleet: FakeFleet, opened: Counter[str]
) -> None:
    table = FleetTable(fleet.home)

    async def pause(seconds: float) -> None:
        opened["pauses"] += 1
        table.put_worker(table.workers()["w1"].model_copy(update={"port": 2222}))
        if opened["pauses"] == 3:
            raise Ended

    with pytest.raises(Ended):
        asyncio.run(follow_events(counting(fleet, opened, sleep=pause), ALL, 1.0, "name"))
    assert opened == {"w1": 2, "w2": 1, "pauses": 3}


def test_a_watched_mutation_uses_one_connection_for_each_worker(
    empty: FakeFleet, opened: Counter[str]
) -> None:
    assert empty.deploy(FILE).code == 0

    async def pause(seconds: float) -> None:
        empty.clock.advance(seconds)
        opened["pauses"] += 1
        if opened["pauses"] == 200:
            raise Ended

    ctx = counting(empty, opened, sleep=pause, rng=Random(1))
    with pytest.raises(Ended):
        asyncio.run(mutate_when_due(ctx, MutateOptions(due=True), "json"))
    assert len(list(audit.read(empty.home))) > 2
    assert {opened["w1"], opened["w2"]} <= {0, 1}


FILE = """
mutate_hours = "always"
[network]
addresses = { use = ["192.0.2.100-192.0.2.130"] }

[decky.web]
count = 4
archetype = "linux-server"
mutate_interval = 5
"""


def test_an_unexpected_error_ends_a_command_of_several_tasks() -> None:
    async def for_ever() -> None:
        await asyncio.Event().wait()

    async def fails() -> None:
        await asyncio.sleep(0.02)
        raise ZeroDivisionError

    async def bounded() -> None:
        async with asyncio.timeout(10):
            await together(for_ever(), fails())

    with pytest.raises(ZeroDivisionError):
        asyncio.run(bounded())


def test_alerts_that_end_with_an_unexpected_error_end_the_command(fleet: FakeFleet) -> None:
    alerts = alerts_to("true", every=0, each=False, wanted=ALL)
    start_alerts(fleet.context(), alerts)
    visit(fleet, "w1", "web-01", 1)
    broken: Any = None

    async def bounded() -> None:
        async with asyncio.timeout(20):
            ctx = fleet.context(sleep=asyncio.sleep)
            await follow_events(ctx, ALL, 0.1, "name", alerts=replace(alerts, to=broken))

    with pytest.raises(AssertionError):
        asyncio.run(bounded())


def test_a_worker_whose_events_are_stored_by_another_command_holds_up_no_other(fleet: FakeFleet) -> None:
    visit(fleet, "w1", "web-01", 1)
    visit(fleet, "w2", "web-02", 1)
    folder = fleet.home.events("id-w1")
    folder.mkdir(parents=True)
    stalled = 0.0

    async def pulled() -> dict[str, object]:
        nonlocal stalled
        pulling = asyncio.ensure_future(pull(fleet.context()))
        loop = asyncio.get_running_loop()
        while not pulling.done():
            begun = loop.time()
            await asyncio.sleep(0.01)
            stalled = max(stalled, loop.time() - begun)
        return dict(pulling.result().errors)

    with FileLock(folder / "lock"):
        errors = asyncio.run(pulled())
    assert list(errors) == ["w1"]
    assert stalled < 2


def test_what_another_command_prints_holds_up_no_alert(fleet: FakeFleet) -> None:
    visit(fleet, "w1", "web-01", 1)
    longest = 0.0

    async def rounds() -> None:
        nonlocal longest
        loop = asyncio.get_running_loop()
        ctx = fleet.context(lock_timeout=3.0, sleep=asyncio.sleep, monotonic=loop.time)
        following = asyncio.ensure_future(follow_events(ctx, ALL, 0.1, "name"))
        for _ in range(100):
            begun = loop.time()
            await asyncio.sleep(0.02)
            longest = max(longest, loop.time() - begun)
        following.cancel()
        await asyncio.gather(following, return_exceptions=True)

    asyncio.run(pull(fleet.context()))
    with FileLock(fleet.home.events_dir / "shown.lock"):
        asyncio.run(rounds())
    assert longest < 1.5


def test_a_lock_of_what_is_printed_is_waited_for(
    fleet: FakeFleet, capsys: pytest.CaptureFixture[str]
) -> None:
    visit(fleet, "w1", "web-01", 1)
    asyncio.run(pull(fleet.context()))
    lock = FileLock(fleet.home.events_dir / "shown.lock")
    lock.acquire()

    async def pause(seconds: float) -> None:
        fleet.clock.advance(seconds)
        lock.release()
        if "web-01" in capsys.readouterr().out:
            raise Ended

    with pytest.raises(Ended):
        asyncio.run(follow_events(fleet.context(lock_timeout=10.0, sleep=pause), ALL, 1.0, "name"))
    print_new(fleet.context(), ALL, None, "name")
    assert capsys.readouterr().out == ""


def test_a_spool_that_is_new_and_empty_is_reported_once(fleet: FakeFleet) -> None:
    event = AttackerEvent(
        id="old", seq=1, at=1.0, decky="web-01", service="http", kind="contact",
        source_ip="192.0.2.250", source_port=1, session="s", fields={},
    )  # fmt: skip
    append_events(fleet.home, "id-w1", Page((event,)))
    messages = [fleet.run(lambda ctx: pull(ctx, "w1")).messages for _ in range(3)]
    assert messages == [["w1: its event spool was replaced: events that were not pulled are lost"], [], []]


def read_so_far() -> int:
    """Bytes that this process has read from files, by the kernel's count."""
    return int(Path("/proc/self/io").read_text().split()[1])


def test_what_is_stored_of_a_worker_that_was_reset_is_read_once(fleet: FakeFleet) -> None:
    earlier = tuple(
        AttackerEvent(
            id=f"old-{seq}", seq=seq, at=1.0, decky="web-01", service="http", kind="contact",
            source_ip="192.0.2.250", source_port=1, session="s", fields={"text": "x" * 500},
        )
        for seq in range(1, 10_001)
    )  # fmt: skip
    append_events(fleet.home, "id-w1", Page(earlier))
    size = (fleet.home.events("id-w1") / "events.jsonl").stat().st_size
    rounds = 0

    async def pause(seconds: float) -> None:
        nonlocal rounds
        rounds += 1
        if rounds > 5:
            raise Ended
        visit(fleet, "w1", "web-01", rounds)

    before = read_so_far()
    with pytest.raises(Ended):
        asyncio.run(follow_events(fleet.context(sleep=pause), ALL, 1.0, "name", on="w1"))
    assert size > 5_000_000
    # The index reads it once, too.
    assert read_so_far() - before < 5 * size
    assert event_cursor(fleet.home, "id-w1")[1:] == (5, ANY, 1)
