"""`topologies.json`: what has become of each topology, changed by compare and set."""

from __future__ import annotations

import json

import pytest

from decnet.errors import StateBroken
from decnet.model.topology import Design, Topology, TopologyRecord
from decnet.store.paths import Home
from decnet.store.topologies import Former, TopologyTable

ID, OTHER = "0123abcd" * 4, "ffffffff" * 4
PENDING = TopologyRecord(id=ID)
ACTIVE = TopologyRecord(id=ID, status="active", applied_version=1)
BRANCH = Topology(id=ID, name="branch", design=Design())


def test_a_topology_without_a_row_was_never_deployed(home: Home) -> None:
    assert TopologyTable(home).record(ID) == PENDING
    assert TopologyTable(home).records() == {}
    assert not home.topologies.exists()


def test_a_row_is_read_as_it_was_written(home: Home) -> None:
    assert TopologyTable(home).replace(PENDING, ACTIVE)
    assert TopologyTable(home).records() == {ID: ACTIVE}
    assert home.topologies.stat().st_mode & 0o777 == 0o600


def test_an_unchanged_row_writes_nothing(home: Home) -> None:
    TopologyTable(home).replace(PENDING, ACTIVE)
    before = home.topologies.stat()
    assert not TopologyTable(home).replace(ACTIVE, ACTIVE)
    assert home.topologies.stat() == before


def test_a_move_from_another_status_than_the_stored_one_is_refused(home: Home) -> None:
    table = TopologyTable(home)
    table.replace(PENDING, ACTIVE)
    with pytest.raises(StateBroken, match="from pending to active"):
        table.replace(PENDING, PENDING.model_copy(update={"status": "deploying"}))
    with pytest.raises(StateBroken):
        table.replace(ACTIVE.model_copy(update={"applied_version": 2}), ACTIVE)
    assert table.records() == {ID: ACTIVE}


def test_what_a_mutation_replaces_is_kept_until_it_has_ended(home: Home) -> None:
    former, table = Former(id=ID, mutation="m1", topology=BRANCH), TopologyTable(home)
    table.replace(PENDING, ACTIVE, former)
    assert table.former() == {ID: former}
    table.replace(ACTIVE, ACTIVE)
    assert table.former() == {}


def test_a_deleted_topology_has_no_row(home: Home) -> None:
    table = TopologyTable(home)
    table.replace(PENDING, ACTIVE, Former(id=ID, mutation="m1", topology=BRANCH))
    table.replace(TopologyRecord(id=OTHER), TopologyRecord(id=OTHER, status="failed"))
    assert table.remove(ID) and not table.remove(ID)
    assert (list(table.records()), table.former()) == ([OTHER], {})


@pytest.mark.parametrize("content", ["", "{", "[]", '{"topologies": {"1": {"id": "x"}}}'])
def test_a_damaged_file_is_refused_with_its_name(home: Home, content: str) -> None:
    home.topologies.write_text(content)
    with pytest.raises(StateBroken, match=r"topologies\.json"):
        TopologyTable(home).records()


def test_a_file_of_a_newer_decnet_is_left_as_it_is(home: Home) -> None:
    TopologyTable(home).replace(PENDING, ACTIVE)
    document = json.loads(home.topologies.read_text())
    document["meta"]["1"]["schema_version"] = 99
    home.topologies.write_text(json.dumps(document))
    with pytest.raises(StateBroken, match="newer decnet"):
        TopologyTable(home).replace(ACTIVE, PENDING)
    assert json.loads(home.topologies.read_text()) == document


def test_a_lost_file_is_not_a_new_one(home: Home) -> None:
    TopologyTable(home).replace(PENDING, ACTIVE)
    home.topologies.unlink()
    with pytest.raises(StateBroken, match="missing"):
        TopologyTable(home).records()
