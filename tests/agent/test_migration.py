"""A worker's folder that an agent of version 0.1.0 has written: read as it is, moved by the first write."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from agent_desk import Desk, bundle, signed, step
from engine_server import LAN, EngineServer, engine_server, records
from old_agent import old_agent, old_bundle

from decnet.wire import GENESIS, PROJECT, verify

TOPOLOGY = "decnet-t-0123abcd"
DECKIES = {"web": ("127.77.0.11", {}), "db": ("127.77.0.12", {})}
GENERATION = 7
SIGKILL = -9


@dataclass
class Old:
    """What the old agent left: its folder, its engine's state, its last `status` and `slice`."""

    home: Path
    engine: Path
    status: dict[str, Any]
    slice: dict[str, Any]

    def file(self, name: str) -> bytes:
        return (self.home / name).read_bytes()


@pytest.fixture(scope="module")
def old(tmp_path_factory: pytest.TempPathFactory) -> Old:
    folder = tmp_path_factory.mktemp("old")
    agent = old_agent(folder)
    home = folder / "agent-home"
    home.mkdir()
    with engine_server(folder) as server:
        desk = server.serve(Desk(agent, home, protocol=1).enrolled_by_hand())
        args = old_bundle(bundle(DECKIES, "old-1", GENERATION, lan=LAN))
        assert desk.get("apply", {**args, "wait": 30.0})["state"] == "done"
        status = desk.get("status")
        return Old(home, server.engine.file, status, desk.get("slice"))


@pytest.fixture
def engine(tmp_path: Path, old: Old) -> Iterator[EngineServer]:
    with engine_server(tmp_path) as server:
        vars(server.engine).update(json.loads(old.engine.read_text()))
        yield server


@pytest.fixture
def seat(desk: Desk, engine: EngineServer, old: Old) -> Desk:
    """The new agent in a copy of the old one's folder."""
    shutil.copytree(old.home, desk.home, dirs_exist_ok=True)
    return engine.serve(desk)


def args(request_id: str, generation: int, **more: Any) -> dict[str, Any]:
    """The deckies as they are, described as today; nothing is to be done to them."""
    return bundle(DECKIES, request_id, generation, [], lan=LAN, **more)


def applied(seat: Desk, request: dict[str, Any]) -> None:
    assert seat.get("apply", {**request, "wait": 30.0})["state"] == "done"


def held(seat: Desk) -> dict[str, Any]:
    found: dict[str, Any] = seat.get("status")["projects"][PROJECT]
    return found


def is_moved(seat: Desk, old: Old) -> bool:
    """The old files are kept under another name, the new ones are in place, and there is no draft."""
    kept = {name: (seat.home / f"{name}.v1").read_bytes() for name in ("slice.json", "compose.json")}
    assert kept == {name: old.file(name) for name in kept}
    new = sorted(each.name for each in (seat.home / "projects" / PROJECT).iterdir())
    gone = [(seat.home / name).exists() for name in ("slice.json", "compose.json")]
    return (new, gone) == (["compose.json", "slice.json"], [False, False])


def test_the_old_slice_is_reported_as_the_fleets_with_its_own_generation_and_hash(
    seat: Desk, old: Old
) -> None:
    status = seat.get("status")
    known = {"generation": old.status["generation"], "plan_hash": old.status["plan_hash"]}
    assert known["generation"] == GENERATION
    assert status["projects"] == {PROJECT: known}
    assert seat.get("slice") == {"projects": {PROJECT: old.slice}}
    assert old.slice["slice"]["schema"] == 1
    assert status["containers"] == [
        dict(row, project=PROJECT, ready=None) for row in old.status["containers"]
    ]
    assert status["jobs"] == [dict(row, project=PROJECT) for row in old.status["jobs"]]
    assert status["journal"] == old.status["journal"]


def test_reading_moves_no_file(seat: Desk, old: Old) -> None:
    for verb in ("status", "slice", "events", "facts"):
        seat.get(verb)
    assert not (seat.home / "projects").exists()
    assert (seat.home / "slice.json").read_bytes() == old.file("slice.json")


