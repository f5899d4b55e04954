"""A real engine is restarted, killed, or loses its power: the heal starts all but what a person stopped."""

from __future__ import annotations

import subprocess

import pytest
from agent_desk import MODERN, OLDER, Desk, bundle

from decnet.lab import Lab, run_argv, start, stop

DECKIES = {
    "web": ("192.0.2.101", {"ssh": 22, "http": 80}),
    "db": ("192.0.2.102", {"mysql": 3306, "ssh": 22}),
    "mail": ("192.0.2.103", {"smtp": 25, "ssh": 22}),
}
KILL = "kill -9 $(cat /run/docker.pid); while kill -0 $(cat /run/docker.pid); do sleep 0.1; done"


def in_worker(lab: Lab, machine: str, *argv: str) -> None:
    subprocess.run(run_argv(lab, machine, list(argv)), capture_output=True, timeout=60, check=True)


def down(worker: Desk) -> list[str]:
    return [row["name"] for row in worker.get("status")["containers"] if row["state"] != "running"]


@pytest.mark.parametrize("how", ["restart", "crash", "power cut"])
@pytest.mark.parametrize(("seat", "machine"), [("worker", MODERN), ("older_worker", OLDER)])
def test_the_heal_brings_back_all_that_no_person_stopped(
    lab: Lab, request: pytest.FixtureRequest, seat: str, machine: str, how: str
) -> None:
    worker: Desk = request.getfixturevalue(seat)
    assert worker.get("apply", {**bundle(DECKIES, "r1", 1), "wait": 120.0})["state"] == "done"
    in_worker(lab, machine, "docker", "stop", "-t", "1", "mail-smtp")
    # The comparison of its end with the engine's start has a resolution of one second.
    in_worker(lab, machine, "sleep", "1.1")
    if how == "crash":
        in_worker(lab, machine, "sh", "-c", KILL)
    else:
        stop(lab, machine, "engine" if how == "restart" else "worker")
    start(lab, machine)
    ended = worker.raw("heal", stdin=b"")
    assert (ended.returncode, down(worker)) == (0, ["mail-smtp"]), ended.stderr
