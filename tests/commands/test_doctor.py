"""Each common problem is one sentence, with its fix."""

from __future__ import annotations

import asyncio
import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from decnet import catalog
from decnet.commands.checks.deckies import decky_findings
from decnet.commands.checks.finding import Finding
from decnet.commands.checks.images import image_findings
from decnet.commands.checks.network import CheckedWorker, lan_findings, machine_findings
from decnet.commands.checks.operator import operator_findings
from decnet.commands.doctor import _engine
from decnet.engine.context import Context
from decnet.errors import Unreachable
from decnet.images import wanted
from decnet.images.readiness import Readiness
from decnet.model.actual import Conflict, Container, Status
from decnet.model.fleet import Attachment, Decky, Fleet, Network
from decnet.model.journal import JournalPage
from decnet.model.worker import Facts, Hello, Worker
from decnet.plan.giveaways import giveaways
from decnet.store.desired import save_fleet
from decnet.store.fleet_table import FleetTable
from decnet.store.home_check import open_home
from decnet.store.last_seen import LastSeen, note_seen
from decnet.store.paths import Home
from decnet.wire import PROJECT
from decnet.worker.responses import Probed

NOW = 1_800_000_000.0
LAN = Network(
    driver="macvlan",
    interface="eth0",
    subnet="192.0.2.0/24",
    gateway="192.0.2.1",
    use=("192.0.2.100-192.0.2.110",),
)
HELLO = Hello(protocol=1, agent="a", worker_id="one", fleet_id="f", engine_id="e", boot_id="b", clock=NOW)


def decky(name: str = "web", ip: str = "192.0.2.100", mac: str = "00:50:56:00:00:01", **more: Any) -> Decky:
    values: dict[str, Any] = {
        "worker": "w1", "hostname": "oak82", "os": "linux",
        "release": "debian-12", "services": {"http": {}}, "seed": "0" * 32, "spec_hash": "s",
    }  # fmt: skip
    home = Attachment(address=ip, mac=mac)
    return Decky(name=name, attachments=(home,), **{**values, **more})


def fleet(*deckies: Decky, lan: Network = LAN) -> Fleet:
    return Fleet(fleet_id="f", lans={"w1": lan}).with_deckies(
        {each.name: each for each in deckies or (decky(),)}
    )


BASE = Container(
    name="web", id="c", decky="web", service="", fingerprint="p", image="i", state="running", ip="192.0.2.100"
)  # fmt: skip


def checked(
    name: str = "w1",
    *,
    lan: Network | None = LAN,
    conflicts: dict[str, str] | None = None,
    trouble: str = "",
    **facts: Any,
) -> CheckedWorker:
    """A worker as it was looked at; on w1 the decky `web` runs, unless another host has stopped it."""
    values: dict[str, Any] = {
        "interface": "eth0", "address": "192.0.2.11", "subnet": "192.0.2.0/24", "gateway": "192.0.2.1",
        "docker_version": "20.10.24", "compose_version": "1.29.2", "architecture": "amd64",
        "disk_free_mib": 9000, "memory_mib": 4000, "python": "3.11.2",
    }  # fmt: skip
    status = Status(
        hello=HELLO,
        docker="up",
        projects={},
        containers=(BASE.model_copy(update={"state": "restarting"}) if conflicts else BASE,)
        if name == "w1"
        else (),
        jobs=(),
        journal=JournalPage(journal_id="j", verdict="ok", first_seq=0, last_seq=0, records=(), more=False),
        conflicts=tuple(Conflict(project=PROJECT, decky=n, mac=m) for n, m in (conflicts or {}).items()),
        trouble=trouble,
    )
    return CheckedWorker(Worker(name=name, worker_id=name), Facts(**{**values, **facts}), status, lan)


def bad(findings: list[Finding] | Any) -> list[tuple[str, str]]:
    return [(each.state, each.finding) for each in findings if each.state != "fine"]


