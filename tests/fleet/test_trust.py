"""Who is not the worker that was enrolled is refused with exit 6, before anything is sent."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from three_workers import ADDRESS, LOGIN, WORKERS, Company, eventually, make_key

from decnet.lab import run_argv

pytestmark = pytest.mark.lab
LOGGED_IN = ("Accepted", "authenticating user", "Failed", "Starting session")


def nobody_logged_in(log: str) -> bool:
    """Whether an sshd's log has connections, but no attempt to log in."""
    return "Connection" in log and not any(word in log for word in LOGGED_IN)


@pytest.fixture
def own_keys(fleet: Company) -> Iterator[Company]:
    """The fleet, whose host keys and pins are afterwards what they were."""
    keys = {worker: fleet.host_keys(worker) for worker in WORKERS}
    pins = (fleet.home / "known_hosts").read_text()
    yield fleet
    for worker in WORKERS:
        if fleet.host_keys(worker) != keys[worker]:
            fleet.give_host_keys(worker, keys[worker])
    fleet.write("known_hosts", pins)


def test_a_replaced_host_key_of_any_type_is_exit_6_and_nothing_is_sent(own_keys: Company) -> None:
    fleet, home = own_keys, own_keys.fingerprint_of_home()
    for kind in ("ed25519", "rsa", "ecdsa"):
        fleet.replace_host_keys("w2", kind)
        seen = len(fleet.sshd_log("w2"))
        said = fleet.decnet("status", "-o", "json", code=6)
        states = {worker["name"]: worker["state"] for worker in said.json["workers"]}
        assert (kind, states) == (kind, {"w1": "up", "w2": "REFUSED", "w3": "up"})
        assert {d["status"] for d in said.json["deckies"] if d["worker"] == "w2"} == {"unknown"}
        assert nobody_logged_in(fleet.sshd_log("w2")[seen:]), kind
    assert fleet.fingerprint_of_home() == home


def test_despite_a_refused_worker_the_others_are_healed_and_trust_accepts_the_new_key(
    own_keys: Company,
) -> None:
    fleet, before = own_keys, own_keys.containers()
    victim = fleet.by_worker()["w3"][0]
    fleet.on("w3", "docker", "rm", "-f", victim)
    fleet.replace_host_keys("w2", "ed25519")
    seen = len(fleet.sshd_log("w2"))
    said = fleet.decnet("reconcile", code=6)
    assert "decnet worker trust w2" in said.out + said.err
    assert nobody_logged_in(fleet.sshd_log("w2")[seen:])
    after = fleet.containers()
    assert {name for name in before if after[name] != before[name]} >= {victim}
    assert after.keys() == before.keys()
    fleet.decnet("worker", "check", "--on", "w2", code=6)
    fleet.decnet("worker", "trust", "w2", code=6)
    fleet.decnet("worker", "trust", "w2", "--host-key", fleet.fingerprint("w1"), code=6)
    fleet.decnet("status", code=6)
    fleet.decnet("worker", "trust", "w2", "--host-key", fleet.fingerprint("w2"))
    fleet.decnet("status")


TRAP = """
ListenAddress 198.51.100.2:2222
HostKey {folder}/key
PidFile none
PermitRootLogin yes
AuthorizedKeysCommand {folder}/anybody %t %k
AuthorizedKeysCommandUser root
AuthorizedKeysFile none
ForceCommand cat > {folder}/caught
LogLevel VERBOSE
UsePAM no
"""
REDIRECT = """
add table ip middle
add chain ip middle out {{ type nat hook output priority -100 ; }}
add rule ip middle out ip daddr {address} tcp dport 22 dnat to 198.51.100.2:2222
"""


