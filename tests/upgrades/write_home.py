"""Run by decnet 0.1.0: fills a home with all that it keeps there, and two workers that refuse connections."""

from __future__ import annotations

import sys
import time
from pathlib import Path

from decnet.store.opening import open_home
from decnet.store.seen import LastSeen, note_seen

from decnet import __version__
from decnet.model.event import AttackerEvent
from decnet.model.fleet import Decky, Fleet, Lan
from decnet.model.journal import Cursor
from decnet.model.record import Applied, DeckyRow, LifecycleRow, WorkerRecords
from decnet.model.worker import Facts, Worker
from decnet.store.atomic import write_whole
from decnet.store.audit import append
from decnet.store.desired import save_fleet
from decnet.store.events import append_events
from decnet.store.fleet_table import FleetTable, Quarantined
from decnet.store.paths import Home
from decnet.store.records import Records
from decnet.worker.fleetkey import ensure_key
from decnet.worker.hostkeys import pin

NOW = time.time() - 3600
WORKERS = ("w1", "w2")
STATUSES = ("succeeded", "failed", "lost", "running", "pending")
LEFT = Quarantined(
    address="192.0.2.99", mac="00:50:56:00:00:99", decky="gone", worker="w9", reason="forgotten", since=NOW
)


class Page:
    """A page of events, as an agent answers it."""

    spool_id, mark, verdict = "a" * 32, "m" * 24, "ok"

    def __init__(self, *events: AttackerEvent) -> None:
        self.events = events


def decky(number: int, worker: str) -> Decky:
    settings = {"ssh": {"credentials": "root:toor"}} if number % 2 else {}
    return Decky(
        name=f"web-{number}", worker=worker, ip=f"192.0.2.{100 + number}", mac=f"00:50:56:00:00:{number:02x}",
        hostname=f"srv{number}", os="linux", release="debian-12", archetype="web-server",
        services={"http": {"port": 80}, "ssh": {"port": 22, **settings.get("ssh", {})}}, settings=settings,
        seed=f"{number:032x}", spec_hash="ab" * 32, mutate_interval=60, mutated_at=NOW,
        mutated=bool(number % 2), previous=("http",) if number % 2 else None,
    )  # fmt: skip


def records(worker: str, deckies: list[Decky]) -> WorkerRecords:
    rows = {
        one.name: DeckyRow(
            name=one.name, ip=one.ip, mac=one.mac, status="running", adopted=one.mutated,
            containers={one.name: "c" * 64, f"{one.name}-ssh": "d" * 64},
        )
        for one in deckies
    }  # fmt: skip
    lifecycle = tuple(
        LifecycleRow(
            id=f"{worker}-{number}", decky=deckies[0].name, operation="create", request_id=f"r{number}",
            status=status, reason="it is new", created=NOW + number, started=NOW + number + 1,
            ended=None if status in ("running", "pending") else NOW + number + 2, ended_by_worker=True,
            error="the engine said no" if status == "failed" else "",
        )
        for number, status in enumerate(STATUSES)
    )  # fmt: skip
    facts = Facts(
        interface="eth0", address="192.0.2.11", subnet="192.0.2.0/24", gateway="192.0.2.1",
        docker_version="20.10.24", compose_version="1.29.2", architecture="amd64", disk_free_mib=1000,
        memory_mib=1000, python="3.11.2", hostname=worker, root=True,
    )  # fmt: skip
    return WorkerRecords(
        worker_id=f"id-{worker}", deckies=rows, lifecycle=lifecycle, facts=facts,
        cursor=Cursor(journal_id="j" * 32, seq=7, hash="e" * 64), generation=3, plan_hash="f" * 64,
        applied=Applied(generation=3, plan_hash="f" * 64), heals={deckies[0].name: (NOW, NOW + 60)},
    )  # fmt: skip


def event(number: int) -> AttackerEvent:
    return AttackerEvent(
        id=f"event-{number}", seq=number, at=NOW + number, decky="web-1", service="ssh", kind="login",
        source_ip="198.51.100.9", source_port=4000, session="s1",
        fields={"username": "root", "password": "toor", "success": True},
    )  # fmt: skip


def main(root: Path) -> None:
    home = Home(root)
    open_home(home)
    lan = Lan(
        driver="macvlan", interface="eth0", subnet="192.0.2.0/24", gateway="192.0.2.1",
        use=("192.0.2.100-192.0.2.130",), exclude=("192.0.2.120",),
    )  # fmt: skip
    deckies = {
        worker: [decky(2 * n + 1, worker), decky(2 * n + 2, worker)] for n, worker in enumerate(WORKERS)
    }
    every = {one.name: one for ones in deckies.values() for one in ones}
    save_fleet(
        home,
        Fleet(fleet_id="f-1", lans=dict.fromkeys(WORKERS, lan), deckies=every, confirmed=("192.0.2.0/24",)),
    )
    table = FleetTable(home)
    key = ensure_key(home.keys / "fleet_ed25519", write_whole).public
    for number, name in enumerate(WORKERS):
        worker = Worker(
            name=name, worker_id=f"id-{name}", host="127.0.0.1", port=1 + number, user="root", tags=("dmz",),
            max_deckies=9, enrolled_at=NOW,
        )  # fmt: skip
        table.put_worker(worker)
        pin(home.known_hosts, worker, key, write_whole)
        Records(home).save(records(name, deckies[name]))
        append_events(home, worker.worker_id, Page(event(1), event(2)))
    note_seen(home, {f"id-{name}": LastSeen(at=NOW, skew=0.5) for name in WORKERS})
    table.quarantine([LEFT])
    append(home, at=NOW, who="root", command="decnet deploy", outcome="4 create", exit_code=0)
    print(__version__)


main(Path(sys.argv[1]))
