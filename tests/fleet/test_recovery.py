"""The operator's machine is lost: a new one takes the fleet up from what the workers hold."""

from __future__ import annotations

import json
from typing import Any

import pytest
from three_workers import LOGIN, WORKERS, Company

pytestmark = pytest.mark.lab


def identity(state: dict[str, Any]) -> dict[str, Any]:
    """What must not change: whose fleet it is, and for each decky where, and as what, it is on the LAN."""
    deckies = {
        name: (d["worker"], json.dumps(d["attachments"]), d["hostname"], d["seed"])
        for name, d in state["projects"]["decnet"]["deckies"].items()
    }
    return {"fleet_id": state["fleet_id"], "deckies": deckies}


def test_an_empty_home_takes_the_fleet_up_with_all_its_ids_and_addresses(fleet: Company) -> None:
    before, containers = identity(fleet.state()), fleet.containers()
    workers = {worker: fleet.worker_id(worker) for worker in WORKERS}
    key = (fleet.home / "keys" / "fleet_ed25519").read_bytes()
    fleet.decnet("worker", "recover", LOGIN["w1"], code=2)
    fleet.on("operator", "sh", "-c", "rm -rf /var/lib/decnet/*")
    fleet.decnet("worker", "recover", *LOGIN.values(), code=6)
    fleet.decnet("worker", "recover", *LOGIN.values(), "--known-hosts", fleet.known_hosts())
    assert identity(fleet.state()) == before
    shown = fleet.decnet("worker", "list", "-o", "json").json
    assert {worker["name"]: worker["worker_id"] for worker in shown} == workers
    fleet.decnet("reconcile", "--check")
    fleet.deploy()
    assert fleet.containers() == containers
    assert (fleet.home / "keys" / "fleet_ed25519").read_bytes() != key
    assert all(fleet.authorized(worker).count(b"gate") == 1 for worker in WORKERS), (
        "the lost key is still let in"
    )
