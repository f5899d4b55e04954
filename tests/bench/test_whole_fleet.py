"""What walks through the whole fleet is done as often for a large fleet as for a small one."""

from __future__ import annotations

import asyncio
import contextlib
import io
import sys
from collections import Counter
from pathlib import Path
from types import FrameType

import pytest

sys.path.insert(0, str(Path(__file__).parents[2]))

from decnet.store.paths import Home  # noqa: E402
from tests.bench.simulated import COMMANDS, context, run, write_fleet  # noqa: E402

WHOLE = {
    "known_workers", "load_fleet", "load_many", "FleetTable.workers", "Fleet.every_group",
    "Fleet.placed", "Fleet.topology_names", "Project.by_worker", "cut_off_workers",
    "faulty_deckies", "address_conflicts", "lan_failures", "expected_containers", "reconcile",
    "LanGroups.__init__", "on_their_lans", "peers_of", "save_fleet", "update_index", "event_folders",
    "note_seen", "load_seen",
}  # fmt: skip
SMALL, LARGE = 3, 9


@pytest.fixture(scope="module")
def homes(tmp_path_factory: pytest.TempPathFactory) -> dict[int, Home]:
    made = {}
    for workers in (SMALL, LARGE):
        made[workers] = Home(tmp_path_factory.mktemp("fleet") / "home")
        made[workers].root.mkdir()
        write_fleet(made[workers], workers, 2 * workers)
    return made


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_walks_through_a_large_fleet_as_often_as_through_a_small_one(
    command: str, homes: dict[int, Home]
) -> None:
    for home in homes.values():
        _calls(command, home)  # The first run writes what later ones only read.
    small, large = (_calls(command, home) for home in homes.values())
    assert large == small
    assert small["load_fleet"]


def _calls(command: str, home: Home) -> Counter[str]:
    """How often each of WHOLE is called."""
    counted: Counter[str] = Counter()

    def note(frame: FrameType, event: str, _: object) -> None:
        if event == "call" and frame.f_code.co_qualname in WHOLE:
            counted[frame.f_code.co_qualname] += 1

    with contextlib.redirect_stdout(io.StringIO()):
        sys.setprofile(note)
        try:
            asyncio.run(run(COMMANDS[command], context(home)))
        finally:
            sys.setprofile(None)
    return counted