@pytest.mark.parametrize(
    ("there", "wanted"),
    [
        (checked(), []),
        (checked(interface=None), [("warning", "it has no default route")]),
        (checked(wireless=True), [("warning", "eth0 is wireless: access points drop the frames of macvlan")]),
        (
            checked(leased=True, lan=LAN.model_copy(update={"use": ()})),
            [("warning", "192.0.2.0/24 has DHCP, and no addresses are reserved for deckies")],
        ),
        (checked(leased=True), []),
        (
            checked(leased=True, address="192.0.2.105"),
            [("warning", "its own address 192.0.2.105 is from DHCP and in the range of the deckies")],
        ),
        (
            checked(subnet="198.51.100.0/24"),
            [("wrong", "web has 192.0.2.100, which is not in its LAN 198.51.100.0/24 any more")],
        ),
        (
            checked(conflicts={"web": "8c:16:45:00:00:01"}),
            [("wrong", "web is stopped, because 8c:16:45:00:00:01 answers for its address")],
        ),
        (
            checked(trouble="the disk of /var/lib/decnet-agent is full (0 KiB free)"),
            [("wrong", "the disk of /var/lib/decnet-agent is full (0 KiB free)")],
        ),
    ],
)
def test_what_a_machines_facts_show(there: CheckedWorker, wanted: list[tuple[str, str]]) -> None:
    found = list(machine_findings(there, fleet()))
    assert bad(found) == wanted
    assert all(each.fix for each in found if each.state != "fine")


@dataclass
class Lans:
    """Connections whose workers hear these addresses, each with its MAC; None: a worker that is silent."""

    heard: dict[str, dict[str, str] | None]

    def client(self, worker: Worker) -> Lans:
        return Lans({"": self.heard[worker.name]})

    async def probe(self, addresses: Any) -> Probed:
        answers = self.heard[""]
        if answers is None:
            raise Unreachable("no answer", worker="w2")
        return Probed(answered={a: mac for a, mac in answers.items() if a in addresses}, docker={})


def asked(heard: dict[str, Any], *workers: CheckedWorker) -> list[Finding]:
    connections: Any = Lans(heard)
    by_name = {each.worker.name: each for each in workers}
    return asyncio.run(lan_findings(connections, by_name, fleet()))["w1"]


def test_deckies_that_another_worker_reaches_are_fine() -> None:
    found = asked({"w1": {}, "w2": {"192.0.2.100": "00:50:56:00:00:01"}}, checked(), checked("w2"))
    assert [(each.state, each.finding) for each in found] == [("fine", "w2 reaches its deckies on the LAN")]


def test_deckies_that_no_worker_reaches_are_reported_as_a_filter() -> None:
    found = asked({"w1": {}, "w2": {}}, checked(machine="VMware, Inc. VMware7,1"), checked("w2"))
    assert bad(found) == [
        (
            "wrong",
            "w2 cannot reach its deckies on the LAN: a switch or hypervisor drops their frames",
        )
    ]
    assert (found[0].exit_code, "forged transmits" in found[0].fix) == (4, True)


def test_an_address_in_use_is_reported_with_its_holder() -> None:
    found = asked({"w1": {"192.0.2.100": "8c:16:45:00:00:01"}}, checked())
    assert bad(found) == [("wrong", "8c:16:45:00:00:01 answers for 192.0.2.100, which is web's")]


@pytest.mark.parametrize(
    ("there", "finding"),
    [
        (checked(), None),
        (checked(machine="QEMU Standard PC (Q35 + ICH9, 2009)"), None),
        (checked(machine="VMware, Inc. VMware Virtual Platform"), "it is a VMware guest: "),
        (checked(machine="Microsoft Corporation Virtual Machine"), "it is a Hyper-V guest: "),
        (checked(machine="Amazon EC2 t3.small"), "it is a cloud machine (Amazon EC2 t3.small): "),
        (checked(machine="Amazon EC2 t3.small", lan=LAN.model_copy(update={"driver": "bridge"})), None),
    ],
)
def test_without_a_worker_that_can_listen_the_kind_of_machine_is_reported(
    there: CheckedWorker, finding: str | None
) -> None:
    found = bad(asked({"w1": {}}, there))
    assert [text.startswith(finding or "") for _, text in found] == ([True] if finding else [])


