"""An engine that was stopped and whose socket systemd still holds: a connection to it starts the engine."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from agent_desk import Desk, bundle

from decnet.worker import bootstrap

SYSTEMCTL = Path("/usr/bin/systemctl")
SOCKET = "/run/docker.sock"
GROUND = f"""set -e
mount -t tmpfs none /run
mkdir -p /run/systemd/system
touch {SOCKET}
mount --bind "$0" {SOCKET}
mount --bind "$1" {SYSTEMCTL}
shift
exec "$@"
"""

pytestmark = pytest.mark.skipif(
    os.geteuid() != 0 or not SYSTEMCTL.exists(), reason="needs root for a mount namespace, and systemctl"
)


class Machine:
    """A machine with systemd, which holds the socket of an engine in `state`."""

    def __init__(self, folder: Path) -> None:
        self._socket, self._systemctl = folder / "held.sock", folder / "systemctl"
        self._held = socket.socket(socket.AF_UNIX)
        self._held.bind(str(self._socket))
        self._held.listen()
        self._held.setblocking(False)

    def is_in_state(self, state: str) -> None:
        script = '#!/bin/sh\n[ "$*" = "is-active docker.service docker.socket" ] && printf "%s\\nactive\\n"\n'
        self._systemctl.write_text(script % state)
        self._systemctl.chmod(0o755)

    def command(self) -> list[str]:
        return ["unshare", "-m", "sh", "-c", GROUND, str(self._socket), str(self._systemctl)]

    def was_touched(self) -> bool:
        try:
            self._held.accept()[0].close()
        except BlockingIOError:
            return False
        return True

    def close(self) -> None:
        self._held.close()


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[Machine]:
    machine = Machine(tmp_path)
    yield machine
    machine.close()


@pytest.mark.parametrize("state", ["inactive", "failed", "deactivating"])
def test_reading_does_not_start_a_stopped_engine(machine: Machine, desk: Desk, state: str) -> None:
    machine.is_in_state(state)
    seat = replace(desk.enrolled_by_hand(), socket=SOCKET, before=machine.command())
    began = time.monotonic()
    status = seat.get("status")
    seconds = time.monotonic() - began
    hello, facts, events = seat.get("hello"), seat.get("facts"), seat.get("events")
    planned = seat.refused("apply", {**bundle({"web": ("192.0.2.7", {})}, "r1", 1), "dry_run": True})
    assert not machine.was_touched()
    assert seconds < 5
    assert (status["docker"], status["docker_error"]) == ("down", "the Docker engine is stopped")
    assert (hello["engine_id"], facts["docker_version"]) == (None, None)
    assert (events["events"], planned["code"]) == ([], "docker-down")


def test_an_engine_that_systemd_knows_as_running_is_asked(machine: Machine, desk: Desk) -> None:
    machine.is_in_state("active")
    replace(desk.enrolled_by_hand(), socket=SOCKET, before=machine.command()).get("status")
    assert machine.was_touched()


def test_enrolment_finds_a_stopped_engine_and_does_not_start_it(machine: Machine, tmp_path: Path) -> None:
    machine.is_in_state("inactive")
    survey = bootstrap._program("survey") + f"\nprint(docker({SOCKET!r})['error'])"
    ended = subprocess.run(
        [*machine.command(), sys.executable, "-I", "-S", "-"],
        input=survey.encode(), capture_output=True, check=True, timeout=60,
    )  # fmt: skip
    assert (ended.stdout, machine.was_touched()) == (b"stopped\n", False)


def test_a_dry_run_does_not_start_the_engine_of_the_operators_machine(machine: Machine) -> None:
    machine.is_in_state("inactive")
    look = "from decnet.images.shelf import on_this_machine; print(on_this_machine(['web:1']))"
    ended = subprocess.run(
        [*machine.command(), sys.executable, "-c", look], capture_output=True, check=True, timeout=60
    )
    assert (ended.stdout, machine.was_touched()) == (b"()\n", False)
