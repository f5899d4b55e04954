"""A stage for whole-CLI scenarios: a lab, commands run in it, and what they said."""

from __future__ import annotations

import json
import os
import shlex
import signal
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from decnet.lab import Lab, run_argv

OFFICE = """
[network]
addresses = { use = ["192.0.2.100-192.0.2.119"] }

[decky.web]
count = 2
services = ["http"]

[decky.quarry]
archetype = "linux-server"
[decky.quarry.settings.ssh]
credentials = "root:toor"
"""

LIMIT = 180.0


@dataclass(frozen=True)
class Said:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)

    @property
    def lines(self) -> list[Any]:
        return [json.loads(line) for line in self.out.splitlines()]


@dataclass(frozen=True)
class Stage:
    """One place of a lab where `decnet` is run, with its own home below `/var/lib/decnet`."""

    lab: Lab
    place: str
    folder: Path

    def on(self, place: str, *argv: str, limit: float = LIMIT) -> Said:
        ended = subprocess.run(
            run_argv(self.lab, place, list(argv)),
            capture_output=True,
            text=True,
            errors="replace",
            stdin=subprocess.DEVNULL,
            timeout=limit,
            check=False,
        )
        return Said(ended.returncode, ended.stdout, ended.stderr)

    def decnet(self, *argv: str, code: int | None = 0) -> Said:
        said = self.on(self.place, "decnet", *argv)
        assert code is None or said.code == code, f"decnet {argv}: {said}"
        return said

    def start(self, *argv: str) -> subprocess.Popen[str]:
        """A command that runs concurrently with the test; its pid is the command's own."""
        return subprocess.Popen(
            run_argv(self.lab, self.place, ["decnet", *argv]),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            stdin=subprocess.DEVNULL,
            text=True,
            start_new_session=True,
        )

    def attack(self, *argv: str, limit: float = LIMIT) -> Said:
        return self.on("attacker", *argv, limit=limit)

    def ssh(self, address: str, password: str, command: str, user: str = "root", *, given: str = "") -> Said:
        """A login attempt with the real OpenSSH client; `given` is the command's input."""
        ask = self.folder / "ask"
        ask.write_text(f"#!/bin/sh\necho '{password}'\n")
        ask.chmod(0o755)
        options = ("StrictHostKeyChecking=no", "UserKnownHostsFile=/dev/null", "LogLevel=ERROR")
        options += ("NumberOfPasswordPrompts=1", "PubkeyAuthentication=no", "ConnectTimeout=10")
        flags = [word for option in options for word in ("-o", option)]
        environment = ("env", f"SSH_ASKPASS={ask}", "SSH_ASKPASS_REQUIRE=force")
        argv = [*environment, "ssh", "-F", "none", *flags, f"{user}@{address}", command]
        return self.attack("sh", "-c", f"printf %s {shlex.quote(given)} | {shlex.join(argv)}")

    def spec(self, text: str) -> str:
        path = self.folder / "fleet.toml"
        path.write_text(text)
        return str(path)

    def deckies(self) -> dict[str, dict[str, Any]]:
        shown = self.decnet("status", "-o", "json", code=None).json["deckies"]
        return {decky["name"]: decky for decky in shown}

    def containers(self, *places: str) -> dict[str, str]:
        """Name to id of every container of a fleet, running or not."""
        found = {}
        for place in places or (self.place,):
            shown = self.on(
                place, "docker", "ps", "-a", "--no-trunc", "--filter", "label=decnet.fleet",
                "--format", "{{.Names}} {{.ID}}",
            )  # fmt: skip
            found.update(line.split() for line in shown.out.splitlines())
        return found

    def read(self, name: str) -> str:
        return self.on(self.place, "cat", f"/var/lib/decnet/{name}").out

    def write(self, name: str, text: str) -> None:
        path = self.folder / "put"
        path.write_text(text)
        assert self.on(self.place, "cp", str(path), f"/var/lib/decnet/{name}").code == 0

    def fingerprint_of_home(self) -> str:
        """Names, sizes, contents and times of everything in the home that a second run must not touch."""
        script = (
            "cd /var/lib/decnet && find . -type f ! -name lock ! -name seen.json ! -path './agents/*' "
            "! -path './cache/unchanged-*' "
            "-printf '%p %s %T@\\n' -exec sha256sum {} + | sort"
        )
        return self.on(self.place, "sh", "-c", script).out


def kill(process: subprocess.Popen[str]) -> None:
    """SIGKILL the whole session of a command that was started."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
    process.communicate(timeout=30)


def eventually(holds: Any, seconds: float = 20.0) -> None:
    """Wait until `holds()` is true, or fail."""
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.3)
