"""The three-way pass over a large fleet, in this process and without a worker."""

from __future__ import annotations

import random
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from decnet.catalog import load
from decnet.images import wanted
from decnet.model.actual import Container, Observation, Seen, Status
from decnet.model.fleet import Attachment, Decky, Fleet, Network
from decnet.model.journal import JournalPage
from decnet.model.keys import DeckyKey, SliceKey
from decnet.model.record import WorkerRecords
from decnet.model.worker import Hello
from decnet.plan.compose import ExpectedSlice, expected_containers
from decnet.plan.decky_view import desired_row
from decnet.plan.images import upgraded
from decnet.plan.reconcile import reconcile
from decnet.store.paths import Home
from decnet.store.records import Records
from decnet.wire import PROJECT

from .rows import Row

AGAINST = (1.0, "one second of CPU", 1.0)
"""Reference and aim of a pass over 10,000 deckies."""


class Large:
    """A fleet, what is recorded of it, and what its workers report: all in order."""

    def __init__(self, deckies: int, workers: int, *, pinned: bool = False) -> None:
        """With `pinned`, each decky names its images, as after its first pass."""
        names = [f"w{n}" for n in range(workers)]
        lans = {name: lan(number) for number, name in enumerate(names)}
        made = {f"d{n}": decky(n, workers) for n in range(deckies)}
        fleet = Fleet(fleet_id="bench", lans=lans).with_deckies(made)
        self.fleet = upgraded(fleet, lans, wanted()) if pinned else fleet
        self.expected: dict[str, ExpectedSlice] = expected_containers(self.fleet, load(), wanted())
        self.recorded = {name: self.records(name) for name in names}
        self.observed: dict[str, Observation] = {name: self.seen(name, {}) for name in names}

    def records(self, worker: str) -> WorkerRecords:
        rows = {
            name: desired_row(DeckyKey(worker, PROJECT, name), self.fleet.deckies[name], made)
            for name, made in self.expected[SliceKey(worker)].items()
        }
        return WorkerRecords(worker_id=worker).with_project(PROJECT, deckies=rows)

    def seen(self, worker: str, states: dict[str, str]) -> Seen:
        containers = tuple(
            Container.model_validate(
                {
                    "name": container,
                    "id": container,
                    "decky": name,
                    "service": content.service,
                    "fingerprint": content.fingerprint,
                    "image": content.image,
                    "state": states.get(name, "running"),
                    "attached": True if content.service else None,
                }
            )
            for name, made in self.expected[SliceKey(worker)].items()
            for container, content in made.items()
        )
        return Seen(worker=worker, status=seen_status(containers))

    def with_drift(self, share: float) -> dict[str, Observation]:
        dice = random.Random(1)
        gone = {name: "exited" for name in self.fleet.deckies if dice.random() < share}
        return {worker: self.seen(worker, gone) for worker in self.observed}

    def empty(self) -> dict[str, Observation]:
        return {worker: Seen(worker=worker, status=seen_status(())) for worker in self.observed}


def lan(worker: int) -> Network:
    """Each worker has a LAN of its own: 10.X.Y.0/24."""
    block = f"10.{worker >> 8}.{worker & 255}"
    return Network(driver="macvlan", interface="eth0", subnet=f"{block}.0/24", gateway=f"{block}.1")


def decky(number: int, workers: int) -> Decky:
    worker, place = number % workers, number // workers
    return Decky(
        name=f"d{number}",
        worker=f"w{worker}",
        attachments=(
            Attachment(
                address=f"10.{worker >> 8}.{worker & 255}.{place + 10}",
                mac=f"00:50:56:{number >> 16:02x}:{number >> 8 & 255:02x}:{number & 255:02x}",
            ),
        ),
        hostname=f"host{number}",
        os="linux",
        release="debian-12",
        services={"ssh": {}, "http": {}},
        seed=f"{number:032x}",
        spec_hash="0",
    )


def seen_status(containers: tuple[Container, ...]) -> Status:
    hello = Hello(protocol=1, agent="", worker_id=None, fleet_id=None, engine_id=None, boot_id="", clock=0.0)
    page = JournalPage(journal_id="j", first_seq=0, last_seq=0, verdict="ok", records=(), more=False)
    return Status(hello=hello, docker="up", projects={}, containers=containers, jobs=(), journal=page)


def three_way_rows(deckies: int = 10_000, workers: int = 500) -> list[Row]:
    """CPU seconds of the pass."""
    large = Large(deckies, workers)
    blank = {name: WorkerRecords(worker_id=name) for name in large.recorded}

    def plan(recorded: dict[str, WorkerRecords], observed: dict[str, Observation]) -> Callable[[], object]:
        return lambda: reconcile(large.fleet, recorded, observed, large.expected, now=0.0)

    with tempfile.TemporaryDirectory() as folder:
        home = Home(Path(folder))
        home.records_dir.mkdir(parents=True)
        for records in large.recorded.values():
            Records(home).save(records)
        store = Records(home)
        whole = cpu(lambda: _whole(large, store))
    size = f"{deckies} deckies, {workers} workers"
    inserted, drifted = cpu(plan(blank, large.empty())), cpu(plan(large.recorded, large.with_drift(0.01)))
    idle, read = cpu(plan(large.recorded, large.observed)), "records read and contents made"
    return [
        Row(f"three-way pass, nothing recorded or there: {size}", inserted, *AGAINST),
        Row(f"three-way pass, nothing to do: {size}", idle, *AGAINST),
        Row(f"three-way pass, 1% drift: {size}", drifted, *AGAINST),
        Row(f"the same with nothing to do, {read}: {size}", whole, *AGAINST),
    ]


def _whole(large: Large, store: Records) -> None:
    expected = expected_containers(large.fleet, load(), wanted())
    recorded = store.load_many(large.recorded)
    plan = reconcile(large.fleet, recorded, large.observed, expected, now=0.0)
    assert plan.is_empty
    for records in recorded.values():
        assert not store.save(records)


def cpu(run: Callable[[], object]) -> float:
    """The least processor time of three runs, in seconds."""
    taken = []
    for _ in range(3):
        began = time.process_time()
        run()
        taken.append(time.process_time() - began)
    return min(taken)
