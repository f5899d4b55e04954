"""Where systemd runs, a dead man is a timer of systemd: started, found, stopped and fired by its unit."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from agent_desk import Desk
from engine_server import EngineServer, engine_server
from rollout_desk import (
    ONE,
    OTHER,
    ROLLOUT,
    let_time_pass,
    previous,
    request,
    rollout,
    state,
    watchers,
    within,
)

from decnet.wire import PROJECT

ARMED = rollout(confirm_within=600)
GROUND = """set -e
mount --bind "$0/run" /run
mount --bind "$0/systemd-run" /usr/bin/systemd-run
mount --bind "$0/systemctl" /usr/bin/systemctl
exec "$@"
"""
SYSTEMD_RUN = """#!/bin/sh
echo "$*" >> {folder}/started
for word; do
    case $word in
        --unit=*) unit=${{word#--unit=}};;
        --scope) scope=yes;;
    esac
done
while [ "$1" != -- ]; do shift; done
shift
[ -z "$scope" ] || exec "$@"
mkdir -p /run/systemd/transient
touch /run/systemd/transient/$unit.timer /run/systemd/transient/$unit.service
echo "$@" > {folder}/command
"""
SYSTEMCTL = """#!/bin/sh
echo "$*" >> {folder}/stopped
for word; do :; done
rm -f /run/systemd/transient/$word /run/systemd/transient/${{word%.timer}}.service
"""

pytestmark = pytest.mark.skipif(
    os.geteuid() != 0 or not Path("/usr/bin/systemd-run").exists(),
    reason="needs root for a mount namespace, and systemd's programs",
)


class Systemd:
    """Its programs, which note what they are asked. `units` are those that are loaded."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        (folder / "run/systemd/system").mkdir(parents=True)
        for name, text in (("systemd-run", SYSTEMD_RUN), ("systemctl", SYSTEMCTL)):
            (folder / name).write_text(text.format(folder=folder))
            (folder / name).chmod(0o755)

    @property
    def before(self) -> list[str]:
        return ["unshare", "-m", "sh", "-c", GROUND, str(self._folder)]

    @property
    def units(self) -> list[str]:
        folder = self._folder / "run/systemd/transient"
        return sorted(os.listdir(folder)) if folder.exists() else []

    @property
    def timers(self) -> list[str]:
        """How they were started."""
        place = self._folder / "started"
        lines = place.read_text().splitlines() if place.exists() else []
        return [line for line in lines if "--on-active" in line]

    def fire(self, seat: Desk) -> None:
        """The time of the timer is over: its service runs."""
        command = (self._folder / "command").read_text().split()
        for name in self.units:
            (self._folder / "run/systemd/transient" / name).unlink()
        subprocess.run(
            [*self.before, *command], env=seat.environment(), timeout=60, check=True, stdin=subprocess.DEVNULL
        )


@pytest.fixture
def systemd(tmp_path: Path) -> Systemd:
    return Systemd(tmp_path / "systemd")


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[EngineServer]:
    with engine_server(tmp_path) as server:
        server.engine.listens = lambda base, name: {(22, "tcp")} if name.endswith("-ssh") else set()
        yield server


@pytest.fixture
def armed(systemd: Systemd, desk: Desk, engine: EngineServer) -> Desk:
    seat = replace(engine.serve(desk.enrolled_by_hand()), before=systemd.before)
    for args in (request(ONE, 1), request(OTHER, 2, ARMED)):
        if args["generation"] == 2:
            args = request(OTHER, 2, ARMED, seat=seat)
        assert seat.get("apply", args)["state"] == "done"
    return seat


def address(engine: EngineServer) -> str:
    return str((engine.engine.named("web") or {"Ip": ""})["Ip"])


def test_a_timer_of_systemd_waits_and_no_process(armed: Desk, systemd: Systemd) -> None:
    (line,) = systemd.timers
    (timer,) = [each for each in systemd.units if each.endswith(".timer")]
    assert timer.startswith("decnet-revert-decnet")
    assert "--collect" in line and "--on-active=600" in line and "AccuracySec=1s" in line
    assert f"--setenv=DECNET_AGENT_HOME={armed.home}" in line and line.endswith(" revert decnet")
    assert (state(armed), watchers(armed.home)) == ("armed", [])


def test_the_timer_restores_the_former_slice(armed: Desk, systemd: Systemd, engine: EngineServer) -> None:
    let_time_pass(armed)
    systemd.fire(armed)
    assert (state(armed), address(engine), previous(armed)) == ("reverted", "127.77.0.11", [])


def test_a_confirmation_stops_the_timer(armed: Desk, systemd: Systemd, engine: EngineServer) -> None:
    assert armed.get("confirm", {"project": PROJECT, "id": ROLLOUT})["state"] == "confirmed"
    assert (systemd.units, previous(armed)) == ([], [])
    systemd.fire(armed)
    assert (state(armed), address(engine)) == ("confirmed", "127.77.0.12")


def test_a_timer_that_fires_early_waits_for_the_new_deadline(armed: Desk, systemd: Systemd) -> None:
    done = armed.get("apply", request(OTHER, 3, rollout(confirm_within=6000), steps=[]))["state"]
    assert (done, len(systemd.timers), "--on-active=6000" in systemd.timers[1]) == ("done", 2, True)
    assert len([each for each in systemd.units if each.endswith(".timer")]) == 1


def test_a_timer_that_is_gone_is_expired(armed: Desk, systemd: Systemd, tmp_path: Path) -> None:
    for name in systemd.units:
        (tmp_path / "systemd/run/systemd/transient" / name).unlink()
    assert state(armed) == "expired"


def test_where_systemd_starts_no_timer_a_process_waits(
    systemd: Systemd, desk: Desk, engine: EngineServer, tmp_path: Path
) -> None:
    (tmp_path / "systemd/systemd-run").write_text("#!/bin/sh\nexit 1\n")
    seat = replace(engine.serve(desk.enrolled_by_hand()), before=systemd.before)
    assert seat.get("apply", request(ONE, 1, ARMED))["state"] == "done"
    assert (state(seat), len(watchers(seat.home)), systemd.units) == ("armed", 1, [])
    assert seat.get("confirm", {"project": PROJECT, "id": ROLLOUT})["state"] == "confirmed"
    within(5, lambda: not watchers(seat.home))


def test_a_self_destruct_stops_the_timer(armed: Desk, systemd: Systemd) -> None:
    armed.get("self-destruct")
    within(30, lambda: not (armed.home / "identity.json").exists())
    assert systemd.units == []
