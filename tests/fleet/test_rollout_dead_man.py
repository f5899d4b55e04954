"""A worker whose link is cut right after a change takes it back by itself; visitors at work are reported."""

from __future__ import annotations

import json
import shlex
import subprocess
import time
from typing import Any

import pytest
from stolen_key import options
from three_workers import LOGIN, NINE, Company, eventually

from decnet.lab import heal, partition, run_argv
from decnet.wire import PROJECT, digest

pytestmark = pytest.mark.lab

MARKER = "0123456789abcdef" * 2
ROLLOUT = "0123456789ab"
TYPED = "(echo id; sleep 20)"


def ask(company: Company, worker: str, verb: str, args: dict[str, Any]) -> dict[str, Any]:
    """Ask the agent over SSH with the fleet's key, as decnet does."""
    line = json.dumps({"v": 2, "marker": MARKER, "args": args}).encode() + b"\n"
    argv = ["ssh", *options(company), LOGIN[worker], f"decnet-agent {verb}"]
    ended = subprocess.run(
        run_argv(company.lab, "operator", argv), input=line, capture_output=True, timeout=150, check=True
    )
    answer = json.loads(ended.stdout.partition(MARKER.encode())[2].partition(b"\n")[2])
    assert answer["ok"], answer
    return dict(answer["result"])


def moved(company: Company, worker: str, decky: str, address: str) -> dict[str, Any]:
    """What the worker holds, with one decky at another address, under a dead man of ten seconds."""
    held = ask(company, worker, "slice", {})["projects"][PROJECT]
    document = json.loads((company.agent(worker) / "projects" / PROJECT / "compose.json").read_text())
    content, own = held["slice"], held["slice"]["deckies"][decky]
    former = own["decky"]["attachments"][0]["address"]
    for service in document["services"].values():
        service.pop("pull_policy", None)
        service.pop("build", None)
    changed = json.loads(json.dumps([own, document]).replace(f'"{former}"', f'"{address}"'))
    own, document = changed
    content["deckies"][decky] = own
    for name, row in own["containers"].items():
        row["fingerprint"] = digest([row["fingerprint"], address])
        document["services"][name]["labels"]["decnet.fingerprint"] = row["fingerprint"]
    rows = ask(company, worker, "status", {})["containers"]
    remove = [{"name": row["name"], "id": row["id"]} for row in rows if row["decky"] == decky]
    up = [{"decky": decky, "operation": "change", "remove": remove, "up": list(own["containers"])}]
    whole = {"project": PROJECT, "slice": content, "steps": up, "compose": document}
    return {
        **whole,
        "hash": digest(whole),
        "plan_hash": digest(content),
        "request_id": f"moved-{time.time()}",
        "generation": held["generation"] + 1,
        "rollout": {
            "id": ROLLOUT, "unit": worker, "former": held["plan_hash"], "to": digest(content), "seq": 1,
            "batch": 1, "confirm_within": 10,
        },
    }  # fmt: skip


def answering(company: Company, *addresses: str) -> list[str]:
    connect = "for each; do nc -z -w 2 $each 80 && echo $each; done"
    return company.attack("sh", "-c", connect, "sh", *addresses).out.split()


def test_a_worker_whose_link_was_cut_is_as_before_and_reports_it_afterwards(fleet: Company) -> None:
    fleet.notes["astray"] = "its generation is ahead of the operator's"
    decky = next(name for name in fleet.by_worker()["w1"] if name.startswith("web"))
    former, other = fleet.deckies()[decky]["ip"], "192.0.2.131"
    before = ask(fleet, "w1", "slice", {})["projects"][PROJECT]
    accepted = ask(fleet, "w1", "apply", moved(fleet, "w1", decky, other))
    partition(fleet.lab, "w1")
    try:
        assert accepted["state"] in ("accepted", "running")
        eventually(lambda: answering(fleet, former, other) == [other], 60)
        eventually(lambda: answering(fleet, former, other) == [former], 60)
    finally:
        heal(fleet.lab, "w1")
    eventually(lambda: ask(fleet, "w1", "status", {})["rollouts"][0]["error"].startswith("it was not"), 30)
    status = ask(fleet, "w1", "status", {})
    assert [(row["id"], row["state"]) for row in status["rollouts"]] == [(ROLLOUT, "reverted")]
    assert status["projects"][PROJECT]["plan_hash"] == before["plan_hash"]
    assert not (fleet.agent("w1") / "projects" / PROJECT / "previous").exists()


def test_a_shell_is_work_and_a_connection_or_a_scan_is_none(fleet: Company) -> None:
    fleet.notes["astray"] = "its shells have another password"
    fleet.deploy(NINE + '\n[decky.host.settings.ssh]\ncredentials = "root:toor"\n')
    worker, decky = next((w, n) for w, names in fleet.by_worker().items() for n in names if "host" in n)
    address = fleet.deckies()[decky]["ip"]

    def busy() -> list[dict[str, str]]:
        return list(ask(fleet, worker, "status", {"sessions": True})["busy"])

    fleet.attack("nmap", "-n", "-sV", "-p", "22", address)
    idle = subprocess.Popen(
        run_argv(fleet.lab, "attacker", ["sh", "-c", f"sleep 30 | nc {address} 22"]),
        stdout=subprocess.DEVNULL, start_new_session=True,
    )  # fmt: skip
    secret = fleet.folder / "secret"
    secret.write_text("#!/bin/sh\necho toor\n")
    secret.chmod(0o755)
    shell = shlex.join(
        [
            "env", f"SSH_ASKPASS={secret}", "SSH_ASKPASS_REQUIRE=force", "ssh", "-F", "none", "-tt",
            "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null",
            "-o", "PubkeyAuthentication=no", f"root@{address}",
        ]
    )  # fmt: skip
    try:
        time.sleep(2)
        assert busy() == []
        inside = subprocess.Popen(
            run_argv(fleet.lab, "attacker", ["sh", "-c", f"{TYPED} | {shell}"]),
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
        )  # fmt: skip
        eventually(lambda: [row["decky"] for row in busy()] == [decky], 15)
        (found,) = busy()
        assert (found["project"], found["service"]) == (PROJECT, "ssh")
        assert found["source"].startswith("192.0.2.")
        inside.wait(60)
        eventually(lambda: busy() == [], 30)
    finally:
        idle.terminate()
        idle.wait(30)
