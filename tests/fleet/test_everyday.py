"""Nine deckies on three workers: deployed, attacked, mutated, moved, healed, observed by many."""

from __future__ import annotations

import json
from typing import Any

import pytest
from three_workers import NAMES, NINE, WORKERS, Company, watched

from decnet.images import wanted

pytestmark = pytest.mark.lab


def pinned(worker: str) -> str:
    """The nine, and a tenth that says where it lives."""
    return NINE + f'\n[decky.porter]\nservices = ["http"]\nworker = "{worker}"\n'


def test_nine_deckies_are_dealt_out_in_turn_and_an_attacker_finds_them_all(fleet: Company) -> None:
    placed = fleet.by_worker()
    assert sorted(name for names in placed.values() for name in names) == NAMES
    assert [len(names) for names in placed.values()] == [3, 3, 3]
    deckies = fleet.deckies()
    addresses = sorted({decky["ip"] for decky in deckies.values()})
    assert len(addresses) == len({decky["mac"] for decky in deckies.values()}) == len(NAMES)
    scan = fleet.attack("nmap", "-n", "-p", "22,80", "--open", "192.0.2.90-140")
    assert sorted(line.split()[4] for line in scan.out.splitlines() if "report for" in line) == addresses


def test_a_worker_is_given_the_images_that_it_lacks_once(fleet: Company) -> None:
    there = ["docker", "image", "inspect", "--format", "{{.Id}}", *wanted().all()]
    ids = {worker: " ".join(sorted(fleet.on(worker, *there).out.split())) for worker in WORKERS}
    loaded = {worker: fleet.notes[f"loaded {worker}"] for worker in WORKERS}
    # w1 had them already.
    assert loaded == {**ids, "w1": ""}


def test_a_second_deploy_changes_nothing_and_writes_nothing(fleet: Company) -> None:
    containers, home = fleet.containers(), fleet.fingerprint_of_home()
    jobs = {worker: fleet.jobs(worker) for worker in WORKERS}
    said = fleet.deploy()
    assert "9 kept" in said.out
    assert (fleet.containers(), fleet.fingerprint_of_home()) == (containers, home)
    assert {worker: fleet.jobs(worker) for worker in WORKERS} == jobs


def test_a_mutation_on_every_worker_replaces_nothing_but_what_it_changed(fleet: Company) -> None:
    before = fleet.containers()
    fleet.decnet("mutate", "host-*", "--services", "ssh,http")
    between = fleet.containers()
    assert sorted(set(between) - set(before)) == [f"host-{n:02}-http" for n in (1, 2, 3)]
    assert {name: between[name] for name in before} == before
    fleet.decnet("mutate", "host-*", "--undo")
    assert fleet.containers() == before


def test_a_manually_removed_container_comes_back_and_then_cron_gets_no_output(fleet: Company) -> None:
    before = fleet.containers()
    worker = next(name for name in WORKERS if "web-01" in fleet.by_worker()[name])
    fleet.on(worker, "docker", "rm", "-f", "web-01", "web-01-http")
    said = fleet.decnet("reconcile")
    assert "web-01" in said.out + said.err
    after = fleet.containers()
    assert sorted(name for name in after if after[name] != before[name]) == ["web-01", "web-01-http"]
    home = fleet.fingerprint_of_home()
    quiet = fleet.decnet("reconcile", "--quiet")
    assert (quiet.out, quiet.err, fleet.fingerprint_of_home()) == ("", "", home)


def happened(company: Company, worker: str, decky: str, action: str, since: str) -> int:
    """When, in nanoseconds, the worker's engine last did that to the decky's base."""
    argv = ["docker", "events", "--since", since, "--until", "0s", "--format", "{{json .}}"]
    filters = ["--filter", f"container={decky}", "--filter", f"event={action}"]
    shown = company.on(worker, *argv, *filters).out.splitlines()
    return int(json.loads(shown[-1])["timeNano"])


def test_a_decky_that_moves_lets_go_of_its_address_before_it_is_claimed_elsewhere(fleet: Company) -> None:
    fleet.deploy(pinned("w1"))
    before = fleet.deckies()["porter"]
    others = fleet.containers()
    since = fleet.on("w1", "date", "+%s.%N").out.strip()
    with watched(fleet, before["ip"]) as answers:
        fleet.deploy(pinned("w3"))
    after = fleet.deckies()["porter"]
    assert (before["worker"], after["worker"], after["status"]) == ("w1", "w3", "running")
    assert (after["ip"], after["mac"]) == (before["ip"], before["mac"])
    assert set(map(tuple, answers)) == {(), (before["mac"],)}, "an address was answered for twice"
    assert happened(fleet, "w1", "porter", "destroy", since) < happened(fleet, "w3", "porter", "start", since)
    moved = {"porter", "porter-http"}
    assert {n: i for n, i in fleet.containers().items() if n not in moved} == {
        n: i for n, i in others.items() if n not in moved
    }
    fleet.decnet("teardown", "porter", "--yes")


def test_of_twenty_commands_at_once_against_one_worker_none_fails(fleet: Company) -> None:
    # As sshd comes: of ten that have not yet logged in it drops some of the next, and gives no reason.
    fleet.set_sshd("w2", "MaxStartups 10:30:100", "MaxSessions 10")
    try:
        running = [fleet.start("status", "--on", "w2", "-o", "json") for _ in range(20)]
        ended: list[tuple[int, Any, str]] = []
        for process in running:
            out, err = process.communicate(timeout=170)
            ended.append((process.returncode, sorted(d["status"] for d in json.loads(out)["deckies"]), err))
    finally:
        fleet.restart_sshd("w2")
    assert ended == [(0, ["running"] * 3, "")] * 20


def test_a_noisy_shell_is_warned_about_and_does_no_harm(fleet: Company) -> None:
    # Written in place: the file may be mounted over the worker's own.
    noisy = r"""printf "Welcome!\033[2J\n"; sleep 0.3"""
    script = f"cp /root/.bashrc /run/kept; (echo '{noisy}'; cat /run/kept) >/root/.bashrc"
    assert fleet.on("w2", "sh", "-c", script).code == 0
    try:
        home = fleet.fingerprint_of_home()
        fleet.decnet("reconcile")
        assert fleet.fingerprint_of_home() == home
        quiet = fleet.decnet("worker", "check", "--on", "w1", "-o", "json")
        said = fleet.decnet("worker", "check", "--on", "w2", "-o", "json")
    finally:
        fleet.on("w2", "sh", "-c", "cat /run/kept >/root/.bashrc")
    shells = [[r for r in one.json if "shell" in r["finding"]] for one in (quiet, said)]
    assert [[(r["name"], r["state"]) for r in rows] for rows in shells] == [[], [("w2", "warning")]]
    assert "prints 13 bytes before every answer" in shells[1][0]["finding"]
