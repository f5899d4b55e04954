"""The inner networks of a topology on a worker: made, checked, and removed with what they are for."""

from __future__ import annotations

import copy
import json
import os
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from agent_desk import FLEET, WORKER, Desk, base, bundle, row, signed, step
from engine_server import IMAGES, LAN, EngineServer, engine_server

from decnet.agent import inner_networks, scans, slices
from decnet.agent.containers import Container
from decnet.agent.request import Refusal
from decnet.wire import NETWORK, PROJECT, bridge_name, digest, inner_network

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="inner networks need root")

TOPOLOGY, OTHER = "decnet-t-0123abcd", "decnet-t-0123abce"
FLEETS_WEB = {"web": ("127.77.0.11", {})}


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[EngineServer]:
    with engine_server(tmp_path) as server:
        yield server


@pytest.fixture
def seat(desk: Desk, engine: EngineServer) -> Desk:
    return engine.serve(desk.enrolled_by_hand())


def network(lan: str, number: int, project: str = TOPOLOGY) -> dict[str, Any]:
    return {
        "name": inner_network(project, lan), "kind": "inner", "driver": "bridge",
        "interface": bridge_name(project, lan), "subnet": f"127.{number}.0.0/24",
        "gateway": f"127.{number}.0.254", "use": [], "exclude": [],
    }  # fmt: skip


def topology(
    generation: int,
    lans: dict[str, int],
    deckies: dict[str, list[tuple[str, int]]],
    steps: list[Any] | None = None,
    project: str = TOPOLOGY,
) -> dict[str, Any]:
    """The arguments of `apply` for LANs {name: second number of their subnet} and deckies {name: [(LAN, last
    number of its address)]}."""
    networks = {inner_network(project, lan): network(lan, number, project) for lan, number in lans.items()}
    entries, services = {}, {}
    for name, places in deckies.items():
        attachments = [
            {"network": inner_network(project, lan), "address": f"127.{lans[lan]}.0.{end}",
             "mac": f"00:14:22:00:{lans[lan]:02x}:{end:02x}"}
            for lan, end in places
        ]  # fmt: skip
        mark = digest([project, name, attachments])
        body = base(name, "127.0.0.1", mark, project)
        del body["mac_address"]
        told = [[each["address"], 24, each["mac"]] for each in attachments]
        body["networks"] = {each["network"]: {"ipv4_address": each["address"]} for each in attachments}
        body["environment"] = {"INTERFACES": json.dumps(told), "ROUTER": ""}
        services[f"{project}-{name}"] = body
        rows = {f"{project}-{name}": row("", mark, IMAGES[0], [])}
        entries[name] = {"decky": {"name": name, "attachments": attachments}, "containers": rows}
    content = {
        "schema": 2, "project": project, "fleet_id": FLEET, "worker_id": WORKER,
        "networks": {NETWORK: {"name": NETWORK, "kind": "lan", **LAN}, **networks}, "deckies": entries,
    }  # fmt: skip
    external = {name: {"external": True, "name": name} for name in networks}
    document = {
        "version": "2.4",
        "networks": {"lan": {"external": True, "name": NETWORK}, **external},
        "services": services,
    }
    if steps is None:
        steps = [step(name, "create", up=[f"{project}-{name}"]) for name in deckies]
    whole = {"project": project, "slice": content, "steps": steps, "compose": document}
    return signed(whole, f"{project}-{generation}", generation)


TWO_LANS = {"lan-1": 81, "lan-10": 82}
THREE = {"gw": [("lan-1", 1)], "hop": [("lan-1", 10), ("lan-10", 1)], "db": [("lan-10", 20)]}


def applied(seat: Desk, request: dict[str, Any], state: str = "done") -> dict[str, Any]:
    accepted = seat.get("apply", {**request, "wait": 30.0})
    assert accepted["state"] == state, accepted
    return accepted


