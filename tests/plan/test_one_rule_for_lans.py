"""What `validate` lets through, `deploy` can have, and the state can hold; what one refuses, all refuse."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from decnet.errors import SpecError
from decnet.model import fleetfile
from decnet.model.fleet import Fleet, Network
from decnet.model.spec import NetworkSpec
from decnet.plan.lans import decide_lan
from decnet.store.desired_rules import contradiction

SUBNETS = (
    "192.0.2.0/24", "192.0.2.5/24", "10.0.0.0/8", "172.16.0.0/12", "172.16.0.0/16", "192.0.2.0/31",
    "192.0.2.4/30", "192.0.2.0", "banana", "2001:db8::/64", "",
)  # fmt: skip
GATEWAYS = (
    "192.0.2.1", "192.0.2.0", "192.0.2.255", "192.0.3.1", "172.16.0.1", "192.0.2.5", "127.0.0.1", "x", "",
)  # fmt: skip


def validated(subnet: str, gateway: str) -> bool:
    text = f"[network]\nsubnet = '{subnet}'\ngateway = '{gateway}'\n[decky.web]\nservices = ['http']\n"
    try:
        fleetfile.parse(text, "fleet.toml")
    except SpecError:
        return False
    return True


def decided(subnet: str, gateway: str) -> bool:
    known = Network(driver="macvlan", interface="eth0", subnet=subnet, gateway=gateway)
    try:
        decide_lan("w1", NetworkSpec(), None, known)
    except SpecError:
        return False
    return True


def held(subnet: str, gateway: str) -> bool:
    lan = Network(driver="macvlan", interface="eth0", subnet=subnet, gateway=gateway)
    return contradiction(Fleet(fleet_id="", lans={"w1": lan})) is None


@given(st.sampled_from(SUBNETS), st.sampled_from(GATEWAYS))
def test_every_place_has_the_same_opinion_of_a_lan(subnet: str, gateway: str) -> None:
    opinions = {each.__name__: each(subnet, gateway) for each in (validated, decided, held)}
    assert len(set(opinions.values())) == 1, opinions


@pytest.mark.parametrize("subnet", ["192.0.2.0/24", "172.16.0.0/16"])
def test_a_lan_that_is_one_is_taken_by_all(subnet: str) -> None:
    gateway = subnet.replace(".0/", ".1/").partition("/")[0]
    assert validated(subnet, gateway) and decided(subnet, gateway) and held(subnet, gateway)
