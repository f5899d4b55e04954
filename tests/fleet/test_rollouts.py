"""Rollouts on real workers: a bad image is stopped and taken back, an attacker is waited for, a worker that
is cut off takes its change back, and no address is ever on the LAN twice."""

from __future__ import annotations

import json
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from theatre import kill
from three_workers import LOGIN, NINE, WORKERS, Company, Said, eventually, watched

import decnet
from decnet.images import wanted
from decnet.lab import heal, partition, run_argv, start, stop

pytestmark = pytest.mark.lab

BEFORE = NINE + '[decky.host.settings.ssh]\ncredentials = "root:toor"\n'
AFTER = BEFORE.replace('["ssh"]', '["ssh", "ftp"]')
WITH_TELNET = BEFORE.replace('["ssh"]', '["ssh", "telnet"]')
AT_ONCE = ("--waves", "100%", "--max-in-flight", "100%", "--soak", "0s")
SOAK = 5.0
ONE_BY_ONE = ("--waves", "w1,w2,100%", "--max-in-flight", "1", "--soak", f"{SOAK:.0f}s")


@pytest.fixture
def hosts(fleet: Company) -> Company:
    """The nine, of which three let root in with a known password."""
    fleet.leave_astray()
    fleet.deploy(BEFORE, "--again")
    return fleet


class Later(Company):
    """The operator with a later version of decnet, whose decoys end as soon as they are started."""

    def decnet(self, *argv: str, code: int | None = 0) -> Said:
        said = self.on("operator", "env", f"PYTHONPATH={self.notes['later']}", "decnet", *argv)
        assert code is None or said.code == code, f"decnet {argv}: {said}"
        return said


@pytest.fixture
def later(fleet: Company, tmp_path: Path) -> Iterator[Later]:
    copy, recipe = tmp_path / "decnet", tmp_path / "recipe"
    ignored = shutil.ignore_patterns("__pycache__", "lab")
    shutil.copytree(Path(decnet.__file__).parent, copy, ignore=ignored)
    with (copy / "decoys" / "__main__.py").open("a") as program:
        program.write('\nraise SystemExit("this decoy was built badly")\n')
    image = wanted(copy / "decoys", copy / "images" / "base").decoys
    recipe.mkdir()
    (recipe / "Dockerfile").write_text(
        f'FROM {wanted().decoys}\nLABEL decnet.content={image.partition(":")[2]}\nENTRYPOINT ["/missing"]\n'
    )
    built = fleet.on("operator", "docker", "build", "-q", "-t", image, str(recipe))
    assert built.code == 0, built
    yield Later(fleet.lab, fleet.place, fleet.folder, {"later": str(tmp_path)})
    for place in ("operator", *WORKERS):
        fleet.on(place, "docker", "rmi", image)


def shown(company: Company, *rollout: str) -> dict[str, Any]:
    """That rollout, or the one that is open or was last, by what the state directory has."""
    found = company.decnet("rollout", "show", *rollout, "--recorded", "-o", "json", code=None).json
    return dict(found)


def units(company: Company, *rollout: str) -> dict[str, str]:
    """The status of each of its units."""
    return {unit["name"]: unit["status"] for unit in shown(company, *rollout)["units"]}


def with_ftp(company: Company) -> set[str]:
    """The workers that have the change, by their own engines."""
    return {worker for worker in WORKERS if any(n.endswith("-ftp") for n in company.containers(worker))}


def all_jobs(company: Company) -> dict[str, set[str]]:
    return {worker: company.jobs(worker) for worker in WORKERS}


def host_on(company: Company, worker: str) -> dict[str, Any]:
    """A decky with ssh on that worker."""
    return next(d for d in company.deckies().values() if d["worker"] == worker and "ssh" in d["services"])


