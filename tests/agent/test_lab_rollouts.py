"""Rollouts on a real engine: dead men, uptimes, batches."""

from __future__ import annotations

import subprocess
import time
from dataclasses import replace
from typing import Any

import pytest
from agent_desk import MODERN, Desk, bundle, step
from rollout_desk import let_time_pass, previous, rollout, state, within

from decnet.lab import Lab, run_argv

WEB = {"web": ("192.0.2.101", {"ssh": 22})}
MOVED = {"web": ("192.0.2.102", {"ssh": 22})}
THREE = {name: (f"192.0.2.{number}", {"ssh": 22}) for number, name in enumerate(("ada", "bob", "cyd"), 101)}


def on(lab: Lab, machine: str, *argv: str, code: int = 0) -> str:
    ended = subprocess.run(run_argv(lab, machine, list(argv)), capture_output=True, timeout=60, check=False)
    assert ended.returncode == code, ended
    return ended.stdout.decode().strip()


def applied(worker: Desk, args: dict[str, Any]) -> None:
    ended = worker.get("apply", {**args, "wait": 120.0})["state"]
    assert ended == "done", worker.get("status")["journal"]["records"][-1]


def replaced(worker: Desk, deckies: dict[str, Any], generation: int, **held: Any) -> dict[str, Any]:
    """A bundle that makes every decky again, with this rollout."""
    rows = worker.get("status")["containers"]
    steps = []
    for name in deckies:
        own = [{"name": row["name"], "id": row["id"]} for row in rows if row["decky"] == name]
        steps.append(step(name, "change", remove=own, up=[name, f"{name}-ssh"]))
    return {**bundle(deckies, f"r{generation}", generation, steps), "rollout": rollout(**held)}


def answers(lab: Lab, address: str) -> bool:
    line = f"echo knock | timeout 5 nc -q1 {address} 22"
    ended = subprocess.run(
        run_argv(lab, "attacker", ["sh", "-c", line]), capture_output=True, timeout=30, check=False
    )
    return ended.stdout == b"knock\n"


def test_an_unconfirmed_decky_is_at_its_former_address_again(worker: Desk, lab: Lab) -> None:
    applied(worker, bundle(WEB, "r1", 1))
    before = worker.get("slice")["projects"]["decnet"]
    applied(worker, replaced(worker, MOVED, 2, confirm_within=10))
    assert (answers(lab, "192.0.2.102"), state(worker)) == (True, "armed")
    within(60, lambda: state(worker) == "reverted" and not previous(worker))
    assert (answers(lab, "192.0.2.101"), answers(lab, "192.0.2.102")) == (True, False)
    after = worker.get("slice")["projects"]["decnet"]
    assert after == {**before, "generation": 2}


def test_a_confirmed_one_stays(worker: Desk, lab: Lab) -> None:
    applied(worker, bundle(WEB, "r1", 1))
    applied(worker, replaced(worker, MOVED, 2, confirm_within=10))
    ask = {"project": "decnet", "id": rollout()["id"]}
    assert worker.get("confirm", ask) == {"state": "confirmed"}
    time.sleep(12)
    assert (answers(lab, "192.0.2.102"), state(worker)) == (True, "confirmed")


def test_an_address_that_another_host_took_meanwhile_is_left_to_it(worker: Desk, lab: Lab) -> None:
    applied(worker, bundle(WEB, "r1", 1))
    applied(worker, replaced(worker, MOVED, 2, confirm_within=600))
    on(lab, "attacker", "ip", "address", "add", "192.0.2.101/32", "dev", "eth0")
    try:
        let_time_pass(worker)
        within(60, lambda: state(worker) == "reverted" and not previous(worker))
        (found,) = worker.get("status")["rollouts"]
        assert "answers for address 192.0.2.101" in found["error"]
        assert not [row for row in worker.get("status")["containers"] if row["state"] == "running"]
    finally:
        on(lab, "attacker", "ip", "address", "del", "192.0.2.101/32", "dev", "eth0")


def test_another_network_is_taken_back_with_its_deckies(worker: Desk, lab: Lab) -> None:
    """The kernel of a practice network has no other driver: the gateway stands for it."""
    applied(worker, bundle(WEB, "r1", 1))
    own = [{"name": row["name"], "id": row["id"]} for row in worker.get("status")["containers"]]
    steps = [step("web", "change", remove=own, up=["web", "web-ssh"])]
    other = bundle(WEB, "r2", 2, steps, lan={"gateway": "192.0.2.254"})
    applied(worker, {**other, "rollout": rollout(confirm_within=600, batch=1)})
    gateway = ["docker", "network", "inspect", "-f", "{{(index .IPAM.Config 0).Gateway}}", "decnet_lan"]
    assert on(lab, MODERN, *gateway) == "192.0.2.254"
    let_time_pass(worker)
    within(60, lambda: state(worker) == "reverted" and not previous(worker))
    assert (on(lab, MODERN, *gateway), answers(lab, "192.0.2.101")) == ("192.0.2.1", True)


def test_a_batch_of_one_never_takes_two_deckies_off_the_lan(worker: Desk, lab: Lab) -> None:
    applied(worker, bundle(THREE, "r1", 1))
    since = on(lab, MODERN, "date", "+%s.%N")
    applied(worker, replaced(worker, THREE, 2, batch=1))
    argv = ["docker", "events", "--since", since, "--until", "0s", "--filter", "type=container"]
    shown = on(lab, MODERN, *argv, "--format", "{{.Action}} {{.Actor.Attributes.name}}")
    down: set[str] = set()
    turns = []
    for line in shown.splitlines():
        action, _, name = line.partition(" ")
        if name in THREE and action in ("die", "start"):
            (down.add if action == "die" else down.discard)(name)
            turns.append(name)
            assert len(down) <= 1, shown
    assert list(dict.fromkeys(turns)) == list(THREE)


@pytest.mark.parametrize("days", [2, -2])
def test_an_uptime_is_that_of_the_process_whatever_the_clock_says(older_worker: Desk, days: int) -> None:
    applied(older_worker, bundle(WEB, "r1", 1))
    moved = replace(older_worker, before=[*older_worker.before, "faketime", "-f", f"{days:+d}d"])
    assert abs(moved.get("hello")["clock"] - time.time() - days * 86_400) < 60
    rows = moved.get("status", {"sessions": True})["containers"]
    first = {row["name"]: row["up"] for row in rows}
    time.sleep(3)
    later = {row["name"]: row["up"] for row in older_worker.get("status", {"sessions": True})["containers"]}
    assert all(0 < first[name] < 60 and 2.5 < later[name] - first[name] < 15 for name in first), (
        first,
        later,
    )


def test_a_dead_man_that_was_armed_under_another_clock_keeps_its_time(older_worker: Desk) -> None:
    applied(older_worker, bundle(WEB, "r1", 1))
    moved = replace(older_worker, before=[*older_worker.before, "faketime", "-f", "+2d"])
    applied(moved, replaced(moved, MOVED, 2, confirm_within=600))
    (found,) = older_worker.get("status")["rollouts"]
    assert found["state"] == "armed"
    assert 500 < found["armed_until"] - older_worker.get("hello")["clock"] <= 600
    assert older_worker.get("confirm", {"project": "decnet", "id": found["id"]})["state"] == "confirmed"
