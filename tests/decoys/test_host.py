# ruff: noqa: E501 (what real programs print is compared as it is)
"""One machine: its commands agree with each other."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Iterator
from dataclasses import replace

import pytest

from decnet.decoys.events import Recorder
from decnet.decoys.host.world import World
from decnet.decoys.persona import Persona
from decnet.decoys.shell.at_once import run_at_once
from decnet.decoys.shell.state import Shell

GUEST, SERVER = "00:50:56:01:02:03", "00:25:90:01:02:03"
RELEASES = ("debian-11", "debian-12", "ubuntu-20.04", "ubuntu-22.04", "ubuntu-24.04", "rocky-8", "rocky-9")


def persona(release: str = "debian-12", mac: str = GUEST, seed: str = "ab" * 16) -> Persona:
    return Persona("ssh", "web01", "linux", release, "", seed, ((22, "tcp"),), {}, "192.0.2.7", mac)


@pytest.fixture
def output() -> Iterator[int]:
    out, into = os.pipe()
    os.set_blocking(out, False)
    yield into
    os.close(out)
    os.close(into)


def shell(output: int, release: str = "debian-12", mac: str = GUEST, user: str = "root") -> Shell:
    session = Recorder(output).session("192.0.2.9", 4000)
    return Shell(World(persona(release, mac)), user, session, interactive=True)


def said(shell: Shell, line: str) -> str:
    """What a command line prints."""
    answer = run_at_once(shell, line)
    assert answer.error == "", answer
    return answer.out


@pytest.mark.parametrize("release", RELEASES)
@pytest.mark.parametrize("mac", [GUEST, SERVER])
def test_a_listing_has_every_process_once(output: int, release: str, mac: str) -> None:
    rows = [line.split(None, 10) for line in said(shell(output, release, mac), "ps aux").splitlines()[1:]]
    pids = [int(row[1]) for row in rows]
    assert pids == sorted(set(pids))
    commands = [row[10] for row in rows]
    managers = [each for each in commands if each.endswith("systemd --user") or each == "(sd-pam)"]
    assert [each for each in commands[-5:] if each not in managers][-3:] == [
        "sshd: root@pts/0",
        "-bash",
        "ps aux",
    ]
    assert len(managers) == (0 if release in ("synology", "qnap", "openwrt", "busybox") else 2)


@pytest.mark.parametrize("release", RELEASES[:5])
@pytest.mark.parametrize("mac", [GUEST, SERVER])
def test_every_program_that_runs_is_that_of_an_installed_package(release: str, mac: str) -> None:
    world = World(persona(release, mac))
    for entry in world.processes(int(time.time())):
        program = entry.command.split()[0]
        if program.startswith("/") and not entry.kernel:
            assert world.nodes.get(program) or world.nodes.get(f"/usr{program}"), entry.command


def test_a_process_of_the_visitor_comes_before_a_thread_with_its_number(
    output: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = shell(output)
    thread = next(
        entry for entry in own.world.processes(int(time.time())) if entry.name.startswith("kworker")
    )
    monkeypatch.setattr(World, "process", lambda world, number, now: replace(thread, pid=number))

    assert said(own, "cat /proc/self/comm; readlink /proc/$$/exe") == "cat\n/usr/bin/bash\n"


def test_two_machines_of_one_release_number_their_daemons_otherwise(output: int) -> None:
    numbers = []
    for seed in ("ab" * 16, "cd" * 16):
        entries = World(persona(seed=seed)).processes(1_700_000_000)
        numbers.append([entry.pid for entry in entries if entry.name in ("cron", "rsyslogd", "sshd")])
    assert numbers[0] != numbers[1]


def test_a_command_in_the_background_has_the_number_that_the_shell_names(output: int) -> None:
    own = shell(output)
    answer = run_at_once(own, "sleep 1 & sleep 0.1; ps -o pid=,ppid=,stat=,args= -p $!; echo $$")
    number = answer.error.split()[1]
    assert answer.out.split() == [number, str(own.pid), "S", "sleep", "1", str(own.pid)]


def test_one_command_of_ssh_takes_the_place_of_its_shell(output: int) -> None:
    own = shell(output)
    own.visit.terminal, own.visit.line, own.interactive = "", "ps -eo pid,args", False
    own.mode = "c"
    last = said(own, "ps -eo pid,args").splitlines()[-1].split(None, 1)
    assert last == [str(own.pid), "ps -eo pid,args"]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("true; ps -o comm= -p $$", "ps"),
        ("true && ps -o comm= -p $$", "ps"),
        ("ps -o comm= -p $$ | cat", "bash"),
        ("{ ps -o comm= -p $$; }", "bash"),
        ("ps -o comm= -p $$ 2>&1", "bash"),
        ("trap : EXIT; ps -o comm= -p $$", "bash"),
        ("bash -c 'true; ps -o comm= -p $$'; true", "ps"),
    ],
)
def test_the_last_command_of_bash_takes_its_place(output: int, line: str, expected: str) -> None:
    own = shell(output)
    own.mode, own.interactive = "c", False
    assert said(own, line).strip() == expected


@pytest.mark.parametrize("release", RELEASES)
def test_memory_and_disks_are_the_same_for_every_command(output: int, release: str) -> None:
    own = shell(output, release)
    total = int(re.findall(r"Mem: +(\d+)", said(own, "free"))[0])
    assert said(own, "free -b").split()[7] == str(total * 1024)
    source = said(own, "df / | tail -n 1").split()[0]
    assert said(own, "findmnt -n -o SOURCE /").strip() == source
    assert f"{source} on / type " in said(own, "mount")


def test_sizes_add_up(output: int) -> None:
    size, used, available = (int(word) for word in said(shell(output), "df /").split()[8:11])
    assert used + available < size


def test_the_uptime_is_the_time_since_the_boot(output: int) -> None:
    own = shell(output)
    since = said(own, "uptime -s")[:16]
    assert said(own, "who -b").split()[-2:] == since.split()


@pytest.mark.parametrize("release", RELEASES)
def test_a_service_has_one_number_everywhere(output: int, release: str) -> None:
    own = shell(output, release)
    unit = "sshd" if release.startswith("rocky") else "ssh"
    number = said(own, "pgrep -o sshd").strip()
    assert f"Main PID: {number} (sshd)" in said(own, f"systemctl status {unit} | cat")
    assert said(own, f"cat /proc/{number}/comm; readlink /proc/{number}/exe").split() == [
        "sshd",
        "/usr/sbin/sshd",
    ]
    assert said(own, "pidof sshd").split()[-1] == number
    assert f"sshd[{number}]: Server listening on 0.0.0.0 port 22." in said(own, f"journalctl -u {unit}")
    assert said(own, f"systemctl show -p MainPID {unit}") == f"MainPID={number}\n"


@pytest.mark.parametrize("mac", [GUEST, SERVER])
def test_the_processor_is_one(output: int, mac: str) -> None:
    own = shell(output, mac=mac)
    model = said(own, "grep -m1 'model name' /proc/cpuinfo").partition(": ")[2].strip()
    assert said(own, "lscpu | grep '^Model name'").partition(":")[2].strip() == model
    count = said(own, "nproc").strip()
    assert said(own, "grep -c ^processor /proc/cpuinfo").strip() == count
    assert said(own, "grep -c '^cpu[0-9]' /proc/stat").strip() == count
    assert ("hypervisor" in said(own, "grep -m1 flags /proc/cpuinfo")) == (mac == GUEST)
    vendor = said(own, "dmidecode -s system-manufacturer").strip()
    assert said(own, "cat /sys/class/dmi/id/sys_vendor").strip() == vendor
    assert said(own, "systemd-detect-virt; true").strip() == ("vmware" if mac == GUEST else "none")


@pytest.mark.parametrize("release", RELEASES)
def test_the_disk_is_one(output: int, release: str) -> None:
    own = shell(output, release)
    name = said(own, "findmnt -n -o SOURCE /").strip().rpartition("/")[2]
    size = next(
        line for line in said(own, "lsblk -b -l -o NAME,SIZE").splitlines() if line.split()[0] == name
    ).split()[1]
    dm = "dm-0" if name.startswith("rl-") else name
    blocks = next(
        line.split()[2] for line in said(own, "cat /proc/partitions").splitlines() if line.endswith(dm)
    )
    assert int(size) == int(blocks) * 1024
    assert f"/{name}: UUID=" in said(own, "blkid")


@pytest.mark.parametrize("release", RELEASES)
def test_the_boot_is_one_time(output: int, release: str) -> None:
    own = shell(output, release)
    booted = own.world.booted()
    assert said(own, "grep btime /proc/stat").split()[1] == str(booted)
    up = float(said(own, "cut -d' ' -f1 /proc/uptime"))
    assert abs(time.time() - up - booted) < 5
    assert said(own, "last reboot | head -n 1").split()[:3] == ["reboot", "system", "boot"]


@pytest.mark.parametrize("release", RELEASES)
def test_every_process_has_an_account(output: int, release: str) -> None:
    own = shell(output, release)
    users = set(said(own, "ps -eo user:32=").split())
    assert users <= set(said(own, "cut -d: -f1 /etc/passwd").split())
    assert said(own, "cut -d: -f1 /etc/passwd") == said(own, "cut -d: -f1 /etc/shadow")
    for account in own.world.accounts.users:
        assert own.world.accounts.group_of(account.gid) is not None, account


def test_a_user_who_is_added_is_one_for_every_command(output: int) -> None:
    own = shell(output)
    assert said(
        own, "useradd -m -G sudo -s /bin/bash eve; id eve; getent passwd eve; ls -ld /home/eve | cut -c1-10"
    ) == (
        "uid=1001(eve) gid=1001(eve) groups=1001(eve),27(sudo)\neve:x:1001:1001::/home/eve:/bin/bash\ndrwxr-xr-x\n"
    )
    said(own, "echo eve:secret | chpasswd")
    assert own.files.password("eve") == "secret"
    assert said(own, "passwd -S eve").split()[:2] == ["eve", "P"]


def test_a_daemon_that_was_killed_is_gone_for_its_visitor_only(output: int) -> None:
    first = shell(output)
    world = first.world
    second = Shell(world, "root", Recorder(output).session("192.0.2.44", 4001), interactive=True)
    number = said(first, "pgrep cron").strip()
    said(first, "pkill cron")
    assert run_at_once(first, "pgrep cron").status == 1
    assert run_at_once(first, f"ls /proc/{number}").status == 2
    assert said(first, "systemctl is-active cron; true") == "inactive\n"
    assert said(second, "pgrep cron").strip() == number
    said(first, "systemctl start cron")
    assert said(first, "pgrep cron").strip() == number


def test_a_user_signals_no_process_of_root(output: int) -> None:
    own = shell(output, user="admin")
    answer = run_at_once(own, "pkill cron; kill -9 1; systemctl stop ssh")
    assert answer.error.splitlines() == [
        f"pkill: killing pid {said(own, 'pgrep cron').strip()} failed: Operation not permitted",
        "-bash: kill: (1) - Operation not permitted",
        "Failed to stop ssh.service: Interactive authentication required.",
        "See system logs and 'systemctl status ssh.service' for details.",
    ]


def test_a_crontab_is_kept_with_its_header_and_checked(output: int) -> None:
    own = shell(output)
    assert (
        said(own, "(crontab -l 2>/dev/null; echo '*/5 * * * * /tmp/x') | crontab -; crontab -l")
        == "*/5 * * * * /tmp/x\n"
    )
    assert said(own, "head -n 1 /var/spool/cron/crontabs/root").startswith("# DO NOT EDIT THIS FILE")
    answer = run_at_once(own, "echo '61 * * * * x' | crontab -")
    assert answer.error == '"-":0: bad minute\nerrors in crontab file, can\'t install.\n'


def test_two_logins_of_one_visitor_have_terminals_of_their_own(output: int) -> None:
    first = shell(output)
    second = Shell(first.world, "root", Recorder(output).session("192.0.2.9", 4002), interactive=True)
    assert [line.split()[1] for line in said(second, "who").splitlines()] == ["pts/0", "pts/1"]
    first.visit.end()
    assert [line.split()[1] for line in said(second, "who").splitlines()] == ["pts/1"]


@pytest.mark.parametrize("release", RELEASES)
def test_a_pid_file_has_the_number_of_its_daemon(output: int, release: str) -> None:
    own = shell(output, release)
    assert said(own, "cat /run/sshd.pid") == said(own, "pgrep -o sshd")
    assert said(own, "cat /run/crond.pid") == said(own, "pgrep -o cron")
    assert said(own, "ls /dev/pts").split() == ["0", "ptmx"]