def test_a_worker_on_another_lan_is_not_asked_to_listen() -> None:
    assert asked({"w1": {}, "w2": {}}, checked(), checked("w2", subnet="198.51.100.0/24")) == []


def test_a_listener_that_does_not_answer_proves_nothing() -> None:
    assert bad(asked({"w1": {}, "w2": None}, checked(), checked("w2"))) == []


@pytest.mark.parametrize(
    ("versions", "state", "finding"),
    [
        ((None, None), "wrong", "no Docker engine answers"),
        (("20.10.24", None), "wrong", "no Docker Compose is installed"),
        (("25.0.1", "1.29.2"), "wrong", "compose 1.29.2 crashes with Docker Engine 25.0.1"),
        (("17.05", "1.29.2"), "warning", "Docker Engine 17.05 is older than any that decnet was tested with"),
        (("26.1", "2.27.0"), "fine", "Docker Engine 26.1, compose 2.27.0"),
    ],
)
def test_versions_that_do_not_go_together(
    versions: tuple[str | None, str | None], state: str, finding: str
) -> None:
    facts = checked(docker_version=versions[0], compose_version=versions[1]).facts
    assert [(each.state, each.finding) for each in _engine("w1", facts)] == [(state, finding)]


def test_what_identifies_a_decky_as_a_honeypot() -> None:
    known = catalog.load()
    found = giveaways(
        fleet(
            decky("plain"),
            decky("old", ip="192.0.2.101", hostname="svr04"),
            decky("docker", ip="192.0.2.102", mac="02:42:ac:00:00:01"),
            decky("header", ip="192.0.2.103", services={"http": {"server_header": "Apache/2.2.22 (Ubuntu)"}}),
            decky("secret", ip="192.0.2.104", services={"ssh": {"credentials": "root:honeypot"}}),
        ),
        known,
    )
    assert [(tell.decky, tell.what) for tell in found] == [
        ("docker", "its MAC address 02:42:ac:00:00:01, which is Docker's own"),
        ("header", "`server_header` of http, which contains Apache/2.2.22"),
        ("old", "its hostname svr04"),
    ]


def test_no_release_of_the_catalog_identifies_its_deckies() -> None:
    known = catalog.load()
    services: dict[str, Any] = {name: {} for name in known.services}
    deckies = (
        decky(f"d{number}", ip=f"192.0.2.{number}", release=release, services=services)
        for number, release in enumerate(known.releases, 1)
    )
    assert list(giveaways(fleet(*deckies), known)) == []


@pytest.fixture
def home(tmp_path: Path) -> Home:
    found = Home(tmp_path / "home")
    open_home(found)
    save_fleet(found, fleet())
    FleetTable(found).put_worker(Worker(name="w1", worker_id="one"))
    return found


def house(home: Home, now: float = NOW) -> list[tuple[str, str, str]]:
    ctx = Context(home=home, catalog=catalog.load(), emit=lambda event: None, now=lambda: now)
    return [
        (each.what, each.state, each.finding) for each in operator_findings(ctx)[0] if each.state != "fine"
    ]


def test_a_house_in_order_has_nothing_to_say(home: Home) -> None:
    assert house(home) == []


@pytest.mark.parametrize(
    ("name", "content", "what"),
    [
        ("decnet-state.json", "{", "desired"),
        ("fleet.json", "{", "workers"),
        ("records/one.json", "{", "records"),
    ],
)
def test_a_damaged_file_is_a_finding_and_not_the_end(home: Home, name: str, content: str, what: str) -> None:
    (home.root / name).write_text(content)
    [(found, state, text)] = house(home)
    assert (found, state) == (what, "wrong")
    assert str(home.root / name) in text


