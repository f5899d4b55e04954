"""Containers that are foreign or odd: each costs only itself."""

from __future__ import annotations

from typing import Any

import pytest
from fakefleet import FakeFleet

FOUR_AND_MORE = """
[network]
addresses = { use = ["192.0.2.100-192.0.2.130"] }

[decky.web]
count = 4
services = ["http"]

[decky.mail]
worker = "w1"
services = ["smtp"]

[decky.files]
worker = "w1"
services = ["ftp"]
"""
LONG = "x" * 5000
ODD: dict[str, dict[str, str]] = {
    "no decky": {},
    "empty": {"decnet.decky": ""},
    "capital": {"decnet.decky": "Web_01"},
    "path": {"decnet.decky": "../../etc", "decnet.service": "a/b"},
    "escapes": {
        "decnet.decky": "\x1b]52;c;eA==\x07",
        "decnet.service": "\x1b[2J",
        "decnet.fingerprint": "\x9b",
    },
    "huge": dict.fromkeys(("decnet.decky", "decnet.service", "decnet.fingerprint", "decnet.project"), LONG),
    "project": {"decnet.decky": "web-01", "decnet.project": "decnet-t-zzzz"},
    "not of a language": {"decnet.decky": "\ud7ff\U0010ffff‮"},
    "another base of a decky": {"decnet.decky": "web-01", "decnet.service": ""},
    "another service of a decky": {"decnet.decky": "web-01", "decnet.service": "http"},
}


def put(fleet: FakeFleet, name: str, labels: dict[str, str]) -> None:
    engine = fleet["w1"].engine
    image = next(iter(engine.images))
    engine.start(engine.create(name, {"image": image, "labels": labels, "network_mode": "none"}))


def healthy(fleet: FakeFleet) -> dict[str, str]:
    return {name: state for name, state in fleet["w1"].containers.items() if name.startswith("web-")}


@pytest.mark.parametrize("labels", ODD.values(), ids=ODD)
def test_a_container_with_our_label_and_odd_others_costs_only_itself(
    fleet: FakeFleet, labels: dict[str, str]
) -> None:
    before, own = healthy(fleet), {"decnet.fleet": fleet.desired.fleet_id}
    ids = {each["Name"]: each["Id"] for each in fleet["w1"].engine.containers.values()}
    put(fleet, "stranger", {**own, **labels})
    ran = fleet.reconcile()
    assert ran.code == 0 and healthy(fleet) == before
    assert fleet.reconcile(prune=True).code == 0
    assert fleet["w1"].containers == before
    assert {each["Name"]: each["Id"] for each in fleet["w1"].engine.containers.values()} == ids
    assert fleet.is_converged()


@pytest.mark.parametrize("name", ["mail", "mail-smtp"])
def test_a_strangers_container_with_a_deckys_name_costs_only_that_decky(fleet: FakeFleet, name: str) -> None:
    put(fleet, name, {"com.example": "theirs"})
    ran: Any = fleet.deploy(FOUR_AND_MORE)
    assert ran.code == 4
    assert fleet["w1"].containers["files"] == fleet["w1"].containers["files-ftp"] == "running"
    message = f"container {name} already exists and does not belong to this fleet"
    assert [row.error for row in fleet.records("w1").lifecycle if row.decky == "mail"] == [message]
    assert [each["Labels"] for each in fleet["w1"].engine.containers.values() if each["Name"] == name] == [
        {"com.example": "theirs"}
    ]
