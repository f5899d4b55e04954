"""Which LAN a worker's deckies sit on."""

from __future__ import annotations

import pytest

from decnet.agent.limits import PROBE_ADDRESSES
from decnet.errors import SpecError
from decnet.model.fleet import Network
from decnet.model.spec import AddressesSpec, NetworkSpec
from decnet.model.worker import Facts
from decnet.plan.lans import MOST_NAMED, decide_lan, on_their_lans, unconfirmed_subnets

FACTS = Facts(
    interface="eth0",
    address="192.0.2.11",
    subnet="192.0.2.0/24",
    gateway="192.0.2.1",
    docker_version="20.10",
    compose_version="1.29",
    architecture="amd64",
    disk_free_mib=9000,
    memory_mib=8000,
    python="3.11",
)
LAN = Network(driver="macvlan", interface="eth0", subnet="192.0.2.0/24", gateway="192.0.2.1")


def test_what_the_operator_does_not_say_comes_from_the_worker() -> None:
    assert decide_lan("w1", NetworkSpec(), FACTS, None) == LAN


def test_what_held_so_far_stays_when_the_worker_says_something_else() -> None:
    moved = FACTS.model_copy(update={"interface": "eth1", "subnet": "198.51.100.0/24"})
    assert decide_lan("w1", NetworkSpec(), moved, LAN) == LAN


def test_what_the_operator_says_wins() -> None:
    described = NetworkSpec(
        interface="br0",
        subnet="203.0.113.0/25",
        gateway="203.0.113.1",
        driver="bridge",
        addresses=AddressesSpec(use=("203.0.113.9",)),
    )
    wanted = Network(
        driver="bridge",
        interface="br0",
        subnet="203.0.113.0/25",
        gateway="203.0.113.1",
        use=("203.0.113.9",),
    )
    assert decide_lan("w1", described, FACTS, LAN) == wanted


def test_ip_start_takes_from_there_to_the_end_of_the_subnet() -> None:
    lan = decide_lan("w1", NetworkSpec(), FACTS, None, ip_start="192.0.2.200")
    assert lan.use == ("192.0.2.200-192.0.2.254",)


@pytest.mark.parametrize(
    ("network", "start", "words"),
    [
        (NetworkSpec(interface="eth0;rm -rf"), None, "its LAN's interface must be an interface's name"),
        (NetworkSpec(subnet="banana"), None, "w1: its LAN's subnet must be a network"),
        (NetworkSpec(subnet="10.0.0.0/8"), None, "must be a network of /16 to /30, not /8"),
        (NetworkSpec(subnet="192.0.2.0/31"), None, "must be a network of /16 to /30"),
        (NetworkSpec(gateway="198.51.100.1"), None, "not within the subnet"),
        (NetworkSpec(gateway="x"), None, "must be an IPv4 address"),
        (NetworkSpec(), "198.51.100.7", "not within the subnet"),
        (NetworkSpec(), "x", "must be an IPv4 address"),
    ],
)
def test_values_that_do_not_fit_are_refused(network: NetworkSpec, start: str | None, words: str) -> None:
    with pytest.raises(SpecError, match=words):
        decide_lan("w1", network, FACTS, None, ip_start=start)


def test_a_worker_without_a_default_route_needs_an_explicit_lan() -> None:
    lost = FACTS.model_copy(update={"interface": None, "subnet": None, "gateway": None})
    with pytest.raises(SpecError, match="no default route"):
        decide_lan("w1", NetworkSpec(), lost, None)


def test_macvlan_on_a_wireless_interface_is_refused_and_ipvlan_is_not() -> None:
    wireless = FACTS.model_copy(update={"wireless": True})
    with pytest.raises(SpecError, match="wireless"):
        decide_lan("w1", NetworkSpec(), wireless, None)
    assert decide_lan("w1", NetworkSpec(driver="ipvlan"), wireless, None).driver == "ipvlan"


def test_only_an_unlimited_range_has_to_be_confirmed_once() -> None:
    limited = LAN.model_copy(update={"use": ("192.0.2.9",), "subnet": "198.51.100.0/24"})
    assert unconfirmed_subnets({"w1": LAN, "w2": limited}, ()) == ("192.0.2.0/24",)
    assert unconfirmed_subnets({"w1": LAN, "w2": limited}, ("192.0.2.0/24",)) == ()


def test_a_worker_is_sent_the_addresses_on_its_own_lan_only() -> None:
    """With those of all workers, a pull of a large fleet would grow with its square, and an agent takes no
    more than MOST_NAMED."""
    other = LAN.model_copy(update={"subnet": "198.51.100.0/25"})
    hosts = ["192.0.2.12", "198.51.100.7", "192.0.2.11", "198.51.100.200", "192.0.2.11"]
    assert on_their_lans({"w1": LAN, "w2": other}, hosts) == {
        "w1": ("192.0.2.11", "192.0.2.12"),
        "w2": ("198.51.100.7",),
    }


def test_a_worker_is_sent_no_more_addresses_than_its_agent_takes() -> None:
    wide = LAN.model_copy(update={"subnet": "10.0.0.0/16"})
    hosts = [f"10.0.{number >> 8}.{number & 255}" for number in range(MOST_NAMED + 9)]
    assert len(on_their_lans({"w1": wide}, hosts)["w1"]) == MOST_NAMED == PROBE_ADDRESSES
