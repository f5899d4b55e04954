"""Any interleaving of attacks, pulls, crashes, losses and restored snapshots: every event is reported once,
or its loss is."""

from __future__ import annotations

import asyncio
import hashlib
import json
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from nearby import SHARED_MEMORY, WORKER, Engine, Nearby

from decnet.agent import docker, events, fresh, limits
from decnet.agent.containers import fleet_containers
from decnet.commands.events import _Fetched, _pull_page, _pull_worker
from decnet.errors import DockerDown
from decnet.store.events import event_cursor, read_events

START = 1_700_000_000 * 10**9
SECOND = 10**9


class ReportedOnce(RuleBasedStateMachine):
    """`happened` is what attackers did, `stored` what the operator has, `excused` what no one could know
    of any more: it vanished before an agent saw it, or with the machine itself."""

    @initialize()
    def begin(self) -> None:
        folder = SHARED_MEMORY if SHARED_MEMORY.is_dir() else None
        self.place = Nearby(Path(tempfile.mkdtemp(prefix="decnet-events-", dir=folder)))
        self.engine = Engine()
        self.patch = pytest.MonkeyPatch()
        for name, made in (
            ("get", self.engine.get),
            ("stream", self.engine.stream),
            ("Question", self.engine.question),
        ):
            self.patch.setattr(docker, name, made)
        for name, value in (("SPOOL_SEGMENT", 700), ("SPOOL_SEGMENTS", 3)):
            self.patch.setattr(limits, name, value)
        self.patch.setattr(fresh, "_TAILS", (2, 5, 0))
        self.clock = START
        self.born = 0
        self.runs: dict[str, tuple[str, int]] = {}
        self.happened: dict[str, tuple[str, int]] = {}
        self.excused: set[str] = set()
        self.reported: list[str] = []
        self.taken = 0
        self.snapshot: tuple[Path, dict[str, Any], dict[str, Any]] | None = None
        self.new_container()

    def teardown(self) -> None:
        if hasattr(self, "patch"):
            self.patch.undo()
            self.place.close()

    # What happens on the worker.

    @precondition(lambda self: len(self.engine.logs) < 3)
    @rule()
    def new_container(self) -> None:
        self.born += 1
        name = f"c{self.born}"
        self.engine.logs[name] = []
        self.start_again(name)

    def start_again(self, name: str) -> None:
        self.born += 1
        self.runs[name] = (f"run{self.born}", 0)

    @precondition(lambda self: self.engine.logs)
    @rule(data=st.data(), count=st.integers(1, 4))
    def attack(self, data: st.DataObject, count: int) -> None:
        name = data.draw(st.sampled_from(sorted(self.engine.logs)))
        for _ in range(count):
            run, n = self.runs[name]
            self.runs[name] = (run, n + 1)
            self.clock += SECOND
            line = {"run": run, "n": n + 1, "at": self.clock / SECOND, "kind": "login", "src": "192.0.2.9"}
            self.engine.logs[name].append(json.dumps(line).encode())
            key = "%s%s%d %r" % (name, run, n + 1, self.clock / SECOND)  # noqa: UP031
            self.happened[hashlib.sha256(key.encode()).hexdigest()[:24]] = (name + run, n + 1)

    @precondition(lambda self: self.engine.logs)
    @rule(data=st.data())
    def container_starts_again(self, data: st.DataObject) -> None:
        self.start_again(data.draw(st.sampled_from(sorted(self.engine.logs))))

    @precondition(lambda self: self.engine.logs)
    @rule(data=st.data(), by_agent=st.booleans())
    def container_goes(self, data: st.DataObject, by_agent: bool) -> None:
        name = data.draw(st.sampled_from(sorted(self.engine.logs)))
        if by_agent and self.engine.is_up:
            events.drain([each for each in fleet_containers("fleet-1") if each.id == name])
        before = self.known_there()
        self.engine.logs.pop(name)
        self.excuse(before)

    @rule(data=st.data())
    def log_rotates(self, data: st.DataObject) -> None:
        before = self.known_there()
        for name, lines in self.engine.logs.items():
            self.engine.logs[name] = lines[data.draw(st.integers(0, len(lines))) :]
        self.excuse(before)

    @rule(seconds=st.integers(-100, 100))
    def clock_jumps(self, seconds: int) -> None:
        self.clock += seconds * SECOND

    @rule()
    def engine_goes_or_comes(self) -> None:
        self.engine.is_up = not self.engine.is_up

    @precondition(lambda self: self.engine.is_up)
    @rule(written=st.sampled_from(["all", "no head", "torn"]))
    def agent_drains_and_crashes(self, written: str) -> None:
        head = self.place.agent_home / "events" / "spool.json"
        before, oldest = head.read_bytes() if head.exists() else None, self.oldest_segment()
        events.drain(fleet_containers("fleet-1"))
        # The head is written before a segment goes.
        if written == "no head" and before is not None and oldest == self.oldest_segment():
            head.write_bytes(before)
        if written == "torn":
            for file in sorted((self.place.agent_home / "events").glob("*.jsonl"))[-1:]:
                file.write_bytes(file.read_bytes() + b'{"seq":99,"container"')

    def oldest_segment(self) -> str:
        return min((file.name for file in (self.place.agent_home / "events").glob("*.jsonl")), default="")

    @rule()
    def spool_is_lost(self) -> None:
        before = self.known_there()
        shutil.rmtree(self.place.agent_home / "events", ignore_errors=True)
        if event_cursor(self.place.home, WORKER) is None:
            self.excuse(before)

    @rule()
    def take_snapshot(self) -> None:
        logs = {name: list(lines) for name, lines in self.engine.logs.items()}
        self.snapshot = (self.place.copy("snapshot"), logs, dict(self.runs))

    @precondition(lambda self: self.snapshot is not None)
    @rule()
    def agents_folder_is_restored(self) -> None:
        assert self.snapshot is not None
        before = self.known_there()
        self.place.restore(self.snapshot[0])
        self.excuse(before)

    @precondition(lambda self: self.snapshot is not None)
    @rule(with_memory=st.booleans())
    def whole_machine_is_restored(self, with_memory: bool) -> None:
        assert self.snapshot is not None
        before = self.known_there()
        copy, logs, runs = self.snapshot
        self.place.restore(copy)
        self.engine.logs = {name: list(lines) for name, lines in logs.items()}
        self.runs = dict(runs)
        if not with_memory:
            for name in self.runs:
                self.start_again(name)
        self.excuse(before)

    # What the operator does.

    @rule(pages=st.integers(1, 2))
    def pull_and_crash(self, pages: int) -> None:
        fetched = _Fetched()
        for _ in range(pages):
            if not asyncio.run(_pull_page(self.place.ctx, self.place.client, WORKER, fetched)):
                break
        self.take_stored()

    @rule()
    def operators_store_is_lost(self) -> None:
        shutil.rmtree(self.place.home.events(WORKER), ignore_errors=True)
        self.excused |= set(self.happened) - self.there()
        self.reported = []
        self.taken = 0

    @rule()
    def pull(self) -> None:
        owed = self.owes_a_word()
        fetched = asyncio.run(_pull_worker(self.place.ctx, self.place.client, WORKER))
        assert isinstance(fetched.error, DockerDown) == (not self.engine.is_up)
        assert fetched.error is None or not self.engine.is_up
        assert not owed or self.place.said, "the spool is not the one that was read, and nothing was said"
        self.take_stored()
        stored = self.stored()
        assert self.in_spool() <= stored, "something that is in the spool was not reported"
        if not any("dropped" in said for said in self.place.said):
            assert self.there() - self.excused <= stored, "something that is still there was not reported"
        missing = set(self.happened) - stored - self.excused
        # While the engine is down, nobody knows what else is lost: what was said counts at the next pull.
        if self.engine.is_up:
            assert not missing or self.place.heard(), f"lost without a word: {missing}"
            self.excused |= missing
            self.check_losses(stored)
            self.place.heard()

    def take_stored(self) -> None:
        """What the last pull stored is reported."""
        events = [row.event for row in read_events(self.place.home, workers=[WORKER])]
        new, self.taken = events[self.taken :], len(events)
        self.reported += [event.id for event in new]
        self.place.said += [str(event.fields["reason"]) for event in new if event.kind == "lost"]

    def check_losses(self, stored: set[str]) -> None:
        """A worker that forgets, or is restored, cannot count them."""

    def owes_a_word(self) -> bool:
        """Whether the spool, brought up to date, ends before what was read of it, or differs there."""
        if self.engine.is_up:
            events.drain(fleet_containers("fleet-1"))
        cursor, rows = event_cursor(self.place.home, WORKER), list(self.rows())
        if cursor is None or cursor.seq == 0 or not rows:
            return False  # Nothing of this spool was read.
        there = {row["seq"]: row["mark"] for row in rows}
        return cursor.seq > max(there) or there.get(cursor.seq, cursor.mark) != (
            cursor.mark or there.get(cursor.seq)
        )

    # What must hold.

    @invariant()
    def nothing_is_reported_twice(self) -> None:
        if hasattr(self, "place"):
            assert len(self.reported) == len(set(self.reported))
            found = [stored.event.id for stored in read_events(self.place.home)]
            assert len(found) == len(set(found))
            assert self.stored() <= set(self.happened)

    def stored(self) -> set[str]:
        return {row.event.id for row in read_events(self.place.home) if row.event.kind != "lost"}

    def rows(self) -> Iterator[dict[str, Any]]:
        for file in (self.place.agent_home / "events").glob("*.jsonl"):
            for line in file.read_bytes().split(b"\n")[:-1]:
                yield json.loads(line)

    def in_spool(self) -> set[str]:
        return {row["id"] for row in self.rows() if row["kind"] != "lost"}

    def in_logs(self) -> set[str]:
        found = set()
        for name, lines in self.engine.logs.items():
            for said in lines:
                row = json.loads(said)
                key = "%s%s%d %r" % (name, row["run"], row["n"], row["at"])  # noqa: UP031
                found.add(hashlib.sha256(key.encode()).hexdigest()[:24])
        return found

    def there(self) -> set[str]:
        return self.in_spool() | (self.in_logs() if self.engine.is_up else set())

    def known_there(self) -> set[str]:
        return self.in_spool() | self.in_logs()

    def excuse(self, before: set[str]) -> None:
        """What has disappeared at once before any pull cannot be known."""
        self.excused |= before - self.known_there()