def test_a_bad_image_halts_at_the_first_worker_and_is_taken_back(fleet: Company, later: Later) -> None:
    before = {worker: fleet.containers(worker) for worker in WORKERS}
    untouched = {worker: before[worker] for worker in ("w2", "w3")}
    said = later.decnet("image", "upgrade", "--rollout", "default", "--waves", "w1,100%", "--yes", code=4)
    assert "w1: sent -> failed" in said.out and "rollout: running -> halted" in said.out
    assert units(fleet) == {"w1": "failed", "w2": "waiting", "w3": "waiting"}
    later.decnet("reconcile", "--quiet", code=4)
    assert {worker: fleet.containers(worker) for worker in untouched} == untouched
    assert "degraded" in {decky["status"] for decky in fleet.deckies().values() if decky["worker"] == "w1"}

    taken = later.decnet("rollout", "rollback", "--yes", "--interval", "1", code=4)
    assert "reverted, 3 of 3 units as before" in taken.out
    assert {worker: fleet.containers(worker) for worker in untouched} == untouched
    assert fleet.containers("w1").keys() == before["w1"].keys()
    assert {decky["status"] for decky in fleet.deckies().values()} == {"running"}
    assert "took this change back" in later.decnet("image", "upgrade", "--yes", code=2).err
    fleet.decnet("reconcile", "--check")


@contextmanager
def logged_in(company: Company, address: str) -> Iterator[subprocess.Popen[str]]:
    """An attacker with the real OpenSSH client, who has typed one command and stays."""
    ask = company.folder / "ask"
    ask.write_text("#!/bin/sh\necho toor\n")
    ask.chmod(0o755)
    options = ("StrictHostKeyChecking=no", "UserKnownHostsFile=/dev/null", "PubkeyAuthentication=no")
    flags = [word for option in options for word in ("-o", option)]
    environment = ("env", f"SSH_ASKPASS={ask}", "SSH_ASKPASS_REQUIRE=force")
    argv = [*environment, "ssh", "-tt", "-F", "none", *flags, f"root@{address}"]
    with subprocess.Popen(
        run_argv(company.lab, "attacker", argv),
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    ) as talking:  # fmt: skip
        try:
            assert talking.stdin is not None and talking.stdout is not None
            talking.stdin.write("id\n")
            talking.stdin.flush()
            assert any(line.startswith("uid=0(root)") for line in talking.stdout)
            yield talking
        finally:
            talking.kill()


