"""Two projects on one worker: each has its own generation, containers, records and end."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from agent_desk import FLEET, Desk, bundle, mac_of, signed, step
from engine_server import IMAGES, LAN, EngineServer, engine_server, records

from decnet.wire import PROJECT

TOPOLOGY = "decnet-t-0123abcd"
FLEETS_WEB = {"web": ("127.77.0.11", {})}
TOPOLOGYS_WEB = {"web": ("127.77.0.12", {})}


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[EngineServer]:
    with engine_server(tmp_path) as server:
        yield server


@pytest.fixture
def seat(desk: Desk, engine: EngineServer) -> Desk:
    return engine.serve(desk.enrolled_by_hand())


@pytest.fixture(scope="module")
def prepared(agent_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of an agent and its engine with the fleet's `web` of generation 5, and another decky of that
    name in a topology of generation 1."""
    folder = tmp_path_factory.mktemp("both")
    (folder / "agent-home").mkdir()
    with engine_server(folder) as server:
        desk = server.serve(Desk(agent_file, folder / "agent-home").enrolled_by_hand())
        apply_both(desk)
    return folder


@pytest.fixture
def both(seat: Desk, engine: EngineServer, prepared: Path) -> Desk:
    """A copy of that."""
    shutil.copytree(prepared / "agent-home", seat.home, dirs_exist_ok=True)
    vars(engine.engine).update(json.loads((prepared / "engine.json").read_text()))
    return engine.serve(seat)


def apply_both(desk: Desk) -> None:
    applied(desk, args(FLEETS_WEB, 5))
    applied(desk, args(TOPOLOGYS_WEB, 1, TOPOLOGY))


def args(
    deckies: dict[str, Any], generation: int, project: str = PROJECT, steps: list[Any] | None = None
) -> dict[str, Any]:
    return bundle(deckies, f"{project}-{generation}", generation, steps, lan=LAN, project=project)


def applied(seat: Desk, request: dict[str, Any]) -> None:
    accepted = seat.get("apply", {**request, "wait": 30.0})
    assert (accepted["state"], accepted["project"]) == ("done", request["project"])


def torn_down(seat: Desk, project: str, generation: int, deckies: list[str] | None = None) -> None:
    request = {"project": project, "request_id": f"down-{generation}", "generation": generation}
    accepted = seat.get("teardown", {**request, "deckies": deckies, "wait": 30.0})
    assert (accepted["state"], accepted["project"]) == ("done", project)


def generations(seat: Desk) -> dict[str, int]:
    return {name: each["generation"] for name, each in seat.get("status")["projects"].items()}


def test_two_projects_stand_side_by_side(both: Desk, engine: EngineServer) -> None:
    status = both.get("status")
    assert generations(both) == {PROJECT: 5, TOPOLOGY: 1}
    assert {name: each["plan_hash"] for name, each in status["projects"].items()} == {
        PROJECT: args(FLEETS_WEB, 5)["plan_hash"],
        TOPOLOGY: args(TOPOLOGYS_WEB, 1, TOPOLOGY)["plan_hash"],
    }
    seen = [(row["name"], row["project"], row["decky"], row["ip"]) for row in status["containers"]]
    assert seen == [
        ("decnet-t-0123abcd-web", TOPOLOGY, "web", "127.77.0.12"),
        ("web", PROJECT, "web", "127.77.0.11"),
    ]
    assert [row["project"] for row in status["jobs"]] == [PROJECT, TOPOLOGY]
    assert records(both) == [
        (PROJECT, "web", "create", "succeeded"),
        (TOPOLOGY, "web", "create", "succeeded"),
    ]


def test_the_containers_belong_to_the_compose_project_with_the_projects_file(
    seat: Desk, engine: EngineServer
) -> None:
    apply_both(seat)
    keys = ("project", "service", "project.config_files", "oneoff", "container-number")
    assert {
        each["Name"]: [each["Labels"][f"com.docker.compose.{key}"] for key in keys]
        for each in engine.engine.containers.values()
    } == {
        name: [project, name, str(seat.home / "projects" / project / "compose.json"), "False", "1"]
        for project, name in ((PROJECT, "web"), (TOPOLOGY, "decnet-t-0123abcd-web"))
    }
    assert engine.runs == []


