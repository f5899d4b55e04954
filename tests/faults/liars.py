"""A fleet whose workers lie, behind a real sshd on loopback, and the whole command line in front of them.

Every worker is a port of one sshd, whose forced command is `liar.py`. The one called `good` tells the truth.
"""

from __future__ import annotations

import json
import os
import shlex
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from copy import deepcopy
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from fakefleet import Clock, FakeFleet, FakeWorker, in_memory
from free_ports import free_port

from decnet.model.fleet import Attachment, Decky, Fleet, Network
from decnet.model.worker import Worker
from decnet.store.atomic import write_whole
from decnet.store.desired import save_fleet
from decnet.store.fleet_table import FleetTable
from decnet.store.home_check import open_home
from decnet.store.paths import Home
from decnet.wire import GENESIS, chained
from decnet.worker import hostkeys
from decnet.worker.agent_package import AgentPackage
from decnet.worker.fleet_keys import FLEET_KEY
from decnet.worker.fleetkey import ensure_key

HERE = Path(__file__).parent
FLEET_ID = "6f1c7e0a-4d1b-4a53-9d5e-0f8a1b2c3d4e"
GOOD = "good"
DECNET = Path(sys.executable).with_name("decnet")
LIMIT = 120.0
MOST_PORTS = 16
"""OpenSSH listens on no more (MAX_LISTEN_SOCKS)."""


@dataclass(frozen=True)
class Ran:
    """How a command ended, what it cost, and what it wrote."""

    code: int
    out: str
    err: str
    seconds: float
    rss_mib: float

    @property
    def json(self) -> Any:
        return json.loads(self.out)

    @property
    def lines(self) -> list[Any]:
        return [json.loads(line) for line in self.out.splitlines()]


@dataclass
class LyingFleet:
    """`lies` has the false answers of each worker, by its name."""

    folder: Path
    lies: dict[str, str]
    extra: dict[str, dict[str, Any]] = field(default_factory=dict)
    ports: dict[str, int] = field(default_factory=dict)
    hosts: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        self.home = Home(self.folder / "home")
        self.says = self.folder / "says"
        self.says.mkdir()
        open_home(self.home)
        self.agent = AgentPackage.of(self.home.agents)
        names = [GOOD, *self.lies]
        self.ports = {**{name: free_port() for name in names}, **self.ports}
        self.workers = {
            name: worker(name, self.ports[name], self.hosts.get(name, "127.0.0.1")) for name in names
        }
        deckies = {f"web-{name}"[:40]: decky(name, n) for n, name in enumerate(names, 120)}
        lans = {name: lan() for name in names}
        self.fleet = Fleet(fleet_id=FLEET_ID, lans=lans).with_deckies(deckies)
        save_fleet(self.home, self.fleet)
        for each in self.workers.values():
            FleetTable(self.home).put_worker(each)
        self.truths = truths_of(self.fleet)
        for name in names:
            self.teach(name)

    def teach(self, name: str, **changes: Any) -> None:
        """Write down what a worker is to say."""
        truth = {
            "lie": self.lies.get(name, "honest"),
            "worker_id": self.workers[name].worker_id,
            "other_id": self.workers[GOOD].worker_id,
            "fleet_id": FLEET_ID,
            "agent": self.agent.sha256,
            "answers": self.truth(name),
            "others": self.truth(GOOD)["status"]["containers"],
            "record": chained(record(1), GENESIS),
            "event": event(1, name),
            **self.extra.get(name, {}),
            **changes,
        }
        (self.says / f"{self.ports[name]}.json").write_text(json.dumps(truth))

    def truth(self, name: str) -> dict[str, Any]:
        """The honest answers of a worker on which all is well, by verb."""
        return deepcopy(self.truths[name])

    def pin_all(self) -> str:
        """Make the servers' host key, and pin it for every worker; the line that lets the fleet's key in."""
        key = self.folder / "host_key"
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key], check=True)
        public = hostkeys.HostKey.parse(key.with_suffix(".pub").read_text())
        for each in self.workers.values():
            hostkeys.pin(self.home.known_hosts, each, public, write_whole)
        fleet_key = ensure_key(self.home.keys / FLEET_KEY, write_whole)
        program = f"{sys.executable} -I -S {HERE / 'liar.py'} {self.says}"
        return f'restrict,command="{program}" {fleet_key.public.line} fleet\n'

    def serve(self, stack: ExitStack, ports: list[int], more: str = "") -> None:
        """Real sshds on the ports; one that belongs to no worker answers like the honest worker."""
        (self.folder / "authorized_keys").write_text(self.pin_all())
        for port in set(ports) - set(self.ports.values()):
            shutil.copy(self.says / f"{self.ports[GOOD]}.json", self.says / f"{port}.json")
        for start in range(0, len(ports), MOST_PORTS):
            group = ports[start : start + MOST_PORTS]
            stack.enter_context(listening(self.folder, f"sshd{start}", group, more))

    def decnet(self, *argv: str, limit: float = LIMIT, tty: bool = False, before: Sequence[str] = ()) -> Ran:
        """The command line as a separate program, with its time and memory."""
        handle, name = tempfile.mkstemp(dir=self.folder, prefix="cost-")
        os.close(handle)
        measured = Path(name)
        command = [*before, str(DECNET), *argv]
        if tty:
            command = ["script", "-qec", shlex.join(command), "/dev/null"]
        ended = subprocess.run(
            [sys.executable, "-I", "-S", str(HERE / "measured.py"), str(measured), *command],
            capture_output=True, timeout=limit, stdin=subprocess.DEVNULL,
            env={"PATH": os.environ["PATH"], "DECNET_HOME": str(self.home.root), "TERM": "xterm-256color",
                 "COLUMNS": "200"},
        )  # fmt: skip
        cost = json.loads(measured.read_text())
        out, err = (each.decode("utf-8", "strict") for each in (ended.stdout, ended.stderr))
        return Ran(ended.returncode, out, err, cost["seconds"], cost["rss_kib"] / 1024)


