"""Three workers behind real sshds, the operator's machine in front of them, an attacker on their LAN."""

from __future__ import annotations

import json
import os
import pty
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

# The stage is the one of the scenarios of one worker.
sys.path.insert(0, str(Path(__file__).parent.parent / "scenarios"))

from theatre import LIMIT, Said, Stage, eventually  # noqa: E402

from decnet.lab import heal, run_argv, start, stop  # noqa: E402
from decnet.lab.layout import place  # noqa: E402
from decnet.lab.processes import recorded  # noqa: E402
from decnet.lab.sshd import listens  # noqa: E402

WORKERS = ("w1", "w2", "w3")
ENGINES = ("trixie", "trixie", "host")
"""Of each worker: two have Debian 13, one has the Docker of this machine, which is older."""

ADDRESS = {name: f"198.51.100.{10 + number}" for number, name in enumerate(WORKERS, 1)}
LOGIN = {name: f"root@{address}" for name, address in ADDRESS.items()}

NINE = """
[network]
addresses = { use = ["192.0.2.100-192.0.2.130"] }

[decky.web]
count = 6
services = ["http"]

[decky.host]
count = 3
services = ["ssh"]
"""
NAMES = sorted([f"web-{n:02}" for n in range(1, 7)] + [f"host-{n:02}" for n in range(1, 4)])

__all__ = [
    "ADDRESS",
    "ENGINES",
    "LOGIN",
    "NAMES",
    "NINE",
    "WORKERS",
    "Company",
    "Said",
    "eventually",
    "make_key",
    "watched",
]


