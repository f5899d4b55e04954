"""What it is like on the machines of a lab, and what the faults do to them."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from pathlib import Path

import pytest
from lab_machines import Run, alive, import_image, in_place, start_container

from decnet.errors import Failed, UsageError
from decnet.lab import (
    Lab,
    heal,
    partition,
    pause,
    resume,
    run_argv,
    shell_env,
    slow,
    start,
    status,
    stop,
    up,
    wipe,
)

SSH = ("ssh", "-o", "StrictHostKeyChecking=accept-new", "-o", "ConnectTimeout=3", "-o", "BatchMode=yes")
W1 = "root@198.51.100.11"


def test_the_attacker_reaches_the_lan_and_not_the_management_network(run: Run) -> None:
    assert run("attacker", "ping", "-c3", "-i0.2", "-W2", "192.0.2.11").returncode == 0
    assert run("attacker", "ping", "-c3", "-i0.2", "-W2", "192.0.2.1").returncode == 0
    assert run("attacker", "ping", "-c1", "-W1", "198.51.100.11", check=False).returncode != 0


def test_a_worker_is_no_way_from_the_lan_to_the_operator(run: Run) -> None:
    run("attacker", "ip", "route", "replace", "198.51.100.2/32", "via", "192.0.2.11")
    run("operator", "ip", "route", "replace", "192.0.2.0/24", "via", "198.51.100.11")
    try:
        assert run("attacker", "ping", "-c1", "-W1", "198.51.100.2", check=False).returncode != 0
    finally:
        run("attacker", "ip", "route", "delete", "198.51.100.2/32")
        run("operator", "ip", "route", "delete", "192.0.2.0/24")


def test_the_operators_key_opens_the_worker(run: Run) -> None:
    assert run("operator", *SSH, W1, "hostname").stdout == "w1\n"


def test_a_worker_shows_its_own_interfaces_and_name(run: Run) -> None:
    seen = run("w1", "sh", "-c", "ls /sys/class/net; hostname; cat /etc/hostname; ls /proc/sys/net/ipv6/conf")
    assert seen.stdout.split()[:5] == ["eth0", "lo", "mgmt0", "w1", "w1"]
    assert run("w1", "ip", "-6", "address").stdout == ""
    assert run("w1", "ip", "route", "show", "default").stdout.split()[:5] == [
        "default",
        "via",
        "192.0.2.1",
        "dev",
        "eth0",
    ]


def test_what_a_worker_writes_stays_on_the_worker(lab: Lab, run: Run) -> None:
    paths = ["/etc/lab-test", "/usr/local/bin/lab-test", "/root/.ssh/lab-test", "/var/lib/decnet/lab-test",
             "/var/lib/decnet-agent/lab-test", "/run/lab-test", "/opt/decnet/lab-test"]  # fmt: skip
    try:
        run("w1", "touch", *paths)
        assert [path for path in paths if Path(path).exists()] == []
        assert run("operator", "ls", *paths, check=False).stdout == ""
    finally:
        run("w1", "rm", "-f", *paths)


def test_a_new_account_on_a_worker_is_not_one_of_the_machine(run: Run) -> None:
    run("w1", "useradd", "labtester")
    try:
        assert run("w1", "id", "-un", "labtester").stdout == "labtester\n"
        assert "labtester" not in Path("/etc/passwd").read_text()
    finally:
        run("w1", "userdel", "labtester")


def test_a_container_on_the_lan_answers_the_attacker(lab: Lab, run: Run) -> None:
    import_image(lab)
    network = (
        "--driver",
        "macvlan",
        "--subnet",
        "192.0.2.0/24",
        "--gateway",
        "192.0.2.1",
        "-o",
        "parent=eth0",
    )
    run("w1", "docker", "network", "create", *network, "lan")
    try:
        where = ("--network", "lan", "--ip", "192.0.2.77", "--mac-address", "00:11:32:aa:bb:cc")
        started = run("w1", "docker", "run", "-d", "--name", "decoy", *where, "sleeper")
        assert started.stderr == ""
        assert run("attacker", "ping", "-c3", "-i0.2", "-W2", "192.0.2.77").returncode == 0
        assert "00:11:32:aa:bb:cc" in run("attacker", "ip", "neighbour", "show", "192.0.2.77").stdout
    finally:
        run("w1", "docker", "rm", "-f", "decoy", check=False)
        run("w1", "docker", "network", "rm", "lan")


def test_the_pid_that_is_started_is_the_command_itself(lab: Lab, tmp_path: Path) -> None:
    argv = run_argv(lab, "w1", ["sh", "-c", "echo $$; pwd; exec sleep 60"])
    with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True, cwd=os.getcwd()) as child:
        assert child.stdout is not None
        assert (int(child.stdout.readline()), child.stdout.readline().strip()) == (child.pid, os.getcwd())
        child.send_signal(signal.SIGTERM)
        assert child.wait(10) == -signal.SIGTERM


def test_the_exit_code_and_the_environment_are_the_commands(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DOCKER_HOST", "tcp://203.0.113.1:2375")
    monkeypatch.setenv("DECNET_HOME", "/var/lib/of-this-machine")
    monkeypatch.setenv("DECNET_KEPT", "yes")
    shown = "echo $DOCKER_HOST,$DECNET_HOME,$DECNET_KEPT,$DECNET_LAB_PLACE; exit 42"
    ended = in_place(lab, "w1", "sh", "-c", shown, check=False)
    assert (ended.returncode, ended.stdout) == (42, ",,yes,w1\n")
    assert shell_env(lab, "w1")["DECNET_LAB_PLACE"] == "w1"
    path = shell_env(lab, "w1")["PATH"].split(":")
    assert path.index("/usr/bin") < path.index("/usr/local/bin")


@pytest.mark.parametrize("name", ["w0", "w100", "lan", "op", "../w1", ""])
def test_a_place_that_is_none_is_refused(lab: Lab, name: str) -> None:
    with pytest.raises(UsageError, match="not a machine of the lab"):
        run_argv(lab, name, ["true"])


def test_a_worker_that_is_not_up_is_refused(lab: Lab) -> None:
    with pytest.raises(Failed, match="w9 of the lab 'tlab' is not up"):
        run_argv(lab, "w9", ["true"])
    with pytest.raises(UsageError, match="not a worker"):
        partition(lab, "attacker")


def test_a_partitioned_worker_is_silent_until_it_is_healed(lab: Lab, run: Run) -> None:
    partition(lab, "w1")
    try:
        assert status(lab).workers[0].partitioned
        assert run("operator", *SSH, W1, "true", check=False).returncode == 255
        assert run("attacker", "ping", "-c3", "-i0.2", "-W2", "192.0.2.11").returncode == 0
        partition(lab, "w1", lan=True)
        assert run("attacker", "ping", "-c1", "-W1", "192.0.2.11", check=False).returncode != 0
    finally:
        heal(lab, "w1")
    assert run("operator", *SSH, W1, "hostname").stdout == "w1\n"
    assert run("attacker", "ping", "-c3", "-i0.2", "-W2", "192.0.2.11").returncode == 0
    assert status(lab).workers[0].healthy


def test_a_power_cut_ends_everything_and_start_is_a_boot(lab: Lab, run: Run) -> None:
    import_image(lab)
    kept = start_container(lab, "kept", "w1", "--restart", "unless-stopped")
    lost = start_container(lab, "lost")
    boot_id = run("w1", "cat", "/proc/sys/kernel/random/boot_id").stdout
    run("w1", "touch", "/run/gone", "/var/lib/decnet-agent/there")
    with subprocess.Popen(run_argv(lab, "w1", ["sleep", "600"])) as job:
        stop(lab, "w1", "worker")
        assert job.wait(10) == -signal.SIGKILL
    assert not alive(kept) and not alive(lost)
    found = status(lab).workers[0]
    assert (found.powered, found.engine, found.sshd) == (False, "down", False)
    start(lab, "w1")
    assert status(lab).workers[0].healthy
    assert run("w1", "cat", "/proc/sys/kernel/random/boot_id").stdout != boot_id
    assert run("w1", "ls", "/run/gone", check=False).returncode != 0
    assert run("w1", "ls", "/var/lib/decnet-agent/there").returncode == 0
    assert run("w1", "docker", "ps", "--format", "{{.Names}}").stdout == "kept\n"
    assert run("operator", *SSH, W1, "hostname").stdout == "w1\n"
    run("w1", "docker", "rm", "-f", "kept", "lost")


def test_a_stopped_engine_is_down_and_comes_back(lab: Lab, run: Run) -> None:
    stop(lab, "w1", "engine")
    assert status(lab).workers[0].engine == "down"
    assert run("w1", "docker", "ps", check=False).returncode != 0
    assert run("operator", *SSH, W1, "hostname").stdout == "w1\n"
    start(lab, "w1")
    assert run("w1", "docker", "ps", "-q").returncode == 0


def test_a_stopped_sshd_ends_its_sessions(lab: Lab, run: Run) -> None:
    argv = run_argv(lab, "operator", [*SSH, W1, "echo in; exec sleep 600"])
    with subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as session:
        assert session.stdout is not None and session.stdout.readline() == "in\n"
        stop(lab, "w1", "sshd")
        assert session.wait(20) == 255
    assert not status(lab).workers[0].sshd
    start(lab, "w1")
    assert run("operator", *SSH, W1, "hostname").stdout == "w1\n"


def test_a_paused_engine_is_silent_until_it_is_resumed(lab: Lab, run: Run) -> None:
    pause(lab, "w1")
    try:
        assert status(lab).workers[0].engine == "silent"
        assert run("w1", "timeout", "1", "docker", "ps", check=False).returncode == 124
    finally:
        resume(lab, "w1")
    assert run("w1", "docker", "ps", "-q").returncode == 0
    assert status(lab).workers[0].engine == "up"


def test_a_wiped_worker_keeps_only_an_empty_agent_folder(lab: Lab, run: Run) -> None:
    run("w1", "sh", "-c", "mkdir -p /var/lib/decnet-agent/jobs && touch /var/lib/decnet-agent/jobs/1")
    wipe(lab, "w1")
    assert run("w1", "find", "/var/lib/decnet-agent", "-mindepth", "1").stdout == ""
    run("w1", "touch", "/var/lib/decnet-agent/again")
    wipe(lab, "w1")


PING = ("ping", "-c5", "-i0.2", "-W5", "198.51.100.11")
"""Succeeds with one answer: the first frames may be lost while a cable is connected."""


def test_a_slow_line_is_late_and_whole(lab: Lab, run: Run) -> None:
    slow(lab, "w1", 100)
    try:
        assert status(lab).workers[0].slow
        slow(lab, "w1", 150)
        begun = time.monotonic()
        run("operator", *PING)
        assert time.monotonic() - begun >= 0.3
        # 3 MB: segments and checksums that the sender leaves to its card come through unbroken.
        sent = run("operator", *SSH, W1, "head -c 3000000 /dev/zero | sha256sum; head -c 3000000 /dev/zero")
        assert len(sent.stdout) - sent.stdout.index("\n") - 1 == 3_000_000
        slow(lab, "w1", 0, 100)
        assert run("operator", "ping", "-c1", "-W1", "198.51.100.11", check=False).returncode != 0
    finally:
        heal(lab, "w1")
    assert run("operator", *PING).returncode == 0
    assert status(lab).workers[0].healthy


def test_a_slow_line_outlives_up_and_not_its_own_death(lab: Lab, run: Run) -> None:
    slow(lab, "w1", 120)
    try:
        up(lab)
        assert status(lab).workers[0].slow
        os.kill(int((lab.folder / "w1/pids/slowline").read_text().split()[1]), signal.SIGKILL)
        while status(lab).workers[0].slow:
            time.sleep(0.01)
        up(lab)
        assert run("operator", *PING).returncode == 0
    finally:
        heal(lab, "w1")
