"""Workers that are cut off or lose their power: what is not seen is unknown, and what was begun ends once."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from theatre import kill
from three_workers import NINE, WORKERS, Company, eventually

from decnet.lab import heal, partition, start, stop

pytestmark = pytest.mark.lab
TWO_MORE = NINE + "".join(
    f'\n[decky.late-{worker}]\nservices = ["http", "ssh"]\nworker = "{worker}"\n' for worker in ("w1", "w3")
)


def rows_of(company: Company, worker: str, decky: str) -> list[dict[str, Any]]:
    """The recorded lifecycle rows of one decky on one worker, without those of earlier tests."""
    rows = [row for row in company.records(worker)["lifecycle"].values() if row["decky"] == decky]
    removals = [number for number, row in enumerate(rows) if row["operation"] == "remove"]
    return rows[removals[-1] + 1 if removals else 0 :]


def ends_of(company: Company, worker: str, decky: str) -> list[str]:
    """How the worker's own journal says that each operation on the decky ended, since it was last removed."""
    ends = [(r["operation"], r["status"]) for r in company.journal(worker) if r.get("decky") == decky]
    removals = [number for number, (operation, _) in enumerate(ends) if operation == "remove"]
    return [status for _, status in ends[removals[-1] + 1 if removals else 0 :]]


@contextmanager
def begun(company: Company, worker: str) -> Iterator[subprocess.Popen[str]]:
    """A deploy of two more deckies, at the moment when that worker has taken its job."""
    before = company.jobs(worker)
    deploy = company.start("deploy", "-c", company.spec(TWO_MORE), "--yes")
    try:
        eventually(lambda: len(company.jobs(worker) - before) == 1, 60)
        yield deploy
    finally:
        heal(company.lab, worker)
        if deploy.poll() is None:
            kill(deploy)


def without_the_two(company: Company) -> None:
    company.decnet("teardown", "late-*", "--yes")


def test_a_worker_that_is_cut_off_is_unknown_and_loses_nothing(fleet: Company) -> None:
    containers, home, placed = fleet.containers(), fleet.fingerprint_of_home(), fleet.by_worker()
    partition(fleet.lab, "w3")
    try:
        looking = fleet.start("status", "-o", "json")
        try:
            said = fleet.decnet("reconcile", code=5)
            shown, _ = looking.communicate(timeout=60)
        finally:
            if looking.poll() is None:
                kill(looking)
        address = next(d["ip"] for d in fleet.deckies().values() if d["worker"] == "w3")
        assert fleet.attack("ping", "-c3", "-i0.2", "-W3", address).code == 0
    finally:
        heal(fleet.lab, "w3")
    assert "w3: no answer in time" in said.out
    assert looking.returncode == 5
    status = {d["name"]: (d["status"], d["last_known"]) for d in json.loads(shown)["deckies"]}
    assert {status[name] for name in placed["w3"]} == {("unknown", "running")}
    assert {status[name] for name in placed["w1"] + placed["w2"]} == {("running", "running")}
    fleet.decnet("reconcile", "--check")
    assert (fleet.containers(), fleet.fingerprint_of_home()) == (containers, home)


def test_a_cut_in_the_middle_of_a_deploy_ends_once_and_is_reported_once(fleet: Company) -> None:
    jobs = fleet.jobs("w3")
    with begun(fleet, "w3") as deploy:
        partition(fleet.lab, "w3")
        eventually(lambda: ends_of(fleet, "w3", "late-w3") == ["succeeded"], 90)
        (row,) = rows_of(fleet, "w3", "late-w3")
        assert row["status"] in ("pending", "running")
        assert deploy.poll() is None
        heal(fleet.lab, "w3")
        out, err = deploy.communicate(timeout=90)
    assert deploy.returncode == 0, out + err
    assert [row["status"] for row in rows_of(fleet, "w3", "late-w3")] == ["succeeded"]
    assert len(fleet.jobs("w3") - jobs) == 1
    home = fleet.fingerprint_of_home()
    assert fleet.decnet("reconcile", "--quiet").out == ""
    assert (fleet.fingerprint_of_home(), len(fleet.jobs("w3") - jobs)) == (home, 1)
    without_the_two(fleet)


@pytest.mark.slow
def test_a_cut_that_lasts_is_exit_5_and_the_next_command_reads_how_it_ended(fleet: Company) -> None:
    jobs = fleet.jobs("w3")
    with begun(fleet, "w3") as deploy:
        partition(fleet.lab, "w3")
        out, err = deploy.communicate(timeout=170)
        assert deploy.returncode == 5, out + err
        (row,) = rows_of(fleet, "w3", "late-w3")
        assert row["status"] in ("pending", "running")
        assert [row["status"] for row in rows_of(fleet, "w1", "late-w1")] == ["succeeded"]
        eventually(lambda: ends_of(fleet, "w3", "late-w3") == ["succeeded"], 60)
    fleet.decnet("status")
    assert [row["status"] for row in rows_of(fleet, "w3", "late-w3")] == ["succeeded"]
    fleet.decnet("deploy", "-c", fleet.spec(TWO_MORE), "--yes")
    fleet.decnet("reconcile", "--check")
    assert [row["status"] for row in rows_of(fleet, "w3", "late-w3")] == ["succeeded"]
    assert len(fleet.jobs("w3") - jobs) == 1
    without_the_two(fleet)


@pytest.mark.slow
@pytest.mark.parametrize("back", ["at once", "later"])
def test_a_power_cut_in_the_middle_of_a_deploy_converges(fleet: Company, back: str) -> None:
    with begun(fleet, "w3") as deploy:
        stop(fleet.lab, "w3", "worker")
        if back == "at once":
            start(fleet.lab, "w3")
        out, err = deploy.communicate(timeout=170)
    assert deploy.returncode in ((0, 4) if back == "at once" else (5,)), out + err
    start(fleet.lab, "w3")
    eventually(lambda: fleet.decnet("reconcile", code=None).code == 0, 150)
    fleet.decnet("reconcile", "--check")
    deckies = fleet.deckies()
    assert {decky["status"] for decky in deckies.values()} == {"running"}
    assert len({decky["ip"] for decky in deckies.values()}) == len(deckies) == 11
    assert all(row["status"] != "running" for row in rows_of(fleet, "w3", "late-w3"))
    without_the_two(fleet)


@pytest.mark.slow
def test_after_a_power_cut_of_the_whole_fleet_reconcile_brings_all_back(fleet: Company) -> None:
    for worker in WORKERS:
        stop(fleet.lab, worker, "worker")
    assert set(fleet.worker_states().values()) == {"unreachable"}
    for worker in WORKERS:
        start(fleet.lab, worker)
    eventually(lambda: fleet.decnet("reconcile", code=None).code == 0, 150)
    assert {decky["status"] for decky in fleet.deckies().values()} == {"running"}