def networks(engine: EngineServer) -> dict[str, dict[str, Any]]:
    """The networks of the engine by name, without its own."""
    return {
        each["Name"]: each
        for each in engine.engine.networks.values()
        if each["Driver"] not in ("host", "null")
    }


def inner(engine: EngineServer) -> list[str]:
    return sorted(set(networks(engine)) - {NETWORK})


def removal(engine: EngineServer, *deckies: str, project: str = TOPOLOGY) -> list[dict[str, Any]]:
    """Steps that remove these deckies."""
    ids = {each["Name"]: each["Id"] for each in engine.engine.containers.values()}
    names = {decky: f"{project}-{decky}" for decky in deckies}
    return [step(decky, "remove", remove=[{"name": n, "id": ids[n]}]) for decky, n in names.items()]


def test_the_networks_are_internal_and_labelled_and_the_worker_has_no_address_there(
    seat: Desk, engine: EngineServer
) -> None:
    applied(seat, topology(1, TWO_LANS, THREE))
    assert engine.containers == {f"{TOPOLOGY}-{name}": "running" for name in THREE}
    found = networks(engine)[f"{TOPOLOGY}-lan-1"]
    assert {key: found[key] for key in ("Driver", "Internal", "Labels", "Options", "IPAM")} == {
        "Driver": "bridge",
        "Internal": True,
        "Labels": {"decnet.fleet": FLEET, "decnet.worker": WORKER, "decnet.project": TOPOLOGY},
        "Options": {
            "com.docker.network.bridge.name": bridge_name(TOPOLOGY, "lan-1"),
            "com.docker.network.bridge.inhibit_ipv4": "true",
            "com.docker.network.advertise_addr_nmsgs": "0",
        },
        "IPAM": {"Driver": "default", "Config": [{"Subnet": "127.81.0.0/24", "Gateway": "127.81.0.254"}]},
    }


def test_status_reports_what_the_planner_named(seat: Desk, engine: EngineServer) -> None:
    assert "networks" not in seat.get("status")
    applied(seat, bundle(FLEETS_WEB, "fleet", 1, lan=LAN))
    assert "networks" not in seat.get("status")
    applied(seat, topology(1, TWO_LANS, THREE))
    assert (
        seat.get("status")["networks"] == [inner_network(TOPOLOGY, lan) for lan in TWO_LANS] == inner(engine)
    )
    ready = {each["name"]: (each["ready"], each["ip"]) for each in seat.get("status")["containers"]}
    assert ready == {"web": ("yes", "127.77.0.11"), **{f"{TOPOLOGY}-{name}": ("yes", "") for name in THREE}}


def test_lan_1_is_not_lan_10(seat: Desk, engine: EngineServer) -> None:
    """Docker's own filter by name would find both."""
    applied(seat, topology(1, TWO_LANS, THREE))
    ids = {name: each["Id"] for name, each in networks(engine).items()}
    gone = removal(engine, "gw", "hop")
    applied(seat, topology(2, {"lan-10": 82}, {"db": THREE["db"]}, gone))
    assert inner(engine) == [f"{TOPOLOGY}-lan-10"]
    assert networks(engine)[f"{TOPOLOGY}-lan-10"]["Id"] == ids[f"{TOPOLOGY}-lan-10"]


def test_networks_of_the_fleet_and_of_other_topologies_stay(seat: Desk, engine: EngineServer) -> None:
    applied(seat, bundle(FLEETS_WEB, "fleet", 1, lan=LAN))
    applied(seat, topology(1, TWO_LANS, THREE))
    applied(seat, topology(1, {"lan-1": 91}, {"gw": [("lan-1", 1)]}, project=OTHER))
    applied(seat, topology(2, {}, {}, removal(engine, *THREE)))
    assert set(networks(engine)) == {NETWORK, f"{OTHER}-lan-1"}
    applied(seat, bundle(FLEETS_WEB, "again", 2, [], lan=LAN))
    assert set(networks(engine)) == {NETWORK, f"{OTHER}-lan-1"}
    assert seat.get("status")["networks"] == [f"{OTHER}-lan-1"]


