"""Workers over real OpenSSH: enrolled once, pinned permanently, pulled from."""

from __future__ import annotations

import json
import shutil
import subprocess
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from decnet.lab import heal, partition, start, stop

if TYPE_CHECKING:
    from .conftest import Ground

pytestmark = pytest.mark.lab
W1 = "root@198.51.100.11"


def replace_host_keys(ground: Ground, kinds: list[str]) -> None:
    """Give w1's sshd new host keys; of a kind that is not named it gets none."""
    stop(ground.lab, "w1", "sshd")
    folder = ground.folder("w1") / "sshd"
    for kind in ("ed25519", "rsa"):
        for path in (folder / f"host_{kind}", folder / f"host_{kind}.pub"):
            path.unlink(missing_ok=True)
    for kind in ("ed25519", "rsa"):
        # The lab names both files: a server without ed25519 has rsa keys in both.
        made = kind if kind in kinds else kinds[0]
        path = folder / f"host_{kind}"
        subprocess.run(["ssh-keygen", "-q", "-t", made, "-N", "", "-f", str(path)], check=True)
    start(ground.lab, "w1")


def test_a_worker_is_enrolled_once_and_a_second_time_changes_nothing(ground: Ground) -> None:
    first = ground.act("add", "w1", W1, "--yes", "--adopt")
    keys = (ground.folder("w1") / "ssh" / "authorized_keys").read_bytes()
    known_hosts = (ground.home / "known_hosts").stat().st_ino
    second = ground.act("add", "w1", W1)
    assert first["ok"]["changed"] != []
    assert second["ok"]["changed"] == []
    assert second["ok"]["worker_id"] == first["ok"]["worker_id"]
    assert (ground.folder("w1") / "ssh" / "authorized_keys").read_bytes() == keys
    assert (ground.home / "known_hosts").stat().st_ino == known_hosts
    assert ground.pull() == {"w1": {"worker": first["ok"]["worker_id"]}}


def test_a_worker_behind_another_ones_sshd_is_enrolled_and_pulled_from(ground: Ground) -> None:
    known = "mkdir -p ~/.ssh && ssh-keyscan -t ed25519 198.51.100.11 >~/.ssh/known_hosts 2>/dev/null"
    ground.run("operator", "sh", "-c", known)
    seen = len(ground.sshd_log("w2"))
    outcome = ground.act(
        "add", "w2", "root@198.51.100.12", "--yes", "--adopt", "--jump", "root@198.51.100.11"
    )
    assert ground.pull() == {"w2": {"worker": outcome["ok"]["worker_id"]}}
    said = ground.sshd_log("w2")[seen:]
    assert "Connection from 198.51.100.11" in said
    assert "Connection from 198.51.100.2 " not in said
    ground.run("operator", "rm", "-f", "/root/.ssh/known_hosts")
    assert ground.pull()["w2"]["message"].endswith(
        "at the jump host, 198.51.100.11: its host key is not in /root/.ssh/known_hosts"
    )


def test_a_first_contact_without_a_trusted_host_key_is_refused_and_nothing_is_left_there(
    ground: Ground,
) -> None:
    before = (ground.folder("w2") / "ssh" / "authorized_keys").read_bytes()
    outcome = ground.act("add", "w2", "root@198.51.100.12")
    assert (outcome["error"], outcome["exit"]) == ("HostKeyRefused", 6)
    assert (ground.folder("w2") / "ssh" / "authorized_keys").read_bytes() == before


def test_a_fingerprint_vouches_for_the_host_key_of_any_kind_that_the_server_has(ground: Ground) -> None:
    for kind in ("ed25519", "rsa"):
        public = ground.folder("w1") / "sshd" / f"host_{kind}.pub"
        shown = subprocess.run(["ssh-keygen", "-lf", str(public)], capture_output=True, check=True, text=True)
        outcome = ground.act("add", f"w-{kind}", W1, "--adopt", "--host-key", shown.stdout.split()[1])
        assert "ok" in outcome, outcome
        assert ground.pull()[f"w-{kind}"].get("worker") == outcome["ok"]["worker_id"]
        (ground.home / "workers.json").unlink()


