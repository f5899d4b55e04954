"""The generator: trees that fit their parameters and are valid, the same for the same seed."""

from __future__ import annotations

import random
import time
from collections import Counter
from ipaddress import IPv4Network

import pytest

from decnet.errors import SpecError
from decnet.model.topology import Design
from decnet.plan.resolve import vendor_of
from decnet.plan.topologies.findings import errors
from decnet.plan.topologies.generate import Parameters, generate
from decnet.plan.topologies.hashing import content_hash
from decnet.plan.topologies.paths import reached
from decnet.plan.topologies.roles import BRIDGES, BY_LEVEL
from decnet.plan.topologies.validate import ALONE, Surroundings, validate

from .designs import CATALOG, generated

SEEDS = range(200)


def made(seed: int = 1, around: Surroundings = ALONE, **given: object) -> Design:
    parameters = Parameters(**{"max_lans": 256, **given})  # type: ignore[arg-type]
    return generate(parameters, CATALOG, random.Random(seed), around)


@pytest.mark.parametrize("seed", range(0, 200, 20))
def test_every_generated_design_is_valid(seed: int) -> None:
    for each in range(seed, seed + 20):
        assert errors(validate(generated(each), CATALOG)) == ()


def test_a_seed_makes_one_design_and_another_seed_another() -> None:
    assert generated(7) == generated(7)
    assert len({content_hash(generated(seed)) for seed in range(50)}) == 50


def test_inner_lans_form_a_tree_whose_bridges_have_the_first_address() -> None:
    for seed in SEEDS:
        design = generated(seed)
        ways = reached(design)
        assert set(ways) == {lan.name for lan in design.lans}
        bridges = Counter(ways[lan.name].through for lan in design.lans if not lan.dmz)
        assert set(bridges.values()) <= {1}
        for lan in design.lans[1:]:
            bridge = design.decky(ways[lan.name].through)
            assert bridge is not None
            assert bridge.home == ways[lan.name].parent
            assert bridge.addresses[lan.name] == str(IPv4Network(lan.subnet)[1])
        assert sum(len(each.addresses) > 1 for each in design.deckies) == len(design.lans) - 1


def test_the_tree_has_the_given_depth_and_branching() -> None:
    design = made(depth=5, branching=3, deckies_min=0, deckies_max=1)
    ways = reached(design)
    assert max(each.depth for each in ways.values()) == 4
    children = Counter(each.parent for each in ways.values() if each.parent)
    assert max(children.values()) <= 3
    assert all(children[lan] >= 1 for lan, each in ways.items() if each.depth < 4)


def test_the_number_of_deckies_on_a_lan_is_in_its_range() -> None:
    design = made(depth=3, branching=3, deckies_min=2, deckies_max=5)
    homes = Counter(each.home for each in design.deckies if len(each.addresses) == 1)
    assert 2 <= homes["dmz"] <= 5
    assert all(1 <= homes[lan.name] <= 4 for lan in design.lans if not lan.dmz)


def test_forwarding_depends_on_its_probability() -> None:
    def forwarding(probability: float) -> set[bool]:
        design = made(depth=5, branching=3, forward_probability=probability)
        return {each.forwards for each in design.deckies if len(each.addresses) > 1}

    assert (forwarding(0.0), forwarding(1.0), forwarding(0.5)) == ({False}, {True}, {False, True})


def test_every_mac_is_of_a_vendor_that_makes_such_machines() -> None:
    for seed in SEEDS:
        for each in generated(seed).deckies:
            makers = CATALOG.os_profiles[each.os].vendors
            if each.archetype:
                makers = CATALOG.archetypes[each.archetype].vendors
            vendors = {vendor_of(mac, CATALOG) for mac in each.macs.values()}
            assert len(vendors) <= 1
            assert vendors <= set(makers)
            release = CATALOG.releases[each.release]
            assert all(release.fits(each.archetype, vendor) for vendor in vendors)


def test_machines_fit_their_level() -> None:
    for seed in range(100):
        design = made(seed, depth=4)
        ways = reached(design)
        for each in design.deckies:
            level = min(ways[each.home].depth, len(BY_LEVEL) - 1)
            assert each.archetype in (BRIDGES if len(each.addresses) > 1 else BY_LEVEL[level])


