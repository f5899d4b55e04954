"""A fleet on a worker with systemd: jobs outlive who started them, and deckies return with the engine."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest
from old_version import old_version
from theatre import Said, Stage, eventually, kill

from decnet.lab import Lab, provide_images, start, stop

pytestmark = pytest.mark.engines
UNIT = "decnet-heal.service"
ADDRESS = "198.51.100.11"
NETWORK = """
[network]
addresses = { use = ["192.0.2.100-192.0.2.110"] }
"""
SIX = f"""{NETWORK}
[decky.web]
count = 3
services = ["http"]

[decky.shell]
count = 2
services = ["ssh", "telnet"]

[decky.mail]
services = ["smtp", "ssh"]
"""
ONE = f"""{NETWORK}
[decky.web]
services = ["http", "ssh"]
"""
STOPPED = "mail-smtp"
PORTS = {"http": 80, "ssh": 22, "telnet": 23, "smtp": 25}
SCOPE = ("find", "/sys/fs/cgroup", "-name", "decnet-*.scope", "-printf", "%P\\n")
CONNECT = "for each; do nc -z -w 2 ${each%:*} ${each#*:} || echo $each; done"
A_USER = """set -e
useradd -m -s /bin/bash -G docker deck
install -d -m 700 -o deck /home/deck/.ssh
install -m 600 -o deck /root/.ssh/authorized_keys /home/deck/.ssh/authorized_keys
rm -rf /var/lib/decnet-agent
install -d -m 700 -o deck /var/lib/decnet-agent
mkdir -p /etc/systemd/logind.conf.d
printf '[Login]\\nKillUserProcesses=yes\\n' > /etc/systemd/logind.conf.d/kill.conf
systemctl restart systemd-logind
"""


@dataclass(frozen=True)
class Fleet(Stage):
    """A fleet of one worker. `before` is the state of the unit when 0.1.0 had enrolled it, and `scope` the
    control group of the job that deployed it, whose operator was killed."""

    before: str = ""
    scope: str = ""

    def worker(self, *argv: str) -> str:
        return self.on("w1", *argv).out.strip()

    def unit(self, name: str, what: str = UNIT) -> str:
        return self.worker("systemctl", "show", "-P", name, what)

    def down(self) -> set[str] | None:
        """The containers that do not run; None while the engine does not answer."""
        said = self.on("w1", "docker", "ps", "-a", "--format", "{{.Names}} {{.State}}")
        rows = [line.split() for line in said.out.splitlines()]
        return {name for name, state in rows if state != "running"} if rows and not said.code else None

    def ports(self) -> list[str]:
        """Every address and port that answers on the LAN, that of the service that was stopped excepted."""
        return [
            f"{decky['ip']}:{PORTS[service]}"
            for name, decky in self.deckies().items()
            for service in decky["services"]
            if f"{name}-{service}" != STOPPED
        ]

    def silent(self, ports: list[str]) -> list[str]:
        """Those of them that do not answer now."""
        return self.attack("sh", "-c", CONNECT, "sh", *ports).out.split()


@pytest.fixture(scope="module")
def fleet(virtual: Lab, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fleet]:
    """Six deckies on a worker that version 0.1.0 enrolled. The operator died while they were deployed."""
    folder = tmp_path_factory.mktemp("systemd")
    provide_images(virtual, lambda _: None)
    found = Fleet(virtual, "operator", folder)
    added = enrol(found, "root", str(old_version(folder / "old").command))
    assert added.code == 0, added
    before = found.unit("UnitFileState")
    scope = deployed_by_a_dying_operator(found, SIX)
    yield Fleet(virtual, "operator", folder, before, scope)


@pytest.fixture(scope="module")
def left(fleet: Fleet) -> Fleet:
    """The worker after decnet has left it."""
    fleet.decnet("teardown", "--all", "--yes")
    fleet.decnet("worker", "remove", "w1", "--wipe")
    agent = "/var/lib/decnet-agent/current"
    eventually(lambda: fleet.on("w1", "test", "-e", agent).code == 1, 60)
    return fleet


def enrol(stage: Stage, user: str, decnet: str = "decnet") -> Said:
    key = (stage.lab.folder / "w1/sshd/host_ed25519.pub").read_text().split()[:2]
    known = stage.folder / "known_hosts"
    known.write_text(" ".join([ADDRESS, *key]) + "\n")
    return stage.on(
        "operator", decnet, "worker", "add", "w1", f"{user}@{ADDRESS}", "--known-hosts", str(known)
    )


def deployed_by_a_dying_operator(stage: Fleet, spec: str) -> str:
    """Kill the operator's command as soon as its job runs, and wait for the job; its control group."""
    process, scopes = stage.start("deploy", "-c", stage.spec(spec), "--yes"), ""
    try:
        while not scopes:
            assert process.poll() is None, process.communicate()
            scopes = stage.worker(*SCOPE)
    finally:
        kill(process)
    eventually(lambda: not stage.worker(*SCOPE), 180)
    return scopes