@dataclass(frozen=True)
class Company(Stage):
    """The stage of a fleet: commands are run on the operator's machine."""

    notes: dict[str, str] = field(default_factory=dict)
    """What was seen when something was done once for all tests."""

    @property
    def home(self) -> Path:
        """The operator's `/var/lib/decnet`."""
        return self.lab.folder / "op" / "decnet"

    def machine(self, worker: str) -> Path:
        """The folder that holds a worker's private folders: `agent`, `ssh`, `sshd`, `log`, `run`."""
        return self.lab.folder / worker

    def agent(self, worker: str) -> Path:
        """The worker's `/var/lib/decnet-agent`."""
        return self.machine(worker) / "agent"

    def authorized(self, worker: str) -> bytes:
        return (self.machine(worker) / "ssh" / "authorized_keys").read_bytes()

    def sshd_log(self, worker: str) -> str:
        return (self.machine(worker) / "log" / "sshd.log").read_text("utf-8", "replace")

    def host_key(self, worker: str, kind: str = "ed25519") -> str:
        """As its owner would read it to us over the telephone: type and blob."""
        public = self.machine(worker) / "sshd" / f"host_{kind}.pub"
        return " ".join(public.read_text().split()[:2])

    def fingerprint(self, worker: str, kind: str = "ed25519") -> str:
        public = self.machine(worker) / "sshd" / f"host_{kind}.pub"
        shown = subprocess.run(
            ["ssh-keygen", "-lf", str(public)], capture_output=True, text=True, check=True, timeout=10
        )
        return shown.stdout.split()[1]

    def known_hosts(self) -> str:
        path = self.folder / "known_hosts"
        path.write_text("".join(f"{ADDRESS[name]} {self.host_key(name)}\n" for name in WORKERS))
        return str(path)

    def enrol(self, *names: str, code: int | None = 0) -> Said:
        said = Said(0, "", "")
        for name in names or WORKERS:
            said = self.decnet(
                "worker", "add", name, LOGIN[name], "--known-hosts", self.known_hosts(), code=code
            )
        return said

    def deploy(self, text: str = NINE, *more: str, code: int | None = 0) -> Said:
        return self.decnet("deploy", "-c", self.spec(text), "--yes", *more, code=code)

    def on_terminal(self, answer: str, *argv: str) -> Said:
        """A command with a terminal for its questions, which all get the same answer."""
        ours, theirs = pty.openpty()
        running = subprocess.Popen(
            run_argv(self.lab, self.place, ["decnet", *argv]),
            stdin=theirs, stdout=subprocess.PIPE, stderr=theirs, text=True, start_new_session=True,
        )  # fmt: skip
        os.close(theirs)
        try:
            asked = _answered(ours, answer)
            out, _ = running.communicate(timeout=LIMIT)
        finally:
            running.kill()
            running.wait()
            os.close(ours)
        return Said(running.returncode, out, asked)

    def state(self) -> dict[str, Any]:
        return dict(json.loads((self.home / "decnet-state.json").read_text()))

    def worker_id(self, worker: str) -> str:
        return str(json.loads((self.agent(worker) / "identity.json").read_text())["worker_id"])

    def records(self, worker: str) -> dict[str, Any]:
        """The operator's file about one worker, its rows by their table."""
        path = self.home / "records" / f"{self.worker_id(worker)}.json"
        return dict(json.loads(path.read_text()))

    def journal(self, worker: str) -> list[dict[str, Any]]:
        path = self.agent(worker) / "journal.jsonl"
        return [json.loads(line) for line in path.read_text().splitlines()]

    def jobs(self, worker: str) -> set[str]:
        """The ids of all jobs that the worker knows."""
        return {path.stem for path in (self.agent(worker) / "jobs").glob("*.bundle")}

    def containers(self, *places: str) -> dict[str, str]:
        return super().containers(*(places or WORKERS))

    def by_worker(self) -> dict[str, list[str]]:
        """The deckies whose base runs on each worker, as its own engine says."""
        found = {}
        for worker in WORKERS:
            shown = self.on(
                worker, "docker", "ps", "--filter", "label=decnet.service=", "--format", "{{.Names}}"
            )
            found[worker] = sorted(shown.out.split())
        return found

    def restart_sshd(self, worker: str) -> None:
        stop(self.lab, worker, "sshd")
        start(self.lab, worker)

    def set_sshd(self, worker: str, *lines: str) -> None:
        """Put these lines before sshd's configuration, where they win; `restart_sshd` ends that."""
        config = self.machine(worker) / "sshd" / "sshd_config"
        config.write_text("".join(f"{line}\n" for line in lines) + config.read_text())
        process = recorded(place(self.lab, worker), "sshd")
        assert process is not None
        os.kill(process.pid, signal.SIGHUP)
        eventually(lambda: listens(place(self.lab, worker)))

    def replace_host_keys(self, worker: str, kind: str) -> None:
        """Give the worker's sshd a new host key of this type, and none of another."""
        for name in ("host_ed25519", "host_rsa"):
            # The lab's configuration names both files: they get keys of one type.
            path = self.machine(worker) / "sshd" / name
            make_key(path, kind)
        self.restart_sshd(worker)

    def host_keys(self, worker: str) -> dict[Path, bytes]:
        return {path: path.read_bytes() for path in (self.machine(worker) / "sshd").glob("host_*")}

    def give_host_keys(self, worker: str, keys: dict[Path, bytes]) -> None:
        """Host keys as `host_keys` gave them, from this worker or another one."""
        for path, content in keys.items():
            (self.machine(worker) / "sshd" / path.name).write_bytes(content)
        self.restart_sshd(worker)

    def worker_states(self) -> dict[str, str]:
        """Each worker's state as `status` shows it."""
        shown = self.decnet("status", "-o", "json", code=None).json
        return {worker["name"]: worker["state"] for worker in shown["workers"]}

    def leave_astray(self) -> None:
        """Say that this test does not leave the fleet as it was: the next one puts it right first."""
        self.notes["astray"] = "yes"

    def mend(self) -> None:
        """Every machine powered and plugged in again."""
        for worker in WORKERS:
            heal(self.lab, worker)
            start(self.lab, worker)


@contextmanager
def watched(company: Company, address: str) -> Iterator[list[list[str]]]:
    """Who answers for the address, one list for each question; filled in at the end."""
    program = Path(__file__).with_name("arp_watch.py")
    argv = ["/usr/bin/python3", str(program), "eth0", "192.0.2.250", address]
    watching = subprocess.Popen(
        run_argv(company.lab, "attacker", argv), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    answers: list[list[str]] = []
    try:
        yield answers
        out, _ = watching.communicate("enough\n", timeout=20)
        answers += [line.split()[1:] for line in out.splitlines()]
    finally:
        watching.kill()
        watching.wait()


def make_key(path: Path, kind: str) -> None:
    """A new key pair without passphrase, in place of an older one."""
    for old in (path, path.with_suffix(".pub")):
        old.unlink(missing_ok=True)
    subprocess.run(["ssh-keygen", "-q", "-t", kind, "-N", "", "-f", str(path)], check=True, timeout=30)


def _answered(terminal: int, answer: str) -> str:
    """Everything that appears on the terminal until its command ends, each question answered."""
    seen = b""
    answered = 0
    deadline = time.monotonic() + LIMIT
    while time.monotonic() < deadline:
        try:
            piece = os.read(terminal, 4096)
        except OSError:
            # The other side is closed: the command has ended.
            break
        seen += piece
        if seen.count(b"[y/N]") > answered:
            answered += 1
            os.write(terminal, answer.encode() + b"\n")
    return seen.decode("utf-8", "replace")
