"""`worker set`: a worker that got another address, and everything that is not this worker."""

from __future__ import annotations

import json
import os
import shutil
from copy import copy
from pathlib import Path
from typing import Any

import pytest

from .machine import Machine, Ran, free_port, keygen, running

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="sshd with folders of its own needs root")


def recorded(machine: Machine) -> tuple[dict[str, Any], bytes, bytes]:
    """The worker's row, and the files that a change would be recorded in."""
    home = machine.folder / "home"
    row = json.loads(machine.decnet("worker", "list", "-o", "json").out)[0]
    return row, (home / "fleet.json").read_bytes(), (home / "known_hosts").read_bytes()


def move(machine: Machine) -> str:
    """The machine's sshd gets another port once it is started again."""
    machine.port = free_port()
    machine.configure()
    return machine.address


def set_address(machine: Machine, *words: str) -> Ran:
    return machine.decnet("worker", "set", "w1", *words)


@pytest.fixture(scope="module")
def enrolled(tmp_path_factory: pytest.TempPathFactory) -> Machine:
    made = Machine(tmp_path_factory.mktemp("machine") / "enrolled")
    with running(made):
        assert made.add().code == 0
    return made


@pytest.fixture
def machine(enrolled: Machine, tmp_path: Path) -> Machine:
    """A machine that is enrolled as w1, and is switched off."""
    made = copy(enrolled)
    made.folder = tmp_path / "w1-machine"
    made.operator = made.folder / "operator"
    shutil.copytree(enrolled.folder, made.folder, symlinks=True, ignore=shutil.ignore_patterns("*.sock"))
    return made


def test_a_worker_at_another_address_keeps_its_identity_pin_and_records(machine: Machine) -> None:
    before, _, pins = recorded(machine)
    old, new = machine.address, move(machine)
    with running(machine):
        assert machine.decnet("worker", "check", "w1").code == 5
        ran = set_address(machine, new)
        assert (ran.code, ran.out.splitlines()[-1]) == (0, f"w1: address {old} -> {new}")
        again = set_address(machine, new)
        # The operator's own login is not needed.
        shutil.rmtree(machine.operator / ".ssh")
        assert machine.decnet("worker", "show", "w1").code == 0
        assert set_address(machine, new).code == 0
    assert (again.code, again.out) == (0, "w1: nothing changed\n")
    after, _, pinned = recorded(machine)
    assert after == {**before, "address": new, "last_seen": after["last_seen"]}
    assert pinned.split()[1:] == pins.split()[1:]
    assert f"w1: address {old} -> {new}" in (machine.folder / "home" / "audit.jsonl").read_text()


def test_a_worker_that_does_not_answer_there_stays_where_it_is(machine: Machine) -> None:
    before, old = recorded(machine), machine.address
    with running(machine):
        ran = set_address(machine, f"root@127.0.0.1:{free_port()}")
    assert ran.code == 5
    assert f"nothing was recorded, w1 stays at {old}" in ran
    assert recorded(machine) == before


def test_another_machine_at_the_address_is_refused(machine: Machine, tmp_path: Path) -> None:
    before = recorded(machine)
    other = Machine(tmp_path / "other")
    with running(other):
        ran = set_address(machine, other.address)
    assert ran.code == 6
    assert "its host key is not the pinned one" in ran
    assert "another machine answers there; nothing was recorded" in ran
    assert recorded(machine) == before


def test_a_clone_with_another_identity_is_refused(machine: Machine) -> None:
    before = recorded(machine)
    identity = machine.agent / "identity.json"
    known = json.loads(identity.read_text())
    identity.write_text(json.dumps({**known, "worker_id": "8b7f6a52-0000-4000-8000-000000000001"}))
    new = move(machine)
    with running(machine):
        ran = set_address(machine, new)
    assert ran.code == 6
    assert "another worker answers there" in ran
    assert recorded(machine) == before


def test_another_user_whom_the_fleets_key_does_not_open_is_refused(machine: Machine) -> None:
    before = recorded(machine)
    with running(machine):
        ran = set_address(machine, f"nobody@127.0.0.1:{machine.port}")
    assert ran.code == 5
    assert "nothing was recorded" in ran
    assert recorded(machine) == before


def test_an_address_that_another_worker_has_is_refused(machine: Machine, tmp_path: Path) -> None:
    other = Machine(tmp_path / "other")
    (other.folder / "home").symlink_to(machine.folder / "home")
    with running(machine), running(other):
        second = machine.decnet(
            "worker", "add", "w2", other.address, "-i", str(other.key), "--host-key", other.fingerprint()
        )
        assert second.code == 0, second.out
        ran = set_address(machine, other.address)
    assert ran.code == 2
    assert f"{other.address} is the address of w2" in ran


def test_without_a_user_the_recorded_one_stays_and_a_jump_host_is_shown(machine: Machine) -> None:
    old, new = machine.address, move(machine)
    config = machine.operator / ".ssh" / "config"
    config.write_text(f"Host box\n HostName 127.0.0.1\n Port {machine.port}\n User deck\n ProxyJump hop\n")
    with running(machine):
        ran = set_address(machine, "box", "-J", "none")
    assert (ran.code, f"w1: address {old} -> {new}" in ran) == (0, True)


@pytest.mark.parametrize("name", ["w9", "local"])
def test_only_an_enrolled_worker_can_move(machine: Machine, name: str) -> None:
    assert machine.decnet("worker", "set", name, "root@192.0.2.9").code == 2


def test_adding_a_worker_at_another_address_points_to_worker_set(machine: Machine) -> None:
    before, old = recorded(machine), machine.address
    ran = machine.decnet("worker", "add", "w1", "root@192.0.2.9")
    assert ran.code == 2
    assert f"w1 is already enrolled at {old}" in ran
    assert "decnet worker set w1 root@192.0.2.9" in ran
    assert recorded(machine) == before


def test_a_changed_host_key_is_a_matter_of_trust_and_not_of_known_hosts(machine: Machine) -> None:
    public = machine.folder / "etc" / "host_ed25519.pub"
    old, before = public.read_text(), machine.fingerprint()
    known = machine.operator / ".ssh" / "known_hosts"
    known.write_text(f"[127.0.0.1]:{machine.port} {old}")
    keygen("ed25519", public.with_suffix(""))
    with running(machine):
        unasked = machine.decnet("worker", "trust", "w1")
        # Neither the old key nor the new one in the operator's own file decides.
        known.write_text(f"[127.0.0.1]:{machine.port} {public.read_text()}")
        still = machine.decnet("worker", "trust", "w1")
        trusted = machine.decnet("worker", "trust", "w1", "--yes")
    assert (unasked.code, still.code, trusted.code) == (6, 6, 0)
    assert "is unknown, and this session is not interactive" in unasked
    assert machine.fingerprint() in trusted and before not in trusted.out