@pytest.mark.parametrize("deckies", [None, ["gw", "hop", "db"]])
def test_a_teardown_removes_the_networks_of_a_whole_topology_only(
    seat: Desk, engine: EngineServer, deckies: list[str] | None
) -> None:
    applied(seat, topology(1, TWO_LANS, THREE))
    down = {"project": TOPOLOGY, "request_id": "down", "generation": 2, "deckies": deckies, "wait": 30.0}
    assert seat.get("teardown", down)["state"] == "done"
    assert (engine.containers, inner(engine)) == ({}, [] if deckies is None else sorted(inner_names()))


def inner_names() -> list[str]:
    return [inner_network(TOPOLOGY, lan) for lan in TWO_LANS]


def test_a_network_in_use_stays_and_the_job_says_so(seat: Desk, engine: EngineServer) -> None:
    applied(seat, topology(1, TWO_LANS, THREE))
    stays = {"gw": THREE["gw"]}
    accepted = seat.get("apply", {**topology(2, {"lan-1": 81}, stays, removal(engine, "db")), "wait": 30.0})
    assert accepted["state"] == "failed", "hop is still on lan-10"
    job = seat.end_of(f"{TOPOLOGY}-2")
    assert job["error"] == f"{TOPOLOGY}-lan-10 is in use"
    assert inner(engine) == sorted(inner_names())
    applied(seat, topology(3, {"lan-1": 81}, stays, removal(engine, "hop")))
    assert inner(engine) == [f"{TOPOLOGY}-lan-1"]


def taken(engine: EngineServer, name: str, subnet: str, **more: Any) -> None:
    """Another program has made a network."""
    body = {
        "Name": name, "Driver": "bridge", "Labels": {}, "Options": {},
        "IPAM": {"Config": [{"Subnet": subnet}]}, **more,
    }  # fmt: skip
    engine.engine.answer("POST", "/networks/create", json.dumps(body).encode())


@pytest.mark.parametrize(
    ("name", "subnet", "more", "message"),
    [
        ("theirs", "127.80.0.0/12", {}, "Docker's network theirs (127.80.0.0/12) overlaps 127.81.0.0/24"),
        ("theirs", "127.82.0.64/26", {}, "overlaps 127.82.0.0/24 of decnet-t-0123abcd-lan-10"),
        (f"{TOPOLOGY}-lan-1", "127.99.0.0/24", {}, "already exists and does not belong to this topology"),
        (
            f"{TOPOLOGY}-lan-1", "127.81.0.0/24",
            {"Labels": {"decnet.fleet": FLEET, "decnet.project": OTHER}}, "does not belong to this topology",
        ),
        (
            "theirs", "127.99.0.0/24",
            {"Options": {"com.docker.network.bridge.name": bridge_name(TOPOLOGY, "lan-1")}},
            "Docker's network theirs has the interface",
        ),
    ],
)  # fmt: skip
def test_a_foreign_network_is_refused_and_never_changed(
    seat: Desk, engine: EngineServer, name: str, subnet: str, more: dict[str, Any], message: str
) -> None:
    taken(engine, name, subnet, **more)
    before = copy.deepcopy(networks(engine))
    error = seat.refused("apply", topology(1, TWO_LANS, THREE))
    assert (error["code"], message in error["message"]) == ("network", True), error
    assert (networks(engine), engine.containers) == (before, {})


def test_a_network_whose_name_only_begins_like_ours_is_no_obstacle(seat: Desk, engine: EngineServer) -> None:
    taken(engine, f"{TOPOLOGY}-lan-100", "127.99.0.0/24")
    taken(engine, f"x-{TOPOLOGY}-lan-1", "127.98.0.0/24")
    applied(seat, topology(1, TWO_LANS, THREE))
    applied(seat, topology(2, {}, {}, removal(engine, *THREE)))
    assert inner(engine) == [f"{TOPOLOGY}-lan-100", f"x-{TOPOLOGY}-lan-1"]


