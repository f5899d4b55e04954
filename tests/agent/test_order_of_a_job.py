"""In which order a job asks the engine: each decky's services before its base, and no decky after another."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from agent_desk import FLEET, Desk, base, step
from engine_server import EngineServer, engine_server
from fakefleet.engine import Engine
from rollout_desk import replacing, request

from decnet.agent.containers import fleet_containers
from decnet.agent.removal import remove_containers
from decnet.wire import PROJECT

TWO = {name: (f"127.77.0.{number}", {"ssh": 22, "ftp": 21}) for number, name in enumerate(("ada", "bob"), 11)}
EXCHANGED = {**TWO, "ada": ("127.77.0.11", {"ssh": 22, "smtp": 25})}


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[EngineServer]:
    with engine_server(tmp_path) as server:
        ports = {"ssh": 22, "ftp": 21, "smtp": 25}
        server.engine.listens = lambda base, name: (
            {(ports[name.partition("-")[2]], "tcp")} if "-" in name else set()
        )
        yield server


@pytest.fixture
def two(desk: Desk, engine: EngineServer) -> Desk:
    seat = engine.serve(desk.enrolled_by_hand())
    assert seat.get("apply", request(TWO, 1))["state"] == "done"
    engine.asked.clear()
    return seat


def asked(engine: EngineServer, ids: dict[str, str]) -> list[tuple[str, str]]:
    """What was asked of which container, without what was run inside."""
    found = []
    for method, target in engine.asked:
        path, _, query = target.partition("?")
        if "exec" in path.split("/"):
            continue
        name = query.partition("=")[2] if path == "/containers/create" else ids.get(path.split("/")[2], "new")
        found.append(("remove" if method == "DELETE" else path.rpartition("/")[2], name))
    return found


def test_a_decky_is_removed_from_its_services_to_its_base_while_others_are_stopped(
    two: Desk, engine: EngineServer
) -> None:
    ids = {key: each["Name"] for key, each in engine.engine.containers.items()}
    assert two.get("apply", request({}, 2, steps=replacing(two, {}, PROJECT)))["state"] == "done"
    order = asked(engine, ids)
    for decky in TWO:
        own = [(act, name) for act, name in order if name.startswith(decky)]
        assert sorted(own[:2]) == [("stop", f"{decky}-ftp"), ("stop", f"{decky}-ssh")]
        assert sorted(own[2:4]) == [("remove", f"{decky}-ftp"), ("remove", f"{decky}-ssh")]
        assert own[4:] == [("remove", decky)]
    assert engine.containers == {}


def test_a_service_that_joins_a_base_which_stays_is_created_before_the_former_one_is_gone(
    two: Desk, engine: EngineServer
) -> None:
    ids = {key: each["Name"] for key, each in engine.engine.containers.items()}
    former = next({"name": name, "id": key} for key, name in ids.items() if name == "ada-ftp")
    change = step("ada", "mutate", remove=[former], up=["ada-smtp"])
    assert two.get("apply", request(EXCHANGED, 2, steps=[change]))["state"] == "done"
    order = asked(engine, ids)
    assert order.index(("create", "ada-smtp")) < order.index(("remove", "ada-ftp"))
    assert order[-2:] == [("remove", "ada-ftp"), ("start", "new")]


class Removing(Engine):
    """An engine that somebody else has asked to remove all its containers."""

    def answer(self, method: str, target: str, body: bytes) -> tuple[int, bytes]:
        known = self.named(target.partition("?")[0].rpartition("/")[2])
        if method != "DELETE" or known is None:
            return super().answer(method, target, body)
        del self.containers[known["Id"]]
        return 409, b'{"message": "removal of container %s is already in progress"}' % known["Id"].encode()


def test_a_container_that_is_being_removed_by_another_is_waited_for(
    home: Path, engine: EngineServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DECNET_DOCKER_SOCKET", engine.place)
    engine.engine = Removing(home / "engine.json", "engine-1")
    engine.engine.images = {"decnet/base:0123456789ab": {}}
    engine.engine.create("web", base("web", "127.77.0.11", "f" * 64))
    found = fleet_containers(FLEET)
    targets = [{"project": PROJECT, "decky": "web", "name": "web", "id": found[0].id}]
    assert remove_containers(FLEET, targets, time.monotonic() + 60, found) == {}


def test_no_decky_is_reported_as_removed_once_an_end_could_not_be_written(
    home: Path, engine: EngineServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The rest is left as it is."""
    monkeypatch.setenv("DECNET_DOCKER_SOCKET", engine.place)
    for number in range(12):
        engine.engine.create(f"d{number}", base(f"d{number}", f"127.77.0.{number + 11}", "f" * 64))
    found, reported = fleet_containers(FLEET), []
    targets = [{"project": PROJECT, "decky": each.decky, "name": each.name, "id": each.id} for each in found]

    def removed(decky: str) -> None:
        reported.append(decky)
        raise OSError("no space left on device")

    with pytest.raises(OSError, match="no space"):
        remove_containers(FLEET, targets, time.monotonic() + 60, found, removed)
    assert (len(reported), set(reported) & engine.containers.keys()) == (1, set())