def test_what_the_engine_refuses_is_left_to_compose_with_the_projects_file(
    seat: Desk, engine: EngineServer
) -> None:
    engine.engine.refusal = lambda decky: "" if engine.runs else "try again"
    apply_both(seat)
    start = ["up", "-d", "--no-deps", "--no-recreate", "--no-build"]
    file = str(seat.home / "projects" / PROJECT / "compose.json")
    assert engine.runs == [["-p", PROJECT, "-f", file, *start, "web"]]
    assert engine.containers == {"web": "running", "decnet-t-0123abcd-web": "running"}


def test_the_fleets_containers_have_no_new_label(both: Desk, engine: EngineServer) -> None:
    labels = {
        each["Name"]: each["Labels"].get("decnet.project") for each in engine.engine.containers.values()
    }
    assert labels == {"web": None, "decnet-t-0123abcd-web": TOPOLOGY}


def test_a_generation_has_one_content(both: Desk) -> None:
    """What was applied may be sent again as another request; other content needs a higher generation."""
    error = both.refused("apply", bundle({}, "other", 5, [], lan=LAN, project=PROJECT))
    assert (error["code"], "with another content" in error["message"]) == ("generation", True)
    assert generations(both)[PROJECT] == 5
    again = both.get("apply", bundle(FLEETS_WEB, "again", 5, [], lan=LAN, project=PROJECT))
    assert again["generation"] == 5


def test_a_generation_counts_for_its_own_project_only(both: Desk) -> None:
    error = both.refused("apply", args(FLEETS_WEB, 4))
    assert (error["code"], error["details"]) == ("generation", {"generation": 5})
    applied(both, args(TOPOLOGYS_WEB, 2, TOPOLOGY, []))
    old = {"project": TOPOLOGY, "request_id": "r", "generation": 1}
    assert both.refused("teardown", old)["code"] == "generation"
    assert generations(both) == {PROJECT: 5, TOPOLOGY: 2}


def test_each_slice_is_handed_out_under_its_project(both: Desk) -> None:
    held = both.get("slice")["projects"]
    assert {name: each["slice"] for name, each in held.items()} == {
        PROJECT: args(FLEETS_WEB, 5)["slice"],
        TOPOLOGY: args(TOPOLOGYS_WEB, 1, TOPOLOGY)["slice"],
    }


@pytest.mark.parametrize(("project", "left"), [(TOPOLOGY, "web"), (PROJECT, "decnet-t-0123abcd-web")])
@pytest.mark.parametrize("deckies", [None, ["web"]])
def test_a_teardown_of_one_project_leaves_the_other(
    both: Desk, engine: EngineServer, project: str, left: str, deckies: list[str] | None
) -> None:
    before = engine.engine.named(left)
    torn_down(both, project, 6, deckies)
    assert engine.containers == {left: "running"} and engine.engine.named(left) == before
    assert engine.has_network
    held = both.get("slice")["projects"]
    wanted = {PROJECT: ["web"], TOPOLOGY: ["web"]} | {project: []}
    if (project, deckies) == (TOPOLOGY, None):
        del wanted[TOPOLOGY]
    assert {name: sorted(each["slice"]["deckies"]) for name, each in held.items()} == wanted


def test_the_network_stays_while_another_projects_decky_is_only_stopped(
    both: Desk, engine: EngineServer
) -> None:
    """Docker lists a stopped container on no network."""
    web = engine.engine.named("web")
    assert web is not None
    engine.engine.exit(web)
    torn_down(both, TOPOLOGY, 2)
    assert engine.has_network
    torn_down(both, PROJECT, 6)
    assert (engine.containers, engine.has_network) == ({}, False)


@pytest.mark.parametrize("project", [PROJECT, TOPOLOGY])
def test_a_step_removes_no_container_of_another_project(
    both: Desk, engine: EngineServer, project: str
) -> None:
    foreign = next(row for row in both.get("status")["containers"] if row["project"] != project)
    remove = step("web", "change", remove=[{"name": foreign["name"], "id": foreign["id"]}])
    deckies = FLEETS_WEB if project == PROJECT else TOPOLOGYS_WEB
    accepted = both.get("apply", {**args(deckies, 6, project, [remove]), "wait": 30.0})
    assert (accepted["state"], len(engine.containers)) == ("failed", 2)
    assert records(both)[-1] == (project, "web", "change", "failed")


