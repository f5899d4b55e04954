"""A machine to enrol: this one's programs behind a real sshd on loopback, with folders, users and a Docker
engine of its own."""

from __future__ import annotations

import json
import os
import shutil
import socket
import socketserver
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from fakefleet.engine import Engine

DECNET = Path(sys.executable).with_name("decnet")
OWN = {"root": "/root", "lib": "/var/lib", "run": "/run", "etc": "/etc/ssh", "srv": "/srv"}
"""The machine's own folders, and where it sees them."""

ENTER = """
mount --make-rprivate /
while [ "$1" != -- ]; do mount --bind "$1" "$2"; shift 2; done; shift
{first}
exec "$@"
"""
CONFIG = """
ListenAddress 127.0.0.1:{port}
HostKey /etc/ssh/host_ed25519
PidFile none
PermitRootLogin yes
PasswordAuthentication no
KbdInteractiveAuthentication no
AuthorizedKeysFile .ssh/authorized_keys
UsePAM no
LogLevel VERBOSE
Subsystem sftp internal-sftp
"""


@dataclass(frozen=True)
class Ran:
    code: int
    out: str

    def __contains__(self, text: str) -> bool:
        return text in self.out


class Machine:
    """`add` runs the command that is tested. The operator's key opens root's account; `config` are lines of
    sshd_config that stand before the machine's own."""

    def __init__(self, folder: Path, *, config: Sequence[str] = (), shell: str = "/bin/bash") -> None:
        self.folder = folder
        self.port = free_port()
        self.operator = folder / "operator"
        (self.operator / ".ssh").mkdir(parents=True, mode=0o700)
        for name in OWN:
            (folder / name).mkdir(mode=0o755)
        (folder / "run" / "sshd").mkdir(mode=0o755)
        self.key = self.make_key("id_ed25519")
        self.authorize(self.key)
        keygen("ed25519", folder / "etc" / "host_ed25519")
        self.configure(*config)
        # Compose 1 takes a second to report its version.
        (folder / "compose").write_text("#!/bin/sh\necho 1.29.2\n")
        (folder / "compose").chmod(0o755)
        passwd = Path("/etc/passwd").read_text().splitlines()
        own = [line.rpartition(":")[0] + ":" + shell if line.startswith("root:") else line for line in passwd]
        (folder / "passwd").write_text("\n".join(own) + "\n")

    @property
    def address(self) -> str:
        return f"root@127.0.0.1:{self.port}"

    @property
    def authorized_keys(self) -> Path:
        return self.folder / "root" / ".ssh" / "authorized_keys"

    @property
    def agent(self) -> Path:
        return self.folder / "lib" / "decnet-agent"

    def configure(self, *config: str) -> None:
        """Lines that stand before the machine's own in sshd_config; its sshd is not restarted."""
        text = "\n".join([*config, CONFIG.format(port=self.port)])
        (self.folder / "etc" / "sshd_config").write_text(text)

    def make_key(self, name: str, kind: str = "ed25519", passphrase: str = "") -> Path:
        path = self.operator / ".ssh" / name
        keygen(kind, path, passphrase)
        return path

    def authorize(self, key: Path) -> None:
        self.authorized_keys.parent.mkdir(mode=0o700, exist_ok=True)
        self.authorized_keys.write_text(key.with_name(f"{key.name}.pub").read_text())

    def argv(self, *argv: str, first: Sequence[str] = ()) -> list[str]:
        """A command that sees the machine's folders, after `first` was run there."""
        folders = [(self.folder / name, place) for name, place in OWN.items()]
        files = [(self.folder / "passwd", "/etc/passwd")]
        if compose := shutil.which("docker-compose"):
            files.append((self.folder / "compose", compose))
        binds = [word for pair in [*folders, *files] for word in pair]
        script = ENTER.format(first="\n".join(first))
        return ["unshare", "--mount", "sh", "-ec", script, "enter", *map(str, binds), "--", *argv]

    def decnet(self, *argv: str, **environ: str) -> Ran:
        """One command of the operator, who has no terminal."""
        environment = {**os.environ, "DECNET_HOME": str(self.folder / "home"), "HOME": str(self.operator)}
        environment.pop("SSH_AUTH_SOCK", None)
        done = subprocess.run(
            [str(DECNET), *argv], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            env={**environment, **environ}, timeout=120,
        )  # fmt: skip
        return Ran(done.returncode, done.stdout.decode())

    def fingerprint(self) -> str:
        """Of its host key."""
        shown = subprocess.run(
            ["ssh-keygen", "-lf", str(self.folder / "etc" / "host_ed25519.pub")],
            capture_output=True, check=True, text=True,
        )  # fmt: skip
        return shown.stdout.split()[1]

    def add(self, *options: str, **environ: str) -> Ran:
        return self.decnet(
            "worker", "add", "w1", self.address, "--host-key", self.fingerprint(), *options, **environ
        )

    def enrolled(self) -> list[str]:
        return [row["name"] for row in json.loads(self.decnet("worker", "list", "-o", "json").out)]

    def remains(self) -> list[str]:
        """What an enrolment put there: files of the agent, keys of a fleet."""
        files = [str(path.relative_to(self.folder)) for path in sorted(self.agent.rglob("*"))]
        found = [str(self.agent.relative_to(self.folder))] if self.agent.exists() else []
        places = [path for name in ("root", "srv", "etc") for path in (self.folder / name).rglob("*")]
        doors = [place for place in places if place.is_file() and b"decnet-fleet" in place.read_bytes()]
        return found + files + [str(place.relative_to(self.folder)) for place in doors]


