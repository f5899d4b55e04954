"""What the agent does once after the Docker engine has started, and the systemd unit that lets it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from agent_desk import FLEET, WORKER, Desk, bundle
from engine_server import EngineServer, engine_server

from decnet.agent import boot

SYSTEMCTL = Path("/usr/bin/systemctl")
BEFORE, AFTER = "2020-01-01T00:00:00.5Z", "2099-01-01T00:00:00.5Z"
"""Times before and after the start of the engine."""

NAMES = ["web", "web-http", "web-ssh"]
WITH_ENGINE = 'mount -t tmpfs none /run; exec 9>/run/docker.pid; echo $PPID >&9; exec "$@"'
WITH_SYSTEMD = """set -e
mount -t tmpfs none /run
mkdir -p /run/systemd/system "$0/units" /etc/systemd/system
mount --bind "$0/units" /etc/systemd/system
mount --bind "$0/systemctl" /usr/bin/systemctl
exec "$@"
"""

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="needs root for a mount namespace")
needs_systemctl = pytest.mark.skipif(not SYSTEMCTL.exists(), reason="systemctl is not installed")


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[EngineServer]:
    with engine_server(tmp_path) as server:
        yield server


@pytest.fixture
def seat(desk: Desk, engine: EngineServer) -> Desk:
    """An agent that has one decky with two services, all of which run."""
    whole = bundle({"web": ("127.77.0.11", {"http": 8080, "ssh": 8022})}, "r1", 1)
    folder = desk.home / "projects" / "decnet"
    folder.mkdir(parents=True)
    applied = {"slice": whole["slice"], "generation": 1, "plan_hash": whole["plan_hash"]}
    (folder / "slice.json").write_text(json.dumps(applied))
    for name, service in whole["compose"]["services"].items():
        engine.engine.start(engine.engine.create(name, service))
    return engine.serve(desk.enrolled_by_hand())


def ended(engine: EngineServer, name: str, *, by_hand: bool, at: str = BEFORE) -> None:
    """That container has ended, and this is what the engine keeps about it."""
    container = engine.engine.named(name)
    assert container is not None
    engine.engine.exit(container)
    folder = engine.engine.file.parent / "containers" / container["Id"]
    folder.mkdir(parents=True, exist_ok=True)
    kept = {"HasBeenManuallyStopped": by_hand, "State": {"FinishedAt": at}}
    (folder / "config.v2.json").write_text(json.dumps(kept))


def healed(seat: Desk) -> int:
    return seat.raw("heal", stdin=b"").returncode


def test_what_did_not_come_up_with_the_engine_is_started(seat: Desk, engine: EngineServer) -> None:
    for name in NAMES:
        ended(engine, name, by_hand=False)
    assert (healed(seat), engine.containers) == (0, dict.fromkeys(NAMES, "running"))


def test_a_service_that_could_not_join_its_base_is_started(seat: Desk, engine: EngineServer) -> None:
    ended(engine, "web-ssh", by_hand=False)
    assert (healed(seat), engine.containers) == (0, dict.fromkeys(NAMES, "running"))


def test_it_waits_for_what_docker_is_restarting(seat: Desk, engine: EngineServer) -> None:
    service = engine.engine.named("web-ssh")
    assert service is not None
    engine.engine.loop(service, 1, [])
    later = threading.Timer(2.0, engine.engine.start, [service])
    later.start()
    assert (healed(seat), engine.containers) == (0, dict.fromkeys(NAMES, "running"))
    later.join()


def test_it_ends_when_every_base_is_ready(seat: Desk, engine: EngineServer, tmp_path: Path) -> None:
    base, mark = engine.engine.named("web"), tmp_path / "ready"
    assert base is not None
    # A shell that runs the file `sleep` looks like the sleeper.
    (tmp_path / "sleep").write_text("read line\n")
    script = "sleep 0.5; touch ready; exec -a /bin/busybox sh sleep"
    with subprocess.Popen(["bash", "-c", script], stdin=subprocess.PIPE, cwd=tmp_path) as process:
        base["Pid"] = process.pid
        status = healed(seat)
        process.kill()
    assert (status, mark.exists()) == (0, True)


def test_a_service_that_a_person_stopped_stays_stopped(seat: Desk, engine: EngineServer) -> None:
    ended(engine, "web-ssh", by_hand=True)
    ended(engine, "web-http", by_hand=False)
    assert healed(seat) == 0
    assert engine.containers == {"web": "running", "web-http": "running", "web-ssh": "exited"}


def test_a_decky_whose_base_a_person_stopped_stays_down(seat: Desk, engine: EngineServer) -> None:
    for name in NAMES:
        ended(engine, name, by_hand=name == "web")
    assert (healed(seat), engine.containers) == (0, dict.fromkeys(NAMES, "exited"))


@needs_root
def test_what_a_crashed_engine_ended_when_it_started_again_is_not_a_persons_doing(
    seat: Desk, engine: EngineServer
) -> None:
    for name in NAMES:
        ended(engine, name, by_hand=True, at=AFTER)
    ground = replace(seat, before=["unshare", "-m", "sh", "-c", WITH_ENGINE, "ground"])
    assert (healed(ground), engine.containers) == (0, dict.fromkeys(NAMES, "running"))


def test_what_the_engine_keeps_and_cannot_be_read_counts_as_stopped(seat: Desk, engine: EngineServer) -> None:
    ended(engine, "web-ssh", by_hand=False)
    shutil.rmtree(engine.engine.file.parent / "containers")
    assert (healed(seat), engine.containers["web-ssh"]) == (0, "exited")


def test_what_no_slice_describes_is_left_alone(seat: Desk, engine: EngineServer) -> None:
    ended(engine, "web-ssh", by_hand=False)
    shutil.rmtree(seat.home / "projects")
    assert (healed(seat), engine.containers["web-ssh"]) == (0, "exited")


class Systemd:
    """A machine with systemd; `calls` are those of systemctl, `unit` is the unit's text."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir()
        script = folder / "systemctl"
        script.write_text(f'#!/bin/sh\necho "$*" >> {folder}/calls\n')
        script.chmod(0o755)

    def command(self) -> list[str]:
        return ["unshare", "-m", "sh", "-c", WITH_SYSTEMD, str(self._folder)]

    @property
    def calls(self) -> list[str]:
        place = self._folder / "calls"
        return place.read_text().splitlines() if place.exists() else []

    @property
    def unit(self) -> Path:
        return self._folder / "units" / boot.NAME