@pytest.mark.slow
def test_an_attacker_at_work_delays_only_their_worker_and_a_port_scan_delays_none(hosts: Company) -> None:
    scanned, visited = host_on(hosts, "w1"), host_on(hosts, "w2")
    before = hosts.containers("w2")
    silent = run_argv(hosts.lab, "attacker", ["nc", scanned["ip"], "22"])
    with (
        subprocess.Popen(silent, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as connected,
        logged_in(hosts, visited["ip"]) as talking,
    ):
        assert connected.stdout is not None and connected.stdout.readline().startswith(b"SSH-2.0")
        assert "22/tcp open" in hosts.attack("nmap", "-n", "-sT", "-p", "1-100", scanned["ip"]).out
        said = hosts.deploy(AFTER, *AT_ONCE)
        assert f"w2 waits: busy: 192.0.2.250 uses {visited['name']} (ssh)" in said.out
        assert units(hosts) == {"w1": "passed", "w2": "waiting", "w3": "passed"}
        hosts.decnet("reconcile")
        assert (with_ftp(hosts), hosts.containers("w2")) == ({"w1", "w3"}, before)
        assert talking.poll() is None
        connected.kill()
    hosts.decnet("reconcile")
    assert (shown(hosts)["status"], with_ftp(hosts)) == ("done", set(WORKERS))


@pytest.mark.slow
def test_a_worker_that_is_cut_off_by_a_change_takes_it_back_and_that_is_a_failure(hosts: Company) -> None:
    before, jobs = hosts.containers(), hosts.jobs("w3")
    deploy = hosts.start(
        "deploy", "-c", hosts.spec(WITH_TELNET), "--yes", "--waves", "w3,100%", "--confirm-within", "15s"
    )
    try:
        eventually(lambda: len(hosts.jobs("w3") - jobs) == 1, 60)
        partition(hosts.lab, "w3")
        eventually(lambda: any(name.endswith("-telnet") for name in hosts.containers("w3")), 30)
        eventually(lambda: hosts.containers("w3").keys() & before.keys() == hosts.containers("w3").keys(), 60)
        out, err = deploy.communicate(timeout=170)
        assert deploy.returncode == 5, out + err
        hosts.decnet("reconcile", code=5)
    finally:
        heal(hosts.lab, "w3")
        if deploy.poll() is None:
            kill(deploy)
    assert {name: id for name, id in hosts.containers().items() if name in before} == before
    ends = [
        (row["operation"], row["status"])
        for row in hosts.journal("w3")
        if not row.get("decky") and "seq" in row
    ]
    assert ends[-2:] == [("arm", "succeeded"), ("revert", "succeeded")]
    said = hosts.decnet("reconcile", "--quiet", code=4)
    assert "w3: sent -> reverted (it was not confirmed in time" in said.out
    assert units(hosts) == {"w1": "waiting", "w2": "waiting", "w3": "reverted"}
    assert hosts.decnet("reconcile", "--quiet", code=4).out == "", "it is reported once"
    assert hosts.containers() == before
    hosts.decnet("rollout", "rollback", "--yes", "--interval", "1", code=4)
    assert "took this change back" in hosts.deploy(WITH_TELNET, code=2).err


def cron(company: Company, hours: float) -> Said:
    """One reconcile as cron runs it, while the operator's clock is off by that much."""
    argv = ("faketime", "-f", f"{hours * 3600:+.0f}s", "decnet", "reconcile", "--quiet")
    said = company.on("operator", *argv)
    assert said.code == 0, said
    return said


@pytest.mark.slow
def test_cron_alone_completes_three_waves_while_the_clock_is_moved(hosts: Company) -> None:
    """Two hours slow at the opening, then right, then two days fast: in the middle of each soak."""
    begun = {"w1": time.monotonic()}
    opening = ("faketime", "-f", "-7200s", "decnet", "deploy", "-c", hosts.spec(AFTER), "--yes", *ONE_BY_ONE)
    said = hosts.on("operator", *opening)
    assert (said.code, units(hosts)["w1"]) == (0, "soaking"), said
    # Opened two hours ago, it may not be the last one that was opened.
    rollout = shown(hosts)["id"]
    passed: dict[str, float] = {}
    while shown(hosts, rollout)["status"] == "running":
        before = time.monotonic()
        assert before - begun["w1"] < 170, shown(hosts, rollout)
        cron(hosts, {1: 0.0, 2: 48.0, 3: 49.0}[len(begun)])
        passed |= {
            name: time.monotonic()
            for name, status in units(hosts, rollout).items()
            if status == "passed" and name not in passed
        }
        begun |= dict.fromkeys(with_ftp(hosts) - begun.keys(), before)
        assert len(begun) <= len(passed) + 1, "two at once"
    assert shown(hosts, rollout)["status"] == "done"
    assert list(begun) == list(passed) == list(WORKERS)
    assert all(passed[name] - begun[name] >= SOAK for name in WORKERS), (begun, passed)
    hosts.decnet("reconcile", "--check")


def pinned(worker: str) -> str:
    return NINE + f'\n[decky.porter]\nservices = ["http"]\nworker = "{worker}"\n'


@pytest.mark.slow
def test_a_move_and_a_returning_worker_put_no_address_on_the_lan_twice(fleet: Company) -> None:
    fleet.leave_astray()
    fleet.deploy(pinned("w1"))
    porter = fleet.deckies()["porter"]
    with watched(fleet, porter["ip"]) as answers:
        stop(fleet.lab, "w1", "worker")
        fleet.deploy(pinned("w3"), *AT_ONCE, code=5)
        assert units(fleet) == {"w1+w3": "waiting"}
        fleet.decnet("reconcile", code=5)
        assert "porter" not in fleet.containers("w3"), "its former worker may return with it"
        start(fleet.lab, "w1")
        eventually(lambda: fleet.decnet("reconcile", code=None).code == 0, 90)
        assert (units(fleet), shown(fleet)["status"]) == ({"w1+w3": "passed"}, "done")
        assert [w for w in WORKERS if "porter" in fleet.containers(w)] == ["w3"]

        fleet.deploy(pinned("w2"), "--waves", "100%", "--soak", "1h")
        assert [w for w in WORKERS if "porter" in fleet.containers(w)] == ["w2"]
        stop(fleet.lab, "w3", "worker")
        said = fleet.decnet("rollout", "rollback", "--yes", "--timeout", "5", "--interval", "1", code=None)
        assert said.code in (3, 4), said
        assert [w for w in ("w1", "w2") if "porter" in fleet.containers(w)] in ([], ["w2"])
        start(fleet.lab, "w3")
        eventually(lambda: fleet.decnet("reconcile", code=None).code in (0, 4) and porter_runs(fleet), 90)
    assert [w for w in WORKERS if "porter" in fleet.containers(w)] == ["w3"]
    assert shown(fleet)["status"] == "reverted"
    assert set(map(tuple, answers)) == {(), (porter["mac"],)}, "an address was answered for twice"


def porter_runs(company: Company) -> bool:
    return company.deckies()["porter"]["status"] == "running"


@pytest.mark.slow
def test_of_two_passes_at_once_each_unit_is_released_by_one(hosts: Company) -> None:
    hosts.deploy(AFTER, *ONE_BY_ONE)
    before = all_jobs(hosts)
    until = time.monotonic() + 120
    while shown(hosts)["status"] == "running":
        assert time.monotonic() < until
        pair = [hosts.start("reconcile", "--quiet", "--lock-timeout", "60") for _ in range(2)]
        ended = [(*process.communicate(timeout=90), process.returncode) for process in pair]
        assert [code for *_, code in ended] == [0, 0], ended
    trace = hosts.decnet("rollout", "trace", "-o", "json").json
    assert [row["seq"] for row in trace] == list(range(1, len(trace) + 1))
    released = [row["unit"] for row in trace if row["after"] == "sent"]
    assert (released, shown(hosts)["status"]) == (["w1", "w2", "w3"], "done")
    assert {worker: len(jobs - before[worker]) for worker, jobs in all_jobs(hosts).items()} == {
        "w1": 0, "w2": 1, "w3": 1,
    }  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("age", ["of the opening", "of the first wave"])
def test_a_state_directory_from_a_backup_is_refused_and_releases_nothing(
    hosts: Company, tmp_path: Path, age: str
) -> None:
    backup = tmp_path / "backup"
    if age == "of the opening":
        shutil.copytree(hosts.home, backup, symlinks=True)
    hosts.deploy(AFTER, "--waves", "w1,100%", "--max-in-flight", "1", "--soak", "1s")
    if age == "of the first wave":
        shutil.copytree(hosts.home, backup, symlinks=True)
    eventually(lambda: hosts.decnet("reconcile").code == 0 and len(with_ftp(hosts)) == 2, 60)
    give_back(hosts.home, backup)
    jobs, containers = all_jobs(hosts), hosts.containers()
    refused = hosts.decnet("reconcile", code=4)
    assert "decnet worker recover --take-generation" in refused.out + refused.err
    for _ in range(2):
        hosts.decnet("reconcile", "--quiet", code=4)
    assert (all_jobs(hosts), hosts.containers()) == (jobs, containers)
    hosts.decnet("worker", "recover", "--take-generation")


def give_back(folder: Path, copy: Path) -> None:
    """The folder's content as it was; the folder itself is mounted and stays."""
    for path in folder.iterdir():
        shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()
    shutil.copytree(copy, folder, symlinks=True, dirs_exist_ok=True)


@pytest.mark.slow
def test_recovery_in_the_middle_adopts_what_runs_and_infers_nothing(hosts: Company) -> None:
    hosts.deploy(AFTER, *ONE_BY_ONE)
    (lost,) = [
        row["id"] for row in hosts.decnet("rollout", "list", "-o", "json").json if row["status"] == "running"
    ]
    containers, jobs = hosts.containers(), all_jobs(hosts)
    hosts.on("operator", "sh", "-c", "rm -rf /var/lib/decnet/*")
    said = hosts.decnet("worker", "recover", *LOGIN.values(), "--known-hosts", hosts.known_hosts())
    assert f"rollout {lost} was open on w1, and is lost" in said.out
    for _ in range(2):
        hosts.decnet("reconcile")
    hosts.decnet("reconcile", "--check")
    assert (hosts.containers(), all_jobs(hosts), with_ftp(hosts)) == (containers, jobs, {"w1"})
    assert json.loads(hosts.decnet("rollout", "list", "-o", "json").out) == []
    services = {
        d["worker"]: sorted(d["services"]) for d in hosts.deckies().values() if "ssh" in d["services"]
    }
    assert services == {"w1": ["ftp", "ssh"], "w2": ["ssh"], "w3": ["ssh"]}
    hosts.deploy(AFTER, *AT_ONCE)
    assert (shown(hosts)["status"], with_ftp(hosts)) == ("done", set(WORKERS))
