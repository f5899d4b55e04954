# ruff: noqa: E501 (what real programs print is compared as it is)
"""One machine: its commands agree with each other."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator

import pytest

from decnet.decoys.events import Recorder
from decnet.decoys.host.world import World
from decnet.decoys.persona import Persona
from decnet.decoys.shell.at_once import run_at_once
from decnet.decoys.shell.state import Shell

GUEST, SERVER = "00:50:56:01:02:03", "00:25:90:01:02:03"
RELEASES = ("debian-11", "debian-12", "ubuntu-20.04", "ubuntu-22.04", "ubuntu-24.04", "rocky-8", "rocky-9")


def persona(release: str = "debian-12", mac: str = GUEST, seed: str = "ab" * 16) -> Persona:
    return Persona("ssh", "web01", "linux", release, "", seed, ((22, "tcp"),), {}, "192.0.2.7", mac)


@pytest.fixture
def output() -> Iterator[int]:
    out, into = os.pipe()
    os.set_blocking(out, False)
    yield into
    os.close(out)
    os.close(into)


def shell(output: int, release: str = "debian-12", mac: str = GUEST, user: str = "root") -> Shell:
    session = Recorder(output).session("192.0.2.9", 4000)
    return Shell(World(persona(release, mac)), user, session, interactive=True)


def said(shell: Shell, line: str) -> str:
    """What a command line prints."""
    answer = run_at_once(shell, line)
    assert answer.error == "", answer
    return answer.out


@pytest.mark.parametrize("release", RELEASES)
@pytest.mark.parametrize("mac", [GUEST, SERVER])
def test_a_listing_has_every_process_once(output: int, release: str, mac: str) -> None:
    rows = [line.split(None, 10) for line in said(shell(output, release, mac), "ps aux").splitlines()[1:]]
    pids = [int(row[1]) for row in rows]
    assert pids == sorted(set(pids))
    commands = [row[10] for row in rows]
    assert commands[-3:] == ["sshd: root@pts/0", "-bash", "ps aux"]
    assert ("/usr/bin/vmtoolsd" in commands) == (mac == GUEST)


def test_two_machines_of_one_release_number_their_daemons_otherwise(output: int) -> None:
    numbers = []
    for seed in ("ab" * 16, "cd" * 16):
        entries = World(persona(seed=seed)).processes(1_700_000_000)
        numbers.append([entry.pid for entry in entries if entry.name in ("cron", "rsyslogd", "sshd")])
    assert numbers[0] != numbers[1]


def test_a_command_in_the_background_has_the_number_that_the_shell_names(output: int) -> None:
    own = shell(output)
    answer = run_at_once(own, "sleep 1 & sleep 0.1; ps -o pid=,ppid=,stat=,args= -p $!; echo $$")
    number = answer.error.split()[1]
    assert answer.out.split() == [number, str(own.pid), "S", "sleep", "1", str(own.pid)]


def test_one_command_of_ssh_takes_the_place_of_its_shell(output: int) -> None:
    own = shell(output)
    own.visit.terminal, own.visit.line, own.interactive = "", "ps -eo pid,args", False
    last = said(own, "ps -eo pid,args").splitlines()[-1].split(None, 1)
    assert last == [str(own.pid), "ps -eo pid,args"]


@pytest.mark.parametrize("release", RELEASES)
def test_memory_and_disks_are_the_same_for_every_command(output: int, release: str) -> None:
    own = shell(output, release)
    total = int(re.findall(r"Mem: +(\d+)", said(own, "free"))[0])
    assert said(own, "free -b").split()[7] == str(total * 1024)
    source = said(own, "df / | tail -n 1").split()[0]
    assert said(own, "findmnt -n -o SOURCE /").strip() == source
    assert f"{source} on / type " in said(own, "mount")


def test_sizes_add_up(output: int) -> None:
    size, used, available = (int(word) for word in said(shell(output), "df /").split()[8:11])
    assert used + available < size


def test_the_uptime_is_the_time_since_the_boot(output: int) -> None:
    own = shell(output)
    since = said(own, "uptime -s")[:16]
    assert said(own, "who -b").split()[-2:] == since.split()
