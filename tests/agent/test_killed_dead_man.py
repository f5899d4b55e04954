"""kill -9 at the numbered places of what arms, confirms, and ends a dead man: nothing is left half done."""

from __future__ import annotations

import json
import os
import shutil
import signal
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from agent_desk import Desk
from engine_server import EngineServer, engine_server
from rollout_desk import (
    ONE,
    OTHER,
    ROLLOUT,
    kept,
    let_time_pass,
    previous,
    request,
    rollout,
    state,
    watchers,
    within,
)

from decnet.wire import PROJECT, digest

ARMED = rollout(confirm_within=600)
FEW = 4
"""So many of the places, or a few more, are tried without `slow`."""


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[EngineServer]:
    with engine_server(tmp_path) as server:
        server.engine.listens = lambda base, name: {(22, "tcp")} if name.endswith("-ssh") else set()
        yield server


class Ground:
    """A worker with one decky, to which a test returns for each place."""

    def __init__(self, seat: Desk, engine: EngineServer, aside: Path) -> None:
        self.seat, self.engine, self._aside = seat, engine, aside
        assert seat.get("apply", request(ONE, 1))["state"] == "done"
        shutil.copytree(seat.home, aside, symlinks=True)
        names = ("containers", "networks", "count")
        self._containers = json.dumps({name: getattr(engine.engine, name) for name in names})
        self.steps = request(OTHER, 2, ARMED, seat=seat)["steps"]

    def reset(self) -> None:
        self.sweep()
        shutil.rmtree(self.seat.home)
        shutil.copytree(self._aside, self.seat.home, symlinks=True)
        vars(self.engine.engine).update(json.loads(self._containers))

    def sweep(self) -> None:
        for process in watchers(self.seat.home):
            os.kill(process, signal.SIGKILL)

    def faulty(self, fault: str) -> Desk:
        return replace(self.seat, extra={"DECNET_FAULT": fault})

    def arm(self, seat: Desk | None = None, generation: int = 2) -> None:
        """An answer may not come: the agent may have been killed."""
        if generation == 2:
            args = request(OTHER, 2, ARMED, steps=self.steps)
        else:
            args = request(OTHER, generation, ARMED, seat=self.seat)
        (seat or self.seat).raw("apply", stdin=self.seat.line(args))

    def is_idle(self) -> bool:
        return not [job for job in self.seat.get("status")["jobs"] if job["state"] == "running"]

    def address(self) -> str:
        return str((self.engine.engine.named("web") or {"Ip": ""})["Ip"])

    def check(self, where: str) -> None:
        """What is so after any kill."""
        within(30, self.is_idle)
        held = self.seat.get("slice")["projects"][PROJECT]
        assert digest(held["slice"]) == held["plan_hash"], where
        wanted = {request(each, 1)["plan_hash"] for each in (ONE, OTHER)}
        assert held["plan_hash"] in wanted, where
        now = state(self.seat)
        if now == "armed":
            assert previous(self.seat) == ["compose.json", "slice.json"] and watchers(self.seat.home), where
        elif now in (None, "none", "confirmed"):
            within(5, lambda: not watchers(self.seat.home))
        if now in ("none", "confirmed", "reverted") and not watchers(self.seat.home):
            assert previous(self.seat) == [], where

    def is_clean(self, where: str) -> None:
        """No file keeps a password but the applied document and the inputs of jobs that were killed."""
        for place in self.seat.home.rglob("*"):
            if place.is_file() and place.suffix != ".bundle" and b"PERSONA" in place.read_bytes():
                assert place.relative_to(self.seat.home).as_posix() == "projects/decnet/compose.json", where


@pytest.fixture
def ground(desk: Desk, engine: EngineServer, tmp_path: Path) -> Iterator[Ground]:
    found = Ground(engine.serve(desk.enrolled_by_hand()), engine, tmp_path / "aside")
    yield found
    found.sweep()


