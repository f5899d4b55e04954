# ruff: noqa: E501
"""Images built by a real engine, and a decky made of them on a practice LAN."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import subprocess
import time
import zlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from decnet.images import root_name, wanted
from decnet.images.build import ensure
from decnet.images.progress import ImageProgress
from decnet.images.shelf import listed, prune, save_size, save_stream
from decnet.lab import Lab, down, run_argv, up
from decnet.model.catalog_entries import LOOKS

pytestmark = [
    pytest.mark.lab,
    pytest.mark.skipif(os.geteuid() != 0 or shutil.which("dockerd") is None, reason="needs root and dockerd"),
]
ADDRESS, MAC = "192.0.2.150", "00:50:56:0a:0b:0c"
LIMIT = 120.0
MOVING = ("windows_server", "freebsd", "ios")
GUESS = ("nmap", "-n", "-Pn", "-O", "--osscan-guess", "--max-os-tries", "1", "-p", "80,81")
OPTIONS = [
    "--cap-drop",
    "ALL",
    "--cap-add",
    "NET_ADMIN",
    "--cap-add",
    "NET_RAW",
    "--cap-add",
    "SETUID",
    "--cap-add",
    "SETGID",
    "--cap-add",
    "SETPCAP",
    "--security-opt",
    "no-new-privileges:true",
    "--read-only",
    "-m",
    "32m",
    "--pids-limit",
    "32",
    "--sysctl",
    "net.ipv6.conf.all.disable_ipv6=1",
    "--sysctl",
    "net.ipv4.ip_unprivileged_port_start=0",
]


class Worker:
    """One worker with the images built on it."""

    def __init__(self, lab: Lab, cache: Path) -> None:
        self.lab = lab
        self.socket = str(lab.folder / "w1/run/docker.sock")
        self.said: list[ImageProgress] = []
        self.cache = cache
        self.built = ensure(wanted(), self.said.append, cache=cache, docker_socket=self.socket)

    def run(self, place: str, *argv: str, check: bool = True) -> str:
        done = subprocess.run(
            run_argv(self.lab, place, list(argv)), capture_output=True, text=True, timeout=LIMIT
        )
        assert not check or done.returncode == 0, done.stderr
        return done.stdout

    def base(self, name: str, address: str = ADDRESS, mac: str = MAC, *more: str) -> None:
        network = ["--network", "lan", "--ip", address, "--mac-address", mac]
        own = ["-e", f"ADDRESS={address}", "-e", f"MAC={mac}", "-e", "SUBNET=192.0.2.0/24"]
        self.run("w1", "docker", "run", "-d", "--name", name, *network, *OPTIONS, *own, *more, wanted().base)

    def said_by(self, name: str) -> dict[str, str]:
        """The last line of a base."""
        deadline = time.monotonic() + LIMIT
        while not (lines := self.run("w1", "docker", "logs", name).splitlines()):
            assert time.monotonic() < deadline
            time.sleep(0.1)
        return dict(json.loads(lines[-1]))

    def web(self, base: str, address: str, settings: dict[str, str]) -> None:
        """A web server in the network of a base."""
        persona = {"service": "http", "hostname": "web01", "os": "linux", "release": "debian-12",
                   "banner": "nginx/1.22.1", "seed": "ab" * 16, "ports": [[80, "tcp"]], "settings": settings,
                   "address": address, "mac": MAC}  # fmt: skip
        shape = [
            "--network",
            f"container:{base}",
            "--user",
            "65534:65534",
            "--cap-drop",
            "ALL",
            "--read-only",
            "-m",
            "64m",
        ]
        own = ["-e", f"PERSONA={json.dumps(persona)}", wanted().decoys, "http"]
        self.run("w1", "docker", "run", "-d", "--name", f"web-{base}", *shape, *own)

    def page(self, where: str, *more: str) -> str:
        """What the attacker receives there, once something listens."""
        patience = ["--retry-connrefused", "--retry", "20", "--retry-delay", "1"]
        return self.run("attacker", "curl", "-s", *patience, *more, f"http://{where}")

    def pid(self, name: str) -> str:
        return self.run("w1", "docker", "inspect", "-f", "{{.State.Pid}}", name).strip()


@pytest.fixture(scope="module")
def worker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Worker]:
    lab = Lab("imgtest")
    try:
        up(lab, workers=1)
        made = Worker(lab, tmp_path_factory.mktemp("cache"))
        argv = "docker network create -d macvlan -o parent=eth0 --subnet 192.0.2.0/24 --gateway 192.0.2.1 lan"
        made.run("w1", *argv.split())
        yield made
    finally:
        down(lab)


def test_a_second_time_builds_nothing(worker: Worker) -> None:
    assert worker.built == wanted().all()
    assert ensure(wanted(), worker.said.append, cache=worker.cache, docker_socket=worker.socket) == ()
    assert {row.name for row in listed(worker.socket)} == {*wanted().all(), root_name()}
    assert prune((), worker.socket) == ()


def test_without_a_registry_it_says_what_it_does_instead(worker: Worker) -> None:
    assert any("mmdebstrap" in one.message for one in worker.said)


def test_what_is_saved_can_be_loaded_again(worker: Worker) -> None:
    async def saved() -> bytes:
        pieces = save_stream(wanted().all(), worker.socket, on_progress=progress.append)
        return b"".join([piece async for piece in pieces])

    progress: list[int] = []
    stream = asyncio.run(saved())
    whole = zlib.decompress(stream, 31)

    assert b"manifest.json" in whole and len(stream) < 60 * 1024 * 1024
    assert progress == sorted(progress) and progress[-1] == len(whole)
    assert 0.8 < save_size(wanted().all(), worker.socket) / len(whole) < 1.1


def test_a_base_answers_when_its_address_is_free_and_has_no_rights_left(worker: Worker) -> None:
    worker.base("free")

    assert worker.said_by("free") == {"base": "ready"}
    worker.run("attacker", "ping", "-c", "1", "-W", "5", ADDRESS)
    status = Path(f"/proc/{worker.pid('free')}/status").read_text()
    assert "CapBnd:\t0000000000000000" in status and "CapEff:\t0000000000000000" in status
    worker.run("w1", "docker", "rm", "-f", "free")


def test_a_base_gives_way_to_the_holder_of_its_address(worker: Worker) -> None:
    worker.run("attacker", "ip", "addr", "add", "192.0.2.151/24", "dev", "eth0")
    mac = worker.run("attacker", "cat", "/sys/class/net/eth0/address").strip()
    worker.base("taken", "192.0.2.151", "00:50:56:0a:0b:0d")

    assert worker.said_by("taken") == {"base": "conflict", "mac": mac}
    assert worker.run("w1", "docker", "wait", "taken").strip() == "75"
    worker.run("w1", "docker", "rm", "-f", "taken")
    worker.run("attacker", "ip", "addr", "del", "192.0.2.151/24", "dev", "eth0")


def test_every_look_loads_and_an_unknown_one_does_not_stop_a_base(worker: Worker) -> None:
    """The rules move words of the header about and set windows: pages have to come through as before."""
    names = [*LOOKS, "amiga"]
    addresses = {look: f"192.0.2.{160 + number}" for number, look in enumerate(names)}
    for number, look in enumerate(names):
        worker.base(look, addresses[look], f"00:50:56:0a:0c:{number:02x}", "-e", f"LOOK={look}")
    said = {look: worker.said_by(look) for look in names}
    for look in MOVING:
        worker.web(look, addresses[look], {"site": "company"})

    pages = {worker.page(f"{addresses[look]}/?[1-30]", "-H", "X: " + "a" * 6000) for look in MOVING}
    guess = worker.run("attacker", *GUESS, addresses["controller"])
    every = [*names, *(f"web-{look}" for look in MOVING)]
    worker.run("w1", "docker", "rm", "-f", *every)

    assert {look: line for look, line in said.items() if line != {"base": "ready"}} == {
        "amiga": said["amiga"]
    }
    assert said["amiga"]["base"] == "ready" and "/look-amiga.nft" in said["amiga"]["look"]
    assert len(pages) == 1 and len(pages.pop()) > 10_000
    assert "MQX RTOS" in guess


def test_a_decky_starts_no_traffic_and_its_decoys_end_with_its_network(worker: Worker) -> None:
    worker.base("whole")
    assert worker.said_by("whole") == {"base": "ready"}
    worker.web("whole", ADDRESS, {})

    page = worker.page(f"{ADDRESS}/x")
    out = subprocess.run(
        ["nsenter", "-t", worker.pid("whole"), "-n", "ping", "-c", "1", "-W", "1", "192.0.2.250"], capture_output=True, timeout=60
    )  # fmt: skip

    assert "<center>nginx/1.22.1</center>" in page and out.returncode != 0
    worker.run("w1", "docker", "rm", "-f", "whole")
    assert worker.run("w1", "docker", "wait", "web-whole").strip() == "1"


def test_devices_that_are_down_keep_no_decky_away_and_no_decoy_alive(worker: Worker) -> None:
    """A kernel with sit, ipip or gre loaded puts such devices into every namespace: here they are put there
    before the base starts, into the namespace of a container that does nothing."""
    network = ["--network", "lan", "--ip", ADDRESS, "--mac-address", MAC, "--entrypoint", "/bin/busybox"]
    worker.run("w1", "docker", "run", "-d", "--name", "ground", *network, wanted().base, "sleep", "1000")
    inside = ["nsenter", "-t", worker.pid("ground"), "-n", "ip"]
    for words in ("tuntap add sit0 mode tun", "link add gretap0 type veth peer name erspan0"):
        subprocess.run([*inside, *words.split()], check=True, timeout=30)

    own = ["-e", f"ADDRESS={ADDRESS}", "-e", f"MAC={MAC}", "-e", "SUBNET=192.0.2.0/24"]
    shape = ["--network", "container:ground", *OPTIONS[: OPTIONS.index("--sysctl")], *own]
    worker.run("w1", "docker", "run", "-d", "--name", "amid", *shape, wanted().base)
    said = worker.said_by("amid")
    worker.web("ground", ADDRESS, {})
    page = worker.page(f"{ADDRESS}/x")
    worker.run("w1", "docker", "rm", "-f", "amid", "ground")

    assert said == {"base": "ready"} and "<center>nginx/1.22.1</center>" in page
    assert worker.run("w1", "docker", "wait", "web-ground").strip() == "1"
    worker.run("w1", "docker", "rm", "web-ground")
