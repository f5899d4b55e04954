"""The journal goes back over several starts of the machine, which `last` and the logs show, too."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator

import pytest
from test_shell_language import persona

from decnet.decoys.events import Recorder
from decnet.decoys.host.world import World
from decnet.decoys.shell.at_once import run_at_once
from decnet.decoys.shell.state import Shell

Type = Callable[[str], str]


@pytest.fixture(params=["ubuntu-20.04", "debian-12"])
def typed(request: pytest.FixtureRequest) -> Iterator[Type]:
    into = os.open(os.devnull, os.O_WRONLY)
    shell = Shell(World(persona(request.param)), "root", Recorder(into).session("192.0.2.9", 4000))

    def run(line: str) -> str:
        answer = run_at_once(shell, line)
        return answer.out + answer.error

    yield run
    os.close(into)


def listed(typed: Type) -> list[list[str]]:
    """Number, identifier and times of each start."""
    lines = typed("journalctl --list-boots").replace("—", " ").splitlines()
    return [line.split() for line in lines if not line.startswith("IDX")]


def test_starts_are_listed_with_this_one_last(typed: Type) -> None:
    found = listed(typed)
    assert [row[0] for row in found] == [str(number) for number in range(1 - len(found), 1)]
    assert len(found) > 3 and len({row[1] for row in found}) == len(found)
    assert found[-1][1] == typed("tr -d - < /proc/sys/kernel/random/boot_id").strip()
    began = typed("last reboot | head -1").split()[5:8]
    day, clock = found[-1][3], found[-1][4]
    assert began[2] == clock[:5] and int(began[1]) == int(day[-2:])


def test_a_start_is_chosen_by_number_and_identifier(typed: Type) -> None:
    before = listed(typed)[-2]
    by_number = typed("journalctl -b -1")
    assert (
        by_number == typed(f"journalctl --boot {before[1]}")
        and " kernel: Linux version" in by_number.splitlines()[0]
    )
    assert before[4] in by_number.splitlines()[0] and "Reached target System Shutdown" in by_number
    assert typed("journalctl -b | head -1").split()[2] == listed(typed)[-1][4]
    assert typed("journalctl -b 1 | head -1") == typed("journalctl | head -1")
    assert "is not available" in typed("journalctl -b -99")


def test_files_are_as_large_as_the_journal_says(typed: Type) -> None:
    total = int(typed("cat /var/log/journal/$(cat /etc/machine-id)/* | wc -c; true") or 0)
    sizes = sum(map(int, typed("stat -c %s /var/log/journal/$(cat /etc/machine-id)/*").split()))
    assert total > 0 and f"take up {sizes >> 20}.0M" in typed("journalctl --disk-usage")