def test_a_job_runs_in_a_scope_of_its_own_and_survives_its_operator(fleet: Fleet) -> None:
    assert fleet.scope.startswith("system.slice/decnet-")
    assert {name: decky["status"] for name, decky in fleet.deckies().items()} == dict.fromkeys(
        ("web-01", "web-02", "web-03", "shell-01", "shell-02", "mail"), "running"
    )
    before = fleet.containers("w1")
    fleet.decnet("deploy", "-c", fleet.spec(SIX), "--yes")
    assert (len(before), fleet.containers("w1")) == (15, before)


def test_the_unit_reaches_a_worker_that_was_enrolled_without_it(fleet: Fleet) -> None:
    assert (fleet.before, fleet.unit("UnitFileState")) == ("", "enabled")


def restart(fleet: Fleet) -> None:
    fleet.worker("systemctl", "restart", "docker")


def crash(fleet: Fleet) -> None:
    killed = fleet.unit("MainPID", "docker")
    fleet.worker("kill", "-9", killed)
    eventually(lambda: fleet.unit("MainPID", "docker") not in ("0", killed), 60)


def cut_power(fleet: Fleet) -> None:
    fleet.worker("sync")
    stop(fleet.lab, "w1")
    start(fleet.lab, "w1")


@pytest.mark.parametrize("break_it", [restart, crash, cut_power])
def test_six_deckies_are_whole_again_without_an_operator(
    fleet: Fleet, break_it: Callable[[Fleet], None]
) -> None:
    fleet.worker("sh", "-c", f"docker stop -t 1 {STOPPED}; sleep 1.1")
    ran, ports = fleet.unit("ExecMainStartTimestampMonotonic"), fleet.ports()
    break_it(fleet)
    began = time.monotonic()
    eventually(lambda: fleet.down() == {STOPPED}, 60)
    print(f"\nwhole again after {time.monotonic() - began:.1f} s")
    eventually(lambda: not fleet.silent(ports), 60)
    eventually(lambda: fleet.unit("ExecMainStartTimestampMonotonic") not in ("0", ran), 60)
    eventually(lambda: fleet.unit("ActiveState") == "inactive", 120)
    assert (fleet.unit("Result"), fleet.down()) == ("success", {STOPPED})


def test_status_starts_no_engine_that_was_stopped(fleet: Fleet) -> None:
    units = ("docker.service", "docker.socket")
    fleet.worker("systemctl", "stop", "docker.service")
    try:
        said = fleet.decnet("status", code=None)
        assert "the Docker engine is stopped" in said.out + said.err
        assert fleet.worker("systemctl", "is-active", *units).split() == ["inactive", "active"]
    finally:
        fleet.worker("systemctl", "start", "docker.service")
    eventually(lambda: fleet.down() in ({STOPPED}, set()), 60)


def test_the_unit_goes_with_the_agent(left: Fleet) -> None:
    found = left.worker("find", "/etc/systemd", "-name", f"*{UNIT}*")
    assert (found, left.unit("LoadState")) == ("", "not-found")


def test_a_user_whose_processes_end_with_his_session_has_to_linger(left: Fleet) -> None:
    made = left.on("w1", "sh", "-c", A_USER)
    assert made.code == 0, made
    refused = enrol(left, "deck")
    assert (refused.code, "loginctl enable-linger deck" in refused.err) == (4, True), refused
    left.worker("loginctl", "enable-linger", "deck")
    added = enrol(left, "deck")
    assert added.code == 0, added
    provide_images(left.lab, lambda _: None)
    scope = deployed_by_a_dying_operator(left, ONE)
    assert scope.startswith("user.slice/") and "/user@" in scope
    assert [decky["status"] for decky in left.deckies().values()] == ["running"]
    left.decnet("teardown", "--all", "--yes")
    left.decnet("worker", "remove", "w1", "--wipe")
