"""Whichever units are released: no address, MAC or decky is desired at two places, and none is lost."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from hypothesis import assume, given
from hypothesis import strategies as st
from plan.rollout.trial import START, policy
from plan.world import decky, fleet, home

from decnet.model.fleet import Decky, Fleet
from decnet.plan.rollout import effective_fleet, held_addresses, open_rollout

WORKERS = ["w1", "w2", "w3", "w4"]
NAMES = ["a", "b", "c", "d", "e", "f"]


@st.composite
def fleets(draw: st.DrawFn) -> Fleet:
    """Some of six deckies, anywhere, with addresses and MACs out of a few."""
    names = draw(st.lists(st.sampled_from(NAMES), unique=True))
    addresses = draw(st.permutations(range(10, 18)))
    macs = draw(st.permutations(range(10, 18)))
    return fleet(*(draw(placed(*each)) for each in zip(names, addresses, macs, strict=False)), workers="")


@st.composite
def placed(draw: st.DrawFn, name: str, address: int, mac: int) -> Decky:
    place = home(f"192.0.2.{address}", f"00:50:56:00:00:{mac:02x}")
    return decky(name, draw(st.sampled_from(WORKERS)), attachments=place, hostname=name, seed="0" * 32)


def on_one_lan(each: Fleet) -> Fleet:
    lans = fleet(workers=" ".join(WORKERS)).lans
    return each.model_copy(update={"lans": lans})


@given(former=fleets(), to=fleets(), released=st.sets(st.integers(0, 9)), stored_at_to=st.booleans())
def test_any_part_of_a_rollout_is_a_fleet_without_conflicts(
    former: Fleet, to: Fleet, released: set[int], stored_at_to: bool
) -> None:
    former, to = on_one_lan(former), on_one_lan(to)
    assume(former.deckies != to.deckies)
    rollout, _ = open_rollout(
        former, to, policy(), tags={}, opened_at=START, opened_by="", command="", seed=1
    )
    units = {
        name: unit.model_copy(update={"status": "sent" if number in released else "waiting"})
        for number, (name, unit) in enumerate(rollout.state.units.items())
    }
    rollout = replace(rollout, state=rollout.state.model_copy(update={"units": units}))
    desired = effective_fleet(rollout, to if stored_at_to else former)
    lan = [each for found in desired.deckies.values() for each in (found.ip, found.mac)]
    assert not [each for each, count in Counter(lan).items() if count > 1]
    for name in NAMES:
        ends = [each.deckies.get(name) for each in (former, to)]
        assert desired.deckies.get(name) in ends, "a decky is as it was or as it will be"
        if None not in ends:
            assert name in desired.deckies
    held = held_addresses(rollout)
    members = {key for unit in rollout.frozen.units.values() for key in unit.keys}
    for found in desired.deckies.values():
        if any(key.worker == found.worker for key in members):
            assert any(key.worker == found.worker for key in held[found.ip])
