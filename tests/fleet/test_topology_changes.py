"""Topologies by their verbs, on an old and a modern engine: what a change does not touch keeps running, and a
worker that lost everything gets the same machines again."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from inner_lans import ENGINES, PYTHON, WORKERS, Site, eventually

from decnet.lab import Lab, down, provide_images, run_argv, up, wipe

pytestmark = pytest.mark.lab

FILE = """
[lan.dmz]
dmz = true
[lan.office]
[lan.vault]

[decky.shop]
home = "dmz"
services = ["redis"]
[decky.gate]
services = ["ssh"]
addresses = { dmz = "", office = "" }
forwards = true
[decky.printer]
home = "office"
archetype = "printer"
[decky.backup]
home = "office"
services = ["ssh"]
addresses = { office = "", vault = "" }
[decky.db]
home = "vault"
services = ["redis"]
"""

OPERATIONS = (
    ("add_lan name=lab", set()),
    ("attach_decky name=gate lan=lab", {"gate"}),
    ("add_decky name=plotter home=lab archetype=printer", {"plotter"}),
    ("update_decky name=printer hostname=plt-02", {"printer"}),
    ("update_lan name=lab new_name=press", {"gate", "plotter"}),
    ("detach_decky name=backup lan=vault", {"backup"}),
    ("remove_decky name=plotter", {"plotter"}),
    ("remove_lan name=press", {"gate"}),
)  # fmt: skip
"""Each with the deckies that it touches."""

VISITOR = """
import socket, sys
with socket.create_connection((sys.argv[1], 6379), 10) as wire:
    for _ in sys.stdin:
        wire.sendall(b"PING\\r\\n")
        print(wire.recv(100).decode().strip(), flush=True)
"""
"""Redis has no time limit for a session: it lasts until one side ends it."""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    lab = Lab("tchg")
    down(lab)
    try:
        up(lab, workers=len(WORKERS), engines=ENGINES, engine_options={"iptables": True})
        provide_images(lab, lambda line: None)
        made = Site(lab, "operator", tmp_path_factory.mktemp("site"))
        made.enrol()
        made.decnet("topology", "import", made.spec(FILE), "--name", "one")
        made.decnet("topology", "import", made.spec(FILE), "--name", "two")
        made.decnet("topology", "deploy", "one", "--on", "w1", "--ip-start", "192.0.2.100", "--yes")
        made.decnet("topology", "deploy", "two", "--on", "w2", "--ip-start", "192.0.2.120", "--yes")
        yield made
    finally:
        down(lab)


@contextmanager
def visitor(site: Site, address: str) -> Iterator[subprocess.Popen[str]]:
    """An attacker whose one TCP session stays open meanwhile."""
    argv = run_argv(site.lab, "attacker", [PYTHON, "-c", VISITOR, address])
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as talking:
        try:
            yield talking
        finally:
            talking.kill()


def answer(talking: subprocess.Popen[str]) -> str:
    assert talking.stdin is not None and talking.stdout is not None
    talking.stdin.write("\n")
    talking.stdin.flush()
    return talking.stdout.readline().strip()


def of(site: Site, topology: str, decky: str = "") -> Any:
    """What `show` prints of a topology, or of one of its deckies."""
    if decky:
        return site.decnet("show", f"{topology}/{decky}", "-o", "json").json
    return site.decnet("topology", "show", topology, "-o", "json").json


def own(containers: dict[str, str], project: str) -> dict[str, set[str]]:
    """The ids of a project's containers, by decky."""
    found: dict[str, set[str]] = {}
    for name, container in containers.items():
        if name.startswith(project):
            found.setdefault(name.removeprefix(f"{project}-").partition("-")[0], set()).add(container)
    return found


@pytest.mark.parametrize(
    ("topology", "worker"),
    [
        pytest.param("one", "w1", marks=pytest.mark.slow, id=ENGINES[0]),
        pytest.param("two", "w2", id=ENGINES[1]),
    ],
)
def test_what_an_operation_does_not_touch_keeps_its_containers_and_its_sessions(
    site: Site, topology: str, worker: str
) -> None:
    shown = of(site, topology)
    project, version = shown["project"], shown["version"]
    with visitor(site, of(site, topology, "shop")["address"]) as talking:
        first = answer(talking)
        assert first
        for operation, touched in OPERATIONS:
            before = own(site.containers(worker), project)
            site.decnet(
                "topology",
                "mutate",
                topology,
                *operation.split(),
                "--expected-version",
                str(version),
                "--yes",
            )
            version += 1
            after = own(site.containers(worker), project)
            changed = {name for name in before.keys() | after.keys() if before.get(name) != after.get(name)}
            assert changed == touched, operation
            assert answer(talking) == first, operation
            assert of(site, topology)["status"] == "active", operation
    rows = site.decnet("topology", "mutations", topology, "-o", "json").json
    assert [row["state"] for row in rows] == ["applied"] * len(OPERATIONS)
    site.decnet("reconcile", "--check")


def test_a_worker_that_lost_everything_gets_the_same_machines_again(site: Site) -> None:
    shown = of(site, "one")
    deckies = ("shop", "gate", "printer", "backup", "db")
    gate = of(site, "one", "gate")["address"]
    before = [site.macs("w1", f"{shown['project']}-{name}") for name in deckies]
    keys = sorted(site.attack("ssh-keyscan", "-T", "10", gate).out.splitlines())
    assert keys
    wipe(site.lab, "w1")
    gone = (
        "docker rm -f $(docker ps -aq --filter label=decnet.fleet) && "
        "docker network rm $(docker network ls -q --filter label=decnet.fleet)"
    )
    assert site.on("w1", "sh", "-c", gone).code == 0
    assert site.containers("w1") == {}
    site.enrol("w1")
    site.decnet("reconcile")
    eventually(lambda: of(site, "one")["status"] == "active", 60)
    assert [site.macs("w1", f"{shown['project']}-{name}") for name in deckies] == before
    assert sorted(site.attack("ssh-keyscan", "-T", "10", gate).out.splitlines()) == keys
    assert of(site, "one")["version"] == shown["version"]


def test_two_topologies_of_one_seed_run_next_to_each_other(site: Site) -> None:
    shape = ("--depth", "3", "--branching", "1", "--deckies-per-lan", "1-1", "--services", "http")
    for name in ("left", "right"):
        site.decnet("topology", "generate", name, *shape, "--seed", "7")
        site.decnet("topology", "deploy", name, "--on", "w2", "--ip-start", "192.0.2.140", "--yes")
    listed = {row["name"]: row for row in site.decnet("topology", "list", "-o", "json").json}
    assert {name: listed[name]["status"] for name in ("left", "right")} == {
        "left": "active",
        "right": "active",
    }
    assert listed["left"]["deckies"] == listed["right"]["deckies"] > 2
    scan = site.attack("nmap", "-n", "-sn", "-oG", "-", "192.0.2.140-159").out
    answering = {line.split()[1] for line in scan.splitlines() if "Status: Up" in line}
    there = [decky for name, decky in site.deckies().items() if name.split("/")[0] in ("left", "right")]
    in_the_dmz = [decky["ip"] for decky in there if decky["ip"].startswith("192.0.2.")]
    assert sorted(answering) == sorted(in_the_dmz) and len(set(in_the_dmz)) == len(in_the_dmz)
    site.decnet("topology", "teardown", "left", "--yes")
    assert of(site, "right")["status"] == "active"
    site.decnet("teardown", "--all", "--yes", "--max-remove", "99")
    assert [site.networks(worker) for worker in WORKERS] == [[], []]
    assert site.containers(*WORKERS) == {}