def places_of(ground: Ground, role: str, what: Any) -> int:
    """How many places a process of this role reaches in it."""
    listed = ground.seat.home.parent / "places"
    what(ground.faulty(f"list:{listed}"))
    rows = [line.split(" ", 2) for line in listed.read_text().splitlines()]
    numbers = [int(number) for number, its_role, _ in rows if its_role == role]
    assert numbers, rows
    return max(numbers)


def chosen(most: int, every: bool) -> range:
    return range(1, most + 1, 1 if every else max(1, most // FEW))


EVERY = [pytest.param(False, id="some"), pytest.param(True, id="all", marks=pytest.mark.slow)]


@pytest.mark.parametrize("every", EVERY)
@pytest.mark.parametrize("role", ["apply", "job"])
def test_an_apply_killed_anywhere_is_repeated_and_can_still_be_taken_back(
    ground: Ground, role: str, every: bool
) -> None:
    def arm(seat: Desk) -> None:
        ground.arm(seat)
        within(30, ground.is_idle)

    for number in chosen(places_of(ground, role, arm), every):
        ground.reset()
        where = f"place {number} of {role}"
        ground.arm(ground.faulty(f"kill:{number}:{role}"))
        ground.check(where)
        ground.arm(generation=3)
        assert state(ground.seat) == "armed", where
        let_time_pass(ground.seat)
        within(30, lambda: state(ground.seat) == "reverted" and not watchers(ground.seat.home))
        assert (ground.address(), previous(ground.seat)) == ("127.77.0.11", []), where
        ground.is_clean(where)


@pytest.mark.parametrize("every", EVERY)
def test_a_timer_killed_anywhere_is_reported_and_the_next_apply_repairs(ground: Ground, every: bool) -> None:
    def revert(seat: Desk) -> None:
        ground.arm(seat)
        let_time_pass(seat)
        within(30, lambda: not watchers(seat.home))

    ends = []
    for number in chosen(places_of(ground, "revert", revert), every):
        ground.reset()
        where = f"place {number} of revert"
        revert(ground.faulty(f"kill:{number}:revert"))
        ground.check(where)
        found = kept(ground.seat) or {}
        ends.append(found["state"])
        assert found["state"] in ("expired", "reverted") and found["error"], (where, found)
        args = request(OTHER, 3, seat=ground.seat)
        assert ground.seat.get("apply", args)["state"] == "done", where
        assert (ground.address(), kept(ground.seat), previous(ground.seat)) == ("127.77.0.12", None, []), (
            where
        )
        ground.is_clean(where)
    assert "expired" in ends


@pytest.mark.parametrize("every", EVERY)
def test_a_confirm_killed_anywhere_is_asked_again(ground: Ground, every: bool) -> None:
    ask = {"project": PROJECT, "id": ROLLOUT}

    def confirm(seat: Desk) -> None:
        ground.arm()
        seat.raw("confirm", stdin=seat.line(ask))

    for number in chosen(places_of(ground, "confirm", confirm), every):
        ground.reset()
        where = f"place {number} of confirm"
        confirm(ground.faulty(f"kill:{number}:confirm"))
        ground.check(where)
        assert ground.seat.get("confirm", ask)["state"] == "confirmed", where
        within(5, lambda: not watchers(ground.seat.home))
        assert (ground.address(), previous(ground.seat)) == ("127.77.0.12", []), where
        ground.is_clean(where)


@pytest.mark.parametrize("every", EVERY)
def test_a_self_destruct_killed_anywhere_leaves_no_timer_when_it_is_done(ground: Ground, every: bool) -> None:
    def destroy(seat: Desk) -> None:
        ground.arm()
        seat.raw("self-destruct", stdin=seat.line({}))
        within(30, lambda: ground.seat.ask("self-destruct").get("error", {}).get("code") == "not-enrolled")

    for number in chosen(places_of(ground, "job", destroy), every):
        ground.reset()
        destroy(ground.faulty(f"kill:{number}:job"))
        within(5, lambda: not watchers(ground.seat.home))
        left = [place for place in ground.seat.home.rglob("*") if place.is_file()]
        assert not [place for place in left if b"PERSONA" in place.read_bytes()], number
