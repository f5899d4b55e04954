"""What an agent starts leaves the login's session, or enrolment says that systemd would end it there."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from agent_desk import Desk
from engine_server import EngineServer, engine_server

from decnet.worker import bootstrap

PROGRAMS = {name: Path("/usr/bin") / name for name in ("systemd-run", "loginctl")}
USER = pwd.getpwnam("nobody")
GROUND = """set -e
mount -t tmpfs none /run
mkdir -p /run/systemd/system
mkdir -p /var/lib/systemd
mount -t tmpfs none /var/lib/systemd
[ "$LINGERS" = no ] || mkdir -p /var/lib/systemd/linger/nobody
mount --bind "$0/systemd-run" /usr/bin/systemd-run
mount --bind "$0/loginctl" /usr/bin/loginctl
exec "$@"
"""
SYSTEMD_RUN = """#!/bin/sh
echo "$XDG_RUNTIME_DIR $*" >> {folder}/scopes
while [ "$1" != -- ]; do shift; done
shift
exec "$@"
"""

OWN_PYTHON = ["sh", "-c", 'shift; exec /usr/bin/python3 "$@"', "as"]
"""Ours may be in a folder that other users cannot enter."""

pytestmark = pytest.mark.skipif(
    os.geteuid() != 0 or not all(program.exists() for program in PROGRAMS.values()),
    reason="needs root for a mount namespace, and systemd's programs",
)


class Machine:
    """A machine with systemd, whose logind has these settings. `scopes` are the calls of systemd-run."""

    def __init__(self, folder: Path, settings: str = "KillUserProcesses=yes\nKillExcludeUsers=root") -> None:
        self._folder = folder
        folder.mkdir(mode=0o777)
        folder.chmod(0o777)
        self._program("systemd-run", SYSTEMD_RUN.format(folder=folder))
        self._program("loginctl", f"#!/bin/sh\n[ $1 = show-session ] && printf '{settings}\n'")

    def _program(self, name: str, text: str) -> None:
        (self._folder / name).write_text(text)
        (self._folder / name).chmod(0o755)

    def command(self, *, lingers: bool = False, user: bool = False) -> list[str]:
        environment = ["env", f"LINGERS={'yes' if lingers else 'no'}"]
        drop = ["setpriv", f"--reuid={USER.pw_uid}", "--clear-groups", *OWN_PYTHON] if user else []
        return [*environment, "unshare", "-m", "sh", "-c", GROUND, str(self._folder), *drop]

    @property
    def scopes(self) -> list[str]:
        place = self._folder / "scopes"
        return place.read_text().splitlines() if place.exists() else []


@pytest.fixture
def ground() -> Iterator[Path]:
    """A folder that other users may enter."""
    with TemporaryDirectory(prefix="decnet-", dir="/tmp") as place:
        Path(place).chmod(0o755)
        yield Path(place)


@pytest.fixture
def machine(ground: Path) -> Machine:
    return Machine(ground / "systemd")


@pytest.fixture
def engine(ground: Path) -> Iterator[EngineServer]:
    with engine_server(ground) as server:
        Path(server.place).chmod(0o777)
        yield server


def wait_until_gone(place: Path) -> None:
    deadline = time.monotonic() + 30
    while place.exists():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_the_reaper_leaves_the_session_of_the_login(
    machine: Machine, desk: Desk, engine: EngineServer
) -> None:
    seat = replace(engine.serve(desk.enrolled_by_hand()), before=machine.command())
    assert seat.get("self-destruct") == {"started": True}
    wait_until_gone(desk.home / "identity.json")
    assert len(machine.scopes) == 1
    assert "--scope --quiet --collect --unit=decnet-self-destruct --" in machine.scopes[0]


def test_a_purge_in_its_own_scope_leaves_nothing(machine: Machine, desk: Desk, engine: EngineServer) -> None:
    seat = replace(engine.serve(desk.enrolled_by_hand()), before=machine.command())
    assert seat.get("self-destruct", {"purge": True}) == {"started": True}
    wait_until_gone(desk.home)


def test_a_verb_after_a_purge_writes_nothing(machine: Machine, desk: Desk, engine: EngineServer) -> None:
    seat = replace(engine.serve(desk.enrolled_by_hand()), before=machine.command())
    seat.get("self-destruct", {"purge": True})
    wait_until_gone(desk.home)
    desk.home.mkdir()
    assert seat.get("hello")["worker_id"] is None
    assert list(desk.home.iterdir()) == []


def test_the_reaper_works_where_systemd_makes_no_scope(
    machine: Machine, desk: Desk, engine: EngineServer
) -> None:
    machine._program("systemd-run", "#!/bin/sh\nexit 1\n")
    seat = replace(engine.serve(desk.enrolled_by_hand()), before=machine.command())
    seat.get("self-destruct")
    wait_until_gone(desk.home / "identity.json")


def test_the_agent_takes_up_no_reaper_without_its_locks(desk: Desk) -> None:
    seat = desk.enrolled_by_hand()
    assert [seat.raw(*words, stdin=b"").returncode for words in (["reap"], ["reap", "77"])] == [2, 2]
    assert (desk.home / "identity.json").exists()


@pytest.fixture
def users_desk(ground: Path, desk: Desk, engine: EngineServer) -> Desk:
    """The agent of a user who is not root."""
    seat = engine.serve(desk.enrolled_by_hand())
    shutil.copytree(seat.home, ground / "home")
    for each in [ground / "home", *(ground / "home").rglob("*")]:
        os.chown(each, USER.pw_uid, USER.pw_gid)
    return replace(seat, agent=Path(shutil.copy(seat.agent, ground)), home=ground / "home")


@pytest.mark.parametrize("lingers", [False, True])
def test_a_job_of_a_user_who_lingers_runs_in_his_own_systemd(
    machine: Machine, users_desk: Desk, lingers: bool
) -> None:
    seat = replace(users_desk, before=machine.command(lingers=lingers, user=True))
    job = seat.get(
        "teardown", {"request_id": "r1", "generation": 1, "project": "decnet", "deckies": ["web"], "wait": 20}
    )
    wanted = f"/run/user/{USER.pw_uid} --user --scope --quiet --collect --unit=decnet-job-{job['job_id']}"
    assert job["state"] == "done"
    assert [each.partition(" -- ")[0] for each in machine.scopes] == [wanted] * lingers


@pytest.mark.parametrize(
    ("settings", "lingers", "is_ended"),
    [
        ("KillUserProcesses=yes\nKillExcludeUsers=root", False, True),
        ("KillUserProcesses=yes\nKillExcludeUsers=root", True, False),
        ("KillUserProcesses=no\nKillExcludeUsers=root", False, False),
        ("KillUserProcesses=yes\nKillExcludeUsers=root nobody", False, False),
        ("KillUserProcesses=no\nKillOnlyUsers=nobody", False, True),
        ("KillUserProcesses=yes\nKillOnlyUsers=somebody", False, False),
    ],
)
def test_enrolment_and_worker_check_know_whom_systemd_ends(
    ground: Path, users_desk: Desk, settings: str, lingers: bool, is_ended: bool
) -> None:
    command = Machine(ground / "systemd", settings).command(lingers=lingers, user=True)
    facts = replace(users_desk, before=command).get("facts")
    survey = bootstrap._program("survey") + "\nprint(end_with_their_session('nobody'))"
    ended = subprocess.run(
        [*command, sys.executable, "-"], input=survey.encode(), capture_output=True, check=True
    )
    assert (facts["ends_with_session"], ended.stdout) == ("nobody" * is_ended, b"%r\n" % is_ended)
