"""A topology on a worker: the project that its design becomes."""

from __future__ import annotations

import pytest
from plan.world import lan

from decnet.errors import SpecError
from decnet.model.fleet import Attachment, DeckyImages, Fleet
from decnet.model.topology import Design, DesignDecky, Lan, Topology
from decnet.plan.resolve import vendor_of
from decnet.plan.topologies.place import dmz_drafts, placed, with_placed, without_placed
from decnet.wire import NETWORK, bridge_name

from .designs import CATALOG, generated


def decky(name: str, home: str, addresses: dict[str, str], **fields: object) -> DesignDecky:
    macs = {lan: f"00:50:56:00:00:{len(name):02x}" for lan in addresses if lan != "dmz"}
    given = {"os": "linux", "release": "debian-12", "services": ("ssh",), "hostname": name, "seed": "0" * 32}
    return DesignDecky.model_validate(
        {"name": name, "home": home, "addresses": addresses, "macs": macs, **given, **fields}
    )


DESIGN = Design(
    lans=(
        Lan(name="dmz", dmz=True),
        Lan(name="office", subnet="172.16.0.0/24"),
        Lan(name="a", subnet="172.16.1.0/24"),
    ),
    deckies=(
        decky("gate", "dmz", {"office": "172.16.0.1", "dmz": ""}),
        decky(
            "nas", "office", {"a": "172.16.1.1", "office": "172.16.0.20"}, settings={"ssh": {"motd": "hello"}}
        ),
    ),
)
BRANCH = Topology(id="0123abcd" * 4, name="branch", design=DESIGN)
HOME = Attachment(address="192.0.2.100", mac="00:50:56:00:00:99")
OFFICE = f"{BRANCH.project}-office"


def test_its_inner_lans_are_networks_with_the_last_address_as_gateway() -> None:
    networks = placed(BRANCH, "w1", {"gate": HOME}, now=1.0).networks
    assert sorted(networks) == [f"{BRANCH.project}-a", OFFICE]
    office = networks[OFFICE]
    assert (office.name, office.kind, office.driver) == (OFFICE, "inner", "bridge")
    assert (office.subnet, office.gateway) == ("172.16.0.0/24", "172.16.0.254")
    assert office.interface == bridge_name(BRANCH.project, "office")


def test_the_home_of_a_decky_comes_first_and_then_the_others_by_name() -> None:
    deckies = placed(BRANCH, "w1", {"gate": HOME}, now=1.0).deckies
    assert [each.network for each in deckies["gate"].attachments] == [NETWORK, OFFICE]
    assert [each.network for each in deckies["nas"].attachments] == [OFFICE, f"{BRANCH.project}-a"]
    assert deckies["gate"].home == HOME
    assert deckies["nas"].home.address == "172.16.0.20"


def test_settings_belong_to_the_services() -> None:
    assert placed(BRANCH, "w1", {"gate": HOME}, now=1.0).deckies["nas"].services == {"ssh": {"motd": "hello"}}


def test_a_decky_of_the_dmz_needs_an_allocated_address() -> None:
    with pytest.raises(SpecError, match="branch/gate"):
        placed(BRANCH, "w1", {}, now=1.0)


def test_what_is_deployed_keeps_its_images_and_its_age() -> None:
    first = placed(BRANCH, "w1", {"gate": HOME}, now=1.0)
    images = DeckyImages(base="decnet/base:0123456789ab", decoys="decnet/decoys:0123456789ab")
    present = first.model_copy(
        update={"deckies": {n: d.model_copy(update={"images": images}) for n, d in first.deckies.items()}}
    )
    assert placed(BRANCH, "w1", {"gate": HOME}, now=9.0, present=present) == present


def test_only_deckies_of_the_dmz_are_allocated_and_keep_what_they_have() -> None:
    (draft,) = dmz_drafts(BRANCH, "w1", None, CATALOG)
    assert (draft.name, draft.worker, draft.hostname, draft.kept) == ("gate", "w1", "gate", None)
    present = placed(BRANCH, "w1", {"gate": HOME}, now=1.0)
    (again,) = dmz_drafts(BRANCH, "w1", present, CATALOG)
    assert again.same_machine and again.kept == present.deckies["gate"]


def test_a_decky_of_the_dmz_gets_a_mac_of_the_vendor_that_its_machine_has() -> None:
    """Of the vendor of its inner MACs; else of one whose machines run its release."""
    for seed in range(100):
        topology = Topology(id="0" * 32, name="t", design=generated(seed))
        for draft in dmz_drafts(topology, "w1", None, CATALOG):
            each = topology.design.decky(draft.name)
            assert each is not None
            assert {vendor_of(mac, CATALOG) for mac in each.macs.values()} <= {draft.vendor}
            assert draft.vendor in CATALOG.archetypes[str(each.archetype)].vendors
            assert CATALOG.releases[each.release].fits(each.archetype, draft.vendor)
        assert dmz_drafts(topology, "w1", None, CATALOG) == dmz_drafts(topology, "w1", None, CATALOG)


def test_a_fleet_has_its_project_only_while_it_is_deployed() -> None:
    topology = BRANCH.model_copy(update={"worker": "w1"})
    fleet = with_placed(
        Fleet(fleet_id="f", lans={"w1": lan()}), topology, placed(BRANCH, "w1", {"gate": HOME}, now=1.0)
    )
    assert fleet.topology_names == {BRANCH.project: "branch"}
    assert sorted(fleet.every_group()) == ["branch/gate", "branch/nas"]
    after = without_placed(fleet, ["branch"])
    assert (after.projects, after.topologies) == ({}, {"branch": BRANCH})