def test_a_wrong_fingerprint_is_refused(ground: Ground) -> None:
    outcome = ground.act("add", "w1", W1, "--host-key", "SHA256:" + "A" * 43)
    assert (outcome["error"], outcome["exit"]) == ("HostKeyRefused", 6)


@pytest.mark.parametrize("kind", ["ed25519", "rsa", "ecdsa"])
def test_a_replaced_host_key_of_any_kind_is_exit_6_and_nothing_is_sent(ground: Ground, kind: str) -> None:
    ground.enrol()
    replace_host_keys(ground, [kind])
    seen = len(ground.sshd_log("w1"))
    answers = ground.pull()
    assert (answers["w1"]["error"], answers["w1"]["exit"]) == ("HostKeyRefused", 6)
    assert "worker" in answers["w2"]
    said = ground.sshd_log("w1")[seen:]
    assert "Connection" in said
    assert "Accepted" not in said and "authenticating user" not in said and "Starting session" not in said
    trusted = ground.act("trust", "w1")
    assert trusted["ok"]["old"] != trusted["ok"]["new"]
    assert "worker" in ground.pull()["w1"]


@pytest.mark.parametrize(("field", "error"), [("worker_id", "IdentityRefused"), ("fleet_id", "FleetRefused")])
def test_another_identity_behind_the_right_host_key_is_refused(
    ground: Ground, field: str, error: str
) -> None:
    ground.enrol()
    path = ground.folder("w1") / "agent" / "identity.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), field: "somebody-else"}))
    answers = ground.pull()
    assert (answers["w1"]["error"], answers["w1"]["exit"]) == (error, 6)
    assert "worker" in answers["w2"]


def test_a_worker_of_another_fleet_is_not_taken_over_unasked(ground: Ground) -> None:
    ground.enrol("w1")
    other = ground.act("add", "w1x", W1, "--yes", "--fleet", "another-fleet")
    assert (other["error"], other["exit"]) == ("FleetRefused", 6)
    assert "worker" in ground.pull()["w1"]


ATTEMPTS = [
    ["id"],
    ["sh"],
    [""],
    ["decnet-agent enrol"],
    ["decnet-agent status; touch /tmp/decnet-owned"],
    ["decnet-agent status\ntouch /tmp/decnet-owned"],
    ["decnet-agent $(touch /tmp/decnet-owned)"],
    ["decnet-agent `touch /tmp/decnet-owned`"],
    ["decnet-agent status && touch /tmp/decnet-owned"],
    ["decnet-agent status | touch /tmp/decnet-owned"],
    ["decnet-agent gate"],
    ["decnet-agent " + "A" * 100_000],
    ["scp -t /tmp/decnet-owned"],
    ["/usr/lib/openssh/sftp-server"],
]


def test_the_fleets_key_runs_nothing_but_the_agents_verbs(ground: Ground) -> None:
    ground.enrol("w1")
    mark = Path("/tmp/decnet-owned")
    mark.unlink(missing_ok=True)
    for command in ATTEMPTS:
        ended = ground.run("operator", *openssh(ground), W1, *command, check=False)
        outcome = (ended.returncode != 0, ended.stdout, mark.exists())
        assert outcome == (True, b"", False), command


def test_the_fleets_key_gets_no_shell_no_sftp_and_no_forwarding(ground: Ground) -> None:
    ground.enrol("w1")
    ssh = openssh(ground)
    shell = ground.run("operator", *ssh, "-tt", W1, check=False)
    sftp = ground.run("operator", *ssh, "-s", W1, "sftp", check=False)
    forward = ground.run("operator", *ssh, "-W", "127.0.0.1:22", W1, check=False)
    assert shell.returncode != 0 and shell.stdout == b""
    assert b"PTY allocation request failed" in shell.stderr
    assert b"SSH-2.0" not in forward.stdout
    assert b"stdio forwarding failed" in forward.stderr
    assert sftp.returncode != 0 and sftp.stdout == b""


def openssh(ground: Ground) -> list[str]:
    return [
        "ssh", "-F", "none", "-i", str(ground.home / "keys" / "fleet"), "-o", "IdentitiesOnly=yes",
        "-o", "IdentityAgent=none", "-o", "BatchMode=yes", "-o", "StrictHostKeyChecking=yes",
        "-o", f"UserKnownHostsFile={ground.home / 'known_hosts'}", "-o", "LogLevel=ERROR",
    ]  # fmt: skip


