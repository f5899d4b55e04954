"""A fleet lives on workers with a kernel, systemd and control groups of their own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from whole_life import SIX, Site, live

pytestmark = [pytest.mark.lab, pytest.mark.engines]
Make = Callable[..., Site]
ON_IPVLAN = SIX.replace("[network]\n", '[network]\ndriver = "ipvlan"\n')


@pytest.mark.parametrize("engine", ["trixie", "sid"])
def test_a_fleet_lives_on_a_virtual_worker(site: Make, engine: str) -> None:
    live(site(engine, virtual=True))


def test_a_fleet_lives_on_ipvlan(site: Make) -> None:
    """All deckies of a worker have the MAC of its interface there."""
    live(replace(site("trixie", virtual=True), own_macs=False), ON_IPVLAN)
