"""A user's shell that does not run what it is given: enrolment says what is in the way, and where."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from .machine import Machine, running

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="sshd with folders of its own needs root")
NOISE = "echo 'Welcome!'\n"
NEVER = ["worker check", "worker show", "worker add", "worker upgrade"]
"""Commands that know no such worker, or have just failed."""


@pytest.mark.parametrize("noise", ["", NOISE])
@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("exec dash", "starts dash in place of the command: `exec` in a start-up file"),
        ("exit 0", "did not run the command"),
        ("exit 3", "runs no command: it ended with exit status 3"),
        ("read answer", "reads the input of the command: `read` or a similar command in a start-up file"),
        ("cat >/dev/null", "reads the input of the command"),
        ("exec cat", "did not run the command"),
    ],
)
def test_a_start_up_file_in_the_way_is_named_and_nothing_is_installed(
    tmp_path: Path, line: str, message: str, noise: str
) -> None:
    machine = Machine(tmp_path)
    (tmp_path / "root" / ".bashrc").write_text(f"{noise}{line}\n")
    with running(machine):
        refused = machine.add()
    assert (refused.code, f"the login shell of root {message}" in refused) == (4, True), refused.out
    assert "~/.bashrc" in refused
    assert [command for command in NEVER if command in refused] == []
    assert (machine.remains(), machine.enrolled()) == ([], [])


@pytest.mark.parametrize(
    ("shell", "config", "message", "hint"),
    [
        (
            "/usr/sbin/nologin",
            [],
            "runs no command: it ended with exit status 1 and printed: This account",
            "usermod -s",
        ),
        ("/bin/false", [], "runs no command: it ended with exit status 1", "usermod -s /bin/sh root"),
        (
            "/bin/bash",
            ["ForceCommand /bin/echo go away"],
            "did not run the command and printed: go away",
            "ForceCommand",
        ),
        ("/bin/bash", ["ForceCommand internal-sftp"], "of root", "ForceCommand"),
    ],
)
def test_a_shell_that_runs_nothing_and_a_forced_command_are_named(
    tmp_path: Path, shell: str, config: list[str], message: str, hint: str
) -> None:
    machine = Machine(tmp_path, shell=shell, config=config)
    with running(machine):
        refused = machine.add()
    assert (refused.code, f"the login shell of root {message}" in refused or message == "of root") == (
        4,
        True,
    )
    assert hint in refused.out.partition("hint: ")[2], refused.out
    assert [command for command in NEVER if command in refused] == []
    assert (machine.remains(), machine.enrolled()) == ([], [])


def test_a_noisy_start_up_file_is_a_warning(tmp_path: Path) -> None:
    machine = Machine(tmp_path)
    (tmp_path / "root" / ".bashrc").write_text(NOISE)
    with running(machine):
        added = machine.add()
    assert added.code == 0
    assert "prints 9 bytes" in added


def test_a_folder_that_no_program_may_run_from_is_refused_with_its_mount_point(tmp_path: Path) -> None:
    machine = Machine(tmp_path)
    machine.agent.mkdir(mode=0o700)
    with running(machine, ["mount --bind /var/lib/decnet-agent /var/lib/decnet-agent",
                           "mount -o remount,bind,noexec /var/lib/decnet-agent"]):  # fmt: skip
        refused = machine.add()
    assert refused.code == 4
    assert "no program may run in /var/lib/decnet-agent: it is mounted noexec" in refused
    assert "mount -o remount,exec /var/lib/decnet-agent" in refused
    assert [command for command in NEVER if command in refused] == []
    assert machine.remains() == ["lib/decnet-agent"]