def test_a_stopped_decky_is_started_in_its_own_project(both: Desk, engine: EngineServer) -> None:
    name = "decnet-t-0123abcd-web"
    stopped = engine.engine.named(name)
    assert stopped is not None
    engine.engine.exit(stopped)
    applied(both, args(TOPOLOGYS_WEB, 2, TOPOLOGY, [step("web", "heal", start=[name])]))
    assert engine.containers == {"web": "running", name: "running"}


def test_an_address_or_mac_of_another_project_is_refused(both: Desk) -> None:
    other = "decnet-t-99999999"
    error = both.refused("apply", args({"db": ("127.77.0.11", {})}, 1, other))
    assert error["code"] == "address" and "it is web of decnet's" in error["message"]
    whole = args({"db": ("127.77.0.13", {})}, 1, other)
    whole["slice"]["deckies"]["db"]["decky"]["attachments"][0]["mac"] = mac_of("127.77.0.12")
    base = whole["compose"]["services"]["decnet-t-99999999-db"]
    base["mac_address"] = base["environment"]["MAC"] = mac_of("127.77.0.12")
    whole = signed({key: whole[key] for key in ("project", "slice", "steps", "compose")}, "r", 1)
    error = both.refused("apply", whole)
    assert error["code"] == "address" and f"it is web of {TOPOLOGY}'s" in error["message"]
    assert generations(both) == {PROJECT: 5, TOPOLOGY: 1}


@pytest.mark.parametrize(("driver", "mac"), [("macvlan", None), ("ipvlan", mac_of("127.77.0.14"))])
def test_a_base_has_a_mac_except_on_ipvlan(both: Desk, driver: str, mac: str | None) -> None:
    whole = args({"db": ("127.77.0.14", {})}, 6)
    whole["slice"]["networks"]["decnet_lan"]["driver"] = driver
    base = whole["compose"]["services"]["db"]
    base.pop("mac_address")
    base |= {} if mac is None else {"mac_address": mac}
    whole = signed({key: whole[key] for key in ("project", "slice", "steps", "compose")}, "r", 6)
    error = both.refused("apply", whole)
    assert (error["code"], "differ in address or MAC" in error["message"]) == ("refused", True)


def test_an_address_of_another_projects_container_is_refused_when_its_slice_is_lost(both: Desk) -> None:
    shutil.rmtree(both.home / "projects" / TOPOLOGY)
    error = both.refused("apply", args({"web": ("127.77.0.12", {})}, 6))
    assert error["code"] == "address" and f"it is web of {TOPOLOGY}'s" in error["message"]


def test_an_address_that_a_project_has_left_is_free_for_another(both: Desk) -> None:
    torn_down(both, TOPOLOGY, 2)
    applied(both, args({**FLEETS_WEB, "db": ("127.77.0.12", {})}, 6, steps=[step("db", "create", up=["db"])]))


def test_one_address_for_two_deckies_of_one_project_is_refused(seat: Desk) -> None:
    twice = {"web": ("127.77.0.11", {}), "db": ("127.77.0.11", {})}
    assert seat.refused("apply", args(twice, 1))["code"] == "address"


def test_a_name_that_another_projects_container_has_is_an_error(both: Desk) -> None:
    named_alike = {"decnet-t-0123abcd-web": ("127.77.0.13", {})}
    error = both.refused("apply", args(named_alike, 6))
    assert (error["code"], error["details"]) == ("name-taken", {"name": "decnet-t-0123abcd-web"})


def test_another_lan_than_the_other_projects_is_refused(both: Desk) -> None:
    moved = {**LAN, "subnet": "127.77.0.0/25"}
    request = bundle({"db": ("127.77.0.14", {})}, "r", 1, lan=moved, project="decnet-t-99999999")
    assert both.refused("apply", request)["code"] == "network"


def test_a_stray_that_is_not_on_the_lan_keeps_no_network_as_it_is(seat: Desk, engine: EngineServer) -> None:
    applied(seat, args(FLEETS_WEB, 1))
    labels = {"decnet.fleet": FLEET, "decnet.decky": "stray"}
    engine.engine.create("stray", {"image": IMAGES[0], "labels": labels, "network_mode": "none"})
    web = next(each for each in engine.engine.containers.values() if each["Name"] == "web")
    again = step("web", "change", remove=[{"name": "web", "id": web["Id"]}], up=["web"])
    moved = {**LAN, "subnet": "127.77.0.0/25"}
    applied(seat, bundle(FLEETS_WEB, "moved", 2, [again], lan=moved))
    assert set(engine.containers) == {"web", "stray"}