def test_given_services_and_archetypes_are_used() -> None:
    design = made(services=("ssh", "mysql"))
    assert {each.services for each in design.deckies} == {("mysql", "ssh")}
    assert {each.archetype for each in design.deckies} <= {"linux-server", "web-server", "monitoring-node",
                                                           "database-server"}  # fmt: skip
    design = made(archetypes=("printer",))
    assert {each.archetype for each in design.deckies} == {"printer"}


def test_what_another_topology_has_is_not_chosen_again() -> None:
    """So that two topologies of one seed can run next to each other: the same keys or names on two machines
    identify both."""
    first = made(3, depth=4)
    around = Surroundings(
        reserved={lan.subnet: "first" for lan in first.lans if lan.subnet},
        macs={mac: "first" for each in first.deckies for mac in each.macs.values()},
        hostnames=frozenset(each.hostname for each in first.deckies),
        seeds=frozenset(each.seed for each in first.deckies),
    )
    second = made(3, around, depth=4)
    assert [each.name for each in second.deckies] == [each.name for each in first.deckies]
    assert errors(validate(second, CATALOG, around)) == ()
    assert errors(validate(first, CATALOG, around)) != ()
    assert not {each.seed for each in second.deckies} & around.seeds
    assert not {each.hostname for each in second.deckies} & around.hostnames
    assert made(3, around, depth=4) == second


def test_no_subnet_left_is_one_clear_error() -> None:
    def without(*subnets: str) -> Surroundings:
        return Surroundings(reserved=dict.fromkeys(subnets, "w1"))

    most = without("10.0.0.0/8", "172.16.0.0/12", "192.168.1.0/24")
    assert made(1, most).lans[1].subnet.startswith("192.168.")
    with pytest.raises(SpecError, match="no private subnet is left for LAN 1 of 2") as caught:
        made(1, without("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"))
    assert "10.0.0.0/8 (w1)" in str(caught.value.hint)


def test_trap_14_a_tree_that_is_too_large_is_refused_before_it_is_built() -> None:
    begin = time.process_time()
    with pytest.raises(
        SpecError, match="depth 16 and branching 8 make [0-9,.]+ LANs on average, more than 64"
    ):
        made(depth=16, branching=8, max_lans=64)
    with pytest.raises(SpecError, match=r"this seed makes more than 14 LANs \(13.2 on average\)"):
        for seed in range(100):
            made(seed, depth=5, branching=2, max_lans=14)
    with pytest.raises(SpecError, match=r"such topologies have 1,[0-9]+ deckies on average, more than 1000"):
        made(depth=6, branching=3, deckies_min=16, deckies_max=32)
    with pytest.raises(SpecError, match=r"this seed makes 1[0-9]+ deckies, more than 1000"):
        for seed in range(100):
            made(seed, depth=5, branching=3, deckies_min=28, deckies_max=32)
    assert time.process_time() - begin < 10


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"depth": 0}, "the depth must be from 1 to 16, not 0"),
        ({"depth": 17}, "the depth must be from 1 to 16, not 17"),
        ({"branching": 9}, "the branching must be from 1 to 8, not 9"),
        ({"deckies_max": 33}, "the largest number of deckies per LAN must be from 1 to 32, not 33"),
        ({"deckies_min": 4}, "4-3 deckies per LAN: the first number is larger than the second"),
        ({"forward_probability": 1.1}, "the forward probability must be from 0 to 1"),
        ({"forward_probability": float("nan")}, "the forward probability must be from 0 to 1"),
        ({"max_lans": 257}, "the largest number of LANs must be from 1 to 256, not 257"),
        ({"archetypes": ("linux-sever",)}, "topology: unknown archetype `linux-sever`"),
        ({"archetypes": ("windows-workstation",)}, "no decoy of archetype windows-workstation exists yet"),
        ({"services": ("sssh",)}, "topology: unknown service `sssh`"),
        ({"services": ("smb",)}, "topology: there is no decoy for smb yet"),
    ],
)
def test_a_wrong_parameter_is_refused(given: dict[str, object], message: str) -> None:
    with pytest.raises(SpecError) as caught:
        made(**given)
    assert message in str(caught.value)


def test_the_parameters_can_be_stored_with_the_topology() -> None:
    origin = Parameters(services=("ssh",)).origin(42)
    assert origin["seed"] == 42
    assert Parameters(**{key: value for key, value in origin.items() if key != "seed"}) == Parameters(  # type: ignore[arg-type]
        services=("ssh",)
    )
