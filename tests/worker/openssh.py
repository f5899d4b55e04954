"""Real sshds on loopback, and an operator whose `ssh` reads a configuration file of the test."""

from __future__ import annotations

import asyncio
import os
import pwd
import shlex
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from decnet.errors import DecnetError
from decnet.model.worker import Worker
from decnet.worker import connect
from decnet.worker.bootstrap import run_command
from decnet.worker.hostkeys import HostKey
from decnet.worker.login import HostKeyProof, Login, Place, connect_as_operator, resolve, verified_key
from decnet.worker.ssh import SshSession

AGENT = Path(__file__).with_name("fake_agent.py")
USER = pwd.getpwuid(os.getuid()).pw_name

needs_openssh = pytest.mark.skipif(
    not (shutil.which("ssh") and Path("/usr/sbin/sshd").exists() and os.geteuid() == 0),
    reason="needs OpenSSH's server, and root to start it",
)


@dataclass(frozen=True)
class Sshd:
    """A running sshd; `log` is what it wrote at LogLevel VERBOSE."""

    folder: Path
    port: int

    @property
    def log(self) -> str:
        return (self.folder / "log").read_text("utf-8", "replace")

    @property
    def host_key(self) -> HostKey:
        return HostKey.parse((self.folder / "host_key.pub").read_text())

    def known(self, name: str = "127.0.0.1") -> str:
        """Its line of known_hosts."""
        return f"[{name}]:{self.port} {self.host_key.line}\n"

    def logins(self) -> int:
        return self.log.count("Accepted publickey")


@contextmanager
def sshd(folder: Path, *lines: str, authorized: str = "", kind: str = "ed25519") -> Iterator[Sshd]:
    """An sshd that lets `authorized` in (lines of authorized_keys); `lines` go before its own settings."""
    folder.mkdir(mode=0o700, exist_ok=True)
    Path("/run/sshd").mkdir(exist_ok=True)
    if not (folder / "host_key").exists():
        new_key(folder / "host_key", kind)
    (folder / "authorized").write_text(authorized)
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    own = [
        f"Port {port}", "ListenAddress 127.0.0.1", f"HostKey {folder}/host_key", "UsePAM no", "PidFile none",
        f"AuthorizedKeysFile {folder}/authorized", "StrictModes no", "PermitRootLogin yes",
        "PasswordAuthentication no", "KbdInteractiveAuthentication no", "LogLevel VERBOSE",
    ]  # fmt: skip
    (folder / "config").write_text("\n".join([*lines, *own]) + "\n")
    argv = ["/usr/sbin/sshd", "-D", "-f", str(folder / "config"), "-E", str(folder / "log")]
    process = subprocess.Popen(argv, stdin=subprocess.DEVNULL)
    try:
        _await_port(port, process)
        yield Sshd(folder, port)
    finally:
        process.terminate()
        process.wait(10)


def _await_port(port: int, process: subprocess.Popen[bytes]) -> None:
    for _ in range(500):
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except ConnectionRefusedError:
            assert process.poll() is None, "sshd has ended"
            time.sleep(0.02)
        else:
            return
    raise AssertionError("sshd does not listen")


def new_key(path: Path, kind: str = "ed25519", passphrase: str = "") -> Path:
    keygen("-t", kind, "-N", passphrase, "-f", str(path))
    return path


def keygen(*words: str) -> None:
    subprocess.run(["ssh-keygen", "-q", *words], check=True, stdin=subprocess.DEVNULL, capture_output=True)


class Operator:
    """An operator whose home directory is `folder`, with keys, and with the configuration of `configure`."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder = folder
        self.known_hosts = folder / "known_hosts"
        self.config = folder / ".ssh" / "config"
        self.config.parent.mkdir(mode=0o700, parents=True)
        monkeypatch.setenv("HOME", str(folder))
        for name in ("SSH_AUTH_SOCK", "SUDO_UID", "SUDO_USER", "SUDO_COMMAND"):
            monkeypatch.delenv(name, raising=False)
        self._monkeypatch = monkeypatch
        self.configure("")

    def configure(self, text: str) -> None:
        """Write the configuration. After it, no default key and no file of this machine is used."""
        last = f"IdentityFile none\nUserKnownHostsFile {self.known_hosts}\nGlobalKnownHostsFile none\n"
        self.config.write_text(f"{text}\nHost *\n{last}")
        self.config.chmod(0o600)

    def key(self, name: str, passphrase: str = "", kind: str = "ed25519") -> Path:
        return new_key(self.folder / name, kind, passphrase)

    def public(self, name: str) -> str:
        return (self.folder / f"{name}.pub").read_text()

    def knows(self, *servers: Sshd) -> None:
        self.known_hosts.write_text("".join(server.known() for server in servers))

    def forget_everything(self) -> None:
        """Neither the configuration nor `ssh` is there any more, as for a later command from cron."""
        self.config.unlink()
        self._monkeypatch.setenv("PATH", "/nonexistent")
        assert shutil.which("ssh") is None

    def ssh(self, *words: str) -> int:
        """The exit code of the real `ssh`, to compare with."""
        argv = ["ssh", "-F", str(self.config), "-o", "BatchMode=yes", *words]
        return subprocess.run(argv, stdin=subprocess.DEVNULL, capture_output=True, timeout=60).returncode


class Site:
    """The sshds of a test, all of which know the operator's key `mine` and the fleet's."""

    def __init__(self, folder: Path, operator: Operator, stack: ExitStack) -> None:
        self.folder, self.operator, self._stack = folder, operator, stack
        self.fleet = new_key(folder / "fleet")

    def sshd(self, name: str, *lines: str, authorized: str | None = None) -> Sshd:
        agent = shlex.join([sys.executable, "-I", "-S", str(AGENT)])
        fleet = (self.folder / "fleet.pub").read_text()
        keys = self.operator.public("mine") if authorized is None else authorized
        keys += f'restrict,command="{agent}" {fleet}'
        return self._stack.enter_context(sshd(self.folder / name, *lines, authorized=keys))


@dataclass(frozen=True)
class Entered:
    """A successful first contact."""

    place: Place
    worker: Worker
    output: bytes


def enter(address: str, proof: HostKeyProof | None = None, **options: Any) -> Entered:
    """Log in with the operator's own login, and run a command there."""

    async def run() -> Entered:
        login = Login.parse(address, **options)
        place = await resolve(login, "w1")
        key = await verified_key(place, "w1", proof or HostKeyProof())
        connection = await connect_as_operator(place, login, "w1", key)
        try:
            ran = await run_command(connection, "w1", ["sh", "-c", "test -t 0 || echo no tty"])
        finally:
            await connect.disconnect(connection)
        assert ran.how is None
        return Entered(place, Worker(name="w1", worker_id="id-w1", **place.recorded()), ran.output)

    return asyncio.run(run())


def call_later(site: Site, entered: Entered, server: Sshd) -> dict[str, Any]:
    """A later call with the fleet's key, from the record alone."""

    async def run() -> dict[str, Any]:
        worker = Worker.model_validate_json(entered.worker.model_dump_json())
        session = SshSession(connect.target_of(worker, server.host_key, site.fleet))
        try:
            return await session.call("hello", {}, limit=10.0)
        finally:
            await session.close()

    return asyncio.run(run())


def refused(address: str, **options: Any) -> DecnetError:
    with pytest.raises(DecnetError) as caught:
        enter(address, **options)
    return caught.value