def test_a_dry_run_names_its_project_and_leaves_nothing(seat: Desk) -> None:
    before = set(seat.home.iterdir())
    answer = seat.get("apply", {**args(TOPOLOGYS_WEB, 1, TOPOLOGY), "dry_run": True})
    assert (answer["state"], answer["project"]) == ("checked", TOPOLOGY)
    # Nothing with the deckies' passwords, above all.
    caches = {"compose.cache", "engine.cache", "containers.cache"}
    assert {each.name for each in set(seat.home.iterdir()) - before} <= caches
    assert seat.get("status")["projects"] == {}


def test_logs_are_those_of_the_named_project_and_else_of_the_fleet(both: Desk, engine: EngineServer) -> None:
    for each in engine.engine.containers.values():
        each["Log"].append(f"I am {each['Name']}")
    assert both.get("logs", {"decky": "web"})["logs"] == {"web": "I am web\n"}
    theirs = both.get("logs", {"project": TOPOLOGY, "decky": "web"})["logs"]
    assert theirs == {"decnet-t-0123abcd-web": "I am decnet-t-0123abcd-web\n"}


def test_conflicts_name_project_and_decky(both: Desk, engine: EngineServer) -> None:
    for each in engine.engine.containers.values():
        each["Log"].append(json.dumps({"base": "conflict", "mac": f"of {each['Name']}"}))
        engine.engine.exit(each, 75)
    reported = [(each["project"], each["decky"], each["mac"]) for each in both.get("status")["conflicts"]]
    assert reported == [(PROJECT, "web", "of web"), (TOPOLOGY, "web", "of decnet-t-0123abcd-web")]


@pytest.mark.parametrize("name", [1, "", "other", "../decnet", "decnet-t-0123ABCD", "decnet\n"])
def test_a_project_of_another_name_is_refused_by_every_verb_that_takes_one(seat: Desk, name: object) -> None:
    assert seat.refused("apply", {**args(FLEETS_WEB, 1), "project": name})["code"] == "usage"
    down = {"request_id": "r", "generation": 1, "project": name}
    assert seat.refused("teardown", down)["code"] == "usage"
    assert seat.refused("logs", {"decky": "web", "project": name})["code"] == "usage"


def test_apply_and_teardown_need_a_project(seat: Desk) -> None:
    request = args(FLEETS_WEB, 1)
    del request["project"]
    assert seat.refused("apply", request)["code"] == "usage"
    assert seat.refused("teardown", {"request_id": "r", "generation": 1})["code"] == "usage"


def test_what_another_fleet_left_is_not_listed_and_does_not_count(both: Desk) -> None:
    for file in both.home.glob("projects/*/slice.json"):
        held = json.loads(file.read_text())
        held["slice"]["fleet_id"] = "fleet-0"
        file.write_text(json.dumps(held))
    assert both.get("status")["projects"] == {} == both.get("slice")["projects"]
    applied(both, args(FLEETS_WEB, 1, steps=[]))
    assert generations(both) == {PROJECT: 1}


def test_a_folder_that_is_not_a_projects_is_skipped(both: Desk) -> None:
    (both.home / "projects" / "lost+found").mkdir()
    (both.home / "projects" / "decnet-t-11111111").mkdir()
    assert sorted(generations(both)) == [PROJECT, TOPOLOGY]


def test_self_destruct_removes_every_project(both: Desk, engine: EngineServer) -> None:
    assert both.get("self-destruct") == {"started": True}
    deadline = time.monotonic() + 30
    while (both.home / "identity.json").exists() or (both.home / "projects").exists():
        assert time.monotonic() < deadline
        time.sleep(0.1)
    assert (engine.containers, engine.has_network) == ({}, False)


def test_an_enrolled_worker_lists_no_project_before_its_first_apply(seat: Desk) -> None:
    assert seat.get("status")["projects"] == {} == seat.get("slice")["projects"]
    assert seat.get("status", {"expect": {"fleet_id": FLEET}})["projects"] == {}
