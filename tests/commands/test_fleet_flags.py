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


def test_a_count_over_a_hundred_names_the_way_out() -> None:
    with pytest.raises(UsageError, match="101 deckies: 1 to 100 of one name") as refused:
        spec_from_flags(FleetFlags(count=101, services=("ssh",)))
    assert "--name" in str(refused.value.hint)


@pytest.mark.parametrize(
    "flags", [{"count": 2}, {"name": "web"}, {"worker": "w1"}, {"os": "linux"}, {"mutate_interval": 5}]
)
def test_every_flag_that_describes_deckies_is_noticed_next_to_a_file(flags: dict[str, object]) -> None:
    assert FleetFlags(**flags).any_given  # type: ignore[arg-type]
    assert not FleetFlags().any_given