def test_a_noisy_shell_is_warned_about_and_does_no_harm(ground: Ground) -> None:
    ground.run(
        "w1",
        "sh",
        "-c",
        "cp /root/.bashrc /run/kept; echo 'printf \"hi\\033[2J there\\n\"; sleep 0.4' > /root/.bashrc",
    )
    try:
        outcome = ground.act("add", "w1", W1, "--yes", "--adopt")
        (warning,) = outcome["ok"]["warnings"]
        assert "prints" in warning and "takes" in warning
        assert ground.pull()["w1"] == {"worker": outcome["ok"]["worker_id"]}
        (again,) = ground.act("check", "w1")["ok"]["warnings"]
        assert "prints 13 bytes" in again
    finally:
        ground.run("w1", "sh", "-c", "cat /run/kept > /root/.bashrc")


def test_a_partitioned_worker_is_unreachable_and_costs_the_others_nothing(ground: Ground) -> None:
    ground.enrol()
    partition(ground.lab, "w1")
    answers = ground.pull()
    assert (answers["w1"]["error"], answers["w1"]["exit"]) == ("Unreachable", 5)
    assert "worker" in answers["w2"]
    heal(ground.lab, "w1")
    assert "worker" in ground.pull()["w1"]


def test_a_connection_that_is_kept_between_rounds_comes_back_after_an_outage(ground: Ground) -> None:
    ground.enrol()
    watching = subprocess.Popen(
        ground.argv("pull", "--rounds", "3"), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert watching.stdin is not None and watching.stdout is not None
    try:
        first = json.loads(watching.stdout.readline())
        stop(ground.lab, "w1", "sshd")
        watching.stdin.write("\n")
        watching.stdin.flush()
        second = json.loads(watching.stdout.readline())
        start(ground.lab, "w1")
        watching.stdin.write("\n")
        watching.stdin.flush()
        third = json.loads(watching.stdout.readline())
        watching.communicate(timeout=60)
    finally:
        watching.kill()
        watching.wait()
    assert "worker" in first["workers"]["w1"]
    assert second["workers"]["w1"]["code"] == "unreachable"
    assert "worker" in second["workers"]["w2"]
    assert "worker" in third["workers"]["w1"]


def test_a_half_open_connection_is_found(ground: Ground) -> None:
    ground.enrol("w1")
    watching = subprocess.Popen(
        ground.argv("pull", "--rounds", "3"), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert watching.stdin is not None and watching.stdout is not None
    try:
        json.loads(watching.stdout.readline())
        partition(ground.lab, "w1")
        # Longer than the keep-alive's three missed answers.
        time.sleep(22)
        watching.stdin.write("\n")
        watching.stdin.flush()
        second = json.loads(watching.stdout.readline())
        heal(ground.lab, "w1")
        watching.stdin.write("\n")
        watching.stdin.flush()
        third = json.loads(watching.stdout.readline())
        watching.communicate(timeout=60)
    finally:
        watching.kill()
        watching.wait()
    assert second["workers"]["w1"]["code"] == "unreachable"
    assert "worker" in third["workers"]["w1"]


def test_twenty_commands_at_once_against_one_worker_all_get_their_answer(ground: Ground) -> None:
    ground.enrol("w1")
    running = [subprocess.Popen(ground.argv("pull"), stdout=subprocess.PIPE, text=True) for _ in range(20)]
    answers = [json.loads(process.communicate(timeout=110)[0].splitlines()[0]) for process in running]
    refused = [answered for answer in answers if "worker" not in (answered := answer["workers"]["w1"])]
    assert refused == []


def test_after_it_is_withdrawn_the_fleets_key_opens_nothing(ground: Ground) -> None:
    ground.enrol("w1")
    others = [line for line in authorized(ground) if b"decnet-fleet" not in line]
    assert ground.act("withdraw", "w1") == {"ok": True}
    assert authorized(ground) == others
    answer = ground.pull()["w1"]
    assert (answer["error"], answer["exit"]) == ("Unreachable", 5)
    assert "SSH authentication failed" in answer["message"]
    assert ground.act("withdraw", "w1") == {"ok": False}


def test_another_fleet_that_takes_a_worker_over_takes_away_the_first_ones_key(ground: Ground) -> None:
    ground.enrol("w1")
    first_home, ground.home = ground.home, ground.home.with_name("other")
    assert "ok" in ground.act("add", "w1", W1, "--yes", "--adopt", "--fleet", "another-fleet")
    ground.home = first_home
    assert ground.pull()["w1"]["error"] == "Unreachable"


def test_a_lost_home_is_recovered_from_what_the_worker_knows(ground: Ground) -> None:
    ground.enrol("w1")
    known = ground.pull()["w1"]["worker"]
    ground.home = ground.home.with_name("new machine")
    recovered = ground.act("recover", "w1", W1)
    assert recovered["ok"]["worker_id"] == known
    assert ground.pull() == {"w1": {"worker": known}}


def test_a_machine_without_a_working_engine_is_refused_with_a_hint_and_left_unchanged(ground: Ground) -> None:
    stop(ground.lab, "w2", "engine")
    before = (ground.folder("w2") / "ssh" / "authorized_keys").read_bytes()
    outcome = ground.act("add", "w2", "root@198.51.100.12", "--yes", "--adopt")
    assert (outcome["error"], outcome["exit"]) == ("WorkerError", 4)
    assert "Docker" in outcome["message"] and outcome["hint"]
    assert (ground.folder("w2") / "ssh" / "authorized_keys").read_bytes() == before


MAKE_USER = """
useradd -d /var/lib/decnet/deck -M -s /bin/bash deck
echo deck:sesame | chpasswd
mkdir -p /var/lib/decnet/deck/.ssh
cp /root/.ssh/authorized_keys /var/lib/decnet/deck/.ssh/
chown -R deck: /var/lib/decnet/deck
chmod 755 /var/lib/decnet
chown root: /var/lib/decnet-agent
rm -rf /var/lib/decnet-agent/*
echo "deck ALL=(ALL) ALL" > /etc/sudoers.d/deck
chmod 440 /etc/sudoers.d/deck
"""


@pytest.mark.skipif(shutil.which("sudo") is None, reason="needs sudo")
def test_an_ordinary_user_of_the_docker_group_is_enrolled_with_sudo_for_the_folder_only(
    ground: Ground,
) -> None:
    address = "deck@198.51.100.12"
    ground.run("w2", "sh", "-ec", MAKE_USER)
    try:
        no_rights = ground.act("add", "w2", address, "--yes")
        assert "usermod -aG docker deck" in no_rights["hint"]
        ground.run("w2", "usermod", "-aG", "docker", "deck")
        unasked = ground.act("add", "w2", address, "--yes")
        wrong = ground.act("add", "w2", address, "--yes", "--password", "wrong")
        assert (unasked["error"], wrong["error"]) == ("WorkerError", "WorkerError")
        assert "as root there: install -d" in unasked["hint"]
        ground.run("w2", "mount", "--bind", "/dev/null", "/usr/bin/sudo")
        without_sudo = ground.act("add", "w2", address, "--yes", "--password", "sesame")
        ground.run("w2", "umount", "/usr/bin/sudo")
        assert "as root there: install -d" in without_sudo["hint"]
        right = ground.act("add", "w2", address, "--yes", "--password", "sesame")
        assert right["ok"]["changed"] == ["folder", "agent", "link", "command", "key"]
        ground.run("w2", "rm", "/etc/sudoers.d/deck")
        assert ground.pull() == {"w2": {"worker": right["ok"]["worker_id"]}}
        assert ground.act("add", "w2", address)["ok"]["changed"] == []
    finally:
        ground.run(
            "w2", "sh", "-c", "rm -rf /etc/sudoers.d/deck /var/lib/decnet-agent/*; userdel --force deck"
        )
        ground.run("w2", "chown", "root:", "/var/lib/decnet-agent")


def authorized(ground: Ground) -> list[bytes]:
    return (ground.folder("w1") / "ssh" / "authorized_keys").read_bytes().splitlines()
