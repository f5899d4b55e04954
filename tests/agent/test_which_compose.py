"""What enrolment finds of Compose is what the agent uses, wherever it was installed."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from agent_desk import Desk

from decnet.worker import bootstrap

PASSWD = "root:x:{uid}:0:root:{home}:/bin/sh\n"
GROUND = 'mount --bind "$0" /etc/passwd && exec "$@"'

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="needs root for a mount namespace")


@pytest.fixture
def user(tmp_path: Path) -> Path:
    """The home directory of the agent's user, and the `passwd` file that names it."""
    home = tmp_path / "user"
    home.mkdir()
    (tmp_path / "passwd").write_text(PASSWD.format(uid=os.geteuid(), home=home))
    return home


def in_the_home_of(user: Path) -> list[str]:
    return ["unshare", "-m", "sh", "-c", GROUND, str(user.parent / "passwd")]


def plugin(folder: Path, version: str) -> Path:
    program = folder / "cli-plugins" / "docker-compose"
    program.parent.mkdir(parents=True)
    program.write_text(f'#!/bin/sh\n[ "$*" = "version --short" ] && echo {version}\n')
    program.chmod(0o755)
    return program


def surveyed(user: Path, agent_home: Path, extra: dict[str, str] | None = None) -> str:
    """What enrolment finds, with that in the environment of the login."""
    survey = bootstrap._program("survey") + f"\nprint(compose({str(agent_home)!r}))"
    argv = [*in_the_home_of(user), sys.executable, "-I", "-S", "-"]
    ended = subprocess.run(
        argv, input=survey.encode(), capture_output=True, check=True, env={**os.environ, **(extra or {})}
    )
    return ended.stdout.decode().strip()


def test_a_plugin_in_the_users_home_is_found_by_enrolment_and_used_by_the_agent(
    desk: Desk, user: Path
) -> None:
    program = plugin(user / ".docker", "2.29.7")
    facts = replace(desk.enrolled_by_hand(), before=in_the_home_of(user)).get("facts")
    assert surveyed(user, desk.home) == "2.29.7"
    assert (facts["compose_command"], facts["compose_version"]) == ([str(program)], "2.29.7")


def test_a_plugin_that_only_the_login_finds_counts_for_neither(desk: Desk, user: Path) -> None:
    folder = plugin(user / "elsewhere", "2.29.7").parent
    login = {"DOCKER_CONFIG": str(user / "elsewhere"), "PATH": f"{folder}:{os.environ['PATH']}"}
    seat = replace(desk.enrolled_by_hand(), before=in_the_home_of(user), extra=login)
    survey = surveyed(user, desk.home, login)
    assert survey == str(seat.get("facts")["compose_version"])
    assert survey != "2.29.7"


def test_a_plugin_that_was_removed_since_is_not_used(desk: Desk, user: Path) -> None:
    program = plugin(user / ".docker", "2.29.7")
    seat = replace(desk.enrolled_by_hand(), before=in_the_home_of(user))
    before = seat.get("facts")["compose_version"]
    program.unlink()
    assert (before, str(seat.get("facts")["compose_version"])) == ("2.29.7", surveyed(user, desk.home))