def test_a_job_that_the_old_agent_did_is_known_by_its_request(seat: Desk, old: Old) -> None:
    answer = seat.get("apply", bundle(DECKIES, "old-1", GENERATION, lan=LAN))
    assert (answer["state"], answer["project"], answer["generation"]) == ("done", PROJECT, GENERATION)


def test_the_old_generation_counts(seat: Desk) -> None:
    error = seat.refused("apply", args("new-1", GENERATION - 1))
    assert (error["code"], error["details"]) == ("generation", {"generation": GENERATION})


def test_the_first_apply_writes_the_new_place_keeps_the_old_files_and_touches_no_container(
    seat: Desk, engine: EngineServer, old: Old
) -> None:
    before = json.loads(json.dumps(engine.engine.containers))
    request = args("new-1", GENERATION + 1)
    applied(seat, request)
    assert is_moved(seat, old)
    assert held(seat) == {"generation": GENERATION + 1, "plan_hash": request["plan_hash"]}
    assert seat.get("slice")["projects"][PROJECT]["slice"] == request["slice"]
    assert engine.engine.containers == before


def test_the_first_teardown_moves_the_old_slice_too(seat: Desk, engine: EngineServer, old: Old) -> None:
    down = {"project": PROJECT, "request_id": "new-1", "generation": GENERATION + 1, "deckies": ["db"]}
    assert seat.get("teardown", {**down, "wait": 30.0})["state"] == "done"
    assert list(engine.containers) == ["web"]
    content = seat.get("slice")["projects"][PROJECT]["slice"]
    assert content == {**old.slice["slice"], "deckies": {"web": old.slice["slice"]["deckies"]["web"]}}
    assert (seat.home / "slice.json.v1").read_bytes() == old.file("slice.json")
    assert (seat.home / "compose.json.v1").read_bytes() == old.file("compose.json")
    assert not (seat.home / "slice.json").exists() and not (seat.home / "compose.json").exists()


def test_a_topologys_first_write_leaves_the_fleets_old_files_alone(seat: Desk, old: Old) -> None:
    other = bundle({"gw": ("127.77.0.13", {})}, "t-1", 1, lan=LAN, project=TOPOLOGY)
    applied(seat, other)
    assert seat.get("status")["projects"] == {
        PROJECT: {"generation": GENERATION, "plan_hash": old.status["plan_hash"]},
        TOPOLOGY: {"generation": 1, "plan_hash": other["plan_hash"]},
    }
    assert (seat.home / "slice.json").read_bytes() == old.file("slice.json")


@pytest.mark.parametrize("key", ["address", "mac"])
def test_an_address_or_mac_of_the_old_slice_is_refused_to_a_topology(
    seat: Desk, engine: EngineServer, key: str
) -> None:
    engine.engine.containers.clear()
    request = bundle({"gw": ("127.77.0.13", {})}, "t-1", 1, lan=LAN, project=TOPOLOGY)
    taken = {"address": "127.77.0.12", "mac": "02:42:c0:00:02:0c"}
    content, base = request["slice"], request["compose"]["services"][f"{TOPOLOGY}-gw"]
    content["deckies"]["gw"]["decky"]["attachments"][0][key] = taken[key]
    if key == "address":
        base["networks"]["lan"]["ipv4_address"] = base["environment"]["ADDRESS"] = taken[key]
    else:
        base["mac_address"] = base["environment"]["MAC"] = taken[key]
    error = seat.refused("apply", resigned(request))
    assert error["code"] == "address" and "it is db of decnet's" in error["message"]


def resigned(request: dict[str, Any]) -> dict[str, Any]:
    whole = {key: request[key] for key in ("project", "slice", "steps", "compose")}
    return signed(whole, request["request_id"], request["generation"])


