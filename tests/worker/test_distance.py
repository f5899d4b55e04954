"""How far away a worker is, and which program asks it again."""

from __future__ import annotations

import asyncio
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from decnet.cli import repeat
from decnet.worker import again
from decnet.worker.answers import Question
from decnet.worker.crowd import Crowd
from decnet.worker.distance import round_trip

from .loopback import Place, ssh_server, well_behaved

PLACE = {"host": "203.0.113.9", "port": 22, "user": "root", "key": "fleet_ed25519"}


def test_a_call_measures_it(tmp_path: Path) -> None:
    async def measured() -> float:
        place = Place(tmp_path)
        async with ssh_server(place, well_behaved) as server:
            session = place.session(server.get_port())
            assert session.round_trip == 0.0
            await session.call("status", {}, limit=10)
            await session.close()
            return session.round_trip

    assert 0.0 < asyncio.run(measured()) < 60.0


def test_behind_a_jump_host_it_is_not_known() -> None:
    assert round_trip(SimpleNamespace(get_extra_info=lambda name: None)) == 0.0


@pytest.mark.parametrize(("seconds", "program"), [(0.0, "Asked"), (again.FAR, "Asked"), (0.08, "Crowd")])
def test_a_far_worker_is_asked_in_fewer_round_trips(
    seconds: float, program: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(again, "program", lambda *_: (["/bin/true"], {}))
    assert type(chosen({**PLACE}, seconds)).__name__ == program


def test_this_machine_among_far_ones_is_asked_by_processes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(again, "program", lambda *_: (["/bin/true"], {}))
    assert not isinstance(chosen({}, 0.08), Crowd)


def test_what_an_earlier_version_remembered_has_no_distance(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(again, "program", lambda *_: (["/bin/true"], {}))
    assert not isinstance(chosen({**PLACE}, None), Crowd)


def chosen(place: dict[str, Any], seconds: float | None) -> Any:
    """What asks one worker at that place."""
    about = {} if seconds is None else {"round_trip": seconds}
    asked = repeat._asked(
        "/nowhere", {"asked": [about], "agent": ""}, [Question("w", place, "status", {}, "")]
    )
    asked.end()
    return asked