@contextmanager
def running(machine: Machine, first: Sequence[str] = ()) -> Iterator[Machine]:
    """The machine with its sshd and engine."""
    engine = Engine(machine.folder / "engine.json", "engine-1")
    log = machine.folder / "sshd.log"
    argv = ["/usr/sbin/sshd", "-D", "-f", "/etc/ssh/sshd_config", "-E", str(log)]
    place = machine.folder / "run" / "docker.sock"
    place.unlink(missing_ok=True)
    with _EngineServer(str(place), _Connection) as server:
        server.engine = engine
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        sshd = subprocess.Popen(machine.argv(*argv, first=first))
        try:
            _await_port(machine.port, sshd, log)
            yield machine
        finally:
            sshd.terminate()
            sshd.wait()
            server.shutdown()


class _EngineServer(socketserver.ThreadingUnixStreamServer):
    daemon_threads = True
    engine: Engine


class _Connection(socketserver.StreamRequestHandler):
    server: _EngineServer

    def handle(self) -> None:
        words = self.rfile.readline().decode().split(" ")
        while self.rfile.readline().strip():
            pass
        if len(words) == 3:
            status, content = self.server.engine.answer(words[0], words[1], b"")
            self.wfile.write(b"HTTP/1.0 %d -\r\n\r\n" % status + content)


def keygen(kind: str, path: Path, passphrase: str = "") -> None:
    path.unlink(missing_ok=True)
    subprocess.run(["ssh-keygen", "-q", "-t", kind, "-N", passphrase, "-f", str(path)], check=True)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _await_port(port: int, sshd: subprocess.Popen[bytes], log: Path) -> None:
    until = time.monotonic() + 20
    while time.monotonic() < until and sshd.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            time.sleep(0.05)
    raise AssertionError(log.read_text() if log.exists() else "sshd did not start")


def wait_until(holds: Callable[[], bool]) -> None:
    until = time.monotonic() + 30
    while not holds():
        assert time.monotonic() < until
        time.sleep(0.05)


@contextmanager
def ssh_agent(key: Path, passphrase: str) -> Iterator[str]:
    """The socket of an ssh-agent that has the key."""
    ask = key.with_name("ask")
    ask.write_text(f"#!/bin/sh\necho {passphrase}\n")
    ask.chmod(0o700)
    socket = str(key.with_name("agent"))
    agent = subprocess.Popen(["ssh-agent", "-D", "-a", socket], stdout=subprocess.DEVNULL)
    try:
        wait_until(lambda: os.path.exists(socket))  # noqa: PTH110 - a socket
        environ = {
            **os.environ,
            "SSH_AUTH_SOCK": socket,
            "SSH_ASKPASS": str(ask),
            "SSH_ASKPASS_REQUIRE": "force",
        }
        subprocess.run(["ssh-add", "-q", str(key)], env=environ, check=True, stdin=subprocess.DEVNULL)
        yield socket
    finally:
        agent.terminate()
        agent.wait()


def copy_of(key: Path, place: Path) -> Path:
    shutil.copy(key, place)
    return place
