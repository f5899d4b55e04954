"""Virtual workers: what the lab does with them. A fleet lives on them in tests/engines."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from lab_machines import in_place

from decnet.errors import UsageError
from decnet.lab import Lab, choice, heal, partition, pause, resume, start, status, stop, up, wipe

pytestmark = pytest.mark.engines
SSH = ("ssh", "-o", "StrictHostKeyChecking=accept-new", "-o", "ConnectTimeout=3", "-o", "BatchMode=yes")


def test_it_has_a_kernel_and_systemd_and_control_groups_of_its_own(virtual: Lab) -> None:
    asked = "uname -r; ps -p 1 -o comm=; stat -fc %T /sys/fs/cgroup; hostname; ls /sys/class/net"
    kernel, *rest = in_place(virtual, "w1", "sh", "-c", asked).stdout.split()
    assert kernel != os.uname().release
    assert rest[:3] == ["systemd", "cgroup2fs", "w1"]
    assert {"eth0", "mgmt0"} <= set(rest)
    assert [(each.release, each.healthy) for each in status(virtual).workers] == [("trixie VM", True)]
    assert up(virtual) == status(virtual)


def test_the_operator_and_the_attacker_reach_it(virtual: Lab) -> None:
    assert in_place(virtual, "operator", *SSH, "root@198.51.100.11", "hostname").stdout == "w1\n"
    assert in_place(virtual, "attacker", "ping", "-c3", "-i0.2", "-W2", "192.0.2.11").returncode == 0


def test_the_lab_reaches_it_though_it_is_cut_off(virtual: Lab) -> None:
    partition(virtual, "w1")
    try:
        cut = in_place(virtual, "operator", *SSH, "root@198.51.100.11", "true", check=False)
        assert cut.returncode == 255
        assert in_place(virtual, "w1", "hostname").stdout == "w1\n"
    finally:
        heal(virtual, "w1")
    assert in_place(virtual, "operator", *SSH, "root@198.51.100.11", "hostname").stdout == "w1\n"


def test_a_power_cut_is_a_boot_after_which_its_disk_is_as_it_was(virtual: Lab) -> None:
    boot_id = in_place(virtual, "w1", "cat", "/proc/sys/kernel/random/boot_id").stdout
    in_place(virtual, "w1", "sh", "-c", "touch /run/gone; echo kept > /root/kept; sync")
    stop(virtual, "w1")
    assert not status(virtual).workers[0].powered
    start(virtual, "w1")
    assert status(virtual).workers[0].healthy
    assert in_place(virtual, "w1", "cat", "/proc/sys/kernel/random/boot_id").stdout != boot_id
    assert in_place(virtual, "w1", "cat", "/run/gone", "/root/kept", check=False).stdout == "kept\n"


def test_its_engine_stops_and_hangs_and_comes_back(virtual: Lab) -> None:
    stop(virtual, "w1", "engine")
    assert (status(virtual).workers[0].engine, status(virtual).workers[0].sshd) == ("down", True)
    start(virtual, "w1")
    pause(virtual, "w1")
    assert status(virtual).workers[0].engine == "silent"
    resume(virtual, "w1")
    assert status(virtual).workers[0].healthy


def test_its_agents_folder_is_wiped(virtual: Lab) -> None:
    in_place(virtual, "w1", "sh", "-c", "mkdir -p /var/lib/decnet-agent; touch /var/lib/decnet-agent/x")
    wipe(virtual, "w1")
    assert in_place(virtual, "w1", "ls", "-A", "/var/lib/decnet-agent").stdout == ""


def test_what_it_cannot_do_is_refused(virtual: Lab) -> None:
    with pytest.raises(UsageError, match="w1 is a virtual worker"):
        stop(virtual, "w1", "sshd")


def test_a_worker_whose_disk_image_is_gone_gets_another_one(tmp_path: Path) -> None:
    machine, asked = Lab("tlabx", tmp_path / "lab").worker(1), ([], {}, lambda _: None)
    choice.choose([machine], *asked, virtual=True)
    has = json.loads(choice.file_of(machine).read_text())
    choice.file_of(machine).write_text(json.dumps(has | {"disk": "/nowhere"}))
    (machine.folder / "disk.cow").touch()
    choice.choose([machine], *asked)
    assert choice.of(machine).disk == has["disk"]
    assert not (machine.folder / "disk.cow").exists()