def test_a_network_of_ours_that_differs_is_made_again_once_it_is_empty(
    seat: Desk, engine: EngineServer
) -> None:
    applied(seat, topology(1, TWO_LANS, THREE))
    moved = {"lan-1": 81, "lan-10": 83}
    other = {**THREE, "hop": [("lan-1", 10)], "db": [("lan-10", 21)]}
    ids = {each["Name"]: each["Id"] for each in engine.engine.containers.values()}

    def again(*names: str) -> list[dict[str, Any]]:
        each = {name: f"{TOPOLOGY}-{name}" for name in names}
        return [step(n, "change", remove=[{"name": c, "id": ids[c]}], up=[c]) for n, c in each.items()]

    error = seat.refused("apply", topology(2, moved, other, again("db")))
    assert (error["code"], "deckies are on it" in error["message"]) == ("network", True)
    applied(seat, topology(3, moved, other, again("db", "hop")))
    config = networks(engine)[f"{TOPOLOGY}-lan-10"]["IPAM"]["Config"]
    assert config == [{"Subnet": "127.83.0.0/24", "Gateway": "127.83.0.254"}]


@pytest.mark.parametrize(
    "lans",
    [{"lan-1": 81, "press": 82}, {"lan-1": 82, "lan-10": 81}],
    ids=["a LAN has another name", "two have exchanged their subnets"],
)
def test_the_networks_that_go_are_no_obstacle_for_those_that_come(
    seat: Desk, engine: EngineServer, lans: dict[str, int]
) -> None:
    applied(seat, topology(1, TWO_LANS, THREE))
    first, last = lans
    deckies = {"gw": [(first, 1)], "hop": [(first, 10), (last, 1)], "db": [(last, 20)]}
    changes = [
        {**each, "operation": "change", "up": [f"{TOPOLOGY}-{each['decky']}"]}
        for each in removal(engine, *THREE)
    ]
    applied(seat, topology(2, lans, deckies, changes))
    wanted = {f"{TOPOLOGY}-{lan}": f"127.{number}.0.0/24" for lan, number in lans.items()}
    found = {name: networks(engine)[name]["IPAM"]["Config"][0]["Subnet"] for name in inner(engine)}
    assert found == wanted


def test_a_subnet_that_this_machine_has_a_route_to_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    routes = ["127.81.0.0/16", "127.83.0.0/24"]
    monkeypatch.setattr(inner_networks.interfaces, "routes", lambda: routes)
    monkeypatch.setattr(inner_networks.docker, "get", lambda *_: [])
    wanted = {
        name: {key: each[key] for key in ("interface", "subnet", "gateway")}
        for name, each in ((inner_network(TOPOLOGY, lan), network(lan, n)) for lan, n in TWO_LANS.items())
    }
    with pytest.raises(Refusal, match=r"a route to 127\.81\.0\.0/16, which overlaps 127\.81\.0\.0/24"):
        inner_networks.check(wanted, FLEET, TOPOLOGY, {})
    routes.pop(0)
    inner_networks.check(wanted, FLEET, TOPOLOGY, {})