def test_a_clock_that_was_never_set_or_went_back(home: Home) -> None:
    assert house(home, 1000.0) == [("clock", "wrong", "this machine's clock was never set")]
    os.utime(home.state, (NOW + 7200, NOW + 7200))
    [(what, state, text)] = house(home)
    assert (what, state) == ("clock", "warning")
    assert text.startswith("this machine's clock went back by 7200 s")


def test_deckies_without_a_scheduled_reconcile(home: Home) -> None:
    note_seen(home, {"one": LastSeen(at=NOW - 3 * 86_400, skew=0.0)})
    assert house(home) == [("cron", "warning", "w1 was not contacted for 3 days")]


def test_a_contact_in_the_future_does_not_count_as_recent(home: Home) -> None:
    note_seen(home, {"one": LastSeen(at=NOW + 30 * 86_400, skew=0.0)})
    text = "w1 was last contacted under a clock that was ahead, at an unknown time"
    assert house(home) == [("cron", "warning", text)]


def test_an_engine_that_a_user_may_not_use_has_another_fix() -> None:
    """Without root, an engine that runs looks like none."""
    facts = checked(docker_version=None, compose_version=None).facts
    fixes = [
        next(_engine("w1", facts.model_copy(update={"root": root}))).fix.partition(";")[0]
        for root in (True, False)
    ]
    assert fixes == ["apt install docker.io", "use sudo, or add the user there to the group docker"]


HTTP = BASE.model_copy(update={"name": "web-http", "id": "h", "service": "http", "attached": True})


def running(*containers: Container, **more: Any) -> CheckedWorker:
    """w1 with exactly these containers."""
    worker = checked(**more)
    assert worker.status is not None
    return replace(worker, status=worker.status.model_copy(update={"containers": containers}))


@pytest.mark.parametrize(
    "containers",
    [
        (),
        (BASE,),
        (HTTP,),
        (BASE, HTTP.model_copy(update={"state": "exited"})),
        (BASE, HTTP.model_copy(update={"attached": False})),
        (BASE.model_copy(update={"decky": "other"}), HTTP),
    ],
)
def test_a_decky_that_is_not_whole_is_found(containers: tuple[Container, ...]) -> None:
    assert list(decky_findings(running(*containers), fleet())) == [
        Finding(
            "w1", "wrong", "1 of 1 decky not running, or not with all services: web",
            "decnet reconcile repairs them; decnet status shows why", 4,
        )
    ]  # fmt: skip


def test_a_whole_fleet_is_fine_and_a_stopped_decky_is_reported_elsewhere() -> None:
    assert [each.finding for each in decky_findings(running(BASE, HTTP), fleet())] == ["1 decky running"]
    stopped = running(conflicts={"web": "8c:16:45:00:00:01"})
    assert bad(decky_findings(stopped, fleet())) == []
    assert list(decky_findings(running(), Fleet(fleet_id="f"))) == []


@pytest.mark.parametrize(
    ("on_workers", "state", "who"),
    [
        ({}, "wrong", "needed by the first deploy"),
        ({"w1": wanted().all(), "w2": ()}, "wrong", "needed by w2"),
        ({"w1": wanted().all()}, "warning", "no worker needs them now"),
    ],
)
def test_images_that_cannot_be_built_are_wrong_where_they_are_needed(
    on_workers: dict[str, tuple[str, ...]], state: str, who: str
) -> None:
    found = Readiness(obstacles=(("mmdebstrap is not installed", "apt install mmdebstrap"),))
    [finding] = image_findings(found, on_workers)
    assert (finding.state, finding.fix, finding.exit_code) == (state, "apt install mmdebstrap", 1)
    assert finding.finding == f"images cannot be built on this machine ({who}): mmdebstrap is not installed"


def test_images_that_are_there_or_can_be_built_are_fine() -> None:
    states = [
        finding.state for each in (Readiness(built=True), Readiness()) for finding in image_findings(each, {})
    ]
    assert states == ["fine", "fine"]
