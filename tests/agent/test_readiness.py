"""Real processes: a base that has not become ready, or lost its interface, a service that does not listen."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

import pytest

from decnet.agent import readiness
from decnet.agent.containers import Container, start_tick
from decnet.agent.health import SLEEPER, has_room, trouble
from decnet.images.base import start

ADDRESS = "192.0.2.7"
PORT = 8022
LISTEN = f"import socket, time; s = socket.create_server(('', {PORT})); time.sleep(600)"
STILL_STARTING = [sys.executable, "-c", "import time; time.sleep(600)"]

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="needs root for a network namespace")


class Decky:
    """The processes of a base and a service in one network namespace, and their rows."""

    def __init__(self, base: list[str], service: str) -> None:
        self._namespace = subprocess.Popen(["unshare", "-n", "sleep", "600"])
        wait_until(lambda: self._is_apart())
        self.run("ip", "link", "set", "lo", "up")
        self.run("ip", "link", "add", "eth0", "type", "veth", "peer", "name", "other")
        for name in ("eth0", "other"):
            self.run("ip", "link", "set", name, "up")
        self.run("ip", "address", "add", f"{ADDRESS}/24", "dev", "eth0")
        self.processes = [self._start(base), self._start([sys.executable, "-c", service])]
        self.base, self.service = (
            self._container("web", self.processes[0]),
            self._container("http", self.processes[1]),
        )
        self.base.addresses = [ADDRESS]

    def run(self, *argv: str) -> None:
        subprocess.run(self._inside(argv), check=True)

    def slices(self) -> dict[str, Any]:
        rows = {
            "web": {"service": "", "fingerprint": "f", "image": "i", "ports": []},
            "web-http": {"service": "http", "fingerprint": "f", "image": "i", "ports": [[PORT, "tcp"]]},
        }
        home = {"network": "decnet_lan", "address": ADDRESS, "mac": "02:42:c0:00:02:07"}
        web = {"decky": {"attachments": [home]}, "containers": rows}
        return {"decnet": {"slice": {"deckies": {"web": web}}}}

    def verdicts(self, at_work: Collection[tuple[str, str]] = ()) -> list[str | None]:
        readiness.note_readiness([self.base, self.service], self.slices(), frozenset(at_work))
        return [self.base.ready, self.service.ready]

    def trouble(self) -> tuple[str, str] | None:
        expected = self.slices()["decnet"]["slice"]["deckies"]["web"]["containers"]
        return trouble(expected, {"web": self.base, "web-http": self.service}, "web")

    def grow_old(self) -> None:
        """The processes were started a while ago."""
        for container in (self.base, self.service):
            container.started -= 20 * os.sysconf("SC_CLK_TCK")

    def end(self) -> None:
        for process in (*self.processes, self._namespace):
            process.kill()
            process.wait()

    def _is_apart(self) -> bool:
        own = Path("/proc/self/ns/net").readlink()
        return Path(f"/proc/{self._namespace.pid}/ns/net").readlink() != own

    def _inside(self, argv: Any) -> list[str]:
        return ["nsenter", f"--net=/proc/{self._namespace.pid}/ns/net", *argv]

    def _start(self, argv: list[str]) -> subprocess.Popen[bytes]:
        process = subprocess.Popen(self._inside(argv))
        wanted = argv[0].encode()
        wait_until(lambda: Path(f"/proc/{process.pid}/cmdline").read_bytes().startswith(wanted))
        return process

    def _container(self, role: str, process: subprocess.Popen[bytes]) -> Container:
        service = "" if role == "web" else role
        labels = {"decnet.decky": "web", "decnet.service": service, "decnet.fingerprint": "f"}
        name = "web-http" if service else "web"
        container = Container({"Id": role, "Names": [f"/{name}"], "Labels": labels, "State": "running"})
        container.pid, container.started = process.pid, start_tick(process.pid)
        container.attached = True if service else None
        return container


def wait_until(is_so: Any) -> None:
    deadline = time.monotonic() + 20
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.02)


@pytest.fixture
def deckies(home: Path) -> Iterator[Any]:
    made: list[Decky] = []

    def make(base: list[str], service: str = LISTEN) -> Decky:
        made.append(Decky(base, service))
        return made[-1]

    yield make
    for decky in made:
        decky.end()


def test_a_base_becomes_the_program_that_is_its_word_for_ready() -> None:
    assert b"\0".join(word.encode() for word in start.SLEEP).startswith(SLEEPER)


def test_a_decky_is_ready_when_its_base_is_and_its_service_listens(deckies: Any) -> None:
    decky = deckies(list(start.SLEEP))
    wait_until(lambda: decky.trouble() is None)
    assert decky.verdicts() == ["yes", "yes"]


def test_a_service_has_room_in_a_ready_base_where_nothing_has_its_port(deckies: Any) -> None:
    decky, other = deckies(list(start.SLEEP)), deckies(STILL_STARTING)
    wait_until(lambda: decky.trouble() is None)
    same, free = {"ports": [[PORT, "tcp"]]}, {"ports": [[PORT, "udp"], [PORT + 1, "tcp"]]}
    assert [has_room(decky.base, wanted) for wanted in (same, free)] == [False, True]
    assert not has_room(other.base, free)
    decky.base.pid = 0
    assert not has_room(decky.base, free)


def test_a_base_that_never_becomes_ready_fails_its_deploy(deckies: Any) -> None:
    decky = deckies(STILL_STARTING)
    wait_until(lambda: decky.verdicts() == ["starting", "yes"])
    assert decky.trouble() == ("web", "has not become ready")
    decky.grow_old()
    assert decky.verdicts()[0] == "no"


@pytest.mark.parametrize("lost", [["link", "del", "eth0"], ["link", "set", "eth0", "down"]])
def test_a_base_that_was_ready_and_lost_its_interface_is_not_ready(deckies: Any, lost: list[str]) -> None:
    decky = deckies(list(start.SLEEP))
    decky.grow_old()
    before = decky.verdicts()[0]
    decky.run("ip", *lost)
    assert (before, decky.verdicts()[0], decky.trouble()) == ("yes", "no", ("web", "has lost its interface"))


def test_a_base_that_was_disconnected_from_its_network_is_not_ready(deckies: Any) -> None:
    """Docker does not name its address any more."""
    decky = deckies(list(start.SLEEP))
    decky.grow_old()
    before = decky.verdicts()[0]
    decky.run("ip", "link", "del", "eth0")
    decky.base.addresses = []
    assert (before, decky.verdicts()[0]) == ("yes", "no")


def test_a_service_that_does_not_listen_is_not_ready(deckies: Any) -> None:
    decky = deckies(list(start.SLEEP), "import time; time.sleep(600)")
    first = decky.verdicts()
    decky.grow_old()
    assert (first, decky.verdicts()) == (["yes", "starting"], ["yes", "no"])


def test_a_service_that_was_seen_to_listen_costs_nothing_more(
    deckies: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    decky = deckies(list(start.SLEEP))
    wait_until(lambda: decky.verdicts() == ["yes", "yes"])
    monkeypatch.setattr(readiness, "LOOK", 0.0)
    assert decky.verdicts() == ["yes", "yes"]
    decky.service.started += 1
    assert decky.verdicts() == ["yes", None]


def test_a_decky_of_a_running_job_is_left_to_the_job(deckies: Any) -> None:
    decky = deckies(list(start.SLEEP))
    wait_until(lambda: decky.trouble() is None)
    at_work = [("decnet", "web")]
    assert decky.verdicts(at_work) == ["starting", "starting"]
    readiness.remember([decky.base])
    assert decky.verdicts(at_work) == ["yes", "starting"]
    assert decky.verdicts() == ["yes", "yes"]


def test_what_cannot_be_seen_or_is_not_described_is_judged_as_before(deckies: Any) -> None:
    decky = deckies(list(start.SLEEP))
    decky.service.fingerprint = "another"
    decky.base.pid = 2**30
    assert decky.verdicts() == [None, None]
