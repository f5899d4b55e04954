"""A teardown that finds only networks to remove."""

from __future__ import annotations

import pytest
from fakefleet import FakeFleet

BY_NAME = ["4 done (0)", "4 done (0)"]


@pytest.fixture
def drained(fleet: FakeFleet) -> FakeFleet:
    """A fleet without deckies; its networks are left."""
    assert fleet.teardown("web-*").code == 0
    return fleet


def test_a_teardown_that_removes_only_networks_is_audited_once(drained: FakeFleet) -> None:
    codes = [drained.teardown().code, drained.teardown().code]
    assert (codes, dict(drained.desired.lans)) == ([0, 0], {})
    assert drained.picture()["audit"] == [*BY_NAME, "2 networks removed (0)"]


def test_a_teardown_that_cannot_reach_the_last_network_is_not_audited_again(drained: FakeFleet) -> None:
    drained["w1"].is_reachable = False
    codes = [drained.teardown().code, drained.teardown().code]
    assert (codes, set(drained.desired.lans)) == ([5, 5], {"w1"})
    assert drained.picture()["audit"] == [*BY_NAME, "1 network removed, 1 worker in trouble (5)"]