def truths_of(fleet: Fleet) -> dict[str, dict[str, Any]]:
    """What fake workers answer that have the fleet's deckies."""
    folder = in_memory()
    fake = FakeFleet(folder, fleet.lans, Clock(time.time()))
    for machine in fake.workers.values():
        machine.engine.speech = contacted
    save_fleet(fake.home, fleet)
    assert fake.reconcile().code == 0
    found = {name: answers_of(machine) for name, machine in fake.workers.items()}
    fake.close()
    shutil.rmtree(folder)
    return found


def answers_of(machine: FakeWorker) -> dict[str, Any]:
    logs = {"decky": f"web-{machine.name}"[:40]}
    follow = {"deckies": [logs["decky"]], "marks": {}, "lines": 10}
    asked = {
        "hello": {},
        "facts": {},
        "status": {},
        "slice": {},
        "events": {},
        "logs": logs,
        "follow": follow,
    }
    found = {verb: machine.ask(verb, args)["result"] for verb, args in asked.items()}
    sent = {"project": "decnet", "request_id": found["status"]["jobs"][0]["request_id"]}
    # The liars' home has not sent it: it counts from 0.
    found["status"]["projects"]["decnet"]["generation"] = 0
    return {**found, "apply": machine.ask("apply", sent)["result"]}


def contacted(container: dict[str, Any], moment: str) -> list[str]:
    """The one event that a decoy logs, at its start."""
    if moment != "start" or container["Ip"]:
        return []
    fields = {"path": "/", "method": "GET"}
    said = {"run": "r", "n": 1, "at": 1_700_000_001.0, "kind": "request", "src": "192.0.2.250", "sport": 4711}
    return [json.dumps({**said, "session": "s", "fields": fields})]


def worker(name: str, port: int, host: str) -> Worker:
    return Worker(name=name, worker_id=f"id-{name}", host=host, port=port, user="root")


def lan() -> Network:
    return Network(driver="macvlan", interface="eth0", subnet="192.0.2.0/24", gateway="192.0.2.1")


def decky(name: str, number: int) -> Decky:
    return Decky(
        name=f"web-{name}"[:40], worker=name,
        attachments=(Attachment(address=f"192.0.2.{number}", mac=f"00:50:56:00:00:{number:02x}"),),
        hostname=f"srv-{number}", os="linux", release="debian-12", services={"http": {}},
        seed=f"{number:032x}", spec_hash="0" * 64, mutated_at=1.0,
    )  # fmt: skip


def record(seq: int, decky: str = "web") -> dict[str, Any]:
    return {
        "seq": seq, "at": 1_700_000_000.0, "decky": decky, "operation": "create", "status": "succeeded",
        "error": "", "request_id": "r",
    }  # fmt: skip


def event(seq: int, name: str) -> dict[str, Any]:
    return {
        "id": f"{name}-{seq}", "seq": seq, "at": 1_700_000_000.0 + seq, "decky": f"web-{name}"[:40],
        "service": "http", "kind": "request", "source_ip": "192.0.2.250", "source_port": 4711, "session": "s",
        "fields": {"path": "/", "method": "GET"},
    }  # fmt: skip


CONFIG = """
HostKey {folder}/host_key
PidFile none
PermitRootLogin forced-commands-only
AuthorizedKeysFile {folder}/authorized_keys
StrictModes no
PasswordAuthentication no
KbdInteractiveAuthentication no
UsePAM no
UseDNS no
LogLevel VERBOSE
MaxStartups 300:30:600
{more}
"""


@contextmanager
def sshd(fleet: LyingFleet, *, more: str = "") -> Iterator[None]:
    """A real sshd that listens for every worker of the fleet whose port is otherwise unused."""
    with ExitStack() as stack:
        fleet.serve(stack, [port for port in fleet.ports.values() if not taken(port)], more)
        yield


@contextmanager
def listening(folder: Path, name: str, ports: list[int], more: str) -> Iterator[None]:
    listened = [f"ListenAddress 127.0.0.1:{port}" for port in ports]
    config = folder / f"{name}_config"
    config.write_text("\n".join([CONFIG.format(folder=folder, more=more), *listened, ""]))
    # A separate namespace for its processes: when it ends, every session and every liar ends.
    # They must not read the start-up files of the user who runs the tests.
    script = (
        "mount -t tmpfs tmpfs /run; mkdir /run/sshd; "
        "for file in ~/.bashrc /etc/bash.bashrc ~/.zshenv; do "
        "[ ! -f $file ] || mount --bind /dev/null $file; done; "
        "exec /usr/sbin/sshd -D -f $0 -E $1"
    )
    argv = [
        "unshare", "--mount", "--pid", "--fork", "--kill-child=KILL", "sh", "-ec", script,
        str(config), str(folder / "sshd.log"),
    ]  # fmt: skip
    process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, start_new_session=True)
    try:
        for port in ports:
            await_port(port)
        yield
    finally:
        process.kill()
        process.wait()


def taken(port: int) -> bool:
    with socket.socket() as sock:
        return sock.connect_ex(("127.0.0.1", port)) == 0


def await_port(port: int, seconds: float = 20.0) -> None:
    deadline = time.monotonic() + seconds
    while not taken(port):
        assert time.monotonic() < deadline, f"nobody listens on {port}"
        time.sleep(0.05)


def can_lie() -> bool:
    """Whether this machine can hold such a fleet: root, and OpenSSH's server."""
    return os.geteuid() == 0 and shutil.which("sshd", path="/usr/sbin") is not None
