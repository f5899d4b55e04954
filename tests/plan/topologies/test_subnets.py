"""Which subnets are reserved, and which subnets and addresses are free."""

from __future__ import annotations

import random
from ipaddress import IPv4Address, IPv4Network
from itertools import islice

import pytest
from hypothesis import given
from hypothesis import strategies as st

from decnet.errors import SpecError
from decnet.model.fleet import Fleet, Network
from decnet.model.topology import Topology
from decnet.model.worker import DockerNetwork, Facts
from decnet.plan.topologies.subnets import (
    DOCKER_POOLS,
    free_address,
    free_subnets,
    gateway_of,
    none_left,
    reserved_subnets,
)

from .designs import design

LAN = Network(driver="macvlan", interface="eth0", subnet="192.0.2.0/24", gateway="192.0.2.1")
FACTS = Facts(
    interface="eth0", address="192.0.2.5/24", subnet="192.0.2.0/24", gateway="192.0.2.1", docker_version=None,
    compose_version=None, architecture="amd64", disk_free_mib=1, memory_mib=1, python="3.11",
    routes=("10.9.0.0/16",),
    networks=(
        DockerNetwork(name="shop", driver="bridge", subnets=("10.8.0.0/24",)),
        DockerNetwork(name="decnet-t-00000000-attic", driver="bridge", subnets=("10.7.0.0/24",)),
    ),
)  # fmt: skip


def test_reserved_are_lans_routes_docker_networks_pools_and_other_topologies() -> None:
    topologies = {
        name: Topology(id=f"{number}" * 32, name=name, design=design()) for number, name in enumerate("ab")
    }
    fleet = Fleet(fleet_id="f", lans={"w1": LAN}, topologies=topologies)
    pools = dict.fromkeys(DOCKER_POOLS, "Docker's address pool")
    others = {
        "192.0.2.0/24": "the LAN of w1", "10.9.0.0/16": "a route of w1",
        "10.8.0.0/24": "the Docker network shop of w1",
        "10.1.1.0/24": "topology b", "10.1.2.0/24": "topology b",
    }  # fmt: skip
    assert reserved_subnets(fleet, {"w1": FACTS}, without=["a", "gone"]) == {**pools, **others}
    # Another topology's networks count, also those that an interrupted change of it has made.
    both = reserved_subnets(fleet, {"w1": FACTS})
    assert both["10.7.0.0/24"] == "the Docker network decnet-t-00000000-attic of w1"


@given(st.lists(st.tuples(st.integers(0, 2**32 - 1), st.integers(8, 30)), max_size=8), st.integers(0, 9))
def test_free_subnets_overlap_nothing_that_is_taken(blocks: list[tuple[int, int]], seed: int) -> None:
    taken = [str(IPv4Network((number, length), strict=False)) for number, length in blocks]
    found = [IPv4Network(each) for each in islice(free_subnets(taken, random.Random(seed)), 300)]
    assert len(found) == len(set(found)) == 300
    assert all(each.is_private and each.prefixlen == 24 for each in found)
    assert not any(each.overlaps(IPv4Network(other)) for each in found for other in taken)


def test_every_free_subnet_is_found() -> None:
    taken = ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/17", "192.168.200.4/30", "nonsense"]
    found = set(free_subnets(taken, random.Random(1)))
    assert found == {f"192.168.{third}.0/24" for third in range(128, 256) if third != 200}


def test_what_uses_most_is_named_when_nothing_is_left() -> None:
    taken = {"10.0.0.0/8": "a route of w1", "10.1.1.0/24": "x", "172.16.0.0/12": "y", "192.168.0.0/16": "z"}
    assert (
        none_left(taken)
        == "most is used by 10.0.0.0/8 (a route of w1), 172.16.0.0/12 (y), 192.168.0.0/16 (z)"
    )
    assert none_left(["10.0.0.0/8"]) == "most is used by 10.0.0.0/8"


@pytest.mark.parametrize("prefix", [24, 28, 29, 16])
def test_addresses_are_given_until_none_is_left(prefix: int) -> None:
    subnet = IPv4Network(f"10.0.0.0/{prefix}")
    room = min(subnet.num_addresses - 3, 400)
    taken: set[str] = set()
    for _ in range(room):
        address = free_address(str(subnet), taken, random.Random(1))
        assert address not in taken
        assert subnet.network_address < IPv4Address(address) < IPv4Address(gateway_of(str(subnet)))
        taken.add(address)
    if room < 400:
        with pytest.raises(SpecError, match="no free address in"):
            free_address(str(subnet), taken, random.Random(1))


def test_a_router_gets_the_first_address_if_it_is_free() -> None:
    rng = random.Random(1)
    assert free_address("10.0.0.0/24", set(), rng, first=True) == "10.0.0.1"
    assert free_address("10.0.0.0/24", {"10.0.0.1"}, rng, first=True) != "10.0.0.1"
    assert free_address("10.0.0.0/30", set(), rng) == "10.0.0.1"
    others = {free_address("10.0.0.0/24", set(), rng) for _ in range(200)}
    assert all(10 <= int(each.rpartition(".")[2]) <= 249 for each in others)