class Trap:
    """A man in the middle: an sshd on the way to w2 that lets everybody in and keeps what they send."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @property
    def log(self) -> str:
        return (self.folder / "log").read_text()

    @property
    def caught(self) -> str:
        path = self.folder / "caught"
        return path.read_text() if path.exists() else ""


@contextmanager
def man_in_the_middle(company: Company, kind: str) -> Iterator[Trap]:
    # sshd wants every folder above the command that answers for keys to be root's alone.
    folder = company.machine("op") / "trap"
    folder.mkdir(mode=0o700, exist_ok=True)
    make_key(folder / "key", kind)
    (folder / "anybody").write_text('#!/bin/sh\necho "$1 $2"\n')
    (folder / "anybody").chmod(0o700)
    (folder / "config").write_text(TRAP.format(folder=folder))
    (folder / "rules").write_text(REDIRECT.format(address=ADDRESS["w2"]))
    argv = ["/usr/sbin/sshd", "-D", "-f", f"{folder}/config", "-E", f"{folder}/log"]
    sshd = subprocess.Popen(run_argv(company.lab, "operator", argv), stdin=subprocess.DEVNULL)
    try:
        log = folder / "log"
        eventually(lambda: log.exists() and "listening" in log.read_text())
        assert company.on("operator", "nft", "-f", f"{folder}/rules").code == 0
        yield Trap(folder)
    finally:
        company.on("operator", "nft", "delete", "table", "ip", "middle")
        sshd.terminate()
        sshd.wait(10)
        for path in folder.iterdir():
            path.unlink()


@pytest.mark.parametrize("kind", ["ed25519", "ecdsa"])
def test_a_man_in_the_middle_is_refused_and_gets_nothing(fleet: Company, kind: str) -> None:
    right = fleet.fingerprint("w2")
    with man_in_the_middle(fleet, kind) as trap:
        home, jobs = fleet.fingerprint_of_home(), fleet.jobs("w2")
        fleet.decnet("reconcile", code=6)
        fleet.decnet("worker", "add", "w2", LOGIN["w2"], code=6)
        fleet.decnet("worker", "add", "w9", LOGIN["w2"], "--host-key", right, code=2)
        fleet.decnet("worker", "trust", "w2", "--host-key", right, code=6)
        assert fleet.fingerprint_of_home() == home
        assert (nobody_logged_in(trap.log), trap.caught, fleet.jobs("w2")) == (True, "", jobs)
        # The trap does catch a careless client.
        careless = [
            "ssh",
            "-F",
            "none",
            "-o",
            "StrictHostKeyChecking=no",
            "-o",
            "UserKnownHostsFile=/dev/null",
        ]
        fleet.on("operator", "sh", "-c", 'echo secret | "$@"', "sh", *careless, LOGIN["w2"], "true")
        assert ("Accepted" in trap.log, trap.caught) == (True, "secret\n")
    fleet.decnet("reconcile")


SWAP = """
add table ip swap
add chain ip swap out {{ type nat hook output priority -100 ; }}
add rule ip swap out ip daddr {w2} tcp dport 22 dnat to {w3}
add rule ip swap out ip daddr {w3} tcp dport 22 dnat to {w2}
"""


@contextmanager
def swapped(company: Company) -> Iterator[None]:
    """w2 answers under w3's address, and the other way round."""
    rules = company.folder / "swap"
    rules.write_text(SWAP.format(**ADDRESS))
    assert company.on("operator", "nft", "-f", str(rules)).code == 0
    try:
        yield
    finally:
        company.on("operator", "nft", "delete", "table", "ip", "swap")


def test_swapped_addresses_are_refused_by_host_key_and_behind_a_cloned_one_by_identity(
    own_keys: Company,
) -> None:
    fleet, containers = own_keys, own_keys.containers()
    refused = {"w1": "up", "w2": "REFUSED", "w3": "REFUSED"}
    with swapped(fleet):
        assert fleet.worker_states() == refused
        said = fleet.decnet("reconcile", code=6)
        assert said.out.count("its host key is not the pinned one") == 2
    # Cloned from one image, as machines are: one host key for both.
    fleet.give_host_keys("w3", fleet.host_keys("w2"))
    fleet.decnet("worker", "trust", "w3", "--host-key", fleet.fingerprint("w2"))
    fleet.decnet("status")
    jobs = {worker: fleet.jobs(worker) for worker in WORKERS}
    with swapped(fleet):
        assert fleet.worker_states() == refused
        said = fleet.decnet("reconcile", code=6)
        assert said.out.count("another machine answers there") == 2
        assert "unreachable" not in said.out + said.err
        fleet.decnet("worker", "check", "--on", "w3", code=6)
        fleet.decnet("worker", "add", "w3", LOGIN["w3"], code=6)
    assert fleet.containers() == containers
    assert {worker: fleet.jobs(worker) for worker in ("w2", "w3")} == {w: jobs[w] for w in ("w2", "w3")}


def test_a_worker_that_another_fleet_has_is_refused_and_left_alone(fleet: Company) -> None:
    path = fleet.agent("w3") / "identity.json"
    ours, containers = path.read_text(), fleet.containers()
    path.write_text(json.dumps({**json.loads(ours), "fleet_id": "d1f1ee7a-0000-4000-8000-000000000000"}))
    try:
        assert fleet.worker_states() == {"w1": "up", "w2": "up", "w3": "REFUSED"}
        said = fleet.decnet("reconcile", code=6)
        assert "this worker belongs to fleet" in said.out
        fleet.decnet("worker", "add", "w3", LOGIN["w3"], code=6)
        fleet.decnet("worker", "remove", "w3", "--wipe", code=None)
        assert fleet.containers() == containers
    finally:
        path.write_text(ours)
    fleet.decnet("reconcile")
