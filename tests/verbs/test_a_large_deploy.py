"""A first deploy of many deckies on a machine that is slow."""

from __future__ import annotations

from fakefleet import FakeFleet

from .conftest import FOUR


def test_one_command_deploys_35_deckies_however_slowly_they_start(empty: FakeFleet) -> None:
    """Each container takes 14 s: the job takes 16 minutes."""
    empty["w1"].start_seconds = empty["w2"].start_seconds = 14.0
    many = FOUR.replace("count = 4", "count = 35").replace("130", "180")
    ran = empty.deploy(many, on="w1")
    assert (ran.code, len(ran.outcome.outcomes), empty.is_converged()) == (0, 35, True)
    assert empty.clock.monotonic() > 900
