"""A job with a batch size changes so many deckies at a time, and stops at the first that fails."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from agent_desk import Desk, bundle
from engine_server import LAN, EngineServer, engine_server, records
from rollout_desk import request, rollout

from decnet.wire import PROJECT

THREE = {name: (f"127.77.0.{number}", {}) for number, name in enumerate(("ada", "bob", "cyd"), 11)}
MOVED = {name: (f"127.77.0.{number}", {}) for number, name in enumerate(THREE, 21)}


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[EngineServer]:
    with engine_server(tmp_path) as server:
        yield server


@pytest.fixture
def three(desk: Desk, engine: EngineServer) -> Desk:
    """Three deckies, and none of the programs that made them is remembered."""
    seat = engine.serve(desk.enrolled_by_hand())
    assert seat.get("apply", request(THREE, 1))["state"] == "done"
    engine.asked.clear()
    return seat


def apply(seat: Desk, deckies: dict[str, Any], batch: int | None, **more: Any) -> str:
    return str(seat.get("apply", {**request(deckies, 2, rollout(batch=batch), seat=seat), **more})["state"])


@pytest.mark.parametrize(
    ("batch", "groups"),
    [
        (1, [["ada"], ["bob"], ["cyd"]]), (2, [["ada", "bob"], ["cyd"]]), (3, [["ada", "bob", "cyd"]]),
        (None, [["ada", "bob", "cyd"]]),
    ],
)  # fmt: skip
def test_no_more_deckies_than_the_batch_change_at_once(
    three: Desk, engine: EngineServer, batch: int | None, groups: list[list[str]]
) -> None:
    down: list[int] = []
    engine.on_create = lambda: down.append(len(THREE) - len(engine.containers))
    assert apply(three, MOVED, batch) == "done"
    assert (engine.created, max(down)) == (groups, len(groups[0]))
    assert sorted(each["Ip"] for each in engine.engine.containers.values()) == [
        f"127.77.0.{number}" for number in (21, 22, 23)
    ]


def test_after_a_failed_decky_the_rest_is_not_begun_and_runs_as_before(
    three: Desk, engine: EngineServer
) -> None:
    engine.engine.refusal = lambda decky: (
        "no space left on device" if decky == "bob" and engine.created else ""
    )
    assert apply(three, MOVED, 1) == "failed"
    assert records(three)[-3:] == [
        (PROJECT, "ada", "change", "succeeded"), (PROJECT, "bob", "change", "failed"),
        (PROJECT, "cyd", "change", "failed"),
    ]  # fmt: skip
    errors = [row["error"] for row in three.get("status")["journal"]["records"]]
    assert errors[-1] == "not begun: bob failed"
    assert (engine.engine.named("cyd") or {})["Ip"] == "127.77.0.13"
    assert engine.containers["cyd"] == "running"


def test_deckies_that_exchange_an_address_change_together(three: Desk, engine: EngineServer) -> None:
    swapped = {"ada": THREE["cyd"], "bob": ("127.77.0.22", {}), "cyd": THREE["ada"]}
    assert apply(three, swapped, 1) == "done"
    assert engine.created == [["ada", "cyd"], ["bob"]]


def test_a_network_that_is_made_again_takes_all_deckies_at_once(three: Desk, engine: EngineServer) -> None:
    args = request(MOVED, 2, rollout(batch=1), seat=three)
    other = bundle(MOVED, "other", 2, args["steps"], lan={**LAN, "gateway": "127.77.0.2"})
    state = three.get("apply", {**other, "rollout": rollout(batch=1), "wait": 30.0})["state"]
    assert (state, engine.created) == ("done", [["ada", "bob", "cyd"]])
