"""Topologies as values."""

from __future__ import annotations

import json

import pytest
from pydantic import ValidationError

from decnet.model.fleet import Fleet, Network
from decnet.model.topology import KEPT, Design, DesignDecky, Lan, Move, Topology, TopologyRecord


def decky(name: str, home: str = "dmz", **fields: object) -> DesignDecky:
    given = {"os": "linux", "release": "debian-12", "services": ("ssh",), "hostname": name, "seed": "0" * 32}
    return DesignDecky.model_validate(
        {"name": name, "home": home, "addresses": {home: ""}, **given, **fields}
    )


DESIGN = Design(
    lans=(Lan(name="office", subnet="172.16.0.0/24"), Lan(name="dmz", dmz=True)),
    deckies=(decky("web"), decky("gate", addresses={"dmz": "", "office": "172.16.0.1"})),
)
TOPOLOGY = Topology(
    id="0123abcd" * 4, name="branch", design=DESIGN, origin={"depth": 2, "services": ("ssh",)}
)


def test_a_design_is_sorted_by_name() -> None:
    assert [lan.name for lan in DESIGN.lans] == ["dmz", "office"]
    assert [each.name for each in DESIGN.deckies] == ["gate", "web"]
    assert DESIGN.dmz == Lan(name="dmz", dmz=True)
    assert [each.name for each in DESIGN.members("office")] == ["gate"]
    assert (DESIGN.lan("x"), DESIGN.decky("x"), DESIGN.members("x")) == (None, None, ())


def test_equal_deckies_have_equal_values() -> None:
    one = decky("web", services=("http", "ssh"), settings={"ssh": {"motd": "x"}})
    assert decky("web", services=("ssh", "http"), settings={"ssh": {"motd": "x"}, "http": {}}) == one


def test_the_project_of_a_topology_is_named_by_its_id() -> None:
    assert TOPOLOGY.project == "decnet-t-0123abcd"


def test_topologies_survive_json() -> None:
    fleet = Fleet(fleet_id="f", topologies={"branch": TOPOLOGY})
    assert Fleet.model_validate_json(json.dumps(fleet.model_dump(mode="json"))) == fleet
    moves = (Move(at=1.0, from_status="pending", to_status="deploying", reason="deploy", actor="root"),)
    record = TopologyRecord(id=TOPOLOGY.id, moves=moves)
    assert TopologyRecord.model_validate_json(json.dumps(record.model_dump(mode="json"))) == record


def test_a_fleet_without_topologies_is_written_as_before_there_were_any() -> None:
    assert Fleet(fleet_id="f").model_dump() == {
        "schema_version": 2, "fleet_id": "f", "lans": {}, "projects": {}, "confirmed": (),
        "events": Fleet(fleet_id="f").events.model_dump(),
    }  # fmt: skip


@pytest.mark.parametrize("name", ["", "A", "a_b", "-a", "a-", "a" * 33, "a b", "a\n", "ä"])
def test_names_have_lower_case_letters_digits_and_inner_hyphens_at_most_32(name: str) -> None:
    for invalid in (
        lambda: Lan(name=name),
        lambda: decky(name),
        lambda: decky("a", home=name),
        lambda: Topology(id="0" * 32, name=name, design=Design()),
    ):
        with pytest.raises(ValidationError):
            invalid()
    assert Lan(name="a" * 32).name == "a" * 32


def test_a_record_keeps_a_bounded_number_of_moves() -> None:
    move = Move(at=1.0, from_status="pending", to_status="deploying")
    with pytest.raises(ValidationError):
        TopologyRecord(id="0" * 32, moves=(move,) * (KEPT + 1))


def test_a_network_is_a_lan_unless_it_says_inner() -> None:
    network = Network(driver="bridge", interface="eth0", subnet="192.0.2.0/24", gateway="192.0.2.1")
    assert (network.kind, network.model_copy(update={"kind": "inner"}).kind) == ("lan", "inner")
