"""Records and the fleet's table: TinyDB's format, one commit per change, one worker per file."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from fakefleet.aged import older_records
from tinydb import TinyDB, where

from decnet.errors import Failed, StateBroken
from decnet.model.journal import Cursor
from decnet.model.record import DeckyRow, LifecycleRow, ProjectRecords, WorkerRecords
from decnet.model.worker import Facts, Worker
from decnet.store.atomic import last_copy
from decnet.store.fleet_table import FleetTable, Quarantined
from decnet.store.migrate import backup_path
from decnet.store.paths import Home
from decnet.store.records import Records, _About, _Project
from decnet.store.tables import transaction
from decnet.wire import PROJECT

FACTS = Facts(
    interface="eth0",
    address="192.0.2.2",
    subnet="192.0.2.0/24",
    gateway="192.0.2.1",
    docker_version="20.10",
    compose_version=None,
    architecture="amd64",
    disk_free_mib=1,
    memory_mib=2,
    python="3.11",
    images=("decnet/base:0",),
)


OTHER = "decnet-t-0123abcd"


def row(name: str, status: str = "running") -> DeckyRow:
    fields = {"name": name, "ip": "192.0.2.100", "mac": "m", "containers": {name: "f"}, "status": status}
    return DeckyRow.model_validate(fields)


def step(number: int) -> LifecycleRow:
    return LifecycleRow(
        id=f"l{number}",
        decky="web-1",
        operation="create",
        request_id="r",
        status="failed",
        created=1.5,
        error="é\n",
    )


def records(worker_id: str = "u-1") -> WorkerRecords:
    return WorkerRecords(
        worker_id=worker_id,
        projects={
            PROJECT: ProjectRecords(
                deckies={name: row(name) for name in ("web-1", "web-2")},
                generation=3,
                plan_hash="p",
                heals={"web-1": (1.0, 2.0)},
            ),
            "decnet-t-0123abcd": ProjectRecords(
                deckies={"web-1": row("web-1").model_copy(update={"project": "decnet-t-0123abcd"})},
                generation=9,
            ),
        },
        lifecycle=tuple(map(step, range(12))),
        cursor=Cursor(journal_id="j", seq=7, hash="0" * 64),
        facts=FACTS,
    )


def test_records_read_as_they_were_saved(home: Home) -> None:
    assert Records(home).load("u-1") == WorkerRecords(worker_id="u-1")
    assert Records(home).save(records())
    assert Records(home).load("u-1") == records()


def test_the_file_is_tinydbs_own_format(home: Home) -> None:
    Records(home).save(records())
    with TinyDB(home.records("u-1"), access_mode="r") as database:
        assert database.tables() == {"meta", "projects", "deckies", "lifecycle"}
        assert len(database.table("lifecycle")) == 12
        found = database.table("deckies").get(where("name") == "web-2")
        assert found == row("web-2").model_dump(mode="json")
        assert database.table("projects").get(where("name") == PROJECT)["generation"] == 3


def test_a_file_written_by_tinydb_itself_is_read(home: Home) -> None:
    with TinyDB(home.records("u-1")) as database:
        document = records().model_dump(mode="json")
        projects, steps = document.pop("projects"), document.pop("lifecycle")
        database.table("meta").insert(document)
        for name, own in projects.items():
            database.table("deckies").insert_multiple(own.pop("deckies").values())
            database.table("projects").insert({"name": name, **own})
        database.table("lifecycle").insert_multiple([{"to": "go"}, *steps])
        database.table("lifecycle").remove(doc_ids=[1])
    assert Records(home).load("u-1") == records()


def test_one_workers_commit_leaves_its_peers_file_alone(home: Home) -> None:
    Records(home).save(records("u-1"))
    before = home.records("u-1").stat()
    Records(home).save(records("u-2"))
    assert home.records("u-1").stat() == before
    assert Records(home).load_many(["u-2", "u-9"]) == {
        "u-2": records("u-2"),
        "u-9": WorkerRecords(worker_id="u-9"),
    }


def test_a_commit_over_a_newer_one_is_refused(home: Home) -> None:
    Records(home).save(records())
    mine, other = Records(home), Records(home)
    old = mine.load("u-1")
    other.load("u-1")
    other.save(old.with_project(PROJECT, generation=4))
    assert not mine.is_current("u-1")
    with pytest.raises(StateBroken, match="was changed by another command since it was read"):
        mine.save(old.with_project(PROJECT, generation=9))
    assert Records(home).load("u-1").of().generation == 4
    assert other.save(old.with_project(PROJECT, generation=5))


def test_rows_that_would_not_read_the_same_are_not_written(home: Home) -> None:
    Records(home).save(records())
    endless = records().with_project(PROJECT, heals={"web-1": (float("inf"),)})
    with pytest.raises(Failed, match="cannot be written so that they read the same"):
        Records(home).save(endless)
    assert Records(home).load("u-1") == records()


def test_removed_records_are_gone_with_their_copy(home: Home) -> None:
    Records(home).save(records())
    assert Records(home).remove("u-1")
    assert not Records(home).remove("u-1")
    assert list(home.records_dir.iterdir()) == []


@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        (lambda text: "", "it is empty"),
        (lambda text: text[: len(text) // 2], "it is not JSON"),
        (lambda text: text + "x", "it is not JSON"),
        (lambda text: "[]", "it is not a TinyDB document"),
        (lambda text: '{"meta": []}', "it is not a TinyDB document"),
        (lambda text: "{}", "its table meta has 0 documents, not one"),
        (lambda text: text.replace('"web-2"', '"web-1"'), "a project or a decky twice"),
        (lambda text: text.replace('"project":"decnet",', '"project":"other",'), "or a decky has no project"),
        (lambda text: text.replace('"name"', '"nom"'), "name: Field required"),
        (
            lambda text: text.replace('"generation":3', '"generation":"3"'),
            "projects.0.generation: Input should be",
        ),
        (lambda text: text.replace('"10":', '"ten":'), "has no number"),
        (lambda text: text.replace('"u-1"', '"u-2"'), "it holds the records of worker u-2"),
    ],
)
def test_a_damaged_file_is_refused_and_its_copy_named(
    home: Home, damage: Callable[[str], str], reason: str
) -> None:
    Records(home).save(records())
    path = home.records("u-1")
    path.write_text(damage(path.read_text()))
    for read in (lambda: Records(home).load("u-1"), lambda: Records(home).load_many(["u-1"])):
        with pytest.raises(StateBroken) as refused:
            read()
        assert refused.value.message.startswith(f"{path} is damaged: ")
        assert reason in refused.value.message
        assert refused.value.hint == f"restore the last good copy: cp {last_copy(path)} {path}"


@pytest.mark.parametrize("field", ["created", "started", "ended"])
@pytest.mark.parametrize("moment", [1e300, -1e18, -1.0])
def test_a_time_that_no_clock_shows_is_damage(home: Home, field: str, moment: float) -> None:
    Records(home).save(records())
    path = home.records("u-1")
    tables = json.loads(path.read_bytes())
    tables["lifecycle"]["3"][field] = moment
    path.write_text(json.dumps(tables))
    with pytest.raises(StateBroken, match=rf"is damaged: lifecycle\.2\.{field}: "):
        Records(home).load("u-1")


def test_every_truncation_of_a_records_file_is_refused(home: Home) -> None:
    Records(home).save(records())
    path = home.records("u-1")
    whole = path.read_bytes().rstrip()
    for end in range(0, len(whole), 7):
        path.write_bytes(whole[:end])
        with pytest.raises(StateBroken):
            Records(home).load("u-1")


def test_a_newer_schema_is_refused(home: Home) -> None:
    Records(home).save(records())
    path = home.records("u-1")
    path.write_text(path.read_text().replace('"schema_version":2', '"schema_version":3'))
    with pytest.raises(StateBroken, match="was written by a newer decnet"):
        Records(home).load("u-1")


def test_an_older_schema_is_migrated(home: Home) -> None:
    Records(home).save(records())
    path = home.records("u-1")
    path.write_text(older := json.dumps(older_records(json.loads(path.read_bytes()))))
    expected = records().model_copy(update={"projects": {PROJECT: records().of()}})
    store = Records(home)
    assert store.load("u-1") == expected
    assert not store.save(expected)
    assert path.read_text() == older

    changed = expected.with_project(PROJECT, generation=4)
    assert store.save(changed)
    assert (Records(home).load("u-1"), backup_path(path, 1).read_text()) == (changed, older)


def test_the_fast_way_of_reading_knows_every_field() -> None:
    assert _About.model_fields.keys() | {"projects", "lifecycle"} == WorkerRecords.model_fields.keys()
    assert _Project.model_fields.keys() - {"name"} | {"deckies"} == ProjectRecords.model_fields.keys()


def test_five_hundred_workers_read_back_as_saved(home: Home) -> None:
    expected = {f"u-{number}": records(f"u-{number}") for number in range(500)}
    for one in expected.values():
        Records(home).save(one)
    store = Records(home)
    assert store.load_many(expected) == expected
    assert not any(store.save(one) for one in expected.values())


def test_a_transaction_that_raises_writes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "fleet.json"
    with transaction(path) as tables:
        tables.db.table("workers").insert({"name": "w1"})
    assert tables.wrote
    before = path.read_bytes()
    with pytest.raises(ZeroDivisionError), transaction(path) as tables:
        tables.db.table("workers").truncate()
        raise ZeroDivisionError
    assert path.read_bytes() == before
    assert json.loads(before) == {"workers": {"1": {"name": "w1"}}}


WORKERS = [Worker(name=name, worker_id=f"u-{name}", host="192.0.2.9", tags=("a",)) for name in ("w2", "w1")]


def quarantined(address: str, mac: str = "m") -> Quarantined:
    return Quarantined(address=address, mac=mac, decky="web-1", worker="w1", reason="forced", since=1.0)


def test_workers_are_kept_by_name_and_by_id(home: Home) -> None:
    table = FleetTable(home)
    assert table.workers() == {}
    assert all(table.put_worker(worker) for worker in WORKERS)
    assert table.workers() == {"w1": WORKERS[1], "w2": WORKERS[0]}
    renamed = WORKERS[0].model_copy(update={"name": "w9"})
    assert table.put_worker(renamed)
    assert list(table.workers()) == ["w1", "w9"]
    assert table.remove_worker("w1")
    assert not table.remove_worker("w1")
    assert list(table.workers()) == ["w9"]


def test_forgetting_by_force_quarantines_in_the_same_commit(home: Home) -> None:
    table = FleetTable(home)
    table.put_worker(WORKERS[1])
    table.remove_worker("w1", quarantine=[quarantined("192.0.2.100"), quarantined("192.0.2.101", "n")])
    assert table.workers() == {}
    assert [found.address for found in table.quarantined()] == ["192.0.2.100", "192.0.2.101"]
    assert table.release(["n", "unknown"]) == (quarantined("192.0.2.101", "n"),)
    assert table.release(["192.0.2.101"]) == ()
    assert table.quarantined() == (quarantined("192.0.2.100"),)


def test_tables_of_later_versions_are_kept(home: Home) -> None:
    home.fleet.write_text('{"rollouts":{"1":{"at":5}}}')
    FleetTable(home).put_worker(WORKERS[0])
    assert json.loads(home.fleet.read_text())["rollouts"] == {"1": {"at": 5}}


def test_a_fleet_table_of_a_newer_schema_is_refused_and_left_as_it_is(home: Home) -> None:
    FleetTable(home).put_worker(WORKERS[0])
    home.fleet.write_text(home.fleet.read_text().replace('"schema_version":2', '"schema_version":3'))
    newer = home.fleet.read_bytes()
    with pytest.raises(StateBroken, match="was written by a newer decnet"):
        FleetTable(home).workers()
    with pytest.raises(StateBroken, match="was written by a newer decnet"):
        FleetTable(home).put_worker(WORKERS[1])
    assert home.fleet.read_bytes() == newer


@pytest.mark.parametrize(
    ("field", "value", "complaint"),
    [
        ("name", "w1", "two workers are named w1"),
        ("worker_id", "u-w1", "the workers w1 and w2 have one worker_id"),
        ("worker_id", "", "the worker w2 has no worker_id"),
    ],
)
def test_workers_that_cannot_be_distinguished_are_refused(
    home: Home, field: str, value: str, complaint: str
) -> None:
    table = FleetTable(home)
    for worker in WORKERS:
        table.put_worker(worker)
    tables = json.loads(home.fleet.read_bytes())
    tables["workers"]["2"][field] = value
    home.fleet.write_text(json.dumps(tables))
    with pytest.raises(StateBroken, match=f"is damaged: {complaint}") as refused:
        table.workers()
    assert refused.value.hint == f"restore the last good copy: cp {last_copy(home.fleet)} {home.fleet}"


def test_a_damaged_fleet_table_is_not_an_empty_one(home: Home) -> None:
    FleetTable(home).put_worker(WORKERS[0])
    home.fleet.write_text("")
    with pytest.raises(StateBroken, match="is damaged: it is empty"):
        FleetTable(home).workers()
    with pytest.raises(StateBroken, match="is damaged: it is empty"):
        FleetTable(home).put_worker(WORKERS[1])
    home.fleet.write_text('{"workers":{"1":{"name":"w1"}}}')
    with pytest.raises(StateBroken, match=r"workers.worker_id: Field required"):
        FleetTable(home).workers()


@pytest.mark.parametrize("document", ['"ten":{}', '"1":[1]', '"1":"ab"', '"1":7'])
def test_a_document_of_the_fleet_table_that_is_none_is_refused_by_readers_and_writers(
    home: Home, document: str
) -> None:
    home.fleet.write_text(f'{{"workers":{{{document}}},"quarantine":{{{document}}}}}')
    table = FleetTable(home)
    for use in (table.workers, table.quarantined, lambda: table.put_worker(WORKERS[0])):
        with pytest.raises(StateBroken, match="has no number, or is not an object"):
            use()


def test_rows_of_the_fleet_table_are_in_the_order_of_their_numbers(home: Home) -> None:
    table = FleetTable(home)
    table.put_worker(WORKERS[1])
    many = [quarantined(f"192.0.2.{number}") for number in range(100, 112)]
    table.remove_worker("w1", quarantine=many)
    assert table.quarantined() == tuple(many)
