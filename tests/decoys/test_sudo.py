# ruff: noqa: E501 (what is shown is compared as it is)
"""sudo asks the users of its group for their password, and logs what they do."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from dataclasses import replace

import pytest
from test_shell_language import persona
from test_terminal import Keyboard

from decnet.decoys.events import Recorder
from decnet.decoys.host.world import World
from decnet.decoys.shell.at_once import run_at_once
from decnet.decoys.shell.state import Shell
from decnet.decoys.shell.terminal import run_shell

NO_TERMINAL = "sudo: a terminal is required to read the password; either use the -S option to read from standard input or configure an askpass helper\nsudo: a password is required\n"


def world_of(release: str) -> World:
    return World(
        replace(persona(release), seed=os.urandom(16).hex(), settings={"credentials": "admin:123456"})
    )


@pytest.fixture
def null() -> Iterator[int]:
    into = os.open(os.devnull, os.O_WRONLY)
    yield into
    os.close(into)


def typed(null: int, line: str, release: str = "debian-12", user: str = "admin") -> str:
    """Output and errors of a line."""
    shell = Shell(world_of(release), user, Recorder(null).session("192.0.2.9", 4000))
    answer = run_at_once(shell, line)
    return answer.out + answer.error


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("sudo id", NO_TERMINAL),
        ("sudo -n id; echo $?", "1\nsudo: a password is required\n"),
        ("echo 123456 | sudo -S id -u; sudo id -un", "0\nroot\n[sudo] password for admin: "),
        ("echo no | sudo -S id; echo $?", "1\n[sudo] password for admin: Sorry, try again.\n[sudo] password for admin: sudo: no password was provided\nsudo: 1 incorrect password attempt\n"),
        ("echo 123456 | sudo -S -p '%p? ' true; sudo -k; sudo -n true", "admin? sudo: a password is required\n"),
        ("printf '1\\n2\\n3\\n4\\n' | sudo -S -p 'pw ' id", "pw Sorry, try again.\npw Sorry, try again.\npw sudo: 3 incorrect password attempts\n"),
        ("echo 123456 | sudo -S nosuch", "[sudo] password for admin: sudo: nosuch: command not found\n"),
        ("echo 123456 | sudo -S sh -c 'echo \"admin ALL=(ALL) NOPASSWD: ALL\" > /etc/sudoers.d/a'; sudo -k; sudo id -un", "root\n[sudo] password for admin: "),
        ("echo 123456 | sudo -S gpasswd -d admin sudo > /dev/null; sudo -k; echo 123456 | sudo -S id", "[sudo] password for admin: [sudo] password for admin: admin is not in the sudoers file.\n"),
    ],
)  # fmt: skip
def test_a_user_of_the_group_needs_his_password(null: int, line: str, shown: str) -> None:
    assert typed(null, line) == shown


def test_older_versions_announce_a_report(null: int) -> None:
    line = "echo 123456 | sudo -S gpasswd -d admin sudo > /dev/null; sudo -k; echo 123456 | sudo -S id"
    assert typed(null, line, "debian-11").endswith(
        "admin is not in the sudoers file.  This incident will be reported.\n"
    )


def test_calls_are_in_auth_log_and_the_journal(null: int) -> None:
    line = "echo 123456 | sudo -S id > /dev/null; for c in 'cat /var/log/auth.log' journalctl; do sudo $c | grep 'sudo.*/id$'; done"
    lines = [
        each for each in typed(null, line).splitlines() if each.endswith("USER=root ; COMMAND=/usr/bin/id")
    ]
    assert len(lines) == 2 and all(
        "sudo:    admin : TTY=unknown ; PWD=/home/admin ;" in each for each in lines
    )


def test_on_a_terminal_the_password_is_not_shown(null: int) -> None:
    channel = Keyboard(("sudo -i\r", "123456\r", "id -un\r", "exit\r", "exit\r"))
    session = Recorder(null).session("192.0.2.9", 4000)
    asyncio.run(asyncio.wait_for(run_shell(world_of("debian-12"), "admin", session, channel), 30))
    shown = channel.shown.decode().replace("\x1b[?2004h", "").replace("\x1b[?2004l\r", "")
    assert "[sudo] password for admin: \r\n" in shown and "123456" not in shown
    assert "root@web01:~# id -un\r\nroot\r\n" in shown
