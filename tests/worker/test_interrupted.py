"""Ctrl-C and SIGTERM end an enrolment that waits for an answer, at once and with nothing half done."""

from __future__ import annotations

import asyncio
import os
import pty
import select
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from decnet.store.fleet_table import FleetTable
from decnet.store.paths import Home
from decnet.worker import hostkeys

from .loopback import Place, ssh_server

DECNET = Path(sys.executable).with_name("decnet")
AT_ONCE = 10.0
"""Seconds that a command may take to end."""


class Asked:
    """A command on its own terminal, with a prompt."""

    def __init__(self, folder: Path, *argv: str) -> None:
        environ = {**os.environ, "DECNET_HOME": str(folder / "home"), "HOME": str(folder)}
        environ.pop("SSH_AUTH_SOCK", None)
        self.terminal, its = pty.openpty()
        # setsid makes it the terminal of the command, so that a typed Ctrl-C is a signal.
        argv = ("setsid", "--ctty", str(DECNET), *argv)
        self.process = subprocess.Popen(argv, stdin=its, stdout=its, stderr=its, env=environ)
        os.close(its)
        self.seen = ""

    def waits_for(self, text: str) -> None:
        until = time.monotonic() + 30
        while text not in self.seen:
            assert self.read(until - time.monotonic()), f"{text!r} did not appear: {self.seen!r}"

    def read(self, seconds: float) -> bool:
        if not select.select([self.terminal], [], [], max(0.0, seconds))[0]:
            return False
        try:
            self.seen += os.read(self.terminal, 65536).decode(errors="replace")
        except OSError:  # the last process at a terminal has ended
            return False
        return True

    def ends(self) -> int:
        """Its exit code; a command that does not end at once is killed."""
        until = time.monotonic() + AT_ONCE
        while self.process.poll() is None:
            if time.monotonic() > until:
                self.process.kill()
            self.read(0.05)
        while self.read(0.0):
            pass
        os.close(self.terminal)
        return self.process.returncode


def ctrl_c(command: Asked) -> None:
    os.write(command.terminal, b"\x03")


def terminated(command: Asked) -> None:
    command.process.terminate()


@pytest.mark.parametrize("how", [ctrl_c, terminated])
@pytest.mark.parametrize(
    "question", ["Is that the right one? [y/N] ", "passphrase for ", "for every later connection? [y/N] "]
)
def test_a_question_is_ended_at_once_and_nothing_is_half_done(
    tmp_path: Path, question: str, how: Callable[[Asked], None]
) -> None:
    place, commands = Place(tmp_path), []
    locked = tmp_path / "locked"
    locked.write_bytes(place.fleet.export_private_key("openssh", "secret"))
    locked.chmod(0o600)
    shown = hostkeys.HostKey.parse(place.server_key.export_public_key("openssh").decode())
    vouched = ["-i", str(locked), "--host-key", shown.fingerprint] if "passphrase" in question else []
    (tmp_path / ".ssh").mkdir(mode=0o700)
    if "later" in question:
        (tmp_path / ".ssh" / "config").write_text("Host *\n ProxyCommand false\n")

    async def behave(process: Any) -> None:
        commands.append(process.command)
        process.exit(1)

    def interrupted(port: int) -> tuple[int, str]:
        command = Asked(tmp_path, "worker", "add", "w1", f"root@127.0.0.1:{port}", *vouched)
        command.waits_for(question)
        how(command)
        return command.ends(), command.seen

    async def run() -> tuple[int, str]:
        async with ssh_server(place, behave) as server:
            return await asyncio.to_thread(interrupted, server.get_port())

    code, seen = asyncio.run(run())
    assert (code, commands) == (130, []), seen
    assert "error: interrupted" in seen and "Traceback" not in seen
    home = Home(tmp_path / "home")
    assert (FleetTable(home).workers(), home.known_hosts.exists(), home.audit.exists()) == ({}, False, False)