class Counting(ReportedOnce):
    """The same on a worker and an operator that keep what they have: then the losses are counted exactly."""

    spool_is_lost = take_snapshot = agents_folder_is_restored = whole_machine_is_restored = None
    operators_store_is_lost = None

    def take_stored(self) -> None:
        """What the last pull stored is reported."""
        events = [row.event for row in read_events(self.place.home, workers=[WORKER])]
        new, self.taken = events[self.taken :], len(events)
        self.reported += [event.id for event in new]
        self.place.said += [str(event.fields["reason"]) for event in new if event.kind == "lost"]

    def check_losses(self, stored: set[str]) -> None:
        """Every event with a later event of its run is reported or counted, and nothing is counted twice."""
        lost = sum(row.event.stands_for for row in read_events(self.place.home) if row.event.kind == "lost")
        last: dict[str, int] = {}
        for run, n in (self.happened[each] for each in stored):
            last[run] = max(n, last.get(run, 0))
        missing = [self.happened[each] for each in set(self.happened) - stored]
        assert sum(n < last.get(run, 0) for run, n in missing) <= lost <= len(missing)


SETTINGS = settings(
    max_examples=50, stateful_step_count=30, deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)  # fmt: skip


def test_an_attackers_event_is_reported_once_whatever_is_lost_in_between() -> None:
    run_state_machine_as_test(ReportedOnce, settings=SETTINGS)


def test_what_is_lost_of_it_is_counted_once_and_not_more() -> None:
    run_state_machine_as_test(Counting, settings=SETTINGS)


@pytest.mark.slow
def test_an_attackers_event_is_reported_once_in_thousands_of_interleavings() -> None:
    run_state_machine_as_test(ReportedOnce, settings=settings(SETTINGS, max_examples=3000))
