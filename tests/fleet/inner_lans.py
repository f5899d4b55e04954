"""Topologies that are put into desired by hand, on workers whose engines have their iptables on, and a probe
that is plugged into an inner LAN."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

# The stage is the one of the scenarios of one worker.
sys.path.insert(0, str(Path(__file__).parent.parent / "scenarios"))

from theatre import Said, Stage, eventually  # noqa: E402

from decnet.lab.layout import place  # noqa: E402
from decnet.model.fleet import Attachment, Decky, Fleet, Network, Project  # noqa: E402
from decnet.store.desired import load_fleet, save_fleet  # noqa: E402
from decnet.store.paths import Home  # noqa: E402
from decnet.wire import NETWORK, bridge_name, inner_network  # noqa: E402

__all__ = ["ENGINES", "PLANS", "WORKERS", "Plan", "Said", "Site", "eventually", "frames"]

WORKERS = {"w1": "host", "w2": "trixie"}
ENGINES = tuple(WORKERS.values())
PYTHON = "/usr/bin/python3"
WITNESS = str(Path(__file__).with_name("arp_witness.py"))
PROBE = "probe0"
QUESTION = (
    "import socket, sys; wire = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); wire.settimeout(1); "
    "wire.connect((sys.argv[1], 53)); wire.send(bytes.fromhex('abcd01000001000000000000') + bytes(5)); "
    "wire.recv(512)"
)
"""Ends with 1 if no answer comes, or a refusal."""

DELL, CISCO = "00:14:22", "00:1b:d4"


@dataclass(frozen=True)
class Plan:
    """A topology of three LANs: the DMZ, `lan-1` behind gw, `lan-10` behind hop."""

    worker: str
    number: int

    @property
    def project(self) -> str:
        return f"decnet-t-00000a{self.number:02x}"

    @property
    def dmz_address(self) -> str:
        return f"192.0.2.{120 + self.number}"

    def subnet(self, lan: int) -> str:
        return f"10.{70 + self.number}.{lan}"

    def network(self, lan: int) -> str:
        return inner_network(self.project, f"lan-{lan}")

    def bridge(self, lan: int) -> str:
        return bridge_name(self.project, f"lan-{lan}")

    def mac(self, host: int, lan: int) -> str:
        return f"{DELL}:{self.number:02x}:{lan:02x}:{host:02x}"

    def container(self, decky: str) -> str:
        return f"{self.project}-{decky}"

    def made(self) -> Project:
        networks = {
            self.network(lan): Network(
                name=self.network(lan), kind="inner", driver="bridge", interface=self.bridge(lan),
                subnet=f"{self.subnet(lan)}.0/24", gateway=f"{self.subnet(lan)}.254",
            )
            for lan in (1, 10)
        }  # fmt: skip
        on_dmz = Attachment(network=NETWORK, address=self.dmz_address, mac=f"{CISCO}:00:{self.number:02x}:01")
        deckies = {
            "gw": self._decky("gw", on_dmz, self._inner(1, 1), services=("ssh",)),
            "hop": self._decky("hop", self._inner(1, 10), self._inner(10, 1), services=("ssh", "http")),
            "db": self._decky("db", self._inner(10, 20), services=("http",)),
        }
        return Project(name=self.project, networks=networks, deckies=deckies)

    def _inner(self, lan: int, host: int) -> Attachment:
        address = f"{self.subnet(lan)}.{host}"
        return Attachment(network=self.network(lan), address=address, mac=self.mac(host, lan))

    def _decky(self, name: str, *attachments: Attachment, services: tuple[str, ...]) -> Decky:
        return Decky(
            name=name, worker=self.worker, attachments=attachments, hostname=f"{name}-{self.number}",
            os="linux", release="debian-12", services={each: {} for each in services},
            seed=f"{self.number:02x}" * 15 + name.encode().hex()[:2], spec_hash="",
        )  # fmt: skip


PLANS = (Plan("w1", 1), Plan("w2", 2), Plan("w2", 3))
"""One on the engine of this machine, two next to each other on a modern one."""


@dataclass(frozen=True)
class Site(Stage):
    """An operator, an attacker and the workers; topologies are changed by `put`."""

    notes: dict[str, Any] = field(default_factory=dict)

    @property
    def home(self) -> Home:
        return Home(self.lab.folder / "op" / "decnet")

    def enrol(self, *names: str) -> None:
        known = self.folder / "known_hosts"
        addresses = {name: f"198.51.100.{10 + number}" for number, name in enumerate(WORKERS, 1)}
        rows = []
        for name, address in addresses.items():
            key = (self.lab.folder / name / "sshd" / "host_ed25519.pub").read_text().split()[:2]
            rows.append(" ".join([address, *key]))
        known.write_text("\n".join(rows) + "\n")
        for name in names or WORKERS:
            self.decnet("worker", "add", name, f"root@{addresses[name]}", "--known-hosts", str(known))

    def desired(self) -> Fleet:
        found = load_fleet(self.home)
        assert found is not None
        return found

    def put(self, *plans: Plan | Project) -> None:
        """Desired has these topologies, and no others."""
        made = [each.made() if isinstance(each, Plan) else each for each in plans]
        fleet = self.desired()
        kept = {name: each for name, each in fleet.projects.items() if name == "decnet"}
        save_fleet(
            self.home, fleet.model_copy(update={"projects": kept | {each.name: each for each in made}})
        )

    def networks(self, worker: str) -> list[str]:
        """The inner networks that Docker has there."""
        shown = self.on(worker, "docker", "network", "ls", "--format", "{{.Name}}").out.split()
        return sorted(name for name in shown if name.startswith("decnet-t-"))

    def netns(self, worker: str) -> str:
        return place(self.lab, worker).netns

    def setting(self, worker: str, bridge: str, name: str = "ipv4/conf/%s/arp_ignore") -> str:
        return self.on(worker, "cat", "/proc/sys/net/" + name % bridge).out.strip()

    def addresses(self, worker: str) -> list[str]:
        """All IPv4 addresses of the worker itself."""
        rows = json.loads(self.on(worker, "ip", "-j", "-4", "address").out)
        found = [each["local"] for row in rows for each in row["addr_info"]]
        return [address for address in found if not address.startswith("127.")]

    def inside(self, worker: str, container: str, *argv: str) -> Said:
        """A command of this machine in the network namespace of a container."""
        pid = self.on(worker, "docker", "inspect", "-f", "{{.State.Pid}}", container).out.strip()
        return self.on(worker, "nsenter", "-t", pid, "-n", *argv)

    def macs(self, worker: str, container: str) -> dict[str, str]:
        """Address to MAC of each Ethernet interface in a container."""
        found = {}
        for row in json.loads(self.inside(worker, container, "ip", "-j", "address").out):
            for each in row["addr_info"] if row["link_type"] == "ether" else ():
                found[each["local"]] = row["address"]
        return found

    @contextmanager
    def probe(self, worker: str, bridge: str, address: str) -> Iterator[Probe]:
        """A machine of this kernel on the bridge, with that address."""
        name = f"{self.netns(worker)}-p"
        _run("ip", "netns", "add", name)
        # What a killed run has left.
        self.on(worker, "ip", "link", "delete", "probe1")
        try:
            add = ("link", "add", "probe1", "type", "veth", "peer", "name", PROBE, "netns", name)
            _run("ip", "-n", self.netns(worker), *add)
            _run("ip", "-n", self.netns(worker), "link", "set", "probe1", "master", bridge, "up")
            for words in (
                f"link set {PROBE} address 8c:16:45:00:00:99 up",
                f"address add {address}/24 dev {PROBE}",
            ):
                _run("ip", "-n", name, *words.split())
            yield Probe(name, address)
            _run("ip", "-n", name, "link", "delete", PROBE)
        finally:
            _run("ip", "netns", "delete", name)


@dataclass(frozen=True)
class Probe:
    """What a host on the LAN gets, whose kernel sends whatever it is asked to."""

    netns: str
    address: str

    def run(self, *argv: str, code: int | None = None) -> subprocess.CompletedProcess[str]:
        ended = subprocess.run(
            ["ip", "netns", "exec", self.netns, *argv],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert code is None or ended.returncode == code, ended
        return ended

    def who_has(self, *addresses: str) -> dict[str, list[str]]:
        """Who answers ARP for each address."""
        found: dict[str, list[str]] = json.loads(
            self.run(PYTHON, WITNESS, PROBE, self.address, *addresses, code=0).stdout
        )
        return found

    def frames(self, match: str) -> AbstractContextManager[list[str]]:
        return frames(self.netns, PROBE, match)

    def reaches(self, addresses: list[str], mac: str) -> list[str]:
        """What answers at these addresses if frames to them are sent to this MAC."""
        for address in addresses:
            self.run("ip", "route", "replace", f"{address}/32", "dev", PROBE, code=0)
            self.run("ip", "neigh", "replace", address, "lladdr", mac, "dev", PROBE, code=0)
        with ThreadPoolExecutor(8) as pool:
            return [each for found in pool.map(self._answers_at, addresses) for each in found]

    def _answers_at(self, address: str) -> list[str]:
        ask = {
            "ping": ["ping", "-c", "2", "-i", "0.3", "-W", "1", address],
            "tcp": ["timeout", "1", "bash", "-c", f"</dev/tcp/{address}/22"],
            "dns": [PYTHON, "-c", QUESTION, address],
        }
        ended = {what: self.run(*argv).returncode for what, argv in ask.items()}
        # 124: nothing came back. An RST would end it earlier.
        silent = {"ping": (1,), "tcp": (124,), "dns": (1,)}
        return [f"{what} {address}" for what, code in ended.items() if code not in silent[what]]


@contextmanager
def frames(netns: str, interface: str, match: str) -> Iterator[list[str]]:
    """The frames that match on an interface meanwhile, in tcpdump's words; filled in at the end."""
    argv = ["ip", "netns", "exec", netns, "tcpdump", "-l", "-n", "-e", "-p", "-i", interface, match]
    watching = subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    found: list[str] = []
    try:
        assert watching.stderr is not None
        # It listens once it has said so.
        assert any("listening on" in line for line in watching.stderr)
        yield found
        time.sleep(0.5)
        watching.terminate()
        found += [line for line in watching.communicate(timeout=20)[0].splitlines() if line.strip()]
    finally:
        watching.kill()
        watching.wait()


def _run(*argv: str) -> None:
    subprocess.run(argv, check=True, capture_output=True, timeout=20)