def test_old_and_new_records_are_one_chain_and_page_from_any_cursor(seat: Desk, old: Old) -> None:
    heal = [step("web", "heal", start=["web"])]
    applied(seat, bundle(DECKIES, "new-1", GENERATION + 1, heal, lan=LAN))
    other = bundle({"gw": ("127.77.0.13", {})}, "t-1", 1, lan=LAN, project=TOPOLOGY)
    applied(seat, other)
    assert records(seat) == [
        (None, "web", "create", "succeeded"),
        (None, "db", "create", "succeeded"),
        (PROJECT, "web", "heal", "succeeded"),
        (TOPOLOGY, "gw", "create", "succeeded"),
    ]
    page = seat.get("status")["journal"]
    rows = page["records"]
    assert all(verify(row) for row in rows)
    hashes = [GENESIS, *(row["hash"] for row in rows)]
    assert [row["prev"] for row in rows] == hashes[:-1]
    assert page["journal_id"] == old.status["journal"]["journal_id"]
    for seq, mark in enumerate(hashes):
        cursor = {"journal_id": page["journal_id"], "seq": seq, "hash": mark}
        answer = seat.get("status", {"cursor": cursor})["journal"]
        assert (answer["verdict"], answer["records"]) == ("ok", rows[seq:])


WRITES = {
    "apply": args("new-1", GENERATION + 1),
    "teardown": {
        "project": PROJECT, "request_id": "new-1", "generation": GENERATION + 1, "deckies": ["none"],
    },
}  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("verb", sorted(WRITES))
def test_a_first_write_that_is_killed_anywhere_is_finished_by_the_next_one(
    desk: Desk, tmp_path: Path, old: Old, verb: str
) -> None:
    """kill -9 at every numbered place of the verb; after each the slice is the old one or the new one."""
    fresh = tmp_path / "list"
    desk.extra = {"DECNET_FAULT": f"list:{fresh}"}
    folder = tmp_path / "dry"
    copied(folder, desk, old, lambda seat, _: seat.get(verb, WRITES[verb]))
    places = [line.split(" ", 2) for line in fresh.read_text().splitlines()]
    last = max(int(number) for number, role, _ in places if role == verb)
    assert {"write", "fsync", "rename", "fsync of the folder"} <= {
        name for _, role, name in places if role == verb
    }
    seen = set()
    for number in range(1, last + 1):
        desk.extra = {"DECNET_FAULT": f"kill:{number}:{verb}"}
        seen.add(copied(tmp_path / str(number), desk, old, lambda seat, server: survives(seat, old, verb)))
    assert seen == {GENERATION, GENERATION + 1}


def copied(folder: Path, desk: Desk, old: Old, act: Any) -> Any:
    """What `act` answers about the desk in a fresh copy of the old folder."""
    folder.mkdir()
    shutil.copytree(old.home, folder / "home")
    with engine_server(folder) as server:
        vars(server.engine).update(json.loads(old.engine.read_text()))
        seat = Desk(desk.agent, folder / "home", extra=desk.extra)
        return act(server.serve(seat), server)


def survives(seat: Desk, old: Old, verb: str) -> int:
    """Kill the write, look, and write again; the generation that stood there in between."""
    ended = seat.raw(verb, stdin=seat.line(WRITES[verb]))
    assert ended.returncode == SIGKILL, ended
    seat.extra = {}
    between = held(seat)
    if (seat.home / "projects" / PROJECT / "slice.json").exists():
        assert between["generation"] == GENERATION + 1
    else:
        assert between == {"generation": GENERATION, "plan_hash": old.status["plan_hash"]}
    finish(seat)
    assert is_moved(seat, old)
    assert held(seat)["generation"] == GENERATION + 2
    assert [file.name for file in seat.home.rglob("*.tmp")] == []
    return int(between["generation"])


def finish(seat: Desk) -> None:
    """The next command, once the job that the killed verb may have started is over."""
    deadline = time.monotonic() + 20
    while True:
        answer = seat.ask("apply", {**args("new-2", GENERATION + 2), "wait": 30.0})
        if answer["ok"]:
            assert answer["result"]["state"] == "done"
            return
        assert answer["error"]["code"] == "busy" and time.monotonic() < deadline, answer
        time.sleep(0.05)
