"""Whether the units of a rollout are as some command could have left them."""

from __future__ import annotations

from dataclasses import replace
from typing import get_args

from decnet.model.fleet import Decky, Fleet
from decnet.model.keys import SliceKey
from decnet.model.rollout import Rollout, UnitStatus
from decnet.wire import PROJECT

from .effective import effective_fleet


def edited_units(rollout: Rollout, stored: Fleet) -> tuple[str, ...]:
    """The units whose slices in `stored` are neither those before nor those after: a command that is killed
    between the log and desired leaves one of the two, so that somebody has edited the file."""
    after, before = (_all(rollout, stored, status) for status in ("sent", "waiting"))
    return tuple(
        name
        for name, unit in rollout.frozen.units.items()
        if not rollout.state.units[name].is_removed
        and not any(all(_same(stored, each, key) for key in unit.keys) for each in (after, before))
    )


def _all(rollout: Rollout, stored: Fleet, status: str) -> Fleet:
    """The fleet with every unit in this status."""
    assert status in get_args(UnitStatus)
    units = {name: each.model_copy(update={"status": status}) for name, each in rollout.state.units.items()}
    state = rollout.state.model_copy(update={"status": "running", "units": units})
    return effective_fleet(replace(rollout, state=state), stored)


def _same(one: Fleet, other: Fleet, key: SliceKey) -> bool:
    if key.project == PROJECT and one.lans.get(key.worker) != other.lans.get(key.worker):
        return False
    return _deckies(one, key) == _deckies(other, key)


def _deckies(fleet: Fleet, key: SliceKey) -> dict[str, Decky]:
    """The deckies of a slice without their images: a pass pins these."""
    return {name: each.model_copy(update={"images": None}) for name, each in fleet.on(*key).items()}