@pytest.fixture
def systemd(tmp_path: Path) -> Systemd:
    return Systemd(tmp_path / "systemd")


def installed(seat: Desk) -> Desk:
    """That agent as enrolment installs it: with a link and a command."""
    (seat.home / "agents").mkdir()
    agent = shutil.copy(seat.agent, seat.home / "agents")
    (seat.home / "current").symlink_to(agent)
    command = seat.home / boot.COMMAND
    command.write_text("#!/bin/sh\n")
    command.chmod(0o755)
    return replace(seat, agent=Path(agent))


@needs_root
@needs_systemctl
def test_enrolment_installs_the_unit_and_self_destruct_removes_it(
    desk: Desk, engine: EngineServer, systemd: Systemd
) -> None:
    seat = replace(installed(engine.serve(desk)), before=systemd.command())
    seat.get("enrol", {"worker_id": WORKER, "fleet_id": FLEET})
    assert f"ExecStart=/bin/sh {seat.home}/decnet-agent heal\n" in systemd.unit.read_text()
    assert systemd.calls == ["daemon-reload", f"enable {boot.NAME}"]
    assert seat.get("facts")["heals_at_boot"] is True
    seat.get("self-destruct")
    deadline = time.monotonic() + 30
    while systemd.unit.exists() or (seat.home / "identity.json").exists():
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert systemd.calls[2:] == [f"disable {boot.NAME}", "daemon-reload"]


@needs_root
@needs_systemctl
def test_an_upgrade_installs_the_unit_and_reading_does_not(desk: Desk, systemd: Systemd) -> None:
    seat = replace(installed(desk.enrolled_by_hand()), before=systemd.command())
    read = [seat.get("hello")["worker_id"], seat.get("facts")["heals_at_boot"], systemd.unit.exists()]
    replace(seat, agent=seat.home / "current").get("hello")
    assert (read, systemd.unit.exists()) == ([WORKER, False, False], True)


@needs_root
@needs_systemctl
def test_a_unit_that_is_masked_stays_so(desk: Desk, systemd: Systemd) -> None:
    seat = replace(installed(desk.enrolled_by_hand()), before=systemd.command())
    systemd.unit.parent.mkdir()
    systemd.unit.symlink_to("/dev/null")
    replace(seat, agent=seat.home / "current").get("hello")
    assert (systemd.unit.is_symlink(), systemd.calls) == (True, [])
    assert seat.get("facts")["heals_at_boot"] is False


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed")
def test_systemd_finds_nothing_wrong_with_the_unit(tmp_path: Path) -> None:
    unit = tmp_path / boot.NAME
    unit.write_text(boot.TEXT % (boot.NAME, "/bin/true"))
    (tmp_path / "docker.service").write_text("[Service]\nExecStart=/bin/true\n")
    environment = {**os.environ, "SYSTEMD_UNIT_PATH": f"{tmp_path}:"}
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", str(unit)],
        env=environment, capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert [line for line in done.stderr.splitlines() if boot.NAME in line] == []
