"""What the engine is asked to create for a service of a compose document: what Compose would ask for."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from agent_desk import base, service
from engine_server import EngineServer, engine_server

from decnet.agent import docker
from decnet.agent.containers import Container
from decnet.agent.creation import AHEAD, Creation, body_of
from decnet.agent.limits import PARALLEL
from decnet.wire import PROJECT, digest

FILE = "/home/projects/decnet/compose.json"
DOCUMENT: dict[str, Any] = {
    "version": "2.4",
    "networks": {"lan": {"external": True, "name": "decnet_lan"}},
    "services": {
        "web": base("web", "192.0.2.7", "f" * 64),
        "web-ssh": {
            **service("web", "ssh", ["run", "a$$b"], "e" * 64),
            "cap_add": ["NET_BIND_SERVICE"],
            "tmpfs": ["/tmp:size=1m,mode=1777", "/run"],
        },
    },
}


def compose_labels(name: str, plain: dict[str, Any]) -> dict[str, str]:
    return {
        "com.docker.compose.project": PROJECT,
        "com.docker.compose.service": name,
        "com.docker.compose.container-number": "1",
        "com.docker.compose.oneoff": "False",
        "com.docker.compose.config-hash": digest(plain),
        "com.docker.compose.project.config_files": FILE,
        "com.docker.compose.project.working_dir": "/home/projects/decnet",
    }


def test_a_base_has_its_address_and_its_mac_where_each_engine_reads_it() -> None:
    asked = DOCUMENT["services"]["web"]
    assert body_of(DOCUMENT, "web", PROJECT, FILE, "") == {
        "Image": "decnet/base:0123456789ab",
        "Hostname": "host-web",
        "Env": ["SUBNET=192.0.2.0/24", "ADDRESS=192.0.2.7", "MAC=02:42:c0:00:02:07"],
        "Labels": {**asked["labels"], **compose_labels("web", asked)},
        "StopSignal": "SIGKILL",
        "MacAddress": "02:42:c0:00:02:07",
        "HostConfig": {
            "NetworkMode": "decnet_lan",
            "CapAdd": ["NET_ADMIN", "NET_RAW", "SETUID", "SETGID", "SETPCAP"],
            "CapDrop": ["ALL"],
            "SecurityOpt": ["no-new-privileges:true"],
            "ReadonlyRootfs": True,
            "Memory": 32 << 20,
            "NanoCpus": 500_000_000,
            "PidsLimit": 32,
            "RestartPolicy": {"Name": "unless-stopped"},
            "LogConfig": {"Type": "json-file", "Config": {"max-size": "1m", "max-file": "2"}},
            "Sysctls": asked["sysctls"],
            "Tmpfs": {},
        },
        "NetworkingConfig": {
            "EndpointsConfig": {
                "decnet_lan": {
                    "IPAMConfig": {"IPv4Address": "192.0.2.7"}, "MacAddress": "02:42:c0:00:02:07",
                }
            }
        },
    }  # fmt: skip


def test_a_service_joins_its_base_and_has_single_dollar_signs() -> None:
    asked = DOCUMENT["services"]["web-ssh"]
    plain = {**asked, "command": ["run", "a$b"], "environment": {"PERSONA": '{"price":"$5"}'}}
    labels = {**asked["labels"], **compose_labels("web-ssh", plain)}
    assert body_of(DOCUMENT, "web-ssh", PROJECT, FILE, "b" * 64) == {
        "Image": "decnet/decoys:0123456789ab",
        "User": "65534:65534",
        "Cmd": ["run", "a$b"],
        "Env": ['PERSONA={"price":"$5"}'],
        "Labels": {**labels, "com.docker.compose.depends_on": "web:service_started:true"},
        "StopSignal": "SIGTERM",
        "StopTimeout": 2,
        "HostConfig": {
            "NetworkMode": "container:" + "b" * 64,
            "CapAdd": ["NET_BIND_SERVICE"],
            "CapDrop": ["ALL"],
            "SecurityOpt": ["no-new-privileges:true"],
            "ReadonlyRootfs": True,
            "Memory": 64 << 20,
            "NanoCpus": 500_000_000,
            "PidsLimit": 64,
            "RestartPolicy": {"Name": "unless-stopped"},
            "LogConfig": {"Type": "json-file", "Config": {"max-size": "4m", "max-file": "3"}},
            "Tmpfs": {"/tmp": "size=1m,mode=1777", "/run": ""},
        },
        "NetworkingConfig": {"EndpointsConfig": {}},
    }


def test_without_a_limit_in_the_document_none_is_asked_for() -> None:
    """The kernel of that worker cannot give it."""
    bare = {
        key: value
        for key, value in DOCUMENT["services"]["web"].items()
        if key not in ("mem_limit", "cpus", "pids_limit")
    }
    host = body_of({**DOCUMENT, "services": {"web": bare}}, "web", PROJECT, FILE, "")["HostConfig"]
    assert not {"Memory", "NanoCpus", "PidsLimit"} & set(host)


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[EngineServer]:
    with engine_server(tmp_path) as engine:
        monkeypatch.setenv("DECNET_DOCKER_SOCKET", engine.place)
        yield engine


def creation(services: dict[str, Any], names: list[str], present: dict[str, Container]) -> Creation:
    networks = {"lan": {"name": "decnet_lan"}, "inner": {"name": "inner"}}
    return Creation({"services": services, "networks": networks}, PROJECT, FILE, names, present)


def test_a_base_that_cannot_join_its_second_network_is_not_left_to_be_started(server: EngineServer) -> None:
    router = base("web", "192.0.2.7", "f" * 64)
    router["networks"]["inner"] = {"ipv4_address": "10.0.0.7"}
    made = creation({"web": router}, ["web"], {})
    made.create(lambda: True)
    assert (made.failed, server.containers) == ({"web"}, {})


def test_deckies_whose_bases_have_just_gone_fail_and_no_others(server: EngineServer) -> None:
    gone = {f"d{number}-ssh": service(f"d{number}", "ssh", ["run"], "e" * 64) for number in range(8)}
    last = {"web": base("web", "192.0.2.7", "f" * 64)}
    made = creation({**gone, **last}, [*gone, *last], {})
    made.create(lambda: True)
    made.start(lambda: True, lambda: None)
    failed = {f"d{number}" for number in range(8)}
    assert (made.failed, server.containers) == (failed, {"web": "running"})


def test_a_container_of_another_decky_with_that_name_is_not_started(server: EngineServer) -> None:
    asked = base("web", "192.0.2.7", "f" * 64)
    other = {**asked["labels"], "decnet.decky": "other"}
    found = server.engine.create("web", {**asked, "labels": other})
    row = {"Id": found["Id"], "Names": ["/web"], "State": "created", "Labels": other}
    made = creation({"web": asked}, ["web"], {"web": Container(row)})
    made.create(lambda: True)
    made.start(lambda: True, lambda: None)
    assert (made.failed, server.containers) == ({"web"}, {"web": "created"})


def test_some_bases_are_ahead_of_the_services_and_none_is_behind_its_own(server: EngineServer) -> None:
    """A base needs a second until it is ready: the last one started must not be what a deploy waits for."""
    deckies = [f"d{number:02}" for number in range(20)]
    bases = {name: base(name, f"192.0.2.{number}", "f" * 64) for number, name in enumerate(deckies, 7)}
    services = {f"{name}-ssh": service(name, "ssh", ["run"], "e" * 64) for name in deckies}
    made = creation({**bases, **services}, [*bases, *services], {})
    made.create(lambda: True)
    made.start(lambda: True, lambda: None)
    names = {key: each["Name"] for key, each in server.engine.containers.items()}
    started = [names[path.split("/")[2]] for _, path in server.asked if path.endswith("/start")]
    first_service = next(place for place, name in enumerate(started) if name in services)
    assert AHEAD - PARALLEL < first_service < AHEAD + PARALLEL
    assert all(started.index(name) < started.index(f"{name}-ssh") for name in deckies)
    last_base = max(map(started.index, deckies))
    assert len(started) - last_base > AHEAD - PARALLEL


def test_a_service_that_has_room_is_started_once_and_before_the_former_one_is_gone(
    server: EngineServer,
) -> None:
    web = base("web", "192.0.2.7", "f" * 64)
    made = server.engine.create("web", web)
    docker.post(f"/containers/{made['Id']}/start")
    present = {"Id": made["Id"], "Names": ["/web"], "State": "running", "Labels": web["labels"]}
    services = {f"web-{name}": service("web", name, ["run"], "e" * 64) for name in ("ssh", "ftp")}
    exchanged = creation({"web": web, **services}, list(services), {"web": Container(present)})
    exchanged.create_joining(set(), lambda: True, lambda _, name: name == "web-ssh")
    assert server.containers == {"web": "running", "web-ssh": "running", "web-ftp": "created"}
    exchanged.create(lambda: True)
    exchanged.start(lambda: True, lambda: None)
    assert server.containers == {"web": "running", "web-ssh": "running", "web-ftp": "running"}
    assert sum(path.endswith("/start") for _, path in server.asked) == 3