def test_a_lan_cannot_get_a_subnet_that_this_machine_has_a_route_to(
    seat: Desk, engine: EngineServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    applied(seat, topology(1, TWO_LANS, THREE))
    monkeypatch.setattr(inner_networks.interfaces, "routes", lambda: ["127.82.0.0/24", "127.83.0.0/24"])
    rows = list(engine.engine.networks.values())
    monkeypatch.setattr(inner_networks.docker, "get", lambda *_: rows)

    def wanted(number: int) -> inner_networks.Inner:
        found = network("lan-10", number)
        return {found["name"]: {key: found[key] for key in ("interface", "subnet", "gateway")}}

    inner_networks.check(wanted(82), FLEET, TOPOLOGY, {})
    with pytest.raises(Refusal, match=r"a route to 127\.83\.0\.0/24"):
        inner_networks.check(wanted(83), FLEET, TOPOLOGY, {})


def test_the_lan_is_the_home_of_a_decky_on_it(seat: Desk) -> None:
    """Its base probes the address on its home only."""
    request = topology(1, TWO_LANS, THREE)
    on_lan = {"network": NETWORK, "address": "127.77.0.30", "mac": "00:14:22:00:00:01"}
    request["slice"]["deckies"]["gw"]["decky"]["attachments"].append(on_lan)
    whole = {key: request[key] for key in ("project", "slice", "steps", "compose")}
    error = seat.refused("apply", signed(whole, "not first", 1))
    assert error["code"] == "refused" and f"{NETWORK} must be the first" in error["message"]


def test_a_forgotten_project_loses_its_passwords_first(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = home / "projects" / TOPOLOGY
    folder.mkdir(parents=True)
    for name in (slices.FILE, slices.COMPOSE):
        (folder / name).write_text("{}")

    def killed(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(shutil, "rmtree", killed)
    with pytest.raises(KeyboardInterrupt):
        slices.forget(TOPOLOGY)
    assert [each.name for each in folder.iterdir()] == [slices.FILE]
    monkeypatch.undo()


def test_an_agent_that_is_not_root_refuses_a_topology_and_takes_a_fleet(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inner_networks, "_is_root", lambda: False)
    inner_networks.check({}, FLEET, PROJECT, {})
    found = network("lan-1", 81)
    with pytest.raises(Refusal, match="is not root") as caught:
        inner_networks.check({found["name"]: found}, FLEET, TOPOLOGY, {})
    assert caught.value.code == "network" and "enrol the worker as root" in caught.value.message


def test_only_attachments_to_the_lan_are_probed_on_it() -> None:
    content = topology(1, TWO_LANS, THREE)["slice"]
    content["networks"][NETWORK].update(driver="macvlan", interface="eth0")
    on_lan = {"network": NETWORK, "address": "127.77.0.30", "mac": "00:14:22:00:00:01"}
    content["deckies"]["gw"]["decky"]["attachments"].insert(0, on_lan)
    known = {TOPOLOGY: {"slice": content}}
    assert slices.ways(known) == {"127.77.0.30": "eth0"}
    assert list(slices.homes(known)) == [(TOPOLOGY, "gw", "127.77.0.30", "00:14:22:00:00:01")]
    homes = {name: slices.home_address(known, TOPOLOGY, name) for name in (*THREE, "other")}
    assert homes == {"gw": "127.77.0.30", "hop": "127.81.0.10", "db": "127.82.0.20", "other": None}


def test_a_scan_reached_the_address_on_the_network_of_its_source(home: Path) -> None:
    folder = home / "projects" / TOPOLOGY
    folder.mkdir(parents=True)
    request = topology(1, TWO_LANS, THREE)
    known = {"slice": request["slice"], "generation": 1, "plan_hash": request["plan_hash"]}
    (folder / "slice.json").write_text(json.dumps(known))
    gw = container("gw", {NETWORK: "127.77.0.30", f"{TOPOLOGY}-lan-1": "127.81.0.1"})
    hop = container("hop", {f"{TOPOLOGY}-lan-1": "127.81.0.10", f"{TOPOLOGY}-lan-10": "127.82.0.1"})
    sources = ("127.77.0.9", "127.81.0.9", "127.82.0.9", "198.51.100.9", "")
    assert [scans.local_address(gw, each, FLEET) for each in sources] == [
        "127.77.0.30", "127.81.0.1", "127.77.0.30", "127.77.0.30", "127.77.0.30",
    ]  # fmt: skip
    assert [scans.local_address(hop, each, FLEET) for each in sources] == [
        "127.81.0.10", "127.81.0.10", "127.82.0.1", "127.81.0.10", "127.81.0.10",
    ]  # fmt: skip


def container(decky: str, networks: dict[str, str]) -> Container:
    """A base as Docker lists it."""
    rows = {name: {"IPAddress": address, "IPPrefixLen": 24} for name, address in networks.items()}
    labels = {"decnet.fleet": FLEET, "decnet.project": TOPOLOGY, "decnet.decky": decky}
    return Container(
        {"Id": "c" * 64, "Names": [f"/{decky}"], "Labels": labels, "NetworkSettings": {"Networks": rows}}
    )


def test_one_address_on_two_topologies_is_two(seat: Desk, engine: EngineServer) -> None:
    """The MACs of designs that were made alike are the same."""
    applied(seat, topology(1, {"lan-1": 81}, {"gw": [("lan-1", 1)]}))
    request = topology(1, {"lan-1": 91}, {"gw": [("lan-1", 1)]}, project=OTHER)
    mac = request["slice"]["deckies"]["gw"]["decky"]["attachments"][0]
    mac["mac"] = "00:14:22:00:51:01"
    told = request["compose"]["services"][f"{OTHER}-gw"]["environment"]
    told["INTERFACES"] = json.dumps([["127.91.0.1", 24, mac["mac"]]])
    whole = {key: request[key] for key in ("project", "slice", "steps", "compose")}
    applied(seat, signed(whole, "alike", 1))
    twice = topology(2, {"lan-1": 81}, {"gw": [("lan-1", 1)], "db": [("lan-1", 1)]})
    assert seat.refused("apply", twice)["code"] == "address"


def test_self_destruct_removes_the_networks_of_all_topologies(seat: Desk, engine: EngineServer) -> None:
    applied(seat, bundle(FLEETS_WEB, "fleet", 1, lan=LAN))
    applied(seat, topology(1, TWO_LANS, THREE))
    taken(engine, "theirs", "127.99.0.0/24")
    assert seat.get("self-destruct") == {"started": True}
    deadline = time.monotonic() + 30
    while (seat.home / "identity.json").exists() or (seat.home / "projects").exists():
        assert time.monotonic() < deadline
        time.sleep(0.1)
    assert (engine.containers, sorted(networks(engine))) == ({}, ["theirs"])


def test_what_another_fleet_left_includes_its_inner_networks(seat: Desk, engine: EngineServer) -> None:
    labels = {"decnet.fleet": "fleet-0", "decnet.project": TOPOLOGY}
    taken(engine, f"{TOPOLOGY}-lan-1", "127.81.0.0/24", Labels=labels)
    error = seat.refused("apply", topology(1, TWO_LANS, THREE))
    assert "does not belong to this topology" in error["message"]


def test_a_bridge_is_silent_and_stays_so(tmp_path: Path) -> None:
    """On a real bridge, in a network namespace of its own."""
    script = (
        f"import sys; sys.path.insert(0, {str(Path(inner_networks.__file__).parents[2])!r})\n"
        "from decnet.agent import inner_networks as i\n"
        "read = lambda: [open('/proc/sys/net/' + p % 'dct0').read().strip() for p, _ in i.SETTINGS]\n"
        "print(repr(i.silence('dct1')), repr(i.silence('dct0')), read())\n"
    )
    place = tmp_path / "silence.py"
    place.write_text(script)
    import subprocess
    import sys

    run = f"ip link add dct0 type bridge && ip link set dct0 up && {sys.executable} {place}"
    done = subprocess.run(["unshare", "-n", "sh", "-ec", run], capture_output=True, text=True, timeout=60)
    assert done.stdout.strip() == "'' '' ['8', '1', '1']", done.stderr
