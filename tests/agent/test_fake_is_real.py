"""The fake worker against a real agent on a real engine: the same calls, the same answers."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from agent_desk import OLDER, Desk
from fake_script import TAKEN, differences, masked, script
from fakefleet import Clock, FakeWorker
from fakefleet.machine import Lan

from decnet.lab import Lab, run_argv

IMAGES = ("decnet/base:0123456789ab", "decnet/decoys:0123456789ab")


class RealSeat:
    """The agent of the worker whose engine the fake imitates."""

    def __init__(self, desk: Desk, lab: Lab) -> None:
        self._desk, self._lab = desk, lab
        self.agent = desk.agent.read_bytes()
        self.ask = desk.ask

    def without_docker(self, verb: str, args: dict[str, Any] | None = None) -> dict[str, Any]:
        extra = [*self._desk.before, "env", "DECNET_DOCKER_SOCKET=/nonexistent/docker.sock"]
        return replace(self._desk, before=extra).ask(verb, args)

    def stop(self, container: str) -> None:
        self._docker("stop", "-t", "5", container)

    def restart(self, container: str) -> None:
        self._docker("restart", "-t", "1", container)

    def make_foreign(self, container: str) -> None:
        self._docker("create", "--name", container, "--network", "none", IMAGES[0])

    def remove_foreign(self, container: str) -> None:
        self._docker("rm", container)

    def let_jobs_linger(self) -> None:
        """They do."""

    def _docker(self, *words: str) -> None:
        subprocess.run(
            run_argv(self._lab, OLDER, ["docker", *words]), check=True, capture_output=True, timeout=60
        )


class FakeSeat:
    """The fake, whose decoys are made to say what the script's decoys print."""

    def __init__(self, machine: FakeWorker, agent: Path) -> None:
        self._machine = machine
        self.agent = agent.read_bytes()
        self.ask = machine.ask

    def without_docker(self, verb: str, args: dict[str, Any] | None = None) -> dict[str, Any]:
        socket, self._machine.socket = self._machine.socket, Path("/nonexistent/docker.sock")
        try:
            return self.ask(verb, args)
        finally:
            self._machine.socket = socket

    def stop(self, container: str) -> None:
        # The decoys of the script end in good order, a base is killed.
        self._machine.crash(container, 0 if "-" in container else 137)

    def restart(self, container: str) -> None:
        self._machine.restart(container)

    def make_foreign(self, container: str) -> None:
        self._machine.engine.create(container, {"image": IMAGES[0], "labels": {}, "network_mode": "none"})

    def remove_foreign(self, container: str) -> None:
        found = self._machine.engine.named(container)
        assert found is not None
        del self._machine.engine.containers[found["Id"]]

    def let_jobs_linger(self) -> None:
        self._machine.job_polls = 3


def said_by_its_command(container: dict[str, Any], moment: str) -> list[str]:
    """What `agent_desk.decoy` prints: one event at its start, one at its end."""
    events = re.findall(r"{.+?}}", " ".join(container["Command"]))
    return [each for each in events if (json.loads(each)["n"] == 1) == (moment == "start")]


@pytest.fixture
def fake(tmp_path: Path, agent_file: Path) -> Iterator[FakeSeat]:
    lan = Lan(strangers={TAKEN: "8c:16:45:00:00:01"})
    machine = FakeWorker(tmp_path / "fake", OLDER, Clock(), lan, "192.0.2.12")
    machine.install(agent_file, ())
    # As the real one's, outside of the folder that a self-destruct empties.
    machine.program = agent_file
    machine.engine.images = {name: {} for name in IMAGES}
    machine.breaks("bad", exit_code=3, log=["out of order"])
    # As the real one's images.
    machine.has_nft = False
    machine.engine.speech = said_by_its_command
    yield FakeSeat(machine, agent_file)
    machine.close()


@pytest.fixture
def real(older_worker: Desk, lab: Lab) -> RealSeat:
    (older_worker.home / "identity.json").unlink()
    return RealSeat(older_worker, lab)


def test_a_fake_worker_answers_like_a_real_one(fake: FakeSeat, real: RealSeat) -> None:
    found = []
    for (what, ours), (same, theirs) in zip(script(fake), script(real), strict=True):
        assert what == same
        found += [f"{what}{each}" for each in differences(masked(ours), masked(theirs))]
    assert found == []
