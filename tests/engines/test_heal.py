"""An engine is stopped, killed, or loses its power: the heal and reconcile bring six deckies back."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest
from theatre import eventually
from whole_life import NAMES, Site

from decnet.lab import start, stop

pytestmark = [pytest.mark.lab, pytest.mark.engines]
Make = Callable[..., Site]
RUNNING = dict.fromkeys(NAMES, "running")
KILL = "kill -9 $(cat /run/docker.pid); while kill -0 $(cat /run/docker.pid) 2>/dev/null; do sleep 0.1; done"
HEAL = "/var/lib/decnet-agent/decnet-agent"
PID = "docker inspect -f '{{.State.Pid}}'"
CUT_OFF = f"nsenter -t $({PID} web-01) -n ip link del eth0"
DEATHS = ("restart", "kill", "power cut")


def deployed(made: Site) -> Site:
    """The site with an enrolled worker and six deckies."""
    made.enrol()
    made.deploy()
    return made


def harm(site: Site, how: str) -> None:
    """The engine ends this way and starts again."""
    if how == "kill":
        site.on("w1", "sh", "-c", KILL)
    else:
        stop(site.lab, "w1", "engine" if how == "restart" else "worker")
    start(site.lab, "w1")


@pytest.mark.parametrize("engine", ["trixie", "sid"])
def test_the_heal_and_reconcile_bring_all_back(site: Make, engine: str) -> None:
    """The heal starts everything but what a person stopped, and reconcile that too."""
    made = deployed(site(engine))
    for how in DEATHS:
        made.on("w1", "docker", "stop", "-t", "1", "host-03-http")
        # When it was stopped is known in whole seconds.
        time.sleep(1.1)
        harm(made, how)
        healed = made.on("w1", HEAL, "heal")
        assert healed.code == 0, (how, healed)
        # A service that was just started may still become ready.
        eventually(lambda: {n for n, status in made.statuses().items() if status != "running"} == {"host-03"})
        made.decnet("reconcile")
        assert made.statuses() == RUNNING, how
        made.decnet("reconcile", "--check")


@pytest.mark.parametrize("engine", ["trixie", "sid"])
def test_reconcile_alone_brings_all_back(site: Make, engine: str) -> None:
    made = deployed(site(engine))
    for how in DEATHS:
        harm(made, how)
        # The engine answers before it has started what it starts by itself.
        eventually(lambda: made.decnet("reconcile", code=None).code == 0, 150)
        assert made.statuses() == RUNNING, how
        made.decnet("reconcile", "--check")


@pytest.mark.parametrize("engine", ["trixie", "sid"])
def test_a_decky_that_is_not_ready_is_reported_and_repaired(site: Make, engine: str) -> None:
    """Its base lost its interface while all its containers run."""
    made = deployed(site(engine))
    assert made.on("w1", "sh", "-euc", CUT_OFF).code == 0
    # A decky that was just started may still become ready.
    eventually(lambda: made.statuses() == {**RUNNING, "web-01": "degraded"}, 60)
    eventually(lambda: "its base is not ready" in made.decnet("reconcile", "--check", code=None).out, 60)
    made.decnet("reconcile")
    assert made.statuses() == RUNNING
    address = made.deckies()["web-01"]["ip"]
    assert made.attack("curl", "-s", "-m", "10", "-o", "/dev/null", f"http://{address}/").code == 0
