"""Networks of the user's own on a worker's engine: found by the checks, at enrolment, and once at deploy."""

from __future__ import annotations

import json
from typing import Any

import pytest
from fakefleet import FakeFleet

from decnet.commands.enrolment import Credentials, add
from decnet.commands.worker import check
from decnet.model.worker import DockerNetwork, Facts
from decnet.worker.networks import network_problems

from .conftest import FOUR

LAN = "192.0.2.0/24"
OTHER = "198.51.100.0/24"


def create(fleet: FakeFleet, worker: str, driver: str, subnet: str, parent: str | None) -> None:
    options = {"parent": parent} if parent else {}
    wanted: dict[str, Any] = {"Name": "own", "Driver": driver, "Labels": {}, "Options": options}
    wanted["IPAM"] = {"Config": [{"Subnet": subnet}]}
    assert fleet[worker].engine.answer("POST", "/networks/create", json.dumps(wanted).encode())[0] == 201


@pytest.mark.parametrize(
    ("driver", "subnet", "parent", "message"),
    [
        ("macvlan", OTHER, "eth0", "Docker's network own (macvlan) has the interface eth0"),
        ("ipvlan", OTHER, "eth0", "Docker's network own (ipvlan) has the interface eth0"),
        ("bridge", LAN, None, f"Docker's network own has addresses of the LAN {LAN}"),
    ],
)
def test_a_network_in_the_way_is_found_by_the_check_at_enrolment_and_once_at_deploy(
    empty: FakeFleet, driver: str, subnet: str, parent: str | None, message: str
) -> None:
    create(empty, "w1", driver, subnet, parent)
    rows = empty.run(lambda ctx: check(ctx, None)).outcome.rows
    found = [(row[0], row[1], row[3]) for row in rows if message in row[2]]
    assert len(found) == 1 and found[0][:2] == ("w1", "wrong") and "docker network rm own" in found[0][2]
    address = f"root@{empty['w1'].address}"
    added = empty.run(lambda ctx: add(ctx, "w1", address, Credentials()))
    assert added.code == 0 and [text for text in added.messages if message in text] != []
    ran = empty.deploy(FOUR)
    assert (ran.code, [trouble.worker for trouble in ran.outcome.troubles]) == (4, ["w1"])
    assert "own" in ran.outcome.troubles[0].message and ran.outcome.troubles[0].hint
    assert len(empty["w2"].containers) == 4


@pytest.mark.parametrize(
    ("driver", "subnet", "parent"), [("macvlan", OTHER, "eth1"), ("bridge", OTHER, None)]
)
def test_another_network_is_in_no_ones_way(
    empty: FakeFleet, driver: str, subnet: str, parent: str | None
) -> None:
    create(empty, "w1", driver, subnet, parent)
    assert empty.deploy(FOUR).code == 0
    rows = empty.run(lambda ctx: check(ctx, "w1")).outcome.rows
    assert [row for row in rows if "network own" in row[2]] == []


def facts(version: str, *networks: DockerNetwork) -> Facts:
    known: dict[str, Any] = {
        "interface": "eth0", "address": "192.0.2.11", "subnet": LAN, "gateway": "192.0.2.1",
        "architecture": "amd64", "disk_free_mib": 9000, "memory_mib": 4096, "python": "3.11.2",
        "compose_version": "2.29.7",
    }  # fmt: skip
    return Facts(**known, docker_version=version, networks=networks)


def test_docker_28_lets_two_networks_of_one_driver_share_an_interface() -> None:
    own = DockerNetwork(name="own", driver="macvlan", subnets=(OTHER,), parent="eth0")
    assert [len(list(network_problems(facts(v, own)))) for v in ("20.10.24+dfsg1", "27.5.1", "28.0.1")] == [
        1,
        1,
        0,
    ]
    assert len(list(network_problems(facts("28.0.1", own), "ipvlan"))) == 1
    assert list(network_problems(facts("20.10.24", own), "bridge")) == []


def test_what_a_worker_reports_of_its_networks_is_not_trusted() -> None:
    odd = DockerNetwork(name="\x1b[2Jown", driver="bridge", subnets=("not a subnet", "fd00::/64", LAN))
    [problem] = network_problems(facts("20.10.24", odd))
    assert "\x1b" not in problem.message + problem.fix
