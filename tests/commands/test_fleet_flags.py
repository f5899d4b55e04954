"""A fleet that is described by flags."""

from __future__ import annotations

import pytest

from decnet.commands.fleet_flags import FleetFlags, NetworkFlags, spec_from_flags, with_network
from decnet.errors import UsageError
from decnet.model.spec import AddressesSpec, FleetSpec, NetworkSpec


def test_several_deckies_are_numbered() -> None:
    spec = spec_from_flags(FleetFlags(count=2, name="web", services=("ssh",)))
    assert [(each.name, each.services) for each in spec.deckies] == [
        ("web-01", ("ssh",)),
        ("web-02", ("ssh",)),
    ]


@pytest.mark.parametrize("name", ["Web", "a b", "-a", "a" * 41, "a", ""])
def test_an_invalid_name_is_reported(name: str) -> None:
    with pytest.raises(UsageError, match="--name must be 2 to 40 lower case letters"):
        spec_from_flags(FleetFlags(name=name, services=("ssh",)))


def test_flags_of_the_network_go_over_the_file() -> None:
    addresses = AddressesSpec(use=("192.0.2.7",))
    described = FleetSpec(network=NetworkSpec(interface="eth0", gateway="192.0.2.1", addresses=addresses))
    assert with_network(described, NetworkFlags(interface="eth1", driver="ipvlan")).network == NetworkSpec(
        interface="eth1", gateway="192.0.2.1", driver="ipvlan", addresses=addresses
    )
