"""A machine that reports another worker's worker_id (a clone, a copied folder, a lie) replaces no worker."""

from __future__ import annotations

import asyncio
import json
import re
import time
from asyncio.subprocess import PIPE
from pathlib import Path
from typing import Any

import pytest

from decnet import catalog
from decnet.commands.enrolment import add
from decnet.commands.own_login import Credentials
from decnet.engine.context import Context
from decnet.engine.workers import fleet_credentials
from decnet.errors import DecnetError, IdentityRefused, WorkerError
from decnet.model.worker import Worker
from decnet.store.atomic import write_whole
from decnet.store.desired import new_fleet, save_fleet
from decnet.store.fleet_table import FleetTable
from decnet.store.home_check import open_home
from decnet.store.paths import Home
from decnet.worker import enrol, hostkeys
from decnet.worker.bootstrap import PYTHON
from decnet.worker.login import HostKeyProof, Login

from .loopback import Place, ssh_server

TWIN = "8b7f6a52-0000-4000-8000-000000000001"
SURVEY = ["sh -c", "true", PYTHON]
"""The commands of a survey: nothing else may be sent to a machine that is refused."""


async def output_of(command: str, stdin: bytes) -> bytes:
    shell = await asyncio.create_subprocess_exec("sh", "-c", command, stdin=PIPE, stdout=PIPE)
    return (await shell.communicate(stdin))[0]


class Machine:
    """A machine that is fit to be a worker, has an identity already, and lets nothing be installed."""

    def __init__(self, fleet_id: str) -> None:
        self.identity = {"worker_id": TWIN, "fleet_id": fleet_id}
        self.commands: list[str] = []

    async def __call__(self, process: Any) -> None:
        is_simple = process.command.startswith("sh -c ")
        self.commands.append("sh -c" if is_simple else process.command)
        text = (await process.stdin.read()).decode()
        if is_simple:
            process.stdout.write(await output_of(process.command, text.encode()))
        if process.command == PYTHON:
            found = re.search(r'%s %d\\n%s" % \(\'(\w+)\'', text)
            assert found is not None
            said = json.dumps(self._survey() if "socket" in text else {"error": "nothing is put there"})
            process.stdout.write(f"\n{found[1]} {len(said)}\n{said}".encode())
        process.exit(0 if self.commands[-1] in SURVEY else 1)

    def _survey(self) -> dict[str, Any]:
        return {
            "result": {
                "python": "3.11.2", "uid": 0, "user": "root",
                "docker": {"version": "20.10.24", "error": None}, "compose": "1.29.2",
                "disk_free_mib": 9000, "clock": time.time(), "home_ready": True,
                "identity": self.identity,
            }
        }  # fmt: skip


class Seat:
    """An operator whose fleet has one worker, w1, with the worker_id that the machine says."""

    def __init__(self, folder: Path) -> None:
        self.place = Place(folder)
        self.home = Home(folder / "home")
        open_home(self.home)
        self.fleet = new_fleet()
        save_fleet(self.home, self.fleet)
        self.machine = Machine(self.fleet.fleet_id)
        w1 = Worker(name="w1", worker_id=TWIN, host="198.51.100.11", port=22, user="root")
        FleetTable(self.home).put_worker(w1)
        hostkeys.pin(self.home.known_hosts, w1, self.key, write_whole)

    @property
    def key(self) -> hostkeys.HostKey:
        return hostkeys.HostKey.parse(self.place.server_key.export_public_key("openssh").decode())

    def add(self, name: str) -> DecnetError:
        """How the enrolment of the machine under this name is refused."""
        ctx = Context(home=self.home, catalog=catalog.load(), emit=lambda event: None)
        credentials = Credentials(identity=self.place.key, host_key=self.key.fingerprint)

        async def run() -> None:
            async with ssh_server(self.place, self.machine) as server:
                await add(ctx, name, f"root@127.0.0.1:{server.get_port()}", credentials)

        with pytest.raises(DecnetError) as caught:
            asyncio.run(run())
        return caught.value

    def recorded(self) -> tuple[bytes, bytes, bool]:
        return self.home.fleet.read_bytes(), self.home.known_hosts.read_bytes(), self.home.audit.exists()


@pytest.fixture
def seat(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Seat:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("SSH_AUTH_SOCK", raising=False)
    return Seat(tmp_path)


def test_a_machine_with_the_identity_of_another_worker_replaces_no_one(seat: Seat) -> None:
    before = seat.recorded()
    error = seat.add("w9")
    assert (type(error), error.exit_code, error.message) == (
        IdentityRefused,
        6,
        "it identifies itself as w1 (the same worker_id)",
    )
    assert error.hint == (
        "a clone: remove /var/lib/decnet-agent/identity.json there; "
        "the same machine: decnet worker rename w1 w9"
    )
    assert (seat.machine.commands, seat.recorded()) == (SURVEY, before)


def test_the_same_machine_may_be_enrolled_again_and_under_a_new_name_once_the_old_one_is_removed(
    seat: Seat,
) -> None:
    again = seat.add("w1")
    FleetTable(seat.home).remove_worker("w1")
    anew = seat.add("w9")
    # Both were let through to the installation, which this machine does not take.
    assert [(type(each), each.message) for each in (again, anew)] == [
        (WorkerError, "nothing is put there"),
        (WorkerError, "nothing is put there"),
    ]


def test_two_addresses_of_one_identity_are_not_recovered_as_two_workers(seat: Seat) -> None:
    async def run() -> None:
        async with ssh_server(seat.place, seat.machine) as server:
            await enrol.Enrolment().recover(
                Login("127.0.0.1", "root", server.get_port(), identity=seat.place.key),
                None,
                lambda fleet_id: fleet_credentials(seat.home, fleet_id),
                Worker(name="w2", worker_id=""),
                HostKeyProof(pinned=seat.key),
                others={TWIN: "w1"},
            )

    with pytest.raises(IdentityRefused, match="w2: it identifies itself as w1") as caught:
        asyncio.run(run())
    assert str(caught.value.hint).endswith("the same machine: give its address once")
    assert seat.machine.commands == SURVEY
