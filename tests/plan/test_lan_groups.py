"""Which workers sit on one LAN: in doubt they do."""

from __future__ import annotations

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from decnet.errors import SpecError
from decnet.model.fleet import Fleet
from decnet.plan.lans import LanGroups, address_of

from .test_allocate import at, ips
from .world import deployed, fleet, lan, spec


def groups(*subnets: str, bridges: str = "") -> list[str]:
    lans = {
        f"w{n}": lan(subnet=each, driver="bridge" if f"w{n}" in bridges else "macvlan")
        for n, each in enumerate(subnets, 1)
    }
    groups = LanGroups(lans)
    return [groups.group_of(worker) for worker in lans]


def test_subnets_that_overlap_are_one_lan_and_others_are_not() -> None:
    assert groups("192.0.2.0/24", "198.51.100.0/24", "192.0.2.128/25", "198.51.100.0/24") == [
        "w1", "w2", "w1", "w2",
    ]  # fmt: skip


def test_a_wide_subnet_joins_all_that_lie_in_it() -> None:
    assert groups("10.0.1.0/24", "10.0.200.0/24", "10.0.0.0/16", "10.1.0.0/16") == ["w3", "w3", "w3", "w4"]


def test_a_bridge_is_its_workers_own() -> None:
    assert groups("192.0.2.0/24", "192.0.2.0/24", "192.0.2.0/24", bridges="w2") == ["w1", "w2", "w1"]


Subnets = st.lists(
    st.tuples(st.integers(0, 2**32 - 1), st.integers(16, 30)).map(
        lambda pair: str(ipaddress.IPv4Network(pair, strict=False))
    )
    | st.sampled_from(["10.0.0.0/16", "10.0.3.0/24", "10.0.3.64/26", "10.1.0.0/16"]),
    max_size=8,
)


@given(Subnets)
def test_two_are_on_one_lan_exactly_if_a_chain_of_overlaps_joins_them(subnets: list[str]) -> None:
    found = groups(*subnets)
    blocks = [ipaddress.IPv4Network(each) for each in subnets]
    for one, block in zip(found, blocks, strict=True):
        for other, also in zip(found, blocks, strict=True):
            # Networks are apart or one within the other, so that a chain needs one wide one at most.
            joined = any(wide.overlaps(block) and wide.overlaps(also) for wide in blocks)
            assert (one == other) == joined


def test_an_address_is_rendered_without_its_lan() -> None:
    groups = LanGroups(fleet().lans)
    assert address_of(groups.resource_of("w2", "192.0.2.9")) == "192.0.2.9"
    assert address_of("00:50:56:00:00:01") == "00:50:56:00:00:01"


def bridges(*workers: str) -> Fleet:
    return fleet().model_copy(update={"lans": {worker: lan(driver="bridge") for worker in workers}})


PAIR = (at("192.0.2.9", worker="w1"), at("192.0.2.9", "b", worker="w2"))


def test_one_address_may_be_written_for_two_bridges() -> None:
    assert ips(deployed(spec(*PAIR), bridges("w1", "w2"))) == ["192.0.2.9", "192.0.2.9"]


def test_one_address_may_not_be_written_for_two_workers_of_one_lan() -> None:
    with pytest.raises(SpecError, match="b: 192.0.2.9 is used twice, by a too"):
        deployed(spec(*PAIR), fleet())
