"""A real engine is restarted, killed, or loses its power: the heal starts all but what a person stopped."""

from __future__ import annotations

import subprocess

import pytest
from agent_desk import Desk, bundle

from decnet.lab import Lab, run_argv, start, stop

DECKIES = {
    "web": ("192.0.2.101", {"ssh": 22, "http": 80}),
    "db": ("192.0.2.102", {"mysql": 3306, "ssh": 22}),
    "mail": ("192.0.2.103", {"smtp": 25, "ssh": 22}),
}


def in_worker(lab: Lab, *argv: str) -> None:
    subprocess.run(run_argv(lab, "w1", list(argv)), capture_output=True, timeout=60, check=True)


def down(worker: Desk) -> list[str]:
    return [row["name"] for row in worker.get("status")["containers"] if row["state"] != "running"]


@pytest.mark.parametrize("how", ["restart", "crash", "power cut"])
def test_the_heal_brings_back_all_that_no_person_stopped(worker: Desk, lab: Lab, how: str) -> None:
    assert worker.get("apply", {**bundle(DECKIES, "r1", 1), "wait": 120.0})["state"] == "done"
    in_worker(lab, "docker", "stop", "-t", "1", "mail-smtp")
    # The comparison of its end with the engine's start has a resolution of one second.
    in_worker(lab, "sleep", "1.1")
    if how == "crash":
        in_worker(
            lab,
            "sh",
            "-c",
            "kill -9 $(cat /run/docker.pid); while kill -0 $(cat /run/docker.pid); do sleep 0.1; done",
        )
    else:
        stop(lab, "w1", "engine" if how == "restart" else "worker")
    start(lab, "w1")
    ended = worker.raw("heal", stdin=b"")
    assert (ended.returncode, down(worker)) == (0, ["mail-smtp"]), ended.stderr
