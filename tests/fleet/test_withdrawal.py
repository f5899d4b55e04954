"""A worker leaves the fleet: drained, wiped, or forgotten because it is dead."""

from __future__ import annotations

import pytest
from three_workers import LOGIN, Company, eventually, watched

from decnet.lab import heal, partition, start, stop

pytestmark = pytest.mark.lab


def opens(company: Company, worker: str) -> bool:
    """Whether the fleet's key still opens the worker."""
    words = ["-F", "none", "-i", f"{company.home}/keys/fleet_ed25519", "-o", "IdentitiesOnly=yes"]
    words += ["-o", "BatchMode=yes", "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null"]
    said = company.on("operator", "ssh", *words, LOGIN[worker], "decnet-agent hello")
    return "Permission denied" not in said.err


def test_a_worker_with_deckies_is_kept_and_a_drained_one_leaves_nothing_behind(fleet: Company) -> None:
    placed, containers = fleet.by_worker(), fleet.containers("w1", "w2")
    said = fleet.decnet("worker", "remove", "w3", "--wipe", code=2)
    assert all(name in said.err for name in placed["w3"])
    fleet.decnet("worker", "drain", "w3", "--remove", "--yes")
    assert (fleet.containers("w3"), fleet.containers("w1", "w2")) == ({}, containers)
    strangers = fleet.authorized("w3")
    assert opens(fleet, "w3")
    fleet.decnet("worker", "remove", "w3")
    assert not opens(fleet, "w3")
    fleet.enrol("w3")
    assert opens(fleet, "w3")
    fleet.decnet("worker", "remove", "w3", "--wipe")
    eventually(lambda: not (fleet.agent("w3") / "agents").exists(), 60)
    assert not opens(fleet, "w3")
    assert fleet.authorized("w3") == b"".join(
        line for line in strangers.splitlines(keepends=True) if b"gate" not in line
    )
    left = sorted(path.name for path in fleet.agent("w3").iterdir())
    assert set(left) <= {"events", "journal.jsonl", "journal.lock", "journal.cursor", "self-destruct.log"}
    networks = fleet.on("w3", "docker", "network", "ls", "--format", "{{.Name}}").out.split()
    assert "decnet_lan" not in networks
    assert "decnet/" not in fleet.on("w3", "docker", "images", "--format", "{{.Repository}}").out
    assert [worker["name"] for worker in fleet.decnet("worker", "list", "-o", "json").json] == ["w1", "w2"]
    fleet.decnet("reconcile", "--check")
    fleet.enrol("w3")
    fleet.deploy()
    assert {worker: len(names) for worker, names in fleet.by_worker().items()} == {"w1": 3, "w2": 3, "w3": 3}


def test_a_dead_worker_is_forgotten_by_force_and_its_addresses_stay_barred(fleet: Company) -> None:
    fleet.leave_astray()
    held = {d["ip"] for d in fleet.deckies().values() if d["worker"] == "w3"}
    partition(fleet.lab, "w3")
    try:
        fleet.decnet("worker", "remove", "w3", code=2)
        fleet.decnet("worker", "remove", "w3", "--force")
        shown = fleet.decnet("worker", "quarantine", "-o", "json").json
        assert {row["address"] for row in shown} == held
        assert "w3: it was removed, and " in fleet.deploy(code=4).out
        deckies = fleet.deckies()
        assert {decky["status"] for decky in deckies.values()} == {"running"}
        assert {decky["worker"] for decky in deckies.values()} == {"w1", "w2"}
        assert not held & {decky["ip"] for decky in deckies.values()}
        # The dead one's deckies are still on the LAN, and each address is answered for once.
        scan = fleet.attack("nmap", "-n", "-sn", "192.0.2.100-130")
        assert scan.out.count("Host is up") == 12
    finally:
        heal(fleet.lab, "w3")
    fleet.enrol("w3")
    assert len(fleet.containers("w3")) == 6
    fleet.decnet("reconcile")
    assert len(fleet.containers("w3")) == 6, "a stray goes only when it is asked for"
    said = fleet.decnet("reconcile", "--prune", code=4)
    assert "--prune --max-remove 3 --on w3" in said.out, "it has no decky of ours, and three strays"
    fleet.decnet("reconcile", "--prune", "--max-remove", "3", "--on", "w3")
    assert fleet.containers("w3") == {}
    fleet.decnet("worker", "release", *sorted(held))
    assert fleet.decnet("worker", "quarantine", "-o", "json").json == []


def test_an_address_that_was_torn_down_in_the_dark_is_held_until_it_is_released(fleet: Company) -> None:
    fleet.leave_astray()
    network = '[network]\naddresses = { use = ["192.0.2.100-192.0.2.130"] }\n'
    fleet.deploy(f'{network}[decky.hq]\nservices = ["http"]\nworker = "w3"\n', "--add")
    hq = fleet.deckies()["hq"]
    new = f'[decky.new]\nservices = ["http"]\nworker = "w2"\nip = "{hq["ip"]}"\n'
    stop(fleet.lab, "w3", "worker")
    try:
        fleet.decnet("teardown", "hq", "-y", code=5)
        waits = fleet.deploy(network + new, "--add", code=4)
        assert f"{hq['ip']} may still be held by hq on w3" in waits.out
        fleet.decnet("worker", "remove", "w3", "--force")
        barred = fleet.decnet("reconcile", code=4)
        assert f"{hq['ip']} is quarantined: w3 was removed while it may still run hq" in barred.out
        refused = fleet.deploy(network + new.replace("new", "newer"), "--add", code=2)
        assert f"{hq['ip']} is quarantined" in refused.err
    finally:
        start(fleet.lab, "w3")
    back = f"hq answers at {hq['ip']}"
    with watched(fleet, hq["ip"]) as answers:
        eventually(lambda: back in fleet.decnet("status", code=4).out, 60)
        assert back in fleet.decnet("reconcile", code=4).out
    assert {(hq["mac"],)} <= {*map(tuple, answers)} <= {(), (hq["mac"],)}, "it is answered for twice"
    fleet.enrol("w3")
    fleet.decnet("reconcile", "--prune", "--max-remove", "9", code=4)
    held = [row["address"] for row in fleet.decnet("worker", "quarantine", "-o", "json").json]
    fleet.decnet("worker", "release", *held)
    fleet.decnet("reconcile")
    assert fleet.deckies()["new"]["status"] == "running"
    fleet.decnet("teardown", "new", "-y")
