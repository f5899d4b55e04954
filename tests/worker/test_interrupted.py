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
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from decnet.model.worker import Worker
from decnet.store.desired import new_fleet, save_fleet
from decnet.store.fleet_table import FleetTable
from decnet.store.home_check import open_home
from decnet.store.lock import Lock
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
    assert "error: interrupted: nothing was changed" in seen and "Traceback" not in seen
    assert "jobs that a worker" not in seen
    home = Home(tmp_path / "home")
    assert (FleetTable(home).workers(), home.known_hosts.exists(), home.audit.exists()) == ({}, False, False)


def answered(folder: Path, *options: str, meanwhile: Callable[[Home], None]) -> tuple[int, str]:
    """`decnet worker add`, whose question is answered with yes after what happens meanwhile."""
    place = Place(folder)

    async def behave(process: Any) -> None:
        process.exit(1)

    def at_the_terminal(port: int) -> tuple[int, str]:
        command = Asked(folder, "worker", "add", "w1", f"root@127.0.0.1:{port}", *options)
        command.waits_for("Is that the right one? [y/N] ")
        meanwhile(Home(folder / "home"))
        os.write(command.terminal, b"y\n")
        return command.ends(), command.seen

    async def run() -> tuple[int, str]:
        async with ssh_server(place, behave) as server:
            return await asyncio.to_thread(at_the_terminal, server.get_port())

    return asyncio.run(run())


def test_a_question_about_a_host_key_does_not_hold_the_lock(tmp_path: Path) -> None:
    """Another command works, here one that takes the lock; then the answer is used."""
    ended = []
    home = Home(tmp_path / "home")
    open_home(home)
    save_fleet(home, new_fleet())

    def meanwhile(home: Home) -> None:
        argv = [DECNET, "reconcile", "--quiet", "--lock-timeout", "0"]
        environ = {**os.environ, "DECNET_HOME": str(home.root)}
        ended.append(subprocess.run(argv, env=environ, capture_output=True, timeout=60, check=False))

    code, seen = answered(tmp_path, meanwhile=meanwhile)
    assert [(each.returncode, each.stderr) for each in ended] == [(0, b"")]
    assert code not in (0, 75, 130) and "lock" not in seen, seen


def test_workers_that_changed_during_the_question_stop_the_command(tmp_path: Path) -> None:
    other = Worker(name="w1", worker_id="other", host="192.0.2.9", user="root")
    code, seen = answered(tmp_path, meanwhile=lambda home: bool(FleetTable(home).put_worker(other)) and None)
    assert (code, "another command changed the fleet while the question was open" in seen) == (1, True), seen
    assert FleetTable(Home(tmp_path / "home")).workers() == {"w1": other}


def test_a_lock_that_another_command_holds_after_the_answer_is_reported(tmp_path: Path) -> None:
    with ExitStack() as held:
        code, seen = answered(
            tmp_path,
            "--lock-timeout",
            "0",
            meanwhile=lambda home: held.enter_context(Lock(home, "decnet deploy")) and None,
        )
    assert (code, "the lock is held by" in seen) == (75, True), seen
