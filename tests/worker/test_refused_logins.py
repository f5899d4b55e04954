"""A login that sshd refuses, at enrolment and later: the message names the key, the stage and what the server
offers; a failed enrolment leaves nothing on the machine."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from .machine import Machine, copy_of, running, ssh_agent, wait_until

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="sshd with folders of its own needs root")
PASSWORD_TOO = ["PasswordAuthentication yes", "AuthenticationMethods publickey,password"]


def fingerprint(key: Path) -> str:
    shown = subprocess.run(["ssh-keygen", "-lf", str(key)], capture_output=True, check=True, text=True)
    return shown.stdout.split()[1]


def another_key(machine: Machine) -> None:
    shutil.move(machine.make_key("another"), machine.folder)
    machine.authorize(machine.operator / ".ssh" / "another")


def no_key(machine: Machine) -> None:
    machine.key.unlink()


def keep(machine: Machine) -> None:
    pass


def locked_key(machine: Machine) -> None:
    machine.authorize(machine.make_key("id_ed25519", passphrase="secret"))


def many_keys(machine: Machine) -> None:
    another_key(machine)
    machine.make_key("id_ecdsa", "ecdsa")


REFUSALS = {
    "wrong key": (another_key, [], "accepts none of your keys for root", "ssh-copy-id"),
    "no key": (no_key, [], "has no key to offer", "-i KEY"),
    "AllowUsers": (keep, ["AllowUsers nobody"], "accepts none of your keys for root", "AllowUsers"),
    "no root": (keep, ["PermitRootLogin no"], "accepts none of your keys for root", "PermitRootLogin"),
    "password too": (
        keep,
        PASSWORD_TOO,
        "accepts your own key for root and then requires password",
        "exempt",
    ),
    "kbdint too": (
        keep,
        ["UsePAM yes", "KbdInteractiveAuthentication yes",
         "AuthenticationMethods publickey,keyboard-interactive"],
        "accepts your own key for root and then requires keyboard-interactive",
        "Match User root",
    ),
    "no agent": (locked_key, [], "because a passphrase protects them: ", "ssh-add"),
    "too many": (many_keys, ["MaxAuthTries 1"], "ended your own login after 1 keys", "-i KEY"),
    "no publickey": (
        keep,
        ["PubkeyAuthentication no", "PasswordAuthentication yes"],
        "takes no key from root; it offers password",
        "AuthenticationMethods; on a terminal a password is asked for",
    ),
    "a second key": (
        keep,
        ["AuthenticationMethods publickey,publickey"],
        "accepts your own key for root and then requires another key",
        "exempt",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSALS)
def test_a_refused_login_of_the_operator_names_the_key_the_methods_and_the_way_out(
    tmp_path: Path, name: str
) -> None:
    change, config, message, hint = REFUSALS[name]
    machine = Machine(tmp_path, config=config)
    change(machine)
    with running(machine):
        refused = machine.add()
    error, _, after = refused.out.partition("\nhint: ")
    assert (refused.code, message in error, hint in after) == (5, True, True), refused.out
    assert "decnet worker" not in after
    assert (machine.remains(), machine.enrolled()) == ([], [])
    if change is keep and name != "no publickey":
        assert f"{fingerprint(machine.key)} " in error or "then requires" in error
        assert "it offers publickey" in error or "then requires" in error


def test_a_named_key_with_a_passphrase_is_reported_off_a_terminal(tmp_path: Path) -> None:
    machine = Machine(tmp_path)
    locked_key(machine)
    with running(machine):
        refused = machine.add("-i", str(machine.key))
    assert refused.code == 2
    assert f"a passphrase protects your own key {machine.key}" in refused
    assert f"hint: ssh-add {machine.key}" in refused
    assert machine.remains() == []


def test_a_key_in_the_ssh_agent_is_not_reported_as_locked(tmp_path: Path) -> None:
    machine = Machine(tmp_path)
    machine.make_key("id_ed25519", passphrase="secret")
    with running(machine), ssh_agent(machine.key, "secret") as socket:
        refused = machine.add(SSH_AUTH_SOCK=socket)
    assert fingerprint(machine.key) in refused
    assert "passphrase" not in refused.out


def test_another_authorized_keys_file_is_the_one_that_is_used(tmp_path: Path) -> None:
    machine = Machine(tmp_path, config=["AuthorizedKeysFile /srv/keys/%u-%h"])
    place = tmp_path / "srv" / "keys" / "root-" / "root"
    place.parent.mkdir(parents=True)
    copy_of(machine.key.with_name("id_ed25519.pub"), place)
    with running(machine):
        assert machine.add().code == 0
        assert machine.add().out.endswith("nothing changed\n")
        assert b"decnet-fleet" in place.read_bytes() and b"fleet" not in machine.authorized_keys.read_bytes()
        assert machine.decnet("worker", "remove", "w1").code == 0
    assert place.read_bytes() == machine.key.with_name("id_ed25519.pub").read_bytes()


def test_a_key_file_that_cannot_be_written_is_named_with_the_line_for_it(tmp_path: Path) -> None:
    """The line of the hint, added by hand, is enough."""
    machine = Machine(tmp_path, config=["AuthorizedKeysFile /srv/keys"])
    place = copy_of(machine.key.with_name("id_ed25519.pub"), tmp_path / "srv" / "keys")
    with running(machine, ["mount -o remount,bind,ro /srv"]):
        refused = machine.add()
        assert (refused.code, "/srv/keys" in refused) == (4, True), refused.out
        assert (machine.remains(), machine.enrolled()) == ([], [])
        found = re.search(r'restrict,command="[^"]*" ssh-ed25519 .*', refused.out)
        assert found is not None
        with place.open("a") as keys:
            keys.write(f"{found[0]}\n")
        assert machine.add().code == 0


def test_a_folder_of_the_agent_that_cannot_be_made_is_reported_with_the_reason(tmp_path: Path) -> None:
    machine = Machine(tmp_path)
    with running(machine, ["mount -o remount,bind,ro /var/lib"]):
        refused = machine.add()
    assert refused.code == 4
    assert "/var/lib/decnet-agent was not made (mkdir: cannot create directory" in refused
    assert "Read-only file system)" in refused
    assert (machine.remains(), machine.enrolled()) == ([], [])


def test_a_wiped_worker_loses_the_line_in_another_authorized_keys_file(tmp_path: Path) -> None:
    machine = Machine(tmp_path, config=["AuthorizedKeysFile /srv/keys"])
    place = copy_of(machine.key.with_name("id_ed25519.pub"), tmp_path / "srv" / "keys")
    with running(machine):
        assert machine.add().code == 0
        assert machine.decnet("worker", "remove", "w1", "--wipe").code == 0
        wait_until(lambda: not (machine.agent / "identity.json").exists())
        wait_until(lambda: b"decnet-fleet" not in place.read_bytes())
    assert place.read_bytes() == machine.key.with_name("id_ed25519.pub").read_bytes()


@pytest.mark.parametrize(
    ("accepted", "file"),
    [("ecdsa-sha2-nistp256,rsa-sha2-512", "fleet_ecdsa"), ("rsa-sha2-512", "fleet_rsa")],
)
def test_a_policy_without_ed25519_gets_a_fleet_key_of_another_type(
    tmp_path: Path, accepted: str, file: str
) -> None:
    machine = Machine(tmp_path, config=[f"PubkeyAcceptedAlgorithms {accepted}"])
    machine.authorize(machine.make_key("id_rsa", "rsa"))
    with running(machine):
        added = machine.add()
        assert added.code == 0, added.out
        assert machine.decnet("worker", "check", "w1").code == 0
        assert machine.add().out.endswith("nothing changed\n")
        public = (tmp_path / "home" / "keys" / file).stat()
        assert public.st_mode & 0o777 == 0o600
        assert machine.decnet("worker", "remove", "w1").code == 0
    assert b"decnet-fleet" not in machine.authorized_keys.read_bytes()


@pytest.fixture
def command_only(tmp_path: Path) -> Iterator[Machine]:
    """A machine whose sshd reads no authorized_keys file."""
    command = ["AuthorizedKeysFile none", "AuthorizedKeysCommand /bin/cat /srv/keys"]
    machine = Machine(tmp_path, config=[*command, "AuthorizedKeysCommandUser nobody"])
    copy_of(machine.key.with_name("id_ed25519.pub"), tmp_path / "srv" / "keys").chmod(0o644)
    for folder in (tmp_path, *tmp_path.parents):
        if folder.is_relative_to("/tmp") and folder != Path("/tmp"):
            folder.chmod(0o755)
    with running(machine):
        yield machine


def test_a_fleets_key_that_is_not_accepted_is_taken_back_with_the_agent(command_only: Machine) -> None:
    before = command_only.authorized_keys.read_bytes()
    refused = command_only.add()
    assert refused.code == 5
    assert "does not accept the fleet's key for root: ssh-ed25519 SHA256:" in refused
    assert "it offers publickey. Your own login worked" in refused
    assert "AuthorizedKeysFile none" in refused and "decnet worker" not in refused.out
    assert (command_only.remains(), command_only.enrolled()) == ([], [])
    assert command_only.authorized_keys.read_bytes() == before


def test_the_key_of_the_hint_lets_the_fleet_in(command_only: Machine) -> None:
    found = re.search(r'restrict,command="[^"]*" ssh-ed25519 \S+', command_only.add().out)
    assert found is not None
    with (command_only.folder / "srv" / "keys").open("a") as keys:
        keys.write(f"{found[0]}\n")
    assert command_only.add().code == 0


def test_a_failed_second_enrolment_leaves_the_first_one_working(tmp_path: Path) -> None:
    machine = Machine(tmp_path)
    with running(machine):
        assert machine.add().code == 0
    (machine.agent / "engine.cache").unlink()
    first = {path: path.read_bytes() for path in machine.agent.rglob("*") if path.is_file()}
    keys = machine.authorized_keys.read_bytes()
    machine.configure("AuthorizedKeysFile none", "AuthorizedKeysCommand /bin/cat /srv/keys",
                      "AuthorizedKeysCommandUser root")  # fmt: skip
    copy_of(machine.key.with_name("id_ed25519.pub"), tmp_path / "srv" / "keys")
    shutil.move(tmp_path / "home", tmp_path / "first-home")
    with running(machine):
        assert machine.add("--adopt").code == 5
    kept = {path: path.read_bytes() for path in machine.agent.rglob("*") if path.is_file()}
    assert {path: kept.get(path) for path in first} == first
    assert machine.authorized_keys.read_bytes() == keys


ENDS_THE_OTHERS = """#!/bin/sh
cat /srv/keys
grep -q decnet-fleet /root/.ssh/authorized_keys || exit 0
sshd=$(ps -o ppid= -p $PPID)
for each in $(ps -o pid= --ppid $sshd); do [ $each = $PPID ] || kill $each; done
"""


def test_what_cannot_be_taken_back_is_named_with_the_way_to_remove_it(tmp_path: Path) -> None:
    """The operator's connection is lost while the fleet's key is tried."""
    machine = Machine(tmp_path)
    command = ["AuthorizedKeysCommand /srv/ends-the-others", "AuthorizedKeysCommandUser root"]
    machine.configure("AuthorizedKeysFile none", *command)
    copy_of(machine.key.with_name("id_ed25519.pub"), tmp_path / "srv" / "keys")
    (tmp_path / "srv" / "ends-the-others").write_text(ENDS_THE_OTHERS)
    (tmp_path / "srv" / "ends-the-others").chmod(0o755)
    with running(machine):
        refused = machine.add()
    assert (refused.code, machine.enrolled()) == (5, [])
    assert "left there: /var/lib/decnet-agent, the fleet's line in " in refused
    assert "remove it as root there: rm -rf /var/lib/decnet-agent" in refused


@pytest.mark.parametrize(
    ("change", "message", "hint"),
    [
        (PASSWORD_TOO, "accepts the fleet's key for root and then requires password", "Match User root"),
        (["AuthenticationMethods publickey,publickey"], "and then requires another key", "Match User root"),
        (["AuthorizedKeysFile /srv/keys"], "does not accept the fleet's key for root", "worker add w1"),
        (["PubkeyAuthentication no"], "takes no key from root", "PubkeyAuthentication yes"),
    ],
)
def test_an_enrolled_workers_refusal_is_about_the_fleets_key(
    tmp_path: Path, change: list[str], message: str, hint: str
) -> None:
    machine = Machine(tmp_path)
    with running(machine):
        assert machine.add().code == 0
    machine.configure(*change)
    with running(machine):
        refused = machine.decnet("worker", "show", "w1")
    assert (refused.code, message in refused, hint in refused) == (5, True, True), refused.out


@pytest.mark.parametrize(
    ("commands", "reason"),
    [
        (["touch /srv/keys", "mount --bind /srv/keys {file}"], "Device or resource busy"),
        (["mount -t tmpfs -o ro none /root/.ssh"], "Read-only file system"),
    ],
)
def test_an_authorized_keys_file_that_cannot_be_replaced_is_reported_and_nothing_is_left(
    tmp_path: Path, commands: list[str], reason: str
) -> None:
    machine = Machine(tmp_path, config=["AuthorizedKeysFile .ssh/authorized_keys /srv/own"])
    shutil.copy(machine.key.with_name("id_ed25519.pub"), tmp_path / "srv" / "own")
    file = "/root/.ssh/authorized_keys"
    with running(machine, [command.format(file=file) for command in commands]):
        ran = machine.add()
    assert ran.code == 4, ran.out
    assert f"the fleet's key cannot be written to {file}: {reason}" in ran
    assert "hint: is the file immutable (lsattr), a mount, or on a read-only file system?" in ran
    assert (machine.remains(), machine.enrolled()) == ([], [])
    assert list(machine.authorized_keys.parent.glob("*.tmp")) == []
